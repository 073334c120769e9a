//! Kernels whose `openat2` does not work, made out of this one.
//!
//! A process is put into a [`Mode`] once, before it touches a filesystem, and stays in it: the library remembers a kernel
//! without `openat2` for good. So a test that is to run in every mode starts itself again, see [`again`]. Nothing here knows
//! what is tested.

use crate::seccomp;
use std::process::{Command, ExitStatus};

/// `SYS_openat2`: the same number on every architecture of Linux.
const OPENAT2: i64 = 437;

/// The variable that tells a process which mode it is in.
const VARIABLE: &str = "OPENAT2";

/// What `openat2` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Whatever the kernel says.
    Native,
    /// `ENOSYS`: a kernel before 5.6.
    Missing,
    /// `EPERM`: a container whose filter does not know the call.
    Forbidden,
    /// `EAGAIN`: somebody renames directories all the time.
    Busy,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 4] = [Self::Native, Self::Missing, Self::Forbidden, Self::Busy];

    /// Its name, as in messages and in the variable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Missing => "ENOSYS",
            Self::Forbidden => "EPERM",
            Self::Busy => "EAGAIN",
        }
    }

    /// The mode of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    fn errno(self) -> Option<u32> {
        match self {
            Self::Native => None,
            Self::Missing => Some(38),
            Self::Forbidden => Some(1),
            Self::Busy => Some(11),
        }
    }

    /// Puts every thread of this process into the mode, and those it will start; there is no way back.
    pub fn enter(self) {
        let Some(errno) = self.errno() else { return };
        seccomp::enter_all(&seccomp::filter(&[OPENAT2], None, errno));
    }
}

/// The mode that [`again`] asked this process to be in; enters it.
pub fn asked() -> Option<Mode> {
    let mode = Mode::from_name(&std::env::var(VARIABLE).ok()?)?;
    mode.enter();
    Some(mode)
}

/// The calling binary, to be run again in a process that [`asked`] puts into the mode.
pub fn this_again(mode: Mode) -> Command {
    let this = std::env::current_exe().expect("the binary has a path");
    let mut command = Command::new(this);
    command.env(VARIABLE, mode.name());
    command
}

/// Runs one test of the calling binary again, in a process of its own that [`asked`] puts into the mode. Its output is
/// shown.
pub fn again(test: &str, mode: Mode) -> ExitStatus {
    this_again(mode)
        .args(["--exact", test, "--nocapture", "--include-ignored"])
        .status()
        .expect("the binary runs")
}

#[cfg(test)]
mod tests {
    use super::{Mode, again, asked};
    use rustix::fs::{CWD, Mode as Bits, OFlags, ResolveFlags, openat2};

    #[test]
    fn each_mode_is_what_it_says() {
        if let Some(mode) = asked() {
            let opened = openat2(CWD, "/", OFlags::PATH, Bits::empty(), ResolveFlags::empty());
            let errno = opened
                .err()
                .map(|errno| errno.raw_os_error().unsigned_abs());
            assert_eq!(errno, mode.errno());
            return;
        }
        for mode in Mode::ALL {
            let status = again("openat2::tests::each_mode_is_what_it_says", mode);
            assert!(status.success(), "{mode:?}");
        }
    }
}
