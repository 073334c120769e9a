//! Noticing that this process is another's child.
//!
//! This file knows a page of memory that a child finds empty, which costs no system call to look at. It does not know
//! what must not happen twice. Only `entropy` uses it.

/// A number that no process has which this one was forked from. `None` where that cannot be known.
pub(super) fn generation() -> Option<u64> {
    page::generation()
}

#[cfg(target_os = "linux")]
#[allow(
    unsafe_code,
    reason = "what is mapped must be mapped as long as it is looked at, which is for ever"
)]
mod page {
    use rustix::io::Result;
    use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};
    use std::ffi::c_void;
    use std::ptr;
    use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

    /// What the page holds: the generation, or 0 if nobody has looked in this process yet.
    type Mark = AtomicU64;

    /// The system maps whole pages.
    const LEN: usize = size_of::<Mark>();

    static PAGE: AtomicPtr<Mark> = AtomicPtr::new(ptr::null_mut());
    static REFUSED: AtomicBool = AtomicBool::new(false);

    pub(super) fn generation() -> Option<u64> {
        let page = PAGE.load(Ordering::Acquire);
        let page = if page.is_null() { make()? } else { page };
        // SAFETY: `make` mapped it, for reading and writing, aligned to a page and filled with zeros, which is a `Mark`;
        // nobody unmaps what `PAGE` has held. Only the kernel writes to it otherwise, in a child that does not run yet.
        let mark = unsafe { &*page };
        Some(match mark.load(Ordering::Relaxed) {
            0 => begin(mark),
            generation => generation,
        })
    }

    /// The number of a new generation. The last one is in memory that is copied, so that a child counts on.
    #[cold]
    fn begin(mark: &Mark) -> u64 {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let next = LAST.fetch_add(1, Ordering::SeqCst).wrapping_add(1);
        match mark.compare_exchange(0, next, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => next,
            Err(earlier) => earlier,
        }
    }

    #[cold]
    fn make() -> Option<*mut Mark> {
        if REFUSED.load(Ordering::Relaxed) {
            return None;
        }
        let Ok(page) = map() else {
            REFUSED.store(true, Ordering::Relaxed);
            return None;
        };
        let made = PAGE.compare_exchange(
            ptr::null_mut(),
            page.cast(),
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        Some(match made {
            Ok(_) => page.cast(),
            Err(earlier) => {
                // SAFETY: `map` mapped it, and nobody else has seen it.
                let _ = unsafe { munmap(page, LEN) };
                earlier
            }
        })
    }

    fn map() -> Result<*mut c_void> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: with no address given, it is new memory.
        let page = unsafe { mmap_anonymous(ptr::null_mut(), LEN, access, MapFlags::PRIVATE) }?;
        // SAFETY: nobody else has seen the page, and there is nothing in it that could be lost.
        let advised = unsafe { madvise(page, LEN, Advice::LinuxWipeOnFork) };
        // This means nothing for such a page. A system that grants it, as emulators do, has only said yes.
        // SAFETY: as before.
        let credulous = unsafe { madvise(page, LEN, Advice::LinuxRemove) }.is_ok();
        if advised.is_err() || credulous {
            // SAFETY: as before.
            let _ = unsafe { munmap(page, LEN) };
            return Err(rustix::io::Errno::NOTSUP);
        }
        Ok(page)
    }
}

/// Other systems have no such page, or have not been asked.
#[cfg(not(target_os = "linux"))]
mod page {
    pub(super) const fn generation() -> Option<u64> {
        None
    }
}
