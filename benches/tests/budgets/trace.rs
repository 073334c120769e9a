//! System calls, counted by `ptrace`.
//!
//! Knows how this test's binary is started once more as a child, whose one thread is stopped at each system call, and where
//! what is measured begins and ends. Refuses to know what the child does. [`super::measure`] is both ends of it.
//!
//! The child says where a measurement begins and ends by a system call: `kill` of a process that cannot exist, because its
//! number is above Linux's `PID_MAX_LIMIT`. It does nothing and is made by nobody else; the number tells what is meant. No
//! memory of the child is read, and a marker needs no allocation and no handle.

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, gettid};
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};

/// A system call: its number and the first three arguments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// Its number; see [`name`](super::names::name).
    pub(crate) number: u64,
    /// Its arguments.
    pub(crate) arguments: [u64; 3],
}

const BEGIN: i32 = i32::MAX;
const END: i32 = i32::MAX - 1;
const DONE: i32 = i32::MAX - 2;

/// What the child is asked to do, in this variable.
const SUBJECT: &str = "BUDGETS_SUBJECT";

/// The name of the test that the child runs, which is the one that calls [`subject`].
const TEST: &str = "subject";

fn mark(number: i32) {
    assert_eq!(
        kill(Pid::from_raw(number), None),
        Err(Errno::ESRCH),
        "no process has this number"
    );
}

/// Runs something in the child, between markers.
pub(crate) fn between_markers(run: &mut dyn FnMut()) {
    mark(BEGIN);
    run();
    mark(END);
}

/// In the child: does what it is asked to, once it is traced. Everywhere else: nothing.
pub(crate) fn subject(run: impl FnOnce(&str)) {
    let Ok(what) = std::env::var(SUBJECT) else {
        return;
    };
    println!("\nthread {}", gettid());
    let traced = std::io::stdin().read(&mut [0]);
    assert_eq!(traced.ok(), Some(1), "the test has gone");
    run(&what);
    mark(DONE);
}

/// The system calls between each pair of markers of a child that was asked to do this.
pub(crate) fn trace(what: &str) -> Vec<Vec<Call>> {
    let mut child = Command::new(std::env::current_exe().expect("this test has a binary"))
        .args(["--exact", TEST, "--nocapture", "--test-threads=1"])
        .env(SUBJECT, what)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test can be started once more");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    let thread = thread(&mut output);
    hold(thread);
    child
        .stdin
        .as_mut()
        .expect("a pipe")
        .write_all(b"!")
        .expect("it waits for that");
    let measured = follow(thread);
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("text");
    succeeded(&mut child, &rest);
    measured
}

fn succeeded(child: &mut Child, output: &str) {
    let status = child.wait().expect("it can be waited for");
    assert!(
        status.success(),
        "what is measured failed: {status}\n{output}"
    );
}

/// The number of the thread that does it.
fn thread(output: &mut impl BufRead) -> Pid {
    let lines = output.lines().map(|line| line.expect("text"));
    let number = lines
        .into_iter()
        .find_map(|line| line.strip_prefix("thread ")?.parse().ok());
    Pid::from_raw(number.expect("the child's thread tells its number"))
}

/// Begins to trace. The thread waits to be told that it is, so that it is stopped before it makes a call that counts.
fn hold(thread: Pid) {
    let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL;
    ptrace::seize(thread, options).unwrap_or_else(|errno| {
        panic!(
            "ptrace is not permitted here ({errno}), so system calls cannot be counted. A container needs the capability \
             SYS_PTRACE, or a seccomp profile that lets ptrace pass"
        )
    });
    ptrace::interrupt(thread).expect("it is traced");
    wait(thread);
}

fn wait(thread: Pid) -> WaitStatus {
    waitpid(thread, Some(WaitPidFlag::__WALL)).expect("it is traced")
}

/// Goes from system call to system call, until the child has done everything.
fn follow(thread: Pid) -> Vec<Vec<Call>> {
    let (mut measured, mut current): (Vec<_>, Option<Vec<Call>>) = (Vec::new(), None);
    let mut signal = None;
    loop {
        ptrace::syscall(thread, signal.take()).expect("it is stopped");
        match wait(thread) {
            WaitStatus::PtraceSyscall(_) if enters(thread) => {
                let call = registers(thread);
                match marker(&call) {
                    Some(BEGIN) => current = Some(Vec::new()),
                    Some(END) => measured.extend(current.take()),
                    Some(_) => break,
                    None => current.iter_mut().for_each(|calls| calls.push(call)),
                }
            }
            WaitStatus::Stopped(_, other) => signal = Some(other),
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => {
                panic!("what is measured ended before it was done")
            }
            _ => {}
        }
    }
    ptrace::detach(thread, None::<Signal>).expect("it is stopped");
    measured
}

/// Is it on its way into the kernel? The other stop is that of the way back.
fn enters(thread: Pid) -> bool {
    let info = ptrace::syscall_info(thread).expect("Linux 5.3 tells about a system call");
    info.op == nix::libc::PTRACE_SYSCALL_INFO_ENTRY
}

fn marker(call: &Call) -> Option<i32> {
    let number = i32::try_from(call.arguments[0]).ok()?;
    let is_kill = i64::try_from(call.number) == Ok(nix::libc::SYS_kill);
    (is_kill && number >= DONE).then_some(number)
}

/// The system call that the thread is about to make. Where `ptrace` itself tells it, it is in a union.
#[cfg(target_arch = "x86_64")]
fn registers(thread: Pid) -> Call {
    let registers = ptrace::getregs(thread).expect("it is stopped");
    Call {
        number: registers.orig_rax,
        arguments: [registers.rdi, registers.rsi, registers.rdx],
    }
}

/// See above.
#[cfg(target_arch = "aarch64")]
fn registers(thread: Pid) -> Call {
    let registers = ptrace::getregs(thread).expect("it is stopped").regs;
    Call {
        number: registers[8],
        arguments: [registers[0], registers[1], registers[2]],
    }
}
