//! Kernels that refuse some system calls, made out of this one.
//!
//! Knows how a thread is told that a system call answers an error number, always or where its arguments say so. There is
//! no way back for the thread, so each case takes one of its own. Nothing here knows what is tested.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};
use std::collections::BTreeMap;

/// An argument that a call must have: its index, counted from 0, and its value.
pub type Argument = (u8, u64);

/// A filter: these system calls answer `errno`, if they have the argument.
///
/// # Panics
/// If this machine has no filters.
pub fn filter(calls: &[i64], argument: Option<Argument>, errno: u32) -> BpfProgram {
    program(calls, argument, SeccompAction::Errno(errno))
}

/// A filter: whoever makes one of these system calls ends its process, by `SIGSYS`. So it is known to have been made.
///
/// # Panics
/// If this machine has no filters.
pub fn deadly(calls: &[i64]) -> BpfProgram {
    program(calls, None, SeccompAction::KillProcess)
}

fn program(calls: &[i64], argument: Option<Argument>, action: SeccompAction) -> BpfProgram {
    let condition = argument.map(|(index, value)| {
        SeccompCondition::new(index, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, value)
            .and_then(|condition| SeccompRule::new(vec![condition]))
            .expect("a rule of one condition")
    });
    let rules: Vec<_> = condition.into_iter().collect();
    let rules: BTreeMap<_, _> = calls.iter().map(|call| (*call, rules.clone())).collect();
    let arch = std::env::consts::ARCH
        .try_into()
        .expect("an architecture that has filters");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, action, arch);
    let program = filter.and_then(TryInto::try_into);
    program.expect("a filter of few calls")
}

/// Puts a filter on this thread, and those that it starts.
///
/// # Panics
/// If the kernel takes no filter.
pub fn enter(program: &BpfProgram) {
    seccompiler::apply_filter(program).expect("the kernel takes a filter");
}

/// Puts a filter on every thread of this process, and those that they start. Where a thread has several, the last decides.
///
/// # Panics
/// If the kernel takes no filter.
pub fn enter_all(program: &BpfProgram) {
    seccompiler::apply_filter_all_threads(program).expect("the kernel takes a filter");
}

/// Runs `run` on a thread of its own that has the filter.
///
/// # Panics
/// If `run` does.
pub fn under<T: Send>(program: &BpfProgram, run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            enter(program);
            run()
        });
        thread.join().expect("the thread ends")
    })
}
