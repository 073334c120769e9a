//! What is left of a path: the guest's text, and the texts of the links met on the way, as one sequence of components.

/// One component, as it is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component<'a> {
    /// `.`
    Dot,
    /// `..`
    DotDot,
    /// Anything else; not yet checked to be a [`Name`](crate::vfs::Name).
    Name(&'a str),
}

/// A path with the links expanded so far in front of what follows them.
///
/// `std::path` is not used: it hides `.` and trailing slashes, which mean something here.
pub(super) struct Remaining<'p> {
    path: Cursor<&'p str>,
    /// Texts of links, the innermost last; each is read to its end before the one below it goes on.
    links: Vec<Cursor<String>>,
}

/// A text, and the component last taken from it: `text[start..end]`.
struct Cursor<T> {
    text: T,
    start: usize,
    end: usize,
    /// Where the last component ends: what follows is slashes. Known beforehand, so that a text of thousands of slashes
    /// is not read again at every step.
    last: usize,
}

impl<T: AsRef<str>> Cursor<T> {
    fn new(text: T) -> Self {
        Self {
            last: text.as_ref().trim_end_matches('/').len(),
            text,
            start: 0,
            end: 0,
        }
    }

    fn rest(&self) -> &str {
        self.text.as_ref().get(self.end..).unwrap_or_default()
    }

    fn component(&self) -> &str {
        self.text
            .as_ref()
            .get(self.start..self.end)
            .unwrap_or_default()
    }

    /// Takes the next component; false if there is none.
    fn advance(&mut self) -> bool {
        let rest = self.rest();
        let component = rest.trim_start_matches('/');
        let slashes = rest.len().saturating_sub(component.len());
        let len = component.find('/').unwrap_or(component.len());
        self.start = self.end.saturating_add(slashes);
        self.end = self.start.saturating_add(len);
        len > 0
    }

    /// Is there no further component? If so: are there slashes?
    fn is_last(&self) -> Option<bool> {
        (self.end >= self.last).then(|| !self.rest().is_empty())
    }
}

impl<'p> Remaining<'p> {
    pub(super) fn new(path: &'p str) -> Self {
        Self {
            path: Cursor::new(path),
            links: Vec::new(),
        }
    }

    /// Moves to the next component.
    pub(super) fn advance(&mut self) {
        while let Some(link) = self.links.last_mut() {
            if link.advance() {
                return;
            }
            self.links.pop();
        }
        self.path.advance();
    }

    /// The component moved to. After the end, which [`is_last`](Self::is_last) announces, it is `.`.
    pub(super) fn current(&self) -> Component<'_> {
        let text = match self.links.last() {
            Some(link) => link.component(),
            None => self.path.component(),
        };
        match text {
            "" | "." => Component::Dot,
            ".." => Component::DotDot,
            name => Component::Name(name),
        }
    }

    /// `None` if components follow the current one; otherwise whether it is followed by a slash.
    pub(super) fn is_last(&self) -> Option<bool> {
        let mut slash = self.path.is_last()?;
        for link in &self.links {
            slash |= link.is_last()?;
        }
        Some(slash)
    }

    /// Puts the text of the link that the current component names in its place.
    pub(super) fn push(&mut self, text: String) {
        self.links.push(Cursor::new(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spell(remaining: &mut Remaining<'_>) -> String {
        let mut out = String::new();
        loop {
            remaining.advance();
            match remaining.current() {
                Component::Dot => out.push_str("(dot)"),
                Component::DotDot => out.push_str("(dotdot)"),
                Component::Name(name) => out.push_str(name),
            }
            match remaining.is_last() {
                None => out.push(' '),
                Some(slash) => return out + if slash { " /" } else { "" },
            }
        }
    }

    #[test]
    fn a_path_is_taken_apart_as_posix_does() {
        for (path, expected) in [
            ("a", "a"),
            ("a/", "a /"),
            ("a//", "a /"),
            ("a/b", "a b"),
            ("a//b", "a b"),
            ("./a", "(dot) a"),
            ("a/.", "a (dot)"),
            ("a/./", "a (dot) /"),
            ("../a/..", "(dotdot) a (dotdot)"),
        ] {
            assert_eq!(spell(&mut Remaining::new(path)), expected, "{path:?}");
        }
    }

    #[test]
    fn a_links_text_takes_the_place_of_its_name() {
        for (path, text, expected) in [
            ("l", "t", "t"),
            ("l/", "t", "t /"),
            ("l", "t/", "t /"),
            ("l/x", "t/", "t x"),
            ("l/x", "t/u", "t u x"),
            ("l/x", "..", "(dotdot) x"),
            ("l", "..", "(dotdot)"),
        ] {
            let mut remaining = Remaining::new(path);
            remaining.advance();
            remaining.push(text.to_owned());
            assert_eq!(spell(&mut remaining), expected, "{path:?} with {text:?}");
        }
    }
}
