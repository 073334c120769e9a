//! The counters of filesystems, without the filesystems.

pub(crate) mod lock;
pub(crate) mod memory;
pub(crate) mod quota;
