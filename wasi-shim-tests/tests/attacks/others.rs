//! Somebody else, who does something again and again while the guest acts.
//!
//! Knows threads, and how entries change places: on the host by a system call, in other trees by the renames of a second
//! guest. Does not know what is attacked. Rows about races use it.

use crate::scene::Scene;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use wasi_shim::{Access, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::ROOT;

/// How long a race lasts, if something of it succeeds; on a machine that does much else, longer.
pub(crate) const TIME: Duration = Duration::from_millis(100);

/// Does something while another thread does something else, again and again.
pub(crate) fn while_another<T>(other: impl Fn() + Send + Sync, act: impl FnOnce() -> T) -> T {
    /// Ends the other thread when this one fails, too.
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let _stop = Stop(&stop);
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                other();
            }
        });
        act()
    })
}

/// Does something while two threads rename a directory each to and fro, in a folder of theirs.
pub(crate) fn while_renaming<T>(folder: &Path, act: impl FnOnce() -> T) -> T {
    let to_and_fro = |name: &str| {
        let (one, other) = (folder.join(name), folder.join(format!("{name}.moved")));
        std::fs::create_dir(&one).expect("a folder");
        move || {
            std::fs::rename(&one, &other).expect("it moves");
            std::fs::rename(&other, &one).expect("it moves back");
        }
    };
    while_another(to_and_fro("a"), || while_another(to_and_fro("b"), act))
}

/// Exchanges two entries of the guest's tree while the guest acts, as somebody else can: see this file's head.
pub(crate) fn while_exchanging(scene: &Scene, entries: (&str, &str), act: impl FnOnce()) {
    match scene.folder() {
        Some(folder) => while_the_host_exchanges(&folder, entries, act),
        None => while_a_guest_exchanges(scene, entries, act),
    }
}

fn while_the_host_exchanges(folder: &Path, (one, other): (&str, &str), act: impl FnOnce()) {
    let (one, other) = (folder.join(one), folder.join(other));
    let exchange = || renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE);
    // Twice, so that everything is in its place again whenever this ends.
    let both = || exchange().and_then(|()| exchange());
    both().expect("the test's filesystem exchanges names");
    while_another(
        || {
            let _ = both();
        },
        act,
    );
}

/// preview1 has no call for it, so that for moments one of the names is not there.
fn while_a_guest_exchanges(scene: &Scene, (one, other): (&str, &str), act: impl FnOnce()) {
    let builder = Wasi::builder().preopen("/", scene.root.clone(), Access::ReadWrite);
    let guest = Mutex::new(Guest::new(builder));
    let aside = format!("{one}.aside");
    let exchange = || {
        let mut guest = guest.lock().expect("no panic");
        for (from, to) in [(one, &*aside), (other, one), (&aside, other)] {
            let moved = guest.path_rename(ROOT, from, ROOT, to);
            assert_eq!(moved, Ok(()), "{from} to {to}");
        }
    };
    let both = || {
        exchange();
        exchange();
    };
    both();
    while_another(both, act);
}

/// Asks again and again; the answer is judged each time, and something has to have succeeded.
pub(crate) fn again_and_again(mut ask: impl FnMut() -> bool) {
    let (begin, mut asked, mut found) = (Instant::now(), 0, 0);
    while begin.elapsed() < TIME || (found == 0 && begin.elapsed() < 100 * TIME) {
        asked += 1;
        found += usize::from(ask());
    }
    assert!(found > 0, "nothing of {asked}");
}
