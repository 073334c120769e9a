//! Which functions can wait, found out by calling them all, and which are asynchronous for an engine.

use std::collections::BTreeSet;
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::task::Waker;
use wasi_shim::abi::{Errno, Result, RiFlags, RoFlags, SdFlags, Syscall};
use wasi_shim::vfs::{Interest, Readiness, Socket, Stream};
use wasi_shim::{Outcome, Wasi};
use wasi_shim_tests::Guest;

/// Has nothing and takes nothing, for now.
struct Later {
    listens: bool,
}

impl Stream for Later {
    fn read(&self, _: &mut [IoSliceMut<'_>]) -> Result<usize> {
        Err(Errno::Again)
    }

    fn write(&self, _: &[IoSlice<'_>]) -> Result<usize> {
        Err(Errno::Again)
    }

    fn ready(&self, _: Interest, _: &Waker) -> Readiness {
        Readiness::Later
    }

    fn as_socket(&self) -> Option<&dyn Socket> {
        Some(self)
    }
}

impl Socket for Later {
    fn accept(&self) -> Result<Arc<dyn Stream>> {
        Err(Errno::Again)
    }

    fn listens(&self) -> bool {
        self.listens
    }

    fn recv(&self, _: &mut [IoSliceMut<'_>], _: RiFlags) -> Result<(usize, RoFlags)> {
        Err(Errno::Again)
    }

    fn send(&self, _: &[IoSlice<'_>]) -> Result<usize> {
        Err(Errno::Again)
    }

    fn shutdown(&self, _: SdFlags) -> Result<()> {
        Err(Errno::Again)
    }
}

/// Does the function wait, of a descriptor that is never ready? All its other arguments are the same number, of which
/// several are tried: a count, a length, an address, a flag.
fn waits(call: Syscall, fd: u32) -> bool {
    [0, 1, 8, 64].into_iter().any(|number| {
        let builder = Wasi::builder()
            .socket(Arc::new(Later { listens: false }))
            .socket(Arc::new(Later { listens: true }));
        let mut guest = Guest::new(builder);
        // As a vector: of one byte. As a subscription: to read what has this number.
        let at = number as usize;
        guest.memory[at..at + 48].fill(0);
        guest.memory[at + 4] = 1;
        guest.memory[at + 8] = 1;
        guest.memory[at + 16] = u8::try_from(fd).expect("few descriptors");
        let args: &[&[i64]] = &[
            &[fd.into(), number, 1, 0, 1024, 2048],
            &[fd.into(), number, 1, 1024, 2048],
            &[fd.into(), 0, 1024],
            &[number, 512, 1, 1024],
        ];
        let tries = |args: &&[i64]| matches!(guest.attempt(call, args), Outcome::Block(_));
        args.iter().any(tries)
    })
}

/// From the same rows as an adapter's functions.
macro_rules! asynchronous {
    ({} $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {
        [$((Syscall::$variant, wasi_shim::wasmtime_by_waiting!($name true, false))),*]
    };
}

#[test]
fn exactly_the_functions_that_are_asynchronous_can_wait() {
    let asynchronous: [(Syscall, bool); 46] = wasi_shim::for_each_syscall! { [asynchronous] {} };
    let asynchronous: BTreeSet<&str> = asynchronous
        .into_iter()
        .filter_map(|(call, is)| is.then_some(call.name()))
        .collect();
    let can_wait: BTreeSet<&str> = Syscall::ALL
        .iter()
        .filter(|call| [3, 4].into_iter().any(|fd| waits(**call, fd)))
        .map(|call| call.name())
        .collect();
    assert_eq!(asynchronous, can_wait);
}
