//! Who uses how much.
//!
//! Knows the files that are in use, how long each is and whether it has lost its last name. Refuses to know directories.
//! Only this folder uses it.
//!
//! A file counts until it has neither a name nor a handle. Which of the two goes last is not known beforehand, so both
//! come here, under one lock. The wrapped filesystem is asked for facts with that lock held; should it panic, nothing was
//! changed yet.

use super::QuotaUsage;
use super::meter::Meter;
use crate::abi::Result;
use crate::backends::lock::lock;
use crate::vfs::{FsId, Metadata};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

/// What all that is under one quota shares.
pub(super) struct Accounts {
    pub(super) id: FsId,
    pub(super) bytes: Meter,
    pub(super) inodes: Meter,
    /// Held for writing by whoever may take a name away, or has to know that nobody gives one; for reading by whoever
    /// gives one, or opens.
    pub(super) names: RwLock<()>,
    in_use: Mutex<HashMap<u64, InUse>>,
}

struct InUse {
    account: Arc<Account>,
    users: usize,
    nameless: bool,
}

/// A file.
struct Account {
    ino: u64,
    /// How many bytes are counted for it. Held by whoever is changing its length, while that lasts.
    size: Mutex<u64>,
}

impl Accounts {
    pub(super) fn new(bytes: Meter, inodes: Meter) -> Arc<Self> {
        Arc::new(Self {
            id: FsId::unique(),
            bytes,
            inodes,
            names: RwLock::new(()),
            in_use: Mutex::default(),
        })
    }

    /// Takes one file, directory or link, with so many bytes, or nothing: `dquot`.
    pub(super) fn take(&self, bytes: u64) -> Result<()> {
        self.inodes.take(1)?;
        self.bytes.take(bytes).inspect_err(|_| self.inodes.give(1))
    }

    pub(super) fn give(&self, usage: QuotaUsage) {
        self.bytes.give(usage.bytes);
        self.inodes.give(usage.inodes);
    }

    /// Begins to use the file of which `look` tells. The caller holds `names`, so that the file stays the one it is.
    ///
    /// With nobody using it, its length cannot change, and is what `look` says.
    pub(super) fn use_file(
        self: &Arc<Self>,
        look: impl FnOnce() -> Result<Metadata>,
    ) -> Result<Use> {
        let mut in_use = lock(&self.in_use);
        let facts = look()?;
        let found = in_use.entry(facts.ino).or_insert_with(|| InUse {
            account: Arc::new(Account {
                ino: facts.ino,
                size: Mutex::new(facts.size),
            }),
            users: 0,
            nameless: false,
        });
        found.users = found.users.saturating_add(1);
        Ok(Use {
            accounts: Arc::clone(self),
            account: Arc::clone(&found.account),
        })
    }
}

/// Somebody's use of a file.
pub(super) struct Use {
    accounts: Arc<Accounts>,
    account: Arc<Account>,
}

impl Use {
    /// The file has lost its last name.
    pub(super) fn lost_its_names(&self) {
        if let Some(found) = lock(&self.accounts.in_use).get_mut(&self.account.ino) {
            found.nameless = true;
        }
    }

    /// Does something that may change the length of the file. `change` is handed the bytes of the whole quota and how many
    /// of them are counted for this file; it keeps the two in step.
    pub(super) fn change<T>(&self, change: impl FnOnce(&Meter, &mut u64) -> T) -> T {
        change(&self.accounts.bytes, &mut lock(&self.account.size))
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let mut in_use = lock(&self.accounts.in_use);
        let Some(found) = in_use.get_mut(&self.account.ino) else {
            return;
        };
        found.users = found.users.saturating_sub(1);
        if found.users > 0 {
            return;
        }
        if found.nameless {
            let bytes = *lock(&self.account.size);
            self.accounts.give(QuotaUsage { bytes, inodes: 1 });
        }
        in_use.remove(&self.account.ino);
    }
}
