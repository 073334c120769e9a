//! What is attacked: calls on paths below one directory of the host.
//!
//! This file knows the questions and what an answer tells. It does not know who answers: the library, a copy of somebody
//! else's mistake, another library. Everything in this room asks through the trait here.

use std::path::Path;

/// A file's number, as this victim's answers give it.
pub type Number = u64;

/// An answer, or the number of an error; [`Victim::errno`] has its name.
pub type Answer<T> = Result<T, u16>;

/// The error of what a victim does not have, or refuses without a number of the host's.
pub const REFUSED: u16 = 0;

/// What an answer tells of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its number.
    pub number: Number,
    /// When it was last changed, in nanoseconds since 1970.
    pub ctim: u64,
}

/// What something is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be read.
    Read,
    /// To be read as a directory, and nothing else.
    Directory,
    /// To be written; it is created if it is missing, and emptied if it is not.
    Create,
}

/// Somebody who promises that no path leads out of a directory.
///
/// Paths are relative to it. A link at the end is followed where a function has a `follow` that says so, and when
/// something is opened. What is not written is refused.
pub trait Victim {
    /// Its name, in reports.
    fn name(&self) -> &'static str;

    /// The number that its answers would give to a file of the host, which is there.
    fn number(&self, path: &Path) -> Number;

    /// The name of an error.
    fn errno(&self, number: u16) -> String;

    /// Opens, looks at what was opened, and closes it.
    fn open(&mut self, path: &str, purpose: Purpose) -> Answer<Seen>;

    /// Looks at what is there.
    fn stat(&mut self, _: &str, _: bool) -> Answer<Seen> {
        Err(REFUSED)
    }

    /// Sets both times, following links.
    fn set_times(&mut self, _: &str) -> Answer<()> {
        Err(REFUSED)
    }

    /// Gives another name.
    fn rename(&mut self, _: &str, _: &str) -> Answer<()> {
        Err(REFUSED)
    }

    /// Gives a second name.
    fn link(&mut self, _: &str, _: bool, _: &str) -> Answer<()> {
        Err(REFUSED)
    }

    /// Removes what is no directory.
    fn unlink(&mut self, _: &str) -> Answer<()> {
        Err(REFUSED)
    }

    /// Makes a directory.
    fn create_directory(&mut self, _: &str) -> Answer<()> {
        Err(REFUSED)
    }

    /// Removes an empty directory.
    fn remove_directory(&mut self, _: &str) -> Answer<()> {
        Err(REFUSED)
    }

    /// Opens a directory, looks at it and lists it: the number of each entry, as the listing gives it.
    fn list(&mut self, _: &str, _: &mut dyn FnMut(Number)) -> Answer<Seen> {
        Err(REFUSED)
    }
}
