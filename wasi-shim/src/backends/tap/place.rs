//! Where something was when it was opened.
//!
//! Knows the names on the way there. Refuses to know what has become of them since. Probes read it.

use crate::vfs::Name;
use std::fmt;
use std::sync::Arc;

/// How many names are kept at most.
const LONGEST: u32 = 256;

/// The way from the directory that was wrapped to what was opened, written as a path: `/` for that directory itself.
///
/// It is the way by which the handle was come by. If the file has another name by now, this does not tell. After 256 names
/// those before are forgotten, and `...` takes their place: by moving directories that it has open, a guest makes a way as
/// long as it likes.
pub struct Place {
    above: Option<(Arc<Self>, Box<str>)>,
    /// How many names are kept.
    depth: u32,
    /// Something is above that is forgotten.
    forgotten: bool,
}

impl Place {
    pub(super) fn root() -> Arc<Self> {
        Self::top(false)
    }

    fn top(forgotten: bool) -> Arc<Self> {
        Arc::new(Self {
            above: None,
            depth: 0,
            forgotten,
        })
    }

    pub(super) fn below(above: &Arc<Self>, name: Name<'_>) -> Arc<Self> {
        let above = if above.depth < LONGEST {
            Arc::clone(above)
        } else {
            Self::top(true)
        };
        Arc::new(Self {
            depth: above.depth.saturating_add(1),
            above: Some((above, name.as_str().into())),
            forgotten: false,
        })
    }

    /// The last name; nothing for the directory that was wrapped.
    pub fn name(&self) -> Option<&str> {
        self.above.as_ref().map(|(_, name)| &**name)
    }

    /// Is this the place with this path, with one slash before each name? Costs no allocation.
    pub fn is(&self, path: &str) -> bool {
        let (mut at, mut rest) = (self, path);
        while let Some((above, name)) = &at.above {
            let before = rest.strip_suffix(&**name);
            let Some(before) = before.and_then(|before| before.strip_suffix('/')) else {
                return false;
            };
            (at, rest) = (above, before);
        }
        let root = self.above.is_none();
        !at.forgotten && rest == if root { "/" } else { "" }
    }
}

/// The path, with what could disturb a terminal escaped.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut at, mut names) = (self, Vec::new());
        while let Some((above, name)) = &at.above {
            names.push(name);
            at = above;
        }
        if at.forgotten {
            f.write_str("/...")?;
        } else if names.is_empty() {
            f.write_str("/")?;
        }
        names
            .iter()
            .rev()
            .try_for_each(|name| write!(f, "/{}", name.escape_debug()))
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Two places are the same if they are one.
impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Place {}
