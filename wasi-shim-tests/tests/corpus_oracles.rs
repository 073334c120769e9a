//! Proof that the fuzz targets on whole guests find what they look for: each runs over something that is wrong.
//!
//! The inputs are made up, and the same each time. What is wrong is a filesystem that fails once, or lies about its numbers,
//! or is changed by somebody else; or a call that nobody made.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wasi_shim::abi::{Abi, Errno, Result, Syscall};
use wasi_shim::backends::{Faulty, Verdict};
use wasi_shim::vfs::{Dir, Entry, FsId, Metadata, Name, Node, OpenRequest, SetTime, SetTimes};
use wasi_shim::{Exit, Outcome, Trap};
use wasi_shim_tests::fuzz::raw_call::judge::Seen;
use wasi_shim_tests::fuzz::{TARGETS, overlay, raw_call, resolve, state};

/// How many inputs are made up, and how many until every function has succeeded.
const INPUTS: usize = 40;
const MANY: usize = 1_000;

/// Inputs of a few hundred bytes.
fn inputs(count: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut number = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        (number >> 24) as u8
    };
    (0..count).map(move |_| (0..400).map(|_| next()).collect())
}

/// What is told of the inputs with which something was found.
fn found(run: impl Fn(&[u8])) -> Vec<String> {
    let one = |data: Vec<u8>| {
        let told = catch_unwind(AssertUnwindSafe(|| run(&data))).err()?;
        let told = told.downcast::<String>().map(|told| *told);
        Some(told.unwrap_or_else(|told| format!("{:?}", told.downcast_ref::<&str>())))
    };
    inputs(INPUTS).filter_map(one).collect()
}

fn is_found(words: &str, run: impl Fn(&[u8])) {
    let found = found(run);
    assert!(found.iter().any(|told| told.contains(words)), "{found:?}");
}

#[test]
fn made_up_inputs_find_nothing() {
    for (name, run) in TARGETS {
        assert_eq!(found(run), Vec::<String>::new(), "{name}");
    }
}

/// A directory whose entries have a new number whenever somebody looks, or all the same.
struct Renumbered(Arc<dyn Dir>, Arc<dyn Fn() -> u64 + Send + Sync>);

impl Renumbered {
    fn again_and_again(inner: Arc<dyn Dir>) -> Arc<dyn Dir> {
        let next = AtomicU64::new(1 << 40);
        Arc::new(Self(
            inner,
            Arc::new(move || next.fetch_add(1, Ordering::Relaxed)),
        ))
    }

    fn all_the_same(inner: Arc<dyn Dir>) -> Arc<dyn Dir> {
        Arc::new(Self(inner, Arc::new(|| 1 << 40)))
    }

    fn renumbered(&self, mut facts: Metadata) -> Metadata {
        facts.ino = (self.1)();
        facts
    }
}

impl Dir for Renumbered {
    fn metadata(&self) -> Result<Metadata> {
        self.0.metadata()
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.0.stat(name).map(|facts| self.renumbered(facts))
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        self.0.open(name, request)
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        self.0.list(sink)
    }

    fn filesystem(&self) -> FsId {
        self.0.filesystem()
    }

    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        self.0.create_dir(name)
    }

    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        self.0.create_symlink(name, text)
    }
}

#[test]
fn a_filesystem_that_fails_once_is_found() {
    let fails = |root| -> Arc<dyn Dir> { Faulty::nth(root, 6, Errno::Io) };
    is_found("Err(Io)", |data| state::run_over(data, fails));
    is_found("host: step", |data| {
        resolve::run_over(
            data,
            |name, _, root| if name == "host" { fails(root) } else { root },
        );
    });
    is_found("memory: step", |data| {
        resolve::run_over(
            data,
            |name, _, root| if name == "memory" { fails(root) } else { root },
        );
    });
    // The lower tree is looked at before the guest begins.
    let fails_later = |root| -> Arc<dyn Dir> { Faulty::nth(root, 60, Errno::Io) };
    is_found("Err(Io)", |data| {
        overlay::run_over(data, fails_later, as_it_is)
    });
}

#[test]
fn numbers_that_say_nothing_are_found() {
    let memory = |change: fn(Arc<dyn Dir>) -> Arc<dyn Dir>| {
        move |data: &[u8]| {
            resolve::run_over(
                data,
                |name, _, root| if name == "memory" { change(root) } else { root },
            );
        }
    };
    is_found("had the number", memory(Renumbered::again_and_again));
    is_found("have the number", memory(Renumbered::all_the_same));
    is_found("have the number", |data| {
        overlay::run_over(data, Renumbered::all_the_same, as_it_is)
    });
}

#[test]
fn changes_outside_are_found() {
    is_found("what is outside was changed", |data| {
        resolve::run_over(data, |_, folder, root| {
            std::fs::write(folder.join("outside/secret"), "no more").expect("it is there");
            root
        });
    });
    is_found("the lower tree was", |data| {
        overlay::run_over(data, |lower| behind(lower, 20, touch), as_it_is);
    });
    is_found("at the end there should be", |data| {
        overlay::run_over(data, as_it_is, |target| behind(target, 2, put));
    });
}

fn as_it_is(tree: Arc<dyn Dir>) -> Arc<dyn Dir> {
    tree
}

/// A tree that somebody changes at the `n`-th call.
fn behind(tree: Arc<dyn Dir>, n: u64, change: fn(&dyn Dir)) -> Arc<dyn Dir> {
    let (inside, calls) = (Arc::clone(&tree), AtomicU64::new(0));
    Faulty::new(tree, move |_| {
        if calls.fetch_add(1, Ordering::Relaxed) == n {
            change(&*inside);
        }
        Verdict::Proceed
    })
}

fn touch(tree: &dyn Dir) {
    let mtim = SetTime::Now;
    let times = SetTimes {
        mtim,
        ..SetTimes::default()
    };
    // Not every tree has it.
    let _ = tree.set_times(Name::new("a").expect("a name"), &times);
}

fn put(tree: &dyn Dir) {
    let name = Name::new("somebody's").expect("a name");
    tree.create_dir(name).expect("a new directory");
}

/// A call of `fd_read` with one buffer of four bytes at 0x40, and its count at 0x50.
fn read(change: Option<usize>, outcome: &Outcome, traps: bool) -> std::result::Result<(), String> {
    let mut before = vec![0; 0x100];
    before[0x20..0x28].copy_from_slice(&[0x40, 0, 0, 0, 4, 0, 0, 0]);
    let mut after = before.clone();
    if let Some(at) = change {
        after[at] ^= 1;
    }
    let seen = Seen {
        abi: Abi::Preview1,
        call: Syscall::FdRead,
        args: &[0, 0x20, 1, 0x50],
        before: &before,
        after: &after,
        traps,
    };
    seen.judge(outcome)
}

#[test]
fn bytes_and_answers_that_should_not_be_are_found() {
    let refused = |errno: Errno| Outcome::Return(errno.number());
    for at in [0x40, 0x43, 0x50, 0x53] {
        assert_eq!(read(Some(at), &Outcome::Return(0), true), Ok(()));
        assert!(
            read(Some(at), &refused(Errno::Badf), true).is_err(),
            "{at:#x}"
        );
    }
    for at in [0, 0x20, 0x3f, 0x44, 0x54, 0xff] {
        assert!(
            read(Some(at), &Outcome::Return(0), true).is_err(),
            "{at:#x}"
        );
    }
    assert_eq!(read(None, &refused(Errno::Badf), true), Ok(()));
    assert!(read(None, &refused(Errno::Xdev), true).is_err());
    assert!(read(None, &Outcome::Return(999), true).is_err());
    assert!(read(None, &refused(Errno::Fault), true).is_err());
    assert_eq!(read(None, &refused(Errno::Fault), false), Ok(()));
    assert!(read(None, &Outcome::Exit(Exit(0)), true).is_err());
    assert!(read(None, &Outcome::Trap(Trap::NoMemory), true).is_err());
}

#[test]
fn raw_calls_of_every_function_succeed_are_refused_and_wait() {
    let (mut done, mut refused, mut waits) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for data in inputs(MANY) {
        raw_call::run_telling(&data, &mut |call, outcome| {
            let set = match outcome {
                Outcome::Return(0) | Outcome::Exit(_) => &mut done,
                Outcome::Block(_) => &mut waits,
                _ => &mut refused,
            };
            set.insert(call.name());
        });
    }
    for call in Syscall::ALL {
        let never_done = *call == Syscall::ProcRaise;
        let never_refused = matches!(call, Syscall::ProcExit | Syscall::SchedYield);
        assert!(done.contains(call.name()) || never_done, "{call}: {done:?}");
        assert!(refused.contains(call.name()) || never_refused, "{call}");
    }
    let waiting = [
        "fd_read",
        "fd_write",
        "poll_oneoff",
        "sock_accept",
        "sock_recv",
        "sock_send",
    ];
    assert!(waiting.iter().all(|name| waits.contains(name)), "{waits:?}");
}
