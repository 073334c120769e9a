//! Reads the text of scripts. Knows the words that begin a line, and which case a line belongs to.

use super::lex::{Token, tokens};
use super::{Call, Case, Expected, Left, Node, Preopen, ScriptError};
use std::path::{Path, PathBuf};
use wasi_shim::abi::{Errno, Syscall};

type Result<T> = std::result::Result<T, ScriptError>;

/// Every case in a folder and the folders below it, in the order of their files' names.
pub fn load_all(folder: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for path in files(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path);
        let name = name.to_string_lossy().replace('\\', "/");
        let text = std::fs::read_to_string(&path)
            .map_err(|error| ScriptError::new(format!("{}: {error}", path.display())))?;
        cases.extend(parse(&name, &text)?);
    }
    Ok(cases)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let unread = |error| ScriptError::new(format!("{}: {error}", folder.display()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "txt") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The lines of a case that begin with these words, before they are expanded.
struct Block<'a> {
    name: &'a str,
    line: usize,
    lines: Vec<(usize, &'a str)>,
}

/// The cases in a text. `file` is its path from the folder of scripts on.
pub fn parse(file: &str, text: &str) -> Result<Vec<Case>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix("case ") {
            let (name, line, lines) = (name.trim(), number, Vec::new());
            if blocks.iter().any(|block| block.name == name) {
                return Err(ScriptError::new(format!("a second case {name}")).at(file, number));
            }
            blocks.push(Block { name, line, lines });
        } else {
            let stray = || ScriptError::new("a line before the first case").at(file, number);
            let block = blocks.last_mut().ok_or_else(stray)?;
            block.lines.push((number, trimmed));
        }
    }
    let mut cases = Vec::new();
    for block in &blocks {
        expand(file, block, &mut cases)?;
    }
    Ok(cases)
}

/// One case for each combination of the values of its `for` lines.
fn expand(file: &str, block: &Block<'_>, cases: &mut Vec<Case>) -> Result<()> {
    let mut bindings = vec![(String::new(), Vec::new())];
    let is_for = |line: &&(usize, &str)| line.1.starts_with("for ");
    for (number, line) in block.lines.iter().filter(is_for) {
        let (name, values) = for_line(line).map_err(|error| error.at(file, *number))?;
        bindings = bindings
            .iter()
            .flat_map(|(label, bound)| values.iter().map(move |value| (label, bound, value)))
            .map(|(label, bound, value): (&String, &Vec<_>, &String)| {
                let mut bound = bound.clone();
                bound.push((format!("{{{name}}}"), value.clone()));
                (format!("{label}[{}]", value.trim_matches('"')), bound)
            })
            .collect();
    }
    for (label, bound) in bindings {
        let mut case = empty(file, block, &label);
        for (number, line) in block.lines.iter().filter(|line| !is_for(line)) {
            let mut line = (*line).to_owned();
            for (name, value) in &bound {
                line = line.replace(name, value);
            }
            add(&mut case, *number, &line).map_err(|error| error.at(file, *number))?;
        }
        check_calls(&case)?;
        cases.push(case);
    }
    Ok(())
}

/// A case has calls, and the one that ends the guest is the last.
fn check_calls(case: &Case) -> Result<()> {
    let Some((_, before)) = case.calls.split_last() else {
        return Err(ScriptError::new("a case without a call").at(&case.file, case.line));
    };
    let ends = |call: &&Call| matches!(call.expected, Expected::Trap | Expected::Exits(_));
    match before.iter().find(ends) {
        Some(call) => {
            let error = ScriptError::new("nothing comes after the end of the guest");
            Err(error.at(&case.file, call.line))
        }
        None => Ok(()),
    }
}

/// `for NAME in VALUE VALUE …`: values are kept as they are written, quotes included.
fn for_line(line: &str) -> Result<(&str, Vec<String>)> {
    let wrong = || ScriptError::new("`for NAME in VALUE VALUE …`");
    let (name, values) = line["for ".len()..].split_once(" in ").ok_or_else(wrong)?;
    tokens(values)?;
    let (mut all, mut value, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for next in values.chars().chain([' ']) {
        if next.is_whitespace() && !quoted {
            all.extend((!value.is_empty()).then(|| std::mem::take(&mut value)));
            continue;
        }
        quoted ^= next == '"' && !escaped;
        escaped = next == '\\' && !escaped;
        value.push(next);
    }
    if all.is_empty() {
        Err(wrong())
    } else {
        Ok((name.trim(), all))
    }
}

fn empty(file: &str, block: &Block<'_>, label: &str) -> Case {
    Case {
        id: format!("{}/{}{label}", file.trim_end_matches(".txt"), block.name),
        file: file.to_owned(),
        line: block.line,
        claims: Vec::new(),
        needs: Vec::new(),
        args: vec!["guest".to_owned()],
        env: Vec::new(),
        stdin: Vec::new(),
        preopens: Vec::new(),
        tree: Vec::new(),
        calls: Vec::new(),
        left: Vec::new(),
        unchanged: false,
    }
}

fn text(token: Option<&Token>) -> Result<String> {
    let bytes = token
        .ok_or_else(|| ScriptError::new("a text is missing"))?
        .bytes();
    String::from_utf8(bytes).map_err(|_| ScriptError::new("this text has to be UTF-8"))
}

fn add(case: &mut Case, number: usize, line: &str) -> Result<()> {
    let all = tokens(line)?;
    let Some((Token::Word(head), rest)) = all.split_first() else {
        return Err(ScriptError::new("a line begins with a word"));
    };
    let texts = || {
        rest.iter()
            .map(|token| text(Some(token)))
            .collect::<Result<Vec<_>>>()
    };
    match head.as_str() {
        "claim" => case.claims.extend(texts()?),
        "needs" => case.needs.extend(texts()?),
        "args" => case.args = texts()?,
        "env" => case.env.push((text(rest.first())?, text(rest.get(1))?)),
        "stdin" => case.stdin = rest.first().map(Token::bytes).unwrap_or_default(),
        "preopen" => case.preopens.push(preopen(rest)?),
        "unchanged" => case.unchanged = true,
        "left" => case.left.push(left(rest)?),
        "dir" | "file" | "link" | "hard" => case.tree.push(node(head, rest)?),
        _ => case.calls.push(call(number, line, &all)?),
    }
    Ok(())
}

fn preopen(rest: &[Token]) -> Result<Preopen> {
    let read_only = match rest.get(2).and_then(Token::word) {
        None => false,
        Some("read-only") => true,
        Some(other) => return Err(ScriptError::new(format!("{other} instead of read-only"))),
    };
    Ok(Preopen {
        name: text(rest.first())?,
        path: text(rest.get(1))?,
        read_only,
    })
}

fn node(kind: &str, rest: &[Token]) -> Result<Node> {
    let path = text(rest.first())?;
    Ok(match (kind, rest.len()) {
        ("dir", 1) => Node::Dir(path),
        ("file", 1) => Node::File(path, Vec::new()),
        ("file", 2) => Node::File(path, rest[1].bytes()),
        ("link", 2) => Node::Link(path, text(rest.get(1))?),
        ("hard", 2) => Node::Hard(path, text(rest.get(1))?),
        _ => {
            return Err(ScriptError::new(
                "`dir PATH`, `file PATH TEXT`, `link PATH TEXT` or `hard PATH PATH`",
            ));
        }
    })
}

fn left(rest: &[Token]) -> Result<Left> {
    match rest.split_first() {
        Some((Token::Word(kind), path)) if kind == "nothing" => {
            Ok(Left::Nothing(text(path.first())?))
        }
        Some((Token::Word(kind), rest)) => node(kind, rest).map(Left::There),
        _ => Err(ScriptError::new(
            "`left` and a node, or `left nothing PATH`",
        )),
    }
}

fn call(number: usize, line: &str, all: &[Token]) -> Result<Call> {
    let arrow = |token: &Token| token.word() == Some("->");
    let at = all.iter().position(arrow);
    let at =
        at.ok_or_else(|| ScriptError::new("`-> RESULT` is missing, or the first word is unknown"))?;
    let (mut args, expected) = (&all[..at], expected(&all[at + 1..])?);
    let raw = args[0].word() == Some("raw");
    if raw {
        args = &args[1..];
    }
    let name = args.first().and_then(Token::word).unwrap_or_default();
    let unknown = || ScriptError::new(format!("{name} is no function of preview1"));
    Ok(Call {
        call: Syscall::by_name(name).ok_or_else(unknown)?,
        raw,
        args: args[1..].to_vec(),
        expected,
        text: line.to_owned(),
        line: number,
    })
}

fn expected(tokens: &[Token]) -> Result<Expected> {
    let Some((Token::Word(word), rest)) = tokens.split_first() else {
        return Err(ScriptError::new(
            "after -> comes ok, an errno, trap or exits",
        ));
    };
    let no_more = |expected| match rest {
        [] => Ok(expected),
        _ => Err(ScriptError::new(format!("nothing may come after {word}"))),
    };
    match word.as_str() {
        "ok" => Ok(Expected::Ok(rest.to_vec())),
        "trap" => no_more(Expected::Trap),
        "exits" => {
            let code = text(rest.first())?.parse();
            code.map(Expected::Exits)
                .map_err(|_| ScriptError::new("exits and a number"))
        }
        name => {
            let found = Errno::ALL.iter().find(|errno| errno.name() == name);
            let unknown = || ScriptError::new(format!("{name} is no errno"));
            no_more(Expected::Errno(*found.ok_or_else(unknown)?))
        }
    }
}
