//! What is counted: calls of one guest on one tree, each under a name.
//!
//! Knows every operation for which there is a budget: how it is made possible, done, and taken back. Refuses to know what is
//! counted while it is done. The budgets and the program `instructions` use it.

pub(crate) mod files;
pub(crate) mod guest;
pub(crate) mod paths;
pub(crate) mod streams;
pub(crate) mod tree;
pub(crate) mod values;

use guest::{Answer, Guest};
use tree::Tree;

type Step = Box<dyn Fn(&mut Guest) -> Answer>;

/// Something that a guest does. Once what was before and after it is done too, everything is as it was.
pub(crate) struct Operation {
    /// Its name.
    pub(crate) name: String,
    /// What has to be done before it, and is not counted.
    pub(crate) before: Option<Step>,
    /// What is counted.
    pub(crate) run: Step,
    /// What has to be done after it, and is not counted.
    pub(crate) after: Option<Step>,
    /// What it answers.
    pub(crate) answer: Answer,
}

impl Operation {
    fn new(name: impl Into<String>, run: impl Fn(&mut Guest) -> Answer + 'static) -> Self {
        Self {
            name: name.into(),
            before: None,
            run: Box::new(run),
            after: None,
            answer: Ok(()),
        }
    }

    fn before(mut self, step: impl Fn(&mut Guest) -> Answer + 'static) -> Self {
        self.before = Some(Box::new(step));
        self
    }

    fn after(mut self, step: impl Fn(&mut Guest) -> Answer + 'static) -> Self {
        self.after = Some(Box::new(step));
        self
    }

    fn answers(mut self, errno: wasi_shim::abi::Errno) -> Self {
        self.answer = Err(errno);
        self
    }

    /// Does it once, with what belongs before and after it; `count` is given what is to be counted.
    pub(crate) fn once(&self, guest: &mut Guest, count: impl FnOnce(&mut dyn FnMut())) {
        let step = |step: &Option<Step>, guest: &mut Guest| {
            let answer = step.as_ref().map_or(Ok(()), |step| step(guest));
            assert_eq!(answer, Ok(()), "around {}", self.name);
        };
        step(&self.before, guest);
        let mut answer = None;
        count(&mut || answer = Some((self.run)(guest)));
        assert_eq!(answer, Some(self.answer), "{}", self.name);
        step(&self.after, guest);
    }
}

/// All that are possible on a tree.
pub(crate) fn all(tree: &Tree, guest: &mut Guest) -> Vec<Operation> {
    let rooms = [
        values::all,
        files::all,
        streams::all,
        paths::opening,
        paths::looking,
        paths::changing,
    ];
    let mut all: Vec<_> = rooms.into_iter().flat_map(|room| room(guest)).collect();
    if tree
        .streams
        .iter()
        .all(|stream| stream.as_socket().is_some())
    {
        all.extend(streams::sockets(guest));
    }
    all
}
