//! Compares what came of a case with what it expects, and says the first difference in the words of the script.

use super::answer::{Decoded, decode};
use super::lower::is_name;
use super::number::{self, Kind, plain};
use super::tree::{Shape, Snapshot};
use super::{Call, Case, End, Expected, Left, Node, Plan, Run, ScriptError, Step, Token};
use std::collections::HashMap;
use thiserror::Error;

/// Why a case did not come out as it should.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}: {call}\n    expected: {expected}\n      actual: {actual}")]
pub struct Failure {
    /// The file and line of the call.
    pub place: String,
    /// The call, as it is written.
    pub call: String,
    /// What should have been.
    pub expected: String,
    /// What was.
    pub actual: String,
}

impl From<ScriptError> for Failure {
    fn from(error: ScriptError) -> Self {
        Self {
            place: "the case cannot be run".to_owned(),
            call: String::new(),
            expected: String::new(),
            actual: error.to_string(),
        }
    }
}

/// Judges a run. `before` and `after` are the tree, and what is around it.
pub fn judge(
    case: &Case,
    plan: &Plan,
    run: &Run,
    before: &Snapshot,
    after: &Snapshot,
) -> Result<(), Failure> {
    calls(case, plan, run)?;
    for left in &case.left {
        let (path, expected) = match left {
            Left::Nothing(path) => (path, None),
            Left::There(Node::Dir(path)) => (path, Some(Shape::Dir)),
            Left::There(Node::File(path, content)) => (
                path,
                Some(Shape::File(content.len() as u64, content.clone())),
            ),
            Left::There(Node::Link(path, text)) => (path, Some(Shape::Link(text.clone()))),
            Left::There(Node::Hard(path, existing)) => (path, after.get(existing).cloned()),
        };
        if after.get(path) != expected.as_ref() {
            let words = |shape: Option<&Shape>| {
                shape.map_or_else(|| "nothing".to_owned(), |shape| format!("{shape:?}"))
            };
            let actual = words(after.get(path));
            return Err(tree(
                case,
                format!("left {path:?}"),
                words(expected.as_ref()),
                actual,
            ));
        }
    }
    match after.difference(before) {
        Some(actual) if case.unchanged => {
            let expected = "the tree as it was".to_owned();
            Err(tree(case, "unchanged".to_owned(), expected, actual))
        }
        _ => Ok(()),
    }
}

fn tree(case: &Case, call: String, expected: String, actual: String) -> Failure {
    let place = format!("scripts/{}:{}", case.file, case.line);
    Failure {
        place,
        call,
        expected,
        actual,
    }
}

fn calls(case: &Case, plan: &Plan, run: &Run) -> Result<(), Failure> {
    let mut names = HashMap::new();
    for (index, (call, step)) in case.calls.iter().zip(&plan.steps).enumerate() {
        let failure = |expected: String, actual: String| Failure {
            place: format!("scripts/{}:{}", case.file, call.line),
            call: call.text.clone(),
            expected,
            actual,
        };
        let Some(observed) = run.calls.get(index) else {
            return ended(call, &run.end)
                .map_err(|actual| failure(call.expected.to_string(), actual));
        };
        let decoded = decode(step, observed);
        matches(call, step, observed.errno, &decoded, &mut names).map_err(|expected| {
            let expected = expected.unwrap_or_else(|| call.expected.to_string());
            failure(expected, decoded.spell(step, observed.errno))
        })?;
    }
    match &run.end {
        End::Finished | End::Exited(0) => Ok(()),
        end => Err(tree(
            case,
            "the end".to_owned(),
            "no more calls".to_owned(),
            spell_end(end),
        )),
    }
}

/// The guest ended in this call: was it to?
fn ended(call: &Call, end: &End) -> Result<(), String> {
    match (&call.expected, end) {
        (Expected::Trap, End::Trapped(_)) => Ok(()),
        (Expected::Exits(code), End::Exited(actual)) if code == actual => Ok(()),
        _ => Err(spell_end(end)),
    }
}

fn spell_end(end: &End) -> String {
    match end {
        End::Finished => "the call is missing".to_owned(),
        End::Exited(code) => format!("exits {code}"),
        End::Trapped(what) => format!("trap: {what}"),
        End::Lost(what) => format!("lost: {what}"),
    }
}

type Names = HashMap<String, u64>;

/// `Err` with what was expected, if that is more than the kind of answer.
fn matches(
    call: &Call,
    step: &Step,
    errno: u32,
    decoded: &Decoded,
    names: &mut Names,
) -> Result<(), Option<String>> {
    match &call.expected {
        Expected::Errno(expected) if u32::from(expected.number()) == errno => Ok(()),
        Expected::Ok(patterns) if errno == 0 => {
            values(step, patterns, decoded, names).map_err(Some)
        }
        _ => Err(None),
    }
}

fn values(
    step: &Step,
    patterns: &[Token],
    decoded: &Decoded,
    names: &mut Names,
) -> Result<(), String> {
    let mut position = 0;
    let (mut strings, mut events) = (Vec::new(), Vec::new());
    for token in patterns {
        let word = match token {
            Token::Strings(parts) => {
                strings.push(parts.concat());
                continue;
            }
            Token::Word(word) => word,
        };
        if is_event(word) {
            events.push(word.clone());
            continue;
        }
        let (index, pattern) = match word.split_once('=').filter(|(key, _)| is_name(key)) {
            Some((key, pattern)) => {
                let numbers = &step.answer.numbers;
                (
                    numbers.iter().position(|number| number.name == key),
                    pattern,
                )
            }
            None => {
                position += 1;
                (Some(position - 1), word.as_str())
            }
        };
        let found = index.and_then(|index| {
            let kind = step.answer.numbers.get(index)?.kind;
            Some((kind, *decoded.numbers.get(index)?))
        });
        let (kind, value) =
            found.ok_or_else(|| format!("{word}, but the answer has no such number"))?;
        number(kind, pattern, value, names).map_err(|what| format!("{word}{what}"))?;
    }
    lists(decoded, &strings, events)
}

fn lists(decoded: &Decoded, strings: &[Vec<u8>], mut events: Vec<String>) -> Result<(), String> {
    if !events.is_empty() || decoded.events.is_some() && !strings.is_empty() {
        let mut actual = decoded.events.clone().unwrap_or_default();
        actual.sort();
        events.sort();
        // What an expectation leaves out at the end is not asked for.
        let alike = |(wanted, is): (&String, &String)| {
            is == wanted || is.starts_with(&format!("{wanted}:"))
        };
        if actual.len() != events.len() || !events.iter().zip(&actual).all(alike) {
            return Err(events.join(" "));
        }
        return Ok(());
    }
    if strings.is_empty() {
        return Ok(());
    }
    let spelled = || {
        strings
            .iter()
            .map(|text| quoted(text))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let alike = match (&decoded.list, &decoded.data) {
        (Some((list, true)), _) => *list == strings,
        (Some((list, false)), _) => sorted(list) == sorted(strings),
        (None, Some(data)) => *data == strings.concat(),
        (None, None) => false,
    };
    if alike { Ok(()) } else { Err(spelled()) }
}

fn sorted(list: &[Vec<u8>]) -> Vec<&Vec<u8>> {
    let mut all: Vec<_> = list.iter().collect();
    all.sort();
    all
}

/// Bytes as a script writes them.
pub(super) fn quoted(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}

/// `0:clock:success`, where the mark may be written as a number.
fn is_event(word: &str) -> bool {
    word.split_once(':')
        .is_some_and(|(mark, _)| plain(mark).is_some())
}

/// Is this number what the pattern says? `Err` with what the pattern means.
fn number(kind: Kind, pattern: &str, value: u64, names: &mut Names) -> Result<(), String> {
    if pattern == "_" {
        return Ok(());
    }
    if let Some(name) = pattern.strip_prefix('$') {
        let known = *names.entry(name.to_owned()).or_insert(value);
        return if known == value {
            Ok(())
        } else {
            Err(format!(", which is {known}"))
        };
    }
    for (prefix, wanted) in [("has:", true), ("lacks:", false)] {
        if let Some(name) = pattern.strip_prefix(prefix) {
            let bits = number::parse(kind, name).map_err(|error| format!(": {error}"))?;
            let bits = bits.cast_unsigned();
            let fits = if wanted {
                value & bits == bits
            } else {
                value & bits == 0
            };
            return fits.then_some(()).ok_or_else(String::new);
        }
    }
    compared(kind, pattern, value, names)
}

fn compared(kind: Kind, pattern: &str, value: u64, names: &Names) -> Result<(), String> {
    type Comparison = fn(&u64, &u64) -> bool;
    const ALL: [(&str, Comparison); 5] = [
        (">=", u64::ge),
        ("<=", u64::le),
        ("!=", u64::ne),
        (">", u64::gt),
        ("<", u64::lt),
    ];
    let found = ALL
        .iter()
        .find_map(|(sign, compare)| Some((compare, pattern.strip_prefix(sign)?)));
    let (compare, operand) = found.map_or((u64::eq as Comparison, pattern), |(compare, rest)| {
        (*compare, rest)
    });
    let operand = match operand.strip_prefix('$') {
        Some(name) => *names
            .get(name)
            .ok_or_else(|| format!(": nothing is known of ${name}"))?,
        None => number::parse(kind, operand)
            .map_err(|error| format!(": {error}"))?
            .cast_unsigned(),
    };
    compare(&value, &operand)
        .then_some(())
        .ok_or_else(String::new)
}
