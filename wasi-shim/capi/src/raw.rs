//! What C's pointers become: our own things, a caller's variables, strings, slices, the guest's memory, a descriptor.
//!
//! This is the one file with `unsafe` code. It knows what the header asks of a caller, checks what can be checked (null,
//! UTF-8, lengths), and gives the rest of the package values that are safe to use. It knows nothing of guests.
//!
//! # Why it is right
//!
//! The types here with a pointer inside have no constructor: a value of one comes from C, as a parameter of an exported
//! function, and so is what the header says of it. Each is only looked at through a method that borrows it, so that what it
//! leads to cannot outlive the call that it was a parameter of.
//!
//! None of them is a reference, which would promise for the whole call that what it leads to is there and is changed by
//! nobody. A call can call back, and the header lets whoever is called back free the guest and use its variables. So what is
//! looked at is copied out ([`Ref`]) or borrowed for a moment in which nothing of C's is called (`Place::with`).

#![allow(unsafe_code)]

use crate::status::Error;
use std::ffi::{CStr, c_char, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::slice;
use std::sync::atomic::AtomicU8;
use wasi_shim::mem::Memory;

/// One of our own things, or null.
#[repr(transparent)]
#[derive(Debug)]
pub struct Ref<T>(*const T);

impl<T: Clone> Ref<T> {
    /// A share of it, so that whoever is called meanwhile may free it. `what` names it in the message.
    pub(crate) fn get(&self, what: &'static str) -> Result<T, Error> {
        self.maybe(what)?.ok_or(Error::Null(what))
    }

    /// Likewise of what may be missing.
    pub(crate) fn maybe(&self, what: &'static str) -> Result<Option<T>, Error> {
        if self.0.is_null() {
            return Ok(None);
        }
        check(self.0, 1, what)?;
        // SAFETY: it is not null and it is aligned; by the header's word it is what its type says, nobody frees it before
        // this call has begun to call others, and nobody changes it meanwhile. To clone one calls nothing of C's.
        Ok(Some(unsafe { &*self.0 }.clone()))
    }

    #[cfg(test)]
    pub(crate) const fn of(thing: &T) -> Self {
        Self(thing)
    }
}

/// Where a value of the caller's is, or is to be; or null. The value itself may be one of our own things.
#[repr(transparent)]
#[derive(Debug)]
pub struct Place<T>(*mut T);

impl<T> Place<T> {
    /// Could something be written there?
    pub(crate) fn check(&self, what: &'static str) -> Result<(), Error> {
        check(self.0, 1, what)
    }

    /// Writes a value, whatever was there before, which need not have been a value.
    pub(crate) fn set(&mut self, value: T, what: &'static str) -> Result<(), Error> {
        self.check(what)?;
        // SAFETY: it is not null and it is aligned; by the header's word there is room for a value, which nobody else uses
        // during the call.
        unsafe { self.0.write(value) };
        Ok(())
    }

    /// Changes what is there, and calls nothing of C's meanwhile: what is to be dropped has to be handed out.
    pub(crate) fn with<R>(
        &mut self,
        what: &'static str,
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<R, Error> {
        self.check(what)?;
        // SAFETY: it is not null and it is aligned; by the header's word a value is there, which no other thread uses
        // during the call. This one is at `change`, and nowhere else.
        Ok(change(unsafe { &mut *self.0 }))
    }

    #[cfg(test)]
    pub(crate) const fn of(value: &mut T) -> Self {
        Self(value)
    }
}

/// A string: UTF-8 with a NUL at its end, or null.
#[repr(transparent)]
#[derive(Debug)]
pub struct Text(*const c_char);

impl Text {
    /// The string. `what` names it in the message.
    pub(crate) fn get(&self, what: &'static str) -> Result<&str, Error> {
        if self.0.is_null() {
            return Err(Error::Null(what));
        }
        // SAFETY: it is not null, and by the header's word a string of C that nobody changes during the call, which the
        // borrow of the parameter cannot outlive.
        let text = unsafe { CStr::from_ptr(self.0) };
        text.to_str().map_err(|_| Error::NotText(what))
    }

    /// Likewise of one that may be missing.
    pub(crate) fn maybe(&self, what: &'static str) -> Result<Option<&str>, Error> {
        if self.0.is_null() {
            return Ok(None);
        }
        self.get(what).map(Some)
    }

    #[cfg(test)]
    pub(crate) const fn of(text: &CStr) -> Self {
        Self(text.as_ptr())
    }
}

/// The first of some values that are read. Null will do if there are none.
#[repr(transparent)]
#[derive(Debug)]
pub struct Values<T>(*const T);

impl<T: Copy> Values<T> {
    /// All of them.
    pub(crate) fn get(&self, len: usize, what: &'static str) -> Result<&[T], Error> {
        if len == 0 {
            return Ok(&[]);
        }
        check(self.0, len, what)?;
        // SAFETY: it is not null, it is aligned and its size is one that a slice can have; by the header's word so many
        // values are there, which nobody changes during the call.
        Ok(unsafe { slice::from_raw_parts(self.0, len) })
    }

    #[cfg(test)]
    pub(crate) const fn of(values: &[T]) -> Self {
        Self(values.as_ptr())
    }
}

/// Room for some values. Null will do if there is room for none.
#[repr(transparent)]
#[derive(Debug)]
pub struct Room<T>(*mut T);

impl<T: Copy> Room<T> {
    /// Could so many be written there?
    pub(crate) fn check(&self, room: usize, what: &'static str) -> Result<(), Error> {
        match room {
            0 => Ok(()),
            room => check(self.0, room, what),
        }
    }

    /// Copies as many as fit to the beginning; how many they are.
    pub(crate) fn put(
        &mut self,
        room: usize,
        values: &[T],
        what: &'static str,
    ) -> Result<usize, Error> {
        let count = values.len().min(room);
        if count == 0 {
            return Ok(0);
        }
        check(self.0, room, what)?;
        // SAFETY: it is not null, it is aligned and its size is one that a slice can have; by the header's word there is
        // room for so many values, which nobody else uses during the call. They need not have been written before.
        let room = unsafe { slice::from_raw_parts_mut(self.0.cast::<MaybeUninit<T>>(), count) };
        for (to, from) in room.iter_mut().zip(values) {
            to.write(*from);
        }
        Ok(count)
    }

    #[cfg(test)]
    pub(crate) const fn of(room: &mut [T]) -> Self {
        Self(room.as_mut_ptr())
    }
}

/// A guest's memory.
#[repr(transparent)]
#[derive(Debug)]
pub struct Linear(*mut u8);

impl Linear {
    /// Could this be a memory?
    pub(crate) fn check(&self, size: usize) -> Result<(), Error> {
        match size {
            0 => Ok(()),
            size => check(self.0, size, "memory"),
        }
    }

    /// The memory, for a call: one that nobody else touches meanwhile, or one that other threads of the guest may be
    /// writing.
    pub(crate) fn get(&mut self, size: usize, shared: bool) -> Result<Memory<'_>, Error> {
        self.check(size)?;
        let start = if size == 0 {
            std::ptr::dangling_mut()
        } else {
            self.0
        };
        if shared {
            // SAFETY: not null or of no bytes, and of a size that a slice can have; by the header's word it is there until
            // the call returns. `AtomicU8` is like `u8`; the header says that others may write it meanwhile only as
            // WebAssembly does, and that it is not read by the host's own plain accesses.
            return Ok(Memory::shared(unsafe {
                slice::from_raw_parts(start.cast::<AtomicU8>().cast_const(), size)
            }));
        }
        // SAFETY: not null or of no bytes, and of a size that a slice can have; by the header's word all of it may be read
        // and written and nobody else does so until the call returns: not another thread, and not a callback.
        Ok(Memory::new(unsafe {
            slice::from_raw_parts_mut(start, size)
        }))
    }

    #[cfg(test)]
    pub(crate) const fn of(memory: &mut [u8]) -> Self {
        Self(memory.as_mut_ptr())
    }
}

/// What a slice has to be, as far as that can be seen.
fn check<T>(start: *const T, len: usize, what: &'static str) -> Result<(), Error> {
    if start.is_null() {
        return Err(Error::Null(what));
    }
    if !start.is_aligned() {
        return Err(Error::Misaligned(what));
    }
    let bytes = len.checked_mul(size_of::<T>());
    match bytes.and_then(|bytes| isize::try_from(bytes).ok()) {
        Some(_) => Ok(()),
        None => Err(Error::TooLong(what)),
    }
}

/// A pointer that is the caller's own, as it comes.
#[repr(transparent)]
#[derive(Debug)]
pub struct Pointer(*mut c_void);

#[cfg(test)]
impl Pointer {
    pub(crate) const fn null() -> Self {
        Self(std::ptr::null_mut())
    }
}

/// Such a pointer, kept: it is passed to callbacks, and to `drop` when nobody needs it any more.
#[derive(Debug)]
pub(crate) struct User {
    pointer: *mut c_void,
    drop: Option<extern "C-unwind" fn(*mut c_void)>,
}

// SAFETY: the pointer is never followed here. It goes to the callbacks it was given with, of which the header says that any
// thread may call them.
unsafe impl Send for User {}
// SAFETY: as above; several at once.
unsafe impl Sync for User {}

impl User {
    pub(crate) const fn new(
        pointer: &Pointer,
        drop: Option<extern "C-unwind" fn(*mut c_void)>,
    ) -> Self {
        Self {
            pointer: pointer.0,
            drop,
        }
    }

    pub(crate) const fn get(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for User {
    fn drop(&mut self) {
        if let Some(drop) = self.drop {
            drop(self.pointer);
        }
    }
}

/// A descriptor of its own for what a caller's descriptor is open on.
pub(crate) fn duplicate(descriptor: RawFd) -> io::Result<OwnedFd> {
    if descriptor < 0 {
        return Err(io::Error::from_raw_os_error(EBADF));
    }
    // SAFETY: it is no -1. By the header's word the caller has it open until the call returns; where it is not, the system
    // says so, and nothing else is done with it.
    unsafe { BorrowedFd::borrow_raw(descriptor) }.try_clone_to_owned()
}

/// "Bad file descriptor", which has this number on every Unix system.
const EBADF: i32 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_seen_of_a_pointer_is_checked() {
        assert!(matches!(
            Text(std::ptr::null()).get("x"),
            Err(Error::Null("x"))
        ));
        assert!(matches!(
            Text::of(c"\xff").get("x"),
            Err(Error::NotText("x"))
        ));
        assert_eq!(
            Text::of(c"gr\xc3\xbc\xc3\x9fe").get("x").ok(),
            Some("grüße")
        );
        let none = Values::<u64>(std::ptr::null());
        assert_eq!(none.get(0, "x").ok(), Some(&[][..]));
        assert!(matches!(none.get(1, "x"), Err(Error::Null("x"))));
        let odd = Values(std::ptr::without_provenance::<u64>(4));
        assert!(matches!(odd.get(1, "x"), Err(Error::Misaligned("x"))));
        let word = Values::of(&[1_u64]);
        assert!(matches!(
            word.get(usize::MAX / 2, "x"),
            Err(Error::TooLong("x"))
        ));
        assert_eq!(word.get(1, "x").ok(), Some(&[1][..]));
    }

    #[test]
    fn what_is_ours_is_shared_and_not_borrowed() {
        let text = String::from("ours");
        let share = Ref::of(&text).get("x").ok();
        drop(text);
        assert_eq!(share.as_deref(), Some("ours"));
        let none = Ref::<String>(std::ptr::null());
        assert!(matches!(none.get("x"), Err(Error::Null("x"))));
        assert!(matches!(none.maybe("x"), Ok(None)));
        let odd = Ref::<u64>(std::ptr::without_provenance(4));
        assert!(matches!(odd.get("x"), Err(Error::Misaligned("x"))));
    }

    #[test]
    fn a_place_is_checked_before_it_is_written() {
        let mut number = 1_u32;
        assert!(Place::of(&mut number).set(2, "x").is_ok());
        let doubled = Place::of(&mut number).with("x", |number| number.wrapping_mul(2));
        assert_eq!((number, doubled.ok()), (2, Some(4)));
        let mut none = Place::<u32>(std::ptr::null_mut());
        assert!(matches!(none.set(1, "x"), Err(Error::Null("x"))));
        assert!(matches!(none.with("x", |_| ()), Err(Error::Null("x"))));
        let mut odd = Place::<u32>(std::ptr::without_provenance_mut(2));
        assert!(matches!(odd.set(1, "x"), Err(Error::Misaligned("x"))));
    }

    #[test]
    fn a_memory_may_be_missing_only_if_it_has_no_bytes() {
        let mut none = Linear(std::ptr::null_mut());
        assert_eq!(none.get(0, false).map(|memory| memory.size()).ok(), Some(0));
        assert_eq!(none.get(0, true).map(|memory| memory.size()).ok(), Some(0));
        assert!(matches!(none.get(1, false), Err(Error::Null("memory"))));
        assert!(matches!(none.get(1, true), Err(Error::Null("memory"))));
        let mut bytes = [0; 3];
        let mut some = Linear::of(&mut bytes);
        assert_eq!(some.get(3, true).map(|memory| memory.size()).ok(), Some(3));
        assert!(matches!(
            some.get(usize::MAX, false),
            Err(Error::TooLong("memory"))
        ));
    }

    #[test]
    fn room_is_written_as_far_as_it_goes() {
        let mut bytes = [0; 4];
        assert_eq!(Room::of(&mut bytes).put(2, b"abc", "x").ok(), Some(2));
        assert_eq!(&bytes, b"ab\0\0");
        assert!(matches!(
            Room(std::ptr::null_mut()).put(2, b"abc", "x"),
            Err(Error::Null("x"))
        ));
        assert_eq!(Room(std::ptr::null_mut()).put(0, b"abc", "x").ok(), Some(0));
    }

    #[test]
    fn a_descriptor_that_is_not_open_is_an_error() {
        assert!(duplicate(-1).is_err());
        assert!(duplicate(i32::MAX).is_err());
        assert!(duplicate(2).is_ok());
    }
}
