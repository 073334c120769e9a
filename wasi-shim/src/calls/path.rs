//! Functions on paths, but for `path_open`.
//!
//! All begin with `badf`; `notcapable` without the function's right; `perm` in a tree given for reading, if they change
//! it; `inval` for flags that nobody knows; `ilseq` (not UTF-8), `inval` (a NUL) or `nametoolong` for a text; and `notdir`
//! (a file) or `badf` (a stream) if the descriptor is no directory. Then come the errors of [`resolve::target`]. What is
//! listed with each function follows those.

use super::open::follow;
use super::{Call, Reply, Text};
use crate::abi::{Errno, FileKind, Filestat, LookupFlags, Result};
use crate::mem::Window;
use crate::process::Descriptor;
use crate::resolve::{self, Last, Target};
use crate::vfs::{Follow, Name, SetTimes, same_filesystem};
use std::sync::Arc;

fn target<'p>(call: &Call<'_>, fd: &Descriptor, path: &'p str) -> Result<Target<'p>> {
    resolve::target(fd.dir()?, path, &call.process.policy())
}

impl Target<'_> {
    /// The name; `dot` or `dotdot` if the path ended in one of those.
    fn name(&self, dot: Errno, dotdot: Errno) -> Result<Name<'_>> {
        match &self.last {
            Last::Name(name) => Name::new(name),
            Last::Dot => Err(dot),
            Last::DotDot => Err(dotdot),
        }
    }

    /// For what cannot be done to a directory: after a trailing slash `noent`, `notdir`, or for a directory `errno`.
    fn refuse_slash(&self, name: Name<'_>, errno: Errno) -> Result<()> {
        if !self.slash {
            return Ok(());
        }
        match self.parent.stat(name)?.kind {
            FileKind::Directory => Err(errno),
            _ => Err(Errno::Notdir),
        }
    }
}

/// `path_create_directory`. A trailing slash is welcome.
///
/// *Answers* `exist` for `.` and `..`, and if the name is taken, by a dangling link too.
pub(crate) fn create_directory(call: &Call<'_>, fd: &Arc<Descriptor>, path: Text<'_>) -> Reply<()> {
    let target = target(call, fd, &path)?;
    let name = target.name(Errno::Exist, Errno::Exist)?;
    Ok(target.parent.create_dir(name)?)
}

/// `path_filestat_get`. With a trailing slash a link is followed whatever the flags say.
///
/// *Answers* `noent`; `notdir` for a trailing slash after something else.
pub(crate) fn filestat_get(
    call: &Call<'_>,
    fd: &Arc<Descriptor>,
    lookup: LookupFlags,
    path: Text<'_>,
) -> Reply<Filestat> {
    let policy = call.process.policy();
    let metadata = resolve::stat(fd.dir()?, &path, follow(lookup), &policy)?;
    Ok(fd.filestat(&metadata))
}

/// `path_filestat_set_times`.
///
/// *Answers* `inval` for `fstflags` that contradict each other; `noent`; `notdir` for a trailing slash after something
/// that is no directory.
pub(crate) fn filestat_set_times(
    call: &Call<'_>,
    fd: &Arc<Descriptor>,
    lookup: LookupFlags,
    path: Text<'_>,
    times: SetTimes,
) -> Reply<()> {
    let policy = call.process.policy();
    resolve::reach(
        fd.dir()?,
        &path,
        follow(lookup),
        &policy,
        |parent, entry| match entry {
            Some((name, _)) => parent.set_times(name, &times),
            None => parent.set_own_times(&times),
        },
    )?;
    Ok(())
}

/// `path_link`. A symbolic link is linked, not followed.
///
/// *Answers* `inval` if following is asked for: the name could lead elsewhere by the time it is linked; `perm` for `.`,
/// `..` and directories; `notdir` for a trailing slash after a file; `exist` if the new name is taken, whatever has it;
/// `noent` for a trailing slash after a new name; `xdev` between filesystems. If either directory is in a tree given for
/// reading it is `perm` before all of these.
pub(crate) fn link(
    call: &Call<'_>,
    old_fd: &Arc<Descriptor>,
    old_lookup: LookupFlags,
    old_path: Text<'_>,
    new_fd: &Arc<Descriptor>,
    new_path: Text<'_>,
) -> Reply<()> {
    if old_lookup.contains(LookupFlags::SYMLINK_FOLLOW) {
        return Err(Errno::Inval.into());
    }
    let old = target(call, old_fd, &old_path)?;
    let new = target(call, new_fd, &new_path)?;
    let old_name = old.name(Errno::Perm, Errno::Perm)?;
    if old.slash {
        // Directories have one name.
        return Err(at_a_directory(call, old_fd, &old_path, Errno::Perm).into());
    }
    let new_name = new.name(Errno::Exist, Errno::Exist)?;
    if new.slash {
        new.parent.stat(new_name)?;
        return Err(Errno::Exist.into());
    }
    same_filesystem(&*old.parent, &*new.parent)?;
    Ok(old.parent.link(old_name, new.parent.as_ref(), new_name)?)
}

/// The answer to a path with a trailing slash: `errno` if it leads to a directory, over links too; otherwise why not.
fn at_a_directory(call: &Call<'_>, fd: &Descriptor, path: &str, errno: Errno) -> Errno {
    let policy = call.process.policy();
    let found = fd
        .dir()
        .and_then(|dir| resolve::stat(dir, path, Follow::Yes, &policy));
    found.err().unwrap_or(errno)
}

/// `path_readlink`. The text is cut to the buffer; no NUL is written.
///
/// *Answers* `inval` for anything but a symbolic link; after a trailing slash, `notdir` unless it is a directory or a
/// link to one.
pub(crate) fn readlink(
    call: &Call<'_>,
    fd: &Arc<Descriptor>,
    path: Text<'_>,
    buf: Window,
) -> Reply<(String, u32)> {
    let target = target(call, fd, &path)?;
    let name = target.name(Errno::Inval, Errno::Inval)?;
    if target.slash {
        return Err(at_a_directory(call, fd, &path, Errno::Inval).into());
    }
    let text = target.parent.read_link(name)?;
    let used = u32::try_from(text.len().min(buf.len())).map_err(|_| Errno::Overflow)?;
    Ok((text, used))
}

/// `path_remove_directory`. A trailing slash is welcome after a directory.
///
/// *Answers* `inval` for `.`, `notempty` for `..`; `noent`; `notdir`; `notempty`.
pub(crate) fn remove_directory(call: &Call<'_>, fd: &Arc<Descriptor>, path: Text<'_>) -> Reply<()> {
    let target = target(call, fd, &path)?;
    let name = target.name(Errno::Inval, Errno::Notempty)?;
    Ok(target.parent.remove_dir(name)?)
}

/// `path_rename`. Trailing slashes are welcome if it is a directory that moves.
///
/// *Answers* `busy` for `.` and `..`; `noent`; `notdir` for a trailing slash after something else, or before which
/// something else would move; `xdev` between filesystems; then those of [`Dir::rename`]. If either directory is in a tree
/// given for reading it is `perm` before all of these.
pub(crate) fn rename(
    call: &Call<'_>,
    fd: &Arc<Descriptor>,
    old_path: Text<'_>,
    new_fd: &Arc<Descriptor>,
    new_path: Text<'_>,
) -> Reply<()> {
    let old = target(call, fd, &old_path)?;
    let new = target(call, new_fd, &new_path)?;
    let old_name = old.name(Errno::Busy, Errno::Busy)?;
    let new_name = new.name(Errno::Busy, Errno::Busy)?;
    if old.slash || new.slash {
        let moves = old.parent.stat(old_name)?;
        if moves.kind != FileKind::Directory {
            return Err(Errno::Notdir.into());
        }
    }
    same_filesystem(&*old.parent, &*new.parent)?;
    Ok(old.parent.rename(old_name, new.parent.as_ref(), new_name)?)
}

/// `path_symlink`.
///
/// Its text is the first argument, and looked at before the descriptor.
///
/// *Answers* `noent` for an empty text, `perm` for an absolute one, on every filesystem; a relative text is stored
/// wherever it leads, and judged when it is followed. `exist` if the name is taken; for a trailing slash, `noent` after a
/// new name, `exist` after a directory or a link to one, `notdir` after anything else.
pub(crate) fn symlink(
    call: &Call<'_>,
    text: Text<'_>,
    fd: &Arc<Descriptor>,
    path: Text<'_>,
) -> Reply<()> {
    let dir = fd.dir()?;
    resolve::check_new_link(&text)?;
    let target = resolve::target(dir, &path, &call.process.policy())?;
    let name = target.name(Errno::Exist, Errno::Exist)?;
    if target.slash {
        target.parent.stat(name)?;
        return Err(match at_a_directory(call, fd, &path, Errno::Exist) {
            Errno::Exist => Errno::Exist,
            _ => Errno::Notdir,
        }
        .into());
    }
    Ok(target.parent.create_symlink(name, &text)?)
}

/// `path_unlink_file`.
///
/// *Answers* `isdir` for `.`, `..` and directories, on every host; `noent`; `notdir` for a trailing slash after something
/// else.
pub(crate) fn unlink_file(call: &Call<'_>, fd: &Arc<Descriptor>, path: Text<'_>) -> Reply<()> {
    let target = target(call, fd, &path)?;
    let name = target.name(Errno::Isdir, Errno::Isdir)?;
    target.refuse_slash(name, Errno::Isdir)?;
    Ok(target.parent.remove_file(name)?)
}
