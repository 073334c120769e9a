//! The contract suite finds what is wrong: filesystems that break one rule each, and the checks that must notice.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::any::Any;
use std::io::{IoSlice, IoSliceMut};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use wasi_shim::abi::{Errno, FileKind, Result};
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::contract::{Abilities, CHECKS};
use wasi_shim::vfs::{
    Create, Dir, Entry, File, FsId, Metadata, Name, Node, OpenRequest, SetTimes, SyncScope,
};

/// The rule that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    AppendIsSizeThenWrite,
    CreateOverwrites,
    CutLeavesRest,
    ExclusiveIgnored,
    FirstBufferOnly,
    FollowsLinks,
    ForgetsId,
    HolesSwallow,
    KindsUnchecked,
    LinkOverwrites,
    ListsTwice,
    RenameIsNotAtomic,
    RenameLosesTarget,
    RoundsTimes,
    StatIsStale,
    TrimsNames,
    UnlinkEmpties,
}

struct Faulty {
    inner: Arc<dyn Dir>,
    fault: Fault,
}

impl Faulty {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn rename_in_steps(&self, from: Name<'_>, target: &Self, to: Name<'_>) -> Result<()> {
        if target
            .inner
            .stat(to)
            .is_ok_and(|facts| facts.kind == FileKind::RegularFile)
            && self.inner.stat(from)?.kind == FileKind::RegularFile
            && self.inner.stat(from)?.ino != target.inner.stat(to)?.ino
        {
            target.inner.remove_file(to)?;
            pause();
        }
        self.inner.rename(from, &*target.inner, to)
    }
}

/// Lets other threads see a state that should not be seen.
fn pause() {
    std::thread::sleep(std::time::Duration::from_micros(50));
}

fn trimmed<'a>(name: Name<'a>, when: bool) -> Name<'a> {
    let shorter = name.as_str().trim_end_matches([' ', '.']);
    if when {
        Name::new(shorter).unwrap_or(name)
    } else {
        name
    }
}

impl Dir for Faulty {
    fn metadata(&self) -> Result<Metadata> {
        self.inner.metadata()
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        let mut facts = self
            .inner
            .stat(trimmed(name, self.has(Fault::TrimsNames)))?;
        if self.has(Fault::StatIsStale) {
            facts.size = 0;
        }
        Ok(facts)
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        let mut request = *request;
        let name = trimmed(name, self.has(Fault::TrimsNames));
        if self.has(Fault::ExclusiveIgnored) && request.create == Create::Exclusive {
            request.create = Create::IfMissing;
        }
        if self.has(Fault::KindsUnchecked) {
            request.directory = false;
        }
        if self.has(Fault::CreateOverwrites) && request.write {
            request.truncate = true;
        }
        match self.inner.open(name, &request)? {
            Node::Dir(inner) => Ok(Node::Dir(Arc::new(Self { inner, ..*self }))),
            Node::File(inner) => {
                let fault = self.fault;
                Ok(Node::File(Arc::new(FaultyFile { inner, fault })))
            }
            Node::Symlink(text) if self.has(Fault::FollowsLinks) => {
                let text = Name::new(&text).map_err(|_| Errno::Noent)?;
                self.inner.open(text, &request)
            }
            node => Ok(node),
        }
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        self.inner.list(sink)?;
        if self.has(Fault::ListsTwice) {
            self.inner.list(sink)
        } else {
            Ok(())
        }
    }

    fn filesystem(&self) -> FsId {
        if self.has(Fault::ForgetsId) {
            FsId::unique()
        } else {
            self.inner.filesystem()
        }
    }

    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        self.inner
            .create_dir(trimmed(name, self.has(Fault::TrimsNames)))
    }

    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        self.inner.create_symlink(name, text)
    }

    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        if self.has(Fault::UnlinkEmpties) {
            let mut request = OpenRequest::READ;
            request.truncate = true;
            self.inner.open(name, &request)?;
        }
        self.inner
            .remove_file(trimmed(name, self.has(Fault::TrimsNames)))
    }

    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        self.inner.remove_dir(name)
    }

    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let target: &Self = (target as &dyn Any).downcast_ref().unwrap();
        match self.fault {
            Fault::RenameIsNotAtomic => self.rename_in_steps(from, target, to),
            Fault::RenameLosesTarget if self.inner.stat(from)?.kind == FileKind::RegularFile => {
                let _ = target.inner.remove_file(to);
                self.inner.rename(from, &*target.inner, to)
            }
            _ => self.inner.rename(from, &*target.inner, to),
        }
    }

    fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let target: &Self = (target as &dyn Any).downcast_ref().unwrap();
        if self.has(Fault::LinkOverwrites) {
            let _ = target.inner.remove_file(to);
        }
        self.inner.link(from, &*target.inner, to)
    }

    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        self.inner.set_times(name, times)
    }

    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        self.inner.set_own_times(times)
    }
}

struct FaultyFile {
    inner: Arc<dyn File>,
    fault: Fault,
}

impl File for FaultyFile {
    fn metadata(&self) -> Result<Metadata> {
        let mut facts = self.inner.metadata()?;
        if self.fault == Fault::RoundsTimes {
            facts.mtim.0 = facts.mtim.0 / 1_000 * 1_000;
        }
        Ok(facts)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        self.inner.read_at(buf, offset)
    }

    fn read_vectored_at(&self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        self.inner.read_vectored_at(bufs, offset)
    }

    fn seek_data(&self, offset: u64) -> Result<Option<u64>> {
        let data = self.inner.seek_data(offset)?;
        let late = u64::from(self.fault == Fault::HolesSwallow);
        Ok(data.map(|data| data + late))
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        self.inner.write_at(buf, offset)
    }

    fn write_vectored_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        let first = bufs.iter().find(|buf| !buf.is_empty());
        match first {
            Some(buf) if self.fault == Fault::FirstBufferOnly => self.inner.write_at(buf, offset),
            _ => self.inner.write_vectored_at(bufs, offset),
        }
    }

    fn append(&self, bufs: &[IoSlice<'_>]) -> Result<(usize, u64)> {
        if self.fault != Fault::AppendIsSizeThenWrite {
            return self.inner.append(bufs);
        }
        let end = self.metadata()?.size;
        pause();
        let count = self.inner.write_vectored_at(bufs, end)?;
        Ok((count, end + count as u64))
    }

    fn set_len(&self, len: u64) -> Result<()> {
        let old = self.metadata()?.size;
        let mut rest = vec![0; old.saturating_sub(len).min(100) as usize];
        self.inner.read_at(&mut rest, len)?;
        self.inner.set_len(len)?;
        if self.fault == Fault::CutLeavesRest && len > 0 && !rest.is_empty() {
            self.inner.write_at(&rest, len)?;
        }
        Ok(())
    }

    fn allocate(&self, offset: u64, len: u64) -> Result<()> {
        self.inner.allocate(offset, len)
    }

    fn set_times(&self, times: &SetTimes) -> Result<()> {
        self.inner.set_times(times)
    }

    fn sync(&self, scope: SyncScope) -> Result<()> {
        self.inner.sync(scope)
    }
}

/// The checks that fail for a filesystem with this fault.
fn found(fault: Fault) -> Vec<&'static str> {
    let fails = |check: &&wasi_shim::vfs::contract::Check| {
        let inner = MemDir::new();
        let root = Arc::new(Faulty { inner, fault });
        catch_unwind(AssertUnwindSafe(|| check.run(root, Abilities::ALL))).is_err()
    };
    CHECKS
        .iter()
        .filter(fails)
        .map(|check| check.name)
        .collect()
}

#[test]
fn a_wrapper_without_a_fault_passes() {
    assert_eq!(found(Fault::None), [""; 0]);
}

#[test]
fn every_fault_is_found() {
    let faults = [
        (Fault::AppendIsSizeThenWrite, "appends_lose_nothing"),
        (Fault::CreateOverwrites, "opening_truncates_only_when_asked"),
        (Fault::CutLeavesRest, "set_len_cuts_and_extends"),
        (Fault::ExclusiveIgnored, "opening_answers_in_order"),
        (Fault::FirstBufferOnly, "vectors_are_one_transfer"),
        (Fault::FollowsLinks, "symlinks_are_returned_with_their_text"),
        (Fault::ForgetsId, "one_filesystem_has_one_id"),
        (Fault::HolesSwallow, "only_zeros_are_called_holes"),
        (Fault::KindsUnchecked, "opening_answers_in_order"),
        (Fault::LinkOverwrites, "linking_answers_in_order"),
        (Fault::ListsTwice, "lists_agree_with_stat"),
        (Fault::RenameIsNotAtomic, "a_replaced_name_is_never_missing"),
        (
            Fault::RenameLosesTarget,
            "renaming_onto_itself_does_nothing",
        ),
        (Fault::RoundsTimes, "times_are_kept"),
        (Fault::StatIsStale, "symlinks_are_returned_with_their_text"),
        (Fault::TrimsNames, "names_keep_every_byte"),
        (Fault::UnlinkEmpties, "an_unlinked_file_stays_usable"),
    ];
    for (fault, check) in faults {
        let found = found(fault);
        assert!(
            found.contains(&check),
            "{fault:?} was found by {found:?}, not by {check}"
        );
    }
}
