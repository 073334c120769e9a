//! What the bytes mean that a call left behind.

use super::judge::quoted;
use super::number::{Kind, names, spell};
use super::plan::List;
use super::{Observed, Span, Step};
use wasi_shim::abi::Errno;

/// An answer, as far as there is one.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    /// The numbers, in the step's order.
    pub(super) numbers: Vec<u64>,
    /// Bytes that were moved.
    pub(super) data: Option<Vec<u8>>,
    /// Strings, and whether their order means something.
    pub(super) list: Option<(Vec<Vec<u8>>, bool)>,
    /// Events, as a script writes them.
    pub(super) events: Option<Vec<String>>,
}

/// Takes an answer apart; of a call that failed, nothing.
pub(super) fn decode(step: &Step, observed: &Observed) -> Decoded {
    if observed.errno != 0 {
        return Decoded::default();
    }
    let memory = Outs { step, observed };
    let answer = &step.answer;
    let number = |number: &super::plan::Number| memory.number(number.place.at, number.place.width);
    let numbers: Vec<u64> = answer.numbers.iter().map(number).collect();
    let first = numbers.first().copied().unwrap_or(0);
    let count = usize::try_from(first).unwrap_or(usize::MAX);
    let mut decoded = Decoded {
        numbers,
        ..Decoded::default()
    };
    decoded.data = answer.data.as_ref().map(|data| {
        let mut bytes: Vec<u8> = data
            .spans
            .iter()
            .flat_map(|span| memory.bytes(*span).to_vec())
            .collect();
        if data.counted {
            bytes.truncate(count);
        }
        bytes
    });
    match answer.list {
        Some(List::Strings(pointers, texts)) => {
            decoded.list = Some((strings(&memory, pointers, texts), true));
        }
        Some(List::Dirents(span)) => {
            let bytes = memory.bytes(span);
            decoded.list = Some((entries(&bytes[..count.min(bytes.len())]), false));
        }
        Some(List::Events(span)) => decoded.events = Some(events(memory.bytes(span), count)),
        None => {}
    }
    decoded
}

/// The parts of the memory that were read back.
struct Outs<'a> {
    step: &'a Step,
    observed: &'a Observed,
}

impl Outs<'_> {
    fn bytes(&self, span: Span) -> &[u8] {
        let mut outs = self.step.outs.iter().zip(&self.observed.outs);
        outs.find(|(out, _)| **out == span)
            .map_or(&[], |(_, bytes)| bytes)
    }

    fn number(&self, at: u32, width: u8) -> u64 {
        let mut outs = self.step.outs.iter().zip(&self.observed.outs);
        let bytes = outs.find_map(|(out, bytes)| {
            let offset = at.checked_sub(out.at)? as usize;
            bytes.get(offset..offset + usize::from(width))
        });
        little(bytes.unwrap_or_default())
    }
}

fn little(bytes: &[u8]) -> u64 {
    let digits = bytes.iter().rev();
    digits.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// As many strings as there are addresses into the texts, in the order of the addresses.
fn strings(memory: &Outs<'_>, pointers: Span, texts: Span) -> Vec<Vec<u8>> {
    let bytes = memory.bytes(texts);
    let addresses = memory.bytes(pointers).chunks_exact(4).map(little);
    let offset = |address: u64| usize::try_from(address.checked_sub(texts.at.into())?).ok();
    let text = |address| {
        let rest = bytes.get(offset(address)?..)?;
        Some(
            rest.iter()
                .take_while(|byte| **byte != 0)
                .copied()
                .collect(),
        )
    };
    addresses.map_while(text).collect()
}

/// The names of the entries that are there as a whole.
fn entries(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    const HEAD: usize = 24;
    let mut found = Vec::new();
    while bytes.len() >= HEAD {
        let len = little(&bytes[16..20]) as usize;
        let Some(name) = bytes.get(HEAD..HEAD + len) else {
            break;
        };
        found.push(name.to_vec());
        bytes = &bytes[HEAD + len..];
    }
    found
}

/// `MARK:TYPE:ERRNO:BYTES`, the last of reading and writing only, and `:hangup`.
fn events(bytes: &[u8], count: usize) -> Vec<String> {
    const TYPES: [&str; 3] = ["clock", "fd_read", "fd_write"];
    let event = |bytes: &[u8]| {
        let kind = usize::from(bytes[10]);
        let mut word = format!(
            "{}:{}:{}",
            little(&bytes[..8]),
            TYPES.get(kind).copied().unwrap_or("?"),
            name(little(&bytes[8..10]) as u32)
        );
        if kind > 0 {
            word += &format!(":{}", little(&bytes[16..24]));
            word += if bytes[24] & 1 == 1 { ":hangup" } else { "" };
        }
        word
    };
    bytes.chunks_exact(32).take(count).map(event).collect()
}

/// An error code's name.
fn name(errno: u32) -> String {
    if errno == 0 {
        return "success".to_owned();
    }
    let known = u16::try_from(errno).ok().and_then(Errno::from_number);
    known.map_or_else(
        || format!("the number {errno}"),
        |errno| errno.name().to_owned(),
    )
}

impl Decoded {
    /// The answer, as a script would write it.
    pub(super) fn spell(&self, step: &Step, errno: u32) -> String {
        if errno != 0 {
            return name(errno);
        }
        let mut words = vec!["ok".to_owned()];
        for (number, value) in step.answer.numbers.iter().zip(&self.numbers) {
            let spelled = match number.kind {
                // Thirty names would say less than what is missing.
                Kind::Rights => rights(*value),
                kind => spell(kind, *value),
            };
            words.push(format!("{}={spelled}", number.name));
        }
        words.extend(self.data.as_ref().map(|data| quoted(data)));
        words.extend(
            self.list
                .iter()
                .flat_map(|(list, _)| list)
                .map(|text| quoted(text)),
        );
        words.extend(self.events.iter().flatten().cloned());
        words.join(" ")
    }
}

fn rights(value: u64) -> String {
    let names = names(Kind::Rights);
    let missing: Vec<_> = (0..names.len())
        .filter(|bit| value >> bit & 1 == 0)
        .collect();
    if missing.len() > 8 {
        return spell(Kind::Rights, value);
    }
    let missing = missing.iter().map(|bit| format!("-{}", names[*bit]));
    format!("all{}", missing.collect::<String>())
}
