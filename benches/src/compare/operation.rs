//! What is measured: sequences of calls, as data, from which a guest is made.

use super::layout::Layout;

/// An argument of a call.
#[derive(Clone, Copy, Debug)]
pub enum Arg {
    /// A number of 32 bits.
    I32(u32),
    /// A number of 64 bits.
    I64(u64),
    /// The 32 bits at this address: a descriptor that an earlier call has put there.
    At(u32),
    /// Where a listing has come to.
    Cookie,
}

/// A call, and the error code that it is to answer.
#[derive(Clone, Debug)]
pub struct Step {
    /// The function.
    pub call: &'static str,
    /// Its arguments.
    pub args: Vec<Arg>,
    /// 0 for success.
    pub answer: u16,
}

/// What one turn of the guest's loop does.
#[derive(Clone, Debug)]
pub enum Body {
    /// These calls.
    Steps(Vec<Step>),
    /// The whole directory whose descriptor is at this address is listed through a buffer of 4 KiB.
    Listing {
        /// Where the descriptor is.
        dir: u32,
        /// Where the buffer is.
        buffer: u32,
    },
    /// This many files are created in the directory whose descriptor is at this address.
    Creation {
        /// Where the descriptor is.
        dir: u32,
        /// How many.
        count: u32,
        /// Where a name of eight digits is made.
        name: u32,
    },
}

/// Something that is measured.
#[derive(Clone, Debug)]
pub struct Operation {
    /// What it is called.
    pub name: &'static str,
    /// What has to be done once before.
    pub before: Vec<Step>,
    /// What is measured.
    pub body: Body,
    /// How many measured things one turn does.
    pub per: u32,
    /// Hosts that it is not run on, and why: some would take hours.
    pub without: &'static [(&'static str, &'static str)],
    /// It changes the tree for good, so that it is done once a round and never before.
    pub once: bool,
}

impl Operation {
    /// Something that no guest does: the host is to know how.
    pub const fn of_the_host(name: &'static str, per: u32) -> Self {
        Self {
            name,
            before: Vec::new(),
            body: Body::Steps(Vec::new()),
            per,
            without: &[],
            once: false,
        }
    }
}

/// The descriptor of the preopened directory.
pub const ROOT: Arg = Arg::I32(3);

/// Rights, as C libraries ask for them: read, seek, tell, facts, waiting.
const READ: u64 = 1 << 1 | 1 << 2 | 1 << 5 | 1 << 21 | 1 << 27;
/// The same and writing.
const WRITE: u64 = READ | 1 << 6;
/// Creating and opening what is in it, and listing it.
const DIRECTORY: u64 = 1 << 10 | 1 << 13 | 1 << 14;

/// Calls, in the making.
pub struct Steps<'a> {
    layout: &'a mut Layout,
    steps: Vec<Step>,
}

impl<'a> Steps<'a> {
    /// None yet.
    pub const fn new(layout: &'a mut Layout) -> Self {
        let steps = Vec::new();
        Self { layout, steps }
    }

    /// All of them.
    pub fn done(self) -> Vec<Step> {
        self.steps
    }

    /// Any call.
    #[must_use]
    pub fn call(mut self, call: &'static str, args: impl Into<Vec<Arg>>) -> Self {
        let args = args.into();
        self.steps.push(Step {
            call,
            args,
            answer: 0,
        });
        self
    }

    /// The last call is to answer this.
    #[must_use]
    pub fn answers(mut self, errno: u16) -> Self {
        if let Some(step) = self.steps.last_mut() {
            step.answer = errno;
        }
        self
    }

    /// A call on a path relative to the root, which stands behind the arguments `first`.
    #[must_use]
    pub fn path(self, call: &'static str, first: &[Arg], path: &str, rest: &[Arg]) -> Self {
        let at = self.layout.text(path);
        let path = [Arg::I32(at), Arg::I32(path.len() as u32)];
        self.call(call, [first, &path, rest].concat())
    }

    /// Opens a file to read.
    #[must_use]
    pub fn open(self, path: &str, fd: u32) -> Self {
        self.open_with(path, 1, 0, (READ, 0), fd)
    }

    /// Opens a directory to list.
    #[must_use]
    pub fn open_dir(self, path: &str, fd: u32) -> Self {
        self.open_with(path, 0, 2, (DIRECTORY, WRITE), fd)
    }

    /// Opens a file to read and write.
    #[must_use]
    pub fn open_to_write(self, path: &str, fd: u32) -> Self {
        self.open_with(path, 1, 0, (WRITE, 0), fd)
    }

    /// Makes a file that is not there.
    #[must_use]
    pub fn create(self, path: &str, fd: u32) -> Self {
        self.open_with(path, 0, 5, (WRITE, 0), fd)
    }

    fn open_with(self, path: &str, lookup: u32, oflags: u32, rights: (u64, u64), fd: u32) -> Self {
        let rest = [
            Arg::I32(oflags),
            Arg::I64(rights.0),
            Arg::I64(rights.1),
            Arg::I32(0),
            Arg::I32(fd),
        ];
        self.path("path_open", &[ROOT, Arg::I32(lookup)], path, &rest)
    }

    /// Closes the descriptor at an address.
    #[must_use]
    pub fn close(self, fd: u32) -> Self {
        self.call("fd_close", [Arg::At(fd)])
    }

    /// Goes back to the start of the file.
    #[must_use]
    pub fn rewind(self, fd: u32, out: u32) -> Self {
        self.call(
            "fd_seek",
            [Arg::At(fd), Arg::I64(0), Arg::I32(0), Arg::I32(out)],
        )
    }

    /// The same call this many times.
    #[must_use]
    pub fn times(mut self, count: u32, call: &'static str, args: &[Arg]) -> Self {
        for _ in 0..count {
            self = self.call(call, args);
        }
        self
    }
}
