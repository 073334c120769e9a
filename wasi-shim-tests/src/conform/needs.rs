//! What a case needs of a host without saying so, told by what it is made of.

use crate::script::{Call, Case, Expected, Token};
use wasi_shim::abi::Syscall;

/// To run the driver module.
pub const DRIVER: &str = "driver";
/// To keep standard output as it is, which is the case's own here: the driver has none besides.
pub const OUTPUT: &str = "output";
/// To have more on standard input than a pipe holds.
pub const LONG_INPUT: &str = "long-input";
/// To tell an exit code of more than eight bits.
pub const LARGE_EXIT_CODE: &str = "large-exit-code";
/// To be told what the program is called.
pub const PROGRAM_NAME: &str = "program-name";
/// To start a program without arguments, even without its name.
pub const NO_ARGUMENTS: &str = "no-arguments";

/// How much of standard input is certain to come at once.
const SHORT: usize = 32 << 10;

/// The words of what a case needs.
pub fn implied(case: &Case) -> impl Iterator<Item = String> {
    let arguments = [Syscall::ArgsGet, Syscall::ArgsSizesGet];
    let looks = case.calls.iter().any(|call| arguments.contains(&call.call));
    let is_large = |call: &Call| matches!(call.expected, Expected::Exits(code) if code > 255);
    let all = [
        (DRIVER, true),
        (OUTPUT, case.calls.iter().any(takes_output)),
        (LONG_INPUT, case.stdin.len() > SHORT),
        (LARGE_EXIT_CODE, case.calls.iter().any(is_large)),
        (PROGRAM_NAME, looks && !case.args.is_empty()),
        (NO_ARGUMENTS, looks && case.args.is_empty()),
    ];
    let needed = all.into_iter().filter(|(_, is_needed)| *is_needed);
    needed.map(|(word, _)| word.to_owned())
}

/// Is standard output closed, replaced or made useless?
fn takes_output(call: &Call) -> bool {
    let changes = [
        Syscall::FdClose,
        Syscall::FdRenumber,
        Syscall::FdFdstatSetRights,
    ];
    let descriptors = if call.call == Syscall::FdRenumber {
        2
    } else {
        1
    };
    let mut named = call.args.iter().take(descriptors).filter_map(Token::word);
    changes.contains(&call.call) && named.any(|word| word == "1")
}
