//! A transfer that fails in the middle.
//!
//! Knows that buffers in a memory that is shared move in pieces, each a call of its own. What was moved before the fault
//! is reported, and no more. Part of the matrix.

use crate::case::{judge, leave, same};
use crate::errors::ERRORS;
use crate::plan::Fault;
use crate::scene::{Base, Fds, PIECE, Place, Scene};
use crate::state::tree;
use std::sync::atomic::AtomicU8;
use wasi_shim::Outcome;
use wasi_shim::abi::{Abi, Errno, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim_tests::{Answer, Guest};

/// What is written, or as much as is read, in buffers that end elsewhere than pieces do.
const DATA: [&str; 3] = ["ABC", "DEFGH", "IJKLMNO"];

/// A transfer: where it begins, and whether it moves the offset.
struct Transfer {
    call: Syscall,
    fd: fn(Fds) -> u32,
    at: Option<u64>,
    start: usize,
}

const TRANSFERS: [Transfer; 5] = [
    Transfer {
        call: Syscall::FdWrite,
        fd: |fds| fds.file,
        at: None,
        start: 2,
    },
    Transfer {
        call: Syscall::FdPwrite,
        fd: |fds| fds.file,
        at: Some(1),
        start: 1,
    },
    Transfer {
        call: Syscall::FdWrite,
        fd: |fds| fds.end,
        at: None,
        start: 30,
    },
    Transfer {
        call: Syscall::FdRead,
        fd: |fds| fds.file,
        at: None,
        start: 2,
    },
    Transfer {
        call: Syscall::FdPread,
        fd: |fds| fds.file,
        at: Some(1),
        start: 1,
    },
];

impl Transfer {
    fn writes(&self) -> bool {
        matches!(self.call, Syscall::FdWrite | Syscall::FdPwrite)
    }

    fn run(&self, guest: &mut Guest, fds: Fds) -> Answer<usize> {
        guest.memory = vec![0; 1 << 12];
        let mut vectors = Vec::new();
        for part in DATA {
            vectors.extend(guest.put(part.as_bytes()).to_le_bytes());
            vectors.extend((part.len() as u32).to_le_bytes());
        }
        let (vectors, out) = (guest.put(&vectors), guest.room(4));
        let mut args = vec![(self.fd)(fds).into(), vectors.into(), DATA.len() as i64];
        args.extend(self.at.map(u64::cast_signed));
        args.push(out.into());
        let shared: Vec<AtomicU8> = guest.memory.iter().map(|byte| (*byte).into()).collect();
        let mut memory = Memory::shared(&shared);
        let outcome = guest
            .wasi
            .call(Abi::Preview1, &mut memory, self.call, &args);
        guest.memory = shared.into_iter().map(AtomicU8::into_inner).collect();
        let moved = guest.u32_at(out) as usize;
        guest.memory.resize(Guest::MEMORY, 0);
        match outcome {
            Outcome::Return(0) => Ok(moved),
            Outcome::Return(errno) => Err(Errno::from_number(errno).unwrap()),
            outcome => panic!("{outcome:?}"),
        }
    }
}

/// Runs every case; returns which there were.
pub(crate) fn cases() -> Vec<String> {
    let (mut cases, mut wrong) = (Vec::new(), Vec::new());
    for base in [Base::Memory, Base::Host] {
        for place in [Place::Direct, Place::Upper] {
            for (index, transfer) in TRANSFERS.iter().enumerate() {
                for (piece, errno) in faults() {
                    let errno_name = errno.name();
                    let name = format!(
                        "{base:?} {place:?}, transfer {index} after {piece} pieces: {errno_name}"
                    );
                    match case(base, place, transfer, piece, errno) {
                        Ok(()) => cases.push(name),
                        Err(what) => wrong.push(format!("{name}: {what}")),
                    }
                }
            }
        }
    }
    judge(&wrong);
    cases
}

/// After how many pieces what happens.
fn faults() -> impl Iterator<Item = (usize, Errno)> {
    let pieces = DATA.concat().len().div_ceil(PIECE);
    (1..pieces).flat_map(|piece| ERRORS.map(|(errno, _)| (piece, errno)))
}

fn case(
    base: Base,
    place: Place,
    transfer: &Transfer,
    piece: usize,
    errno: Errno,
) -> Result<(), String> {
    let mut scene = Scene::new(base, place);
    let (guest, fds) = (&mut scene.guest, scene.fds);
    guest.fd_filestat_set_size(fds.file, 30).unwrap();
    // An overlay has brought the file up by that.
    let fault = Fault {
        nth: piece as u64 + 1,
        lasting: false,
        errno,
    };
    let found = scene.plan.during(Some(fault), || transfer.run(guest, fds));
    same("faults", &scene.plan.fired().len(), &1)?;
    same("the count", &found, &Ok(piece * PIECE))?;
    let mut content = b"0123456789".to_vec();
    content.resize(30, 0);
    if transfer.writes() {
        let data = DATA.concat();
        let data = &data.as_bytes()[..piece * PIECE];
        content.resize(30.max(transfer.start + data.len()), 0);
        content[transfer.start..][..data.len()].copy_from_slice(data);
    }
    let content = format!("file {:?}", String::from_utf8(content).unwrap());
    same("the content", &tree(&scene.root)["/file"].0, &content)?;
    let offset = if transfer.at.is_some() {
        2
    } else {
        transfer.start + piece * PIECE
    };
    let fd = (transfer.fd)(fds);
    same("the offset", &scene.guest.fd_tell(fd), &Ok(offset as u64))?;
    leave(scene)
}
