//! Directories that the host answers for.
//!
//! Knows the callbacks of a directory and how names go to C. Refuses to know paths: the library asks for one name at a time.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use super::node::{Found, OpenHow};
use super::{FileStat, NewTimes, answer, kind};
use crate::dirs::{Directory, Kind};
use crate::raw::{Place, Pointer, Ref, Text, User};
use crate::status::{Error, Handle, Status, make, quietly, there};
use std::any::Any;
use std::ffi::{CString, c_char, c_void};
use std::ops::ControlFlow;
use wasi_shim::abi::{self, FileKind, Result};
use wasi_shim::vfs::{Dir, Entry, FsId, Metadata, Name, Node, OpenRequest, SetTimes};

/// A callback about one name.
type OnName = Option<extern "C-unwind" fn(dir: *mut c_void, name: *const c_char) -> u16>;
/// A callback about two names, one of them in another directory of the same filesystem.
type OnNames = Option<
    extern "C-unwind" fn(
        dir: *mut c_void,
        from: *const c_char,
        target: *mut c_void,
        to: *const c_char,
    ) -> u16,
>;

/// What a directory of the host's answers. It is asked for single names: no path, no slash, no `.` or `..` arrives, and it
/// never follows a link. `stat`, `open` and `list` have to be there, and make a filesystem that can be read; where one of
/// the others is `NULL`, it answers `rofs`, and `sync` nothing. Any thread may call them, several at once; names are there
/// until the callback returns. Each answers 0 or an error code of WASI; what each should answer when is on `vfs::Dir` in
/// the library's documentation.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DirCallbacks {
    /// Facts about an entry, of a link about the link; about the directory itself if `name` is `NULL`.
    pub stat: Option<
        extern "C-unwind" fn(dir: *mut c_void, name: *const c_char, stat: &mut FileStat) -> u16,
    >,
    /// Opens an entry, and creates it if that is asked for: one of the functions wasi_shim_found_... says what was found.
    pub open: Option<
        extern "C-unwind" fn(
            dir: *mut c_void,
            name: *const c_char,
            how: &OpenHow,
            found: &mut Found,
        ) -> u16,
    >,
    /// Tells every entry once, by wasi_shim_listing_add, until that returns false.
    pub list: Option<extern "C-unwind" fn(dir: *mut c_void, listing: &mut Listing<'_>) -> u16>,
    /// Creates an empty directory.
    pub create_dir: OnName,
    /// Creates a symbolic link with this text.
    pub create_symlink: Option<
        extern "C-unwind" fn(dir: *mut c_void, name: *const c_char, text: *const c_char) -> u16,
    >,
    /// Removes anything but a directory. What is open stays so.
    pub remove_file: OnName,
    /// Removes an empty directory.
    pub remove_dir: OnName,
    /// Moves `from` to `to` in `target`, the pointer of a directory of the same filesystem.
    pub rename: OnNames,
    /// Gives `from` a second name `to` in `target`.
    pub link: OnNames,
    /// Sets the times of an entry, or of the directory itself if `name` is `NULL`.
    pub set_times: Option<
        extern "C-unwind" fn(dir: *mut c_void, name: *const c_char, times: &NewTimes) -> u16,
    >,
    /// Makes completed changes to the directory durable.
    pub sync: Option<extern "C-unwind" fn(dir: *mut c_void) -> u16>,
    /// Frees the directory's pointer: called once, when nobody has the directory any more.
    pub drop: Option<extern "C-unwind" fn(dir: *mut c_void)>,
}

/// Those to whom the entries of a directory are told, for the time of the callback and its thread.
pub struct Listing<'a> {
    sink: &'a mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
    over: bool,
}

pub(super) struct CallbackDir {
    callbacks: DirCallbacks,
    user: User,
    filesystem: FsId,
}

impl CallbackDir {
    /// The pointer is taken only if this succeeds.
    pub(super) fn new(
        callbacks: &Ref<DirCallbacks>,
        user: &Pointer,
        filesystem: FsId,
    ) -> std::result::Result<Self, Error> {
        let callbacks = callbacks.get("callbacks")?;
        there(callbacks.stat, "stat")?;
        there(callbacks.open, "open")?;
        there(callbacks.list, "list")?;
        Ok(Self {
            callbacks,
            user: User::new(user, callbacks.drop),
            filesystem,
        })
    }

    fn facts(&self, name: *const c_char) -> Result<Metadata> {
        let stat = self.callbacks.stat.ok_or(abi::Errno::Nosys)?;
        let mut facts = FileStat::EMPTY;
        answer(stat(self.user.get(), name, &mut facts))?;
        facts.facts()
    }

    fn on_name(&self, callback: OnName, name: Name<'_>) -> Result<()> {
        let callback = callback.ok_or(abi::Errno::Rofs)?;
        answer(callback(self.user.get(), spelled(name.as_str())?.as_ptr()))
    }

    fn on_names(
        &self,
        callback: OnNames,
        from: Name<'_>,
        target: &dyn Dir,
        to: Name<'_>,
    ) -> Result<()> {
        let callback = callback.ok_or(abi::Errno::Rofs)?;
        let target: &dyn Any = target;
        // Its pointer means something to these callbacks only within one filesystem.
        let target = target.downcast_ref::<Self>();
        let target = target.filter(|target| target.filesystem == self.filesystem);
        let target = target.ok_or(abi::Errno::Xdev)?;
        let (from, to) = (spelled(from.as_str())?, spelled(to.as_str())?);
        answer(callback(
            self.user.get(),
            from.as_ptr(),
            target.user.get(),
            to.as_ptr(),
        ))
    }

    fn times(&self, name: *const c_char, times: &SetTimes) -> Result<()> {
        let set = self.callbacks.set_times.ok_or(abi::Errno::Rofs)?;
        answer(set(self.user.get(), name, &NewTimes::of(times)))
    }
}

/// A text for C. None of ours holds a NUL.
fn spelled(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| abi::Errno::Inval)
}

impl Dir for CallbackDir {
    fn metadata(&self) -> Result<Metadata> {
        let mut facts = self.facts(std::ptr::null())?;
        // What it is, is no question.
        facts.kind = FileKind::Directory;
        Ok(facts)
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.facts(spelled(name.as_str())?.as_ptr())
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        let open = self.callbacks.open.ok_or(abi::Errno::Nosys)?;
        let mut found = Found::nothing(self.filesystem);
        let how = OpenHow::of(request);
        answer(open(
            self.user.get(),
            spelled(name.as_str())?.as_ptr(),
            &how,
            &mut found,
        ))?;
        found.checked(request)
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        let list = self.callbacks.list.ok_or(abi::Errno::Nosys)?;
        let mut listing = Listing { sink, over: false };
        answer(list(self.user.get(), &mut listing))
    }

    fn filesystem(&self) -> FsId {
        self.filesystem
    }

    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        self.on_name(self.callbacks.create_dir, name)
    }

    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        let create = self.callbacks.create_symlink.ok_or(abi::Errno::Rofs)?;
        let (name, text) = (spelled(name.as_str())?, spelled(text)?);
        answer(create(self.user.get(), name.as_ptr(), text.as_ptr()))
    }

    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        self.on_name(self.callbacks.remove_file, name)
    }

    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        self.on_name(self.callbacks.remove_dir, name)
    }

    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        self.on_names(self.callbacks.rename, from, target, to)
    }

    fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        self.on_names(self.callbacks.link, from, target, to)
    }

    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        self.times(spelled(name.as_str())?.as_ptr(), times)
    }

    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        self.times(std::ptr::null(), times)
    }

    fn sync(&self) -> Result<()> {
        match self.callbacks.sync {
            Some(sync) => answer(sync(self.user.get())),
            None => Ok(()),
        }
    }
}

/// Makes a directory that the host answers for: the root of a filesystem of its own. The callbacks are copied; `user` is
/// passed to each, and is taken only if this succeeds.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_new(
    callbacks: Ref<DirCallbacks>,
    user: Pointer,
    dir: Place<Handle<Directory>>,
) -> Status {
    make(dir, || {
        let made = CallbackDir::new(&callbacks, &user, FsId::unique())?;
        Ok(Directory(Kind::Any(std::sync::Arc::new(made))))
    })
}

/// Tells an entry of a directory, within its callback `list`: its name, its number or 0, and what it is, WASI's `filetype`
/// or 0. Names that no guest could use are left out. Returns false if nobody wants to hear more.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_listing_add(
    listing: Option<&mut Listing<'_>>,
    name: Text,
    ino: u64,
    filetype: u8,
) -> bool {
    quietly(false, || {
        let listing = there(listing, "listing")?;
        if listing.over {
            return Ok(false);
        }
        // An entry without a name that can be told is there all the same.
        let name = name.get("name").unwrap_or_default();
        let kind = kind(filetype).unwrap_or(FileKind::Unknown);
        listing.over = (listing.sink)(Entry { name, ino, kind }).is_break();
        Ok(!listing.over)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::by_name::path_filestat_get;
    use crate::call::{CallResult, Outcome};
    use crate::context::Context;
    use crate::raw::{Linear, Room};
    use crate::status::wasi_shim_message;
    use std::sync::Arc;
    use wasi_shim::{Access, Wasi};

    extern "C-unwind" fn stat(_: *mut c_void, name: *const c_char, _: &mut FileStat) -> u16 {
        assert!(name.is_null(), "a name is too much");
        0
    }

    extern "C-unwind" fn open(_: *mut c_void, _: *const c_char, _: &OpenHow, _: &mut Found) -> u16 {
        0
    }

    extern "C-unwind" fn list(_: *mut c_void, _: &mut Listing<'_>) -> u16 {
        0
    }

    const CALLBACKS: DirCallbacks = DirCallbacks {
        stat: Some(stat),
        open: Some(open),
        list: Some(list),
        create_dir: None,
        create_symlink: None,
        remove_file: None,
        remove_dir: None,
        rename: None,
        link: None,
        set_times: None,
        sync: None,
        drop: None,
    };

    #[test]
    fn a_callback_that_panics_is_an_outcome_and_the_guest_goes_on() {
        let dir = CallbackDir::new(&Ref::of(&CALLBACKS), &Pointer::null(), FsId::unique()).unwrap();
        let builder = Wasi::builder().preopen("/", Arc::new(dir), Access::ReadWrite);
        let context = Context {
            wasi: builder.build().unwrap(),
            hands_out: false,
            shared: false,
        };
        // A path of one name at 128, and the facts to 0.
        let mut memory = vec![b'n'; 256];
        let mut look = |len| {
            let size = memory.len();
            let memory = Linear::of(&mut memory);
            let mut result = CallResult::new(Outcome::Returned, 0);
            path_filestat_get(
                Ref::of(&context),
                0,
                memory,
                size,
                3,
                0,
                128,
                len,
                0,
                Place::of(&mut result),
            )
        };
        assert_eq!(look(4), Outcome::Failed);
        let mut words = [0; 200];
        let len = wasi_shim_message(Room::of(&mut words), 200);
        assert!(words[..len].ends_with(b": a name is too much"));
        assert_eq!(look(0), Outcome::Returned);
        assert_eq!(look(4), Outcome::Failed);
    }

    #[test]
    fn nothing_moves_to_another_filesystem_of_callbacks() {
        extern "C-unwind" fn moved(
            _: *mut c_void,
            _: *const c_char,
            _: *mut c_void,
            _: *const c_char,
        ) -> u16 {
            0
        }
        let callbacks = DirCallbacks {
            rename: Some(moved),
            link: Some(moved),
            ..CALLBACKS
        };
        let (one, other) = (FsId::unique(), FsId::unique());
        let [here, there, elsewhere] = [one, one, other]
            .map(|id| CallbackDir::new(&Ref::of(&callbacks), &Pointer::null(), id).unwrap());
        let name = Name::new("name").unwrap();
        assert_eq!(here.rename(name, &there, name), Ok(()));
        assert_eq!(here.rename(name, &elsewhere, name), Err(abi::Errno::Xdev));
        assert_eq!(here.link(name, &elsewhere, name), Err(abi::Errno::Xdev));
    }
}
