//! The contract of [`vfs`](super) as tests, for any filesystem.
//!
//! Knows what [`Dir`] and [`File`](super::File) promise, and looks at nothing else: every check is given an empty root
//! and asserts. Refuses to know the filesystem under test, but for the [`Abilities`] it is told of. The tests of this
//! crate use it, and those of any crate with a filesystem of its own.
//!
//! ```no_run
//! use std::sync::Arc;
//! use wasi_shim::backends::MemDir;
//! use wasi_shim::vfs::contract::Abilities;
//!
//! // Each check becomes a test of its own; `make` is called once for each.
//! wasi_shim::vfs::contract!(MemDir::new);
//!
//! // Or all of them within one test, for a filesystem that cannot do everything.
//! wasi_shim::vfs::contract::read_write(MemDir::new, Abilities { hard_links: false, ..Abilities::ALL });
//! ```

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test library: what is wrong should fail the test that called it"
)]

mod data;
mod entries;
mod names;
mod open;
mod read_only;
mod rename;
mod threads;
mod times;
mod tools;

pub use read_only::{Known, read_only};

use super::Dir;
use std::any::Any;
use std::sync::Arc;

/// What a filesystem that may be changed can do. What it cannot do is not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// Files can have several names.
    pub hard_links: bool,
    /// There are symbolic links.
    pub symlinks: bool,
    /// Times can be set, and follow changes.
    pub times: bool,
    /// Times that were set are kept as multiples of this many nanoseconds, rounded down.
    pub time_step: u64,
    /// Space can be allocated.
    pub allocate: bool,
    /// Threads that append at once lose nothing.
    pub atomic_append: bool,
    /// Files and directories stay usable through open handles when they are removed or replaced.
    pub open_survives_removal: bool,
    /// Every valid [`Name`](super::Name) can be used: those with `\` and `:` and those that end in a dot or a space too.
    pub any_name: bool,
    /// Names that differ in case or in Unicode composition are different names.
    pub exact_names: bool,
}

impl Abilities {
    /// Everything, times in single nanoseconds.
    pub const ALL: Self = Self {
        hard_links: true,
        symlinks: true,
        times: true,
        time_step: 1,
        allocate: true,
        atomic_append: true,
        open_survives_removal: true,
        any_name: true,
        exact_names: true,
    };
}

/// An empty directory to test in, and whatever must stay until the test is over.
pub struct Scratch {
    root: Arc<dyn Dir>,
    _guard: Box<dyn Any>,
}

impl Scratch {
    /// A root that is cleaned up by dropping `guard`: a temporary directory, say.
    pub fn guarded(root: Arc<dyn Dir>, guard: impl Any) -> Self {
        let guard = Box::new(guard);
        Self {
            root,
            _guard: guard,
        }
    }
}

impl From<Arc<dyn Dir>> for Scratch {
    fn from(root: Arc<dyn Dir>) -> Self {
        Self::guarded(root, ())
    }
}

impl<D: Dir> From<Arc<D>> for Scratch {
    fn from(root: Arc<D>) -> Self {
        Self::guarded(root, ())
    }
}

/// One check of the contract.
#[derive(Clone, Copy)]
pub struct Check {
    /// What it says about a filesystem that passes.
    pub name: &'static str,
    run: fn(&Arc<dyn Dir>, &Abilities),
}

impl Check {
    /// Runs the check in `scratch`.
    ///
    /// # Panics
    /// If the filesystem breaks the contract.
    pub fn run(&self, scratch: impl Into<Scratch>, abilities: Abilities) {
        let scratch = scratch.into();
        (self.run)(&scratch.root, &abilities);
    }
}

/// Runs every check, each in a scratch directory of its own.
///
/// # Panics
/// If the filesystem breaks the contract.
pub fn read_write<S: Into<Scratch>>(make_root: impl Fn() -> S, abilities: Abilities) {
    for check in CHECKS {
        check.run(make_root(), abilities);
    }
}

/// Runs the check of that name: what the tests made by `contract!` do.
///
/// # Panics
/// If there is none, or if the filesystem breaks the contract.
pub fn run(name: &str, scratch: impl Into<Scratch>, abilities: Abilities) {
    let Some(check) = CHECKS.iter().find(|check| check.name == name) else {
        panic!("there is no check {name:?}");
    };
    check.run(scratch, abilities);
}

/// Every check there is.
pub const CHECKS: &[Check] = crate::__vfs_contract_checks!(__vfs_contract_table());

/// Makes one `#[test]` of each check of the contract.
///
/// `contract!(make_root)`, or `contract!(make_root, abilities)`: `make_root` is a function that returns an empty root as
/// `Arc<dyn Dir>`, as an `Arc` of your directory, or as a [`Scratch`](crate::vfs::contract::Scratch).
#[macro_export]
#[doc(hidden)]
macro_rules! __vfs_contract {
    ($make_root:expr) => {
        $crate::vfs::contract!($make_root, $crate::vfs::contract::Abilities::ALL);
    };
    ($make_root:expr, $abilities:expr) => {
        $crate::__vfs_contract_checks!(__vfs_contract_tests($make_root, $abilities));
    };
}

#[macro_export]
#[doc(hidden)]
macro_rules! __vfs_contract_tests {
    (($make_root:expr, $abilities:expr) $($module:ident: $($check:ident)*;)*) => {
        $($(
            #[test]
            fn $check() {
                $crate::vfs::contract::run(stringify!($check), $make_root(), $abilities);
            }
        )*)*
    };
}

#[macro_export]
#[doc(hidden)]
macro_rules! __vfs_contract_table {
    (() $($module:ident: $($check:ident)*;)*) => {
        &[$($(
            Check { name: stringify!($check), run: $module::$check },
        )*)*]
    };
}

/// The list of checks, handed to another macro: the one place to enter a new one.
#[macro_export]
#[doc(hidden)]
macro_rules! __vfs_contract_checks {
    ($then:ident $args:tt) => {
        $crate::$then! { $args
            names:
                names_keep_every_byte
                names_that_look_alike_differ
                lists_agree_with_stat
                lists_stop_when_told
                lists_are_complete
                inode_numbers_are_unique;
            open:
                opening_answers_in_order
                opening_leaves_no_trace_when_it_fails
                opening_creates_once
                opening_truncates_only_when_asked
                directories_are_handles
                symlinks_are_returned_with_their_text
                read_link_answers_in_order
                deep_calls_agree_with_the_walk
                one_filesystem_has_one_id;
            entries:
                creating_a_directory_needs_a_free_name
                creating_a_symlink_needs_a_free_name
                removing_a_file_answers_in_order
                removing_a_directory_answers_in_order
                an_unlinked_file_stays_usable
                a_removed_directory_takes_nothing
                a_replaced_file_stays_usable
                links_are_names_of_one_file
                linking_answers_in_order
                a_symlink_is_linked_itself;
            rename:
                renaming_answers_by_kinds
                renaming_between_directories_answers_by_kinds
                renaming_onto_itself_does_nothing
                a_directory_does_not_move_below_itself
                nothing_replaces_a_directory_it_is_in
                a_directory_moves_with_what_is_below;
            data:
                bytes_read_back
                reads_end_with_the_file
                gaps_are_zeros
                only_zeros_are_called_holes
                vectors_are_one_transfer
                empty_transfers_do_nothing
                appends_go_to_the_end
                set_len_cuts_and_extends
                allocating_never_shrinks_or_changes
                handles_share_the_file
                syncing_works;
            times:
                times_are_kept
                times_are_kept_of_symlinks_and_directories
                times_may_stay_or_become_now
                changes_move_times_on;
            threads:
                one_exclusive_creation_wins
                appends_lose_nothing
                a_replaced_name_is_never_missing;
        }
    };
}
