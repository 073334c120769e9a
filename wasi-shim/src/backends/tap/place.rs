//! Where something was when it was opened.
//!
//! Knows the names on the way there. Refuses to know what has become of them since. Probes read it.

use crate::vfs::Name;
use std::fmt;
use std::sync::Arc;

/// The way from the directory that was wrapped to what was opened, written as a path: `/` for that directory itself.
///
/// It is the way by which the handle was come by. If the file has another name by now, this does not tell.
pub struct Place {
    above: Option<(Arc<Self>, Box<str>)>,
}

impl Place {
    pub(super) fn root() -> Arc<Self> {
        Arc::new(Self { above: None })
    }

    pub(super) fn below(above: &Arc<Self>, name: Name<'_>) -> Arc<Self> {
        let above = Some((Arc::clone(above), name.as_str().into()));
        Arc::new(Self { above })
    }

    /// The last name; nothing for the directory that was wrapped.
    pub fn name(&self) -> Option<&str> {
        self.above.as_ref().map(|(_, name)| &**name)
    }

    /// Is this the place with this path, written as [`Display`](fmt::Display) writes it? Costs no allocation.
    pub fn is(&self, path: &str) -> bool {
        let (mut at, mut rest) = (self, path);
        while let Some((above, name)) = &at.above {
            let above_name = rest.strip_suffix(&**name);
            let Some(before) = above_name.and_then(|before| before.strip_suffix('/')) else {
                return false;
            };
            (at, rest) = (above, before);
        }
        rest.is_empty() || (path == "/" && self.above.is_none())
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
        if names.is_empty() {
            return f.write_str("/");
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

/// One after the other: a guest may go deeper than the stack is.
impl Drop for Place {
    fn drop(&mut self) {
        let mut above = self.above.take();
        while let Some((place, _)) = above {
            above = Arc::into_inner(place).and_then(|mut place| place.above.take());
        }
    }
}
