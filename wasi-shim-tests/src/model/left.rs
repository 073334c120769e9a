//! What is in a tree after the last call, in a form in which the trees of different systems can be compared.

use std::collections::BTreeMap;

/// Everything below a root, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left(pub BTreeMap<String, Leaf>);

/// Something in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// A directory.
    Dir,
    /// A file.
    File {
        /// What is in it.
        content: Vec<u8>,
        /// The first path that it has, by which files with several names are known.
        first: String,
    },
    /// A symbolic link with this text.
    Link(String),
}
