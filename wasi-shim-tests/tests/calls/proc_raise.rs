//! `proc_raise`.

use wasi_shim::abi::{Abi, Errno, Signal};
use wasi_shim_tests::trees::Tree;

/// That this test ends at all shows that no signal reaches the process: most of them would end it.
#[test]
fn no_signal_is_sent() {
    for abi in [Abi::Preview1, Abi::Unstable] {
        let mut guest = Tree::memory().guest();
        guest.abi = abi;
        assert_eq!(Signal::ALL.len(), 31);
        for signal in Signal::ALL {
            assert_eq!(
                guest.proc_raise(signal.number().into()),
                Err(Errno::Notsup),
                "{signal:?}"
            );
        }
    }
}

#[test]
fn signals_nobody_knows_are_refused() {
    let mut guest = Tree::memory().guest();
    for signal in [31, 32, 64, 255, 256, 265, 1 << 31, u32::MAX] {
        assert_eq!(guest.proc_raise(signal), Err(Errno::Inval), "{signal}");
    }
}
