//! From a written call to a [`Step`]: where its texts and buffers are, which register it takes, what comes back.
//!
//! Every call has room of its own in the memory, so that nothing that one leaves behind can be taken for an answer of
//! another.

use super::number::{self, Kind, plain};
use super::plan::{ARENA, Answer, Data, List, Number};
use super::spec::{self, Gives, Param};
use super::{Arg, Call, Expected, MEMORY, Place, ScriptError, Span, Step, Token};
use std::collections::HashMap;
use wasi_shim::abi::Syscall;

type Result<T> = std::result::Result<T, ScriptError>;

/// The registers and the room that are left.
pub(super) struct Lowering {
    registers: HashMap<String, u8>,
    next: u32,
}

impl Lowering {
    pub(super) fn new() -> Self {
        Self {
            registers: HashMap::new(),
            next: ARENA.start,
        }
    }

    pub(super) fn step(&mut self, call: &Call) -> Result<Step> {
        let mut step = Step {
            call: call.call,
            pokes: Vec::new(),
            stores: Vec::new(),
            args: Vec::new(),
            outs: Vec::new(),
            loads: Vec::new(),
            answer: Answer::default(),
        };
        if call.raw {
            step.args = call
                .args
                .iter()
                .map(|token| self.raw(token))
                .collect::<Result<_>>()?;
            let expected = call.call.signature().params.len();
            return count(step.args.len(), expected).map(|()| step);
        }
        let (params, gives) = spec::of(call.call);
        let mut tokens = call.args.iter();
        for param in params {
            if param == Param::Subscriptions {
                self.subscriptions(&mut step, tokens.by_ref())?;
            } else {
                let token = tokens.next().ok_or_else(|| few(call.call))?;
                self.param(&mut step, param, token)?;
            }
        }
        if tokens.next().is_some() {
            return Err(ScriptError::new(format!(
                "{} takes fewer arguments",
                call.call
            )));
        }
        self.gives(&mut step, gives)?;
        self.bind(&mut step, &call.expected)?;
        Ok(step)
    }

    /// Zeroed room, aligned to 16.
    fn room(&mut self, len: u32) -> Result<Span> {
        let at = self.next;
        let end = at.checked_add(len).filter(|end| *end < ARENA.end);
        let end =
            end.ok_or_else(|| ScriptError::new("the case needs more than 1.9 MiB of memory"))?;
        self.next = end.next_multiple_of(16);
        Ok(Span { at, len })
    }

    /// Room that is read back.
    fn out(&mut self, step: &mut Step, len: u32) -> Result<Span> {
        let span = self.room(len)?;
        step.outs.push(span);
        Ok(span)
    }

    fn put(&mut self, step: &mut Step, bytes: Vec<u8>) -> Result<Span> {
        let len = u32::try_from(bytes.len()).map_err(|_| ScriptError::new("too long"))?;
        let span = self.room(len)?;
        step.pokes.push((span.at, bytes));
        Ok(span)
    }

    fn register(&self, name: &str) -> Result<u8> {
        let found = self.registers.get(name).copied();
        found.ok_or_else(|| ScriptError::new(format!("no call before this one answers ${name}")))
    }

    fn number(&self, kind: Kind, word: &str) -> Result<Arg> {
        match word.strip_prefix('$') {
            Some(name) => self.register(name).map(Arg::Register),
            None => number::parse(kind, word).map(Arg::Const),
        }
    }

    /// A core argument: a number, a register, or `end`, `end-4`, `end+1`, for the end of the memory.
    fn raw(&self, token: &Token) -> Result<Arg> {
        let word = token
            .word()
            .ok_or_else(|| ScriptError::new("raw arguments are numbers"))?;
        let Some(offset) = word.strip_prefix("end") else {
            return self.number(Kind::Plain, word);
        };
        let offset = match offset.trim_start_matches('+') {
            "" => Some(0),
            offset => plain(offset),
        };
        let wrong = || ScriptError::new(format!("{word} instead of end, end-4 or end+1"));
        Ok(Arg::Const(i64::from(MEMORY) + offset.ok_or_else(wrong)?))
    }

    fn param(&mut self, step: &mut Step, param: Param, token: &Token) -> Result<()> {
        let word = || {
            token
                .word()
                .ok_or_else(|| ScriptError::new("a number and not a text is wanted"))
        };
        match param {
            Param::Number(kind) => step.args.push(self.number(kind, word()?)?),
            Param::Text => {
                let span = self.put(step, token.bytes())?;
                push(step, span);
            }
            Param::Room => {
                let len = length(word()?)?;
                let span = self.out(step, len)?;
                push(step, span);
            }
            Param::Into => {
                let lens = word()?.split('+').map(length).collect::<Result<Vec<_>>>()?;
                let spans = lens.into_iter().map(|len| self.out(step, len));
                let spans = spans.collect::<Result<Vec<_>>>()?;
                self.vectors(step, &spans)?;
            }
            Param::From => {
                let Token::Strings(parts) = token else {
                    return Err(ScriptError::new("what is written is a text in quotes"));
                };
                let spans = parts.iter().map(|part| self.put(step, part.clone()));
                let spans = spans.collect::<Result<Vec<_>>>()?;
                self.vectors(step, &spans)?;
            }
            Param::Subscriptions => {}
        }
        Ok(())
    }

    fn vectors(&mut self, step: &mut Step, spans: &[Span]) -> Result<()> {
        let number = |number: u32| number.to_le_bytes();
        let bytes = spans
            .iter()
            .flat_map(|span| [number(span.at), number(span.len)]);
        let array = self.put(step, bytes.flatten().collect())?;
        push(
            step,
            Span {
                len: spans.len() as u32,
                ..array
            },
        );
        Ok(())
    }

    /// `clock:monotonic:1000`, `clock:realtime:1000:abs`, `read:FD`, `write:FD`; the mark of each is its index.
    fn subscriptions<'a>(
        &mut self,
        step: &mut Step,
        tokens: impl Iterator<Item = &'a Token>,
    ) -> Result<()> {
        const SIZE: usize = 48;
        let tokens: Vec<_> = tokens.collect();
        let span = self.room((SIZE * tokens.len()) as u32)?;
        let mut bytes = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            let at = span.at + (SIZE * index) as u32;
            bytes.extend(self.subscription(step, token, at, index as u64)?);
        }
        step.pokes.push((span.at, bytes));
        let events = self.out(step, 32 * tokens.len() as u32)?;
        let (subscriptions, events) = (Arg::Const(span.at.into()), Arg::Const(events.at.into()));
        let count = Arg::Const(tokens.len() as i64);
        step.args.extend([subscriptions, events, count]);
        Ok(())
    }

    fn subscription(&self, step: &mut Step, token: &Token, at: u32, mark: u64) -> Result<[u8; 48]> {
        let wrong = || ScriptError::new("clock:NAME:NS, clock:NAME:NS:abs, read:FD or write:FD");
        let word = token.word().ok_or_else(wrong)?;
        let parts: Vec<_> = word.split(':').collect();
        let mut bytes = [0; 48];
        bytes[..8].copy_from_slice(&mark.to_le_bytes());
        match parts[..] {
            ["clock", clock, timeout] | ["clock", clock, timeout, "abs"] => {
                let (clock, timeout) = (number::parse(Kind::Clock, clock)?, plain(timeout));
                bytes[16..20].copy_from_slice(&clock.to_le_bytes()[..4]);
                bytes[24..32].copy_from_slice(&timeout.ok_or_else(wrong)?.to_le_bytes());
                bytes[40] = u8::from(parts.len() == 4);
            }
            [kind @ ("read" | "write"), fd] => {
                bytes[8] = if kind == "read" { 1 } else { 2 };
                match self.number(Kind::Plain, fd)? {
                    Arg::Const(fd) => bytes[16..20].copy_from_slice(&fd.to_le_bytes()[..4]),
                    Arg::Register(register) => {
                        let place = Place {
                            at: at + 16,
                            width: 4,
                        };
                        step.stores.push((register, place));
                    }
                }
            }
            _ => return Err(wrong()),
        }
        Ok(bytes)
    }

    /// Room for what comes back, and what it means.
    fn gives(&mut self, step: &mut Step, gives: Gives) -> Result<()> {
        let buffers = step.outs.clone();
        let first = buffers.first().copied();
        match gives {
            Gives::Nothing => {}
            Gives::Number(name, width) => {
                self.pointer(step, &[(name, 0, width, Kind::Plain)], width.into())?
            }
            Gives::Sizes => {
                self.pointer(step, &[("count", 0, 4, Kind::Plain)], 4)?;
                self.pointer(step, &[("size", 0, 4, Kind::Plain)], 4)?;
            }
            Gives::Data => {
                step.answer.data = Some(Data {
                    spans: buffers,
                    counted: true,
                });
                self.pointer(step, &[("n", 0, 4, Kind::Plain)], 4)?;
            }
            Gives::Received => {
                step.answer.data = Some(Data {
                    spans: buffers,
                    counted: true,
                });
                self.pointer(step, &[("n", 0, 4, Kind::Plain)], 4)?;
                self.pointer(step, &[("roflags", 0, 2, Kind::Plain)], 2)?;
            }
            Gives::Filled => {
                step.answer.data = Some(Data {
                    spans: buffers,
                    counted: false,
                })
            }
            Gives::Filestat => self.pointer(step, FILESTAT, 64)?,
            Gives::Fdstat => self.pointer(step, FDSTAT, 24)?,
            Gives::Prestat => self.pointer(step, PRESTAT, 8)?,
            Gives::Dirents => {
                self.pointer(step, &[("used", 0, 4, Kind::Plain)], 4)?;
                if let Some(span) = first {
                    step.answer.list = Some(List::Dirents(span));
                    numbers(step, span, DIRENT);
                }
            }
            Gives::Events => {
                self.pointer(step, &[("n", 0, 4, Kind::Plain)], 4)?;
                step.answer.list = first.map(List::Events);
            }
            Gives::Strings => {
                let (pointers, texts) = (self.out(step, 256)?, self.out(step, 4096)?);
                let addresses = [pointers, texts].map(|span| Arg::Const(span.at.into()));
                step.args.extend(addresses);
                step.answer.list = Some(List::Strings(pointers, texts));
            }
        }
        Ok(())
    }

    /// A pointer to a record with these fields.
    fn pointer(&mut self, step: &mut Step, fields: &[Field], size: u32) -> Result<()> {
        let span = self.out(step, size)?;
        step.args.push(Arg::Const(span.at.into()));
        numbers(step, span, fields);
        Ok(())
    }

    /// A register for each `$name` that is expected and not known yet.
    fn bind(&mut self, step: &mut Step, expected: &Expected) -> Result<()> {
        let Expected::Ok(patterns) = expected else {
            return Ok(());
        };
        let mut position = 0;
        for word in patterns.iter().filter_map(Token::word) {
            let (number, pattern) = match word.split_once('=').filter(|(key, _)| is_name(key)) {
                Some((key, pattern)) => (
                    step.answer.numbers.iter().find(|number| number.name == key),
                    pattern,
                ),
                None => {
                    position += 1;
                    (step.answer.numbers.get(position - 1), word)
                }
            };
            let Some(name) = pattern.strip_prefix('$') else {
                continue;
            };
            let place = number
                .ok_or_else(|| ScriptError::new(format!("there is no number for {word}")))?
                .place;
            if !self.registers.contains_key(name) {
                let next = self.registers.len() as u8;
                self.registers.insert(name.to_owned(), next);
                step.loads.push((next, place));
            }
        }
        if self.registers.len() > 64 {
            return Err(ScriptError::new("a case may have 64 names with $"));
        }
        Ok(())
    }
}

/// Is this the name of a number in an answer, and not a pattern such as `>=4`?
pub(super) fn is_name(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

type Field = (&'static str, u32, u8, Kind);

const FILESTAT: &[Field] = &[
    ("dev", 0, 8, Kind::Plain),
    ("ino", 8, 8, Kind::Plain),
    ("filetype", 16, 1, Kind::FileType),
    ("nlink", 24, 8, Kind::Plain),
    ("size", 32, 8, Kind::Plain),
    ("atim", 40, 8, Kind::Plain),
    ("mtim", 48, 8, Kind::Plain),
    ("ctim", 56, 8, Kind::Plain),
];
const FDSTAT: &[Field] = &[
    ("filetype", 0, 1, Kind::FileType),
    ("flags", 2, 2, Kind::FdFlags),
    ("base", 8, 8, Kind::Rights),
    ("inheriting", 16, 8, Kind::Rights),
];
const PRESTAT: &[Field] = &[("len", 4, 4, Kind::Plain), ("tag", 0, 1, Kind::Plain)];
/// Of the first entry.
const DIRENT: &[Field] = &[
    ("next", 0, 8, Kind::Plain),
    ("ino", 8, 8, Kind::Plain),
    ("namlen", 16, 4, Kind::Plain),
    ("filetype", 20, 1, Kind::FileType),
];

fn numbers(step: &mut Step, span: Span, fields: &[Field]) {
    let fits = |field: &&Field| field.1 + u32::from(field.2) <= span.len;
    let number = |(name, at, width, kind): &Field| Number {
        name,
        place: Place {
            at: span.at + at,
            width: *width,
        },
        kind: *kind,
    };
    step.answer
        .numbers
        .extend(fields.iter().filter(fits).map(number));
}

fn push(step: &mut Step, span: Span) {
    step.args.push(Arg::Const(span.at.into()));
    step.args.push(Arg::Const(span.len.into()));
}

fn length(word: &str) -> Result<u32> {
    let len = plain(word).and_then(|len| u32::try_from(len).ok());
    len.ok_or_else(|| ScriptError::new(format!("{word} is no length")))
}

fn few(call: Syscall) -> ScriptError {
    ScriptError::new(format!("{call} takes more arguments"))
}

fn count(found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(ScriptError::new(format!(
        "{found} core arguments instead of {expected}"
    )))
}
