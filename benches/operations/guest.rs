//! A guest to call functions on, whose arguments lie in its memory before anything is counted.
//!
//! Knows where paths, buffers and results are, and which numbers its descriptors have. Refuses to know what is called and
//! what is counted. The [operations](super) use it.

use std::sync::Arc;
use wasi_shim::abi::{Errno, Rights};
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Outcome, Wasi};

use super::tree::Tree;

/// Descriptors: the standard streams, the tree, [`STREAMS`] more streams.
pub(crate) const STDIN: i32 = 0;
/// See [`STDIN`].
pub(crate) const STDOUT: i32 = 1;
/// See [`STDIN`].
pub(crate) const ROOT: i32 = 3;
/// See [`STDIN`].
pub(crate) const SOCKET: i32 = 4;
/// How many streams there are beside the standard ones.
pub(crate) const STREAMS: usize = 100;
/// Descriptors that are open throughout: the file `f`, and the directory `many`.
pub(crate) const FILE: i32 = 104;
/// See [`FILE`].
pub(crate) const MANY: i32 = 105;
/// The lowest number that is free.
pub(crate) const NEXT: i32 = 106;

/// Where results go.
pub(crate) const OUT: i32 = 64;
/// Where bytes are read to and written from: [`BYTES`] of them.
pub(crate) const BUFFER: i32 = 1 << 16;
/// How many bytes are read and written.
pub(crate) const BYTES: i32 = 4096;
/// Where arguments of calls lie, and no further than [`BUFFER`].
const ARGUMENTS: usize = 256;

/// `oflags` that open a directory, and that make a new file.
pub(crate) const DIRECTORY: i32 = 2;
/// See [`DIRECTORY`].
pub(crate) const NEW: i32 = 1 | 4;

/// A pointer into the memory and a length, as two arguments of a call.
pub(crate) type Span = (i32, i32);

/// What a call answered.
pub(crate) type Answer = Result<(), Errno>;

/// A guest over a tree.
pub(crate) struct Guest {
    /// The library's side.
    pub(crate) wasi: Wasi,
    /// The linear memory.
    pub(crate) memory: Vec<u8>,
    /// The tree.
    pub(crate) root: Arc<dyn Dir>,
    next: usize,
}

/// Calls a function by its name; gives an [`Answer`].
macro_rules! call {
    ($guest:ident.$name:ident($($argument:expr),*)) => {
        $crate::operations::guest::answer(wasi_shim::raw::$name(
            &$guest.wasi,
            wasi_shim::abi::Abi::Preview1,
            &mut wasi_shim::mem::Memory::new(&mut $guest.memory),
            $($argument),*
        ))
    };
}
pub(crate) use call;

/// What came of a call that neither waits nor ends the guest.
pub(crate) fn answer(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Return(0) => Ok(()),
        Outcome::Return(number) => Err(Errno::from_number(number).expect("an error code")),
        outcome => panic!("the call did not return: {outcome:?}"),
    }
}

impl Guest {
    /// A guest with two arguments, two variables, and what the tree has.
    pub(crate) fn new(tree: &Tree) -> Self {
        let mut builder = Wasi::builder()
            .args(["program", "argument"])
            .env("LANG", "C.UTF-8")
            .env("HOME", "/")
            .stdin(tree.stdin.clone())
            .stdout(tree.stdout.clone())
            .preopen("/", tree.root.clone(), Access::ReadWrite);
        for stream in &tree.streams {
            builder = builder.socket(stream.clone());
        }
        let mut guest = Self {
            wasi: builder.build().expect("the guest can be built"),
            memory: vec![0; 1 << 18],
            root: tree.root.clone(),
            next: ARGUMENTS,
        };
        for (path, flags, number) in [("f", 0, FILE), ("many", DIRECTORY, MANY)] {
            let (path, len) = guest.text(path);
            call!(guest.path_open(ROOT, 0, path, len, flags, rights(flags), 0, 0, OUT))
                .expect("it is there");
            assert_eq!(guest.opened(), number);
        }
        guest
    }

    /// Puts bytes into the memory, where they stay.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> i32 {
        let at = self.next;
        self.next = (at + bytes.len()).next_multiple_of(16);
        assert!(
            self.next <= BUFFER as usize,
            "there is no room for more arguments"
        );
        self.memory[at..][..bytes.len()].copy_from_slice(bytes);
        i32::try_from(at).expect("an address")
    }

    /// Puts a text into the memory.
    pub(crate) fn text(&mut self, text: &str) -> Span {
        let len = i32::try_from(text.len()).expect("a short text");
        (self.put(text.as_bytes()), len)
    }

    /// Describes so many buffers of [`BYTES`] in all, or one byte each if that is not enough for all.
    pub(crate) fn vectors(&mut self, count: i32, bytes: i32) -> Span {
        let each = (bytes / count).max(1);
        let one = |index| [BUFFER + index * each, each].map(i32::to_le_bytes).concat();
        let all: Vec<u8> = (0..count).flat_map(one).collect();
        (self.put(&all), count)
    }

    /// The descriptor that `path_open` gave.
    pub(crate) fn opened(&self) -> i32 {
        self.number_at(OUT)
    }

    /// A number in the memory.
    pub(crate) fn number_at(&self, at: i32) -> i32 {
        let bytes = &self.memory[at as usize..][..4];
        i32::from_le_bytes(bytes.try_into().expect("four bytes"))
    }

    /// Eight bytes of the memory.
    pub(crate) fn long_at(&self, at: i32) -> i64 {
        let bytes = &self.memory[at as usize..][..8];
        i64::from_le_bytes(bytes.try_into().expect("eight bytes"))
    }
}

/// What a file is opened for: everything; a directory: to list it and ask about it.
pub(crate) const fn rights(oflags: i32) -> i64 {
    let rights = if oflags & DIRECTORY == DIRECTORY {
        Rights::FD_READDIR
            .union(Rights::FD_ADVISE)
            .union(Rights::FD_FILESTAT_GET)
    } else {
        Rights::FILE
    };
    rights.bits().cast_signed()
}
