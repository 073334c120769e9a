//! A call in a memory: its arguments, what has to lie where its addresses point, and where its results may go.

use crate::shapes::{Part, SUBSCRIPTIONS, parts};
use crate::world::{FILE, SIZE};
use wasi_shim::abi::{Abi, Syscall};

/// An address among the arguments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address {
    /// The argument.
    pub(crate) index: usize,
    /// What it is.
    pub(crate) part: Part,
    /// How many bytes are there.
    pub(crate) len: u32,
    /// What it has to be a multiple of.
    pub(crate) align: u32,
}

/// A call.
#[derive(Clone, Debug)]
pub(crate) struct Laid {
    pub(crate) abi: Abi,
    pub(crate) call: Syscall,
    pub(crate) args: Vec<i64>,
    /// In the order of the parameters.
    pub(crate) addresses: Vec<Address>,
    /// Arrays of buffers: where each element of one lies.
    pub(crate) elements: Vec<u32>,
    inputs: Vec<(u32, Vec<u8>)>,
    outputs: Vec<(u32, u32)>,
    next: u32,
}

/// Every place is a multiple of this from the next.
const STEP: u32 = 0x200;

impl Laid {
    /// A call that succeeds.
    pub(crate) fn new(abi: Abi, call: Syscall) -> Self {
        Self::moved(abi, call, usize::MAX, 0)
    }

    /// The same, with the address that is the `which`th of its kind somewhere else.
    pub(crate) fn moved(abi: Abi, call: Syscall, which: usize, to: u32) -> Self {
        let mut laid = Self {
            abi,
            call,
            args: Vec::new(),
            addresses: Vec::new(),
            elements: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            next: 2 * STEP,
        };
        for part in parts(call) {
            match part.target(abi) {
                None => laid.args.push(plain(part)),
                Some((len, align)) => {
                    let own = laid.place();
                    let at = if laid.addresses.len() == which {
                        to
                    } else {
                        own
                    };
                    laid.address(
                        Address {
                            index: laid.args.len(),
                            part,
                            len,
                            align,
                        },
                        at,
                    );
                }
            }
        }
        laid
    }

    fn place(&mut self) -> u32 {
        self.next += STEP;
        self.next - STEP
    }

    fn address(&mut self, address: Address, at: u32) {
        let Address { part, len, .. } = address;
        self.addresses.push(address);
        self.args.push(at.into());
        match part {
            Part::Text(text) => {
                self.args.push(len.into());
                self.inputs.push((at, text.as_bytes().to_vec()));
            }
            Part::Buffer(_) => {
                self.args.push(len.into());
                self.outputs.push((at, len));
            }
            Part::Fill(lens) | Part::Take(lens) => {
                self.buffers(at, lens, matches!(part, Part::Fill(_)))
            }
            Part::Subscriptions => self.inputs.push((at, subscriptions(len / SUBSCRIPTIONS))),
            _ => self.outputs.push((at, len)),
        }
    }

    fn buffers(&mut self, at: u32, lens: &[u32], filled: bool) {
        self.args.push(i64::try_from(lens.len()).expect("few"));
        let mut array = Vec::new();
        for (element, len) in (at..).step_by(8).zip(lens) {
            let buffer = self.place();
            array.extend(buffer.to_le_bytes());
            array.extend(len.to_le_bytes());
            self.elements.push(element);
            if filled {
                self.outputs.push((buffer, *len));
            } else {
                self.inputs.push((buffer, vec![b'w'; *len as usize]));
            }
        }
        self.inputs.push((at, array));
    }

    /// A memory in which all is where it should be, as far as it is inside, and every other byte is told apart.
    pub(crate) fn memory(&self, salt: u8) -> Vec<u8> {
        assert!(self.next <= SIZE - STEP, "the places fit");
        let mut memory: Vec<u8> = (0..SIZE)
            .map(|at| (at % 251) as u8 ^ (at >> 8) as u8 ^ salt)
            .collect();
        for (at, bytes) in &self.inputs {
            if let Some(to) = memory
                .get_mut(*at as usize..)
                .and_then(|rest| rest.get_mut(..bytes.len()))
            {
                to.copy_from_slice(bytes);
            }
        }
        memory
    }

    /// What is where the results go.
    pub(crate) fn results(&self, memory: &[u8]) -> Vec<Vec<u8>> {
        let range = |(at, len): &(u32, u32)| memory[*at as usize..][..*len as usize].to_vec();
        self.outputs.iter().map(range).collect()
    }

    /// The first byte that has changed and is no result.
    pub(crate) fn stray(&self, before: &[u8], after: &[u8]) -> Option<usize> {
        let mut expected = before.to_vec();
        for (at, len) in &self.outputs {
            let range = *at as usize..(*at + *len) as usize;
            expected[range.clone()].copy_from_slice(&after[range]);
        }
        expected
            .iter()
            .zip(after)
            .position(|(one, other)| one != other)
    }
}

fn plain(part: Part) -> i64 {
    match part {
        Part::Fd(fd) => fd.into(),
        Part::Number(value)
        | Part::Flags(value, _)
        | Part::Enum(value, _)
        | Part::Rights(value) => value,
        Part::Count => SUBSCRIPTIONS.into(),
        other => panic!("{other:?} has an address"),
    }
}

/// One to read and one to write a file, which is always ready.
fn subscriptions(size: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for tag in [1, 2] {
        let mut one = vec![0; size as usize];
        one[0] = 0x40 + tag;
        one[8] = tag;
        one[16..20].copy_from_slice(&FILE.to_le_bytes());
        bytes.extend(one);
    }
    bytes
}
