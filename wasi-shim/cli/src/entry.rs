//! Knows where a module is to be entered: a command at `_start`, a reactor at `_initialize` and then where `--invoke` says.
//! Refuses to know how calls are made.
//! For `run`, which chooses before the guest starts, and `guest`, which follows the choice.

use std::path::Path;

use crate::{
    failure::Failure,
    interface::{Function, Interface, Kind, Value},
    invoke,
    options::Run,
    shim,
};

const START: &str = "_start";
const INITIALIZE: &str = "_initialize";
/// As many as a line can hold.
const SHOWN: usize = 12;

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) initialize: bool,
    pub(crate) function: String,
    pub(crate) arguments: Vec<Value>,
}

impl Entry {
    pub(crate) const INITIALIZE: &str = INITIALIZE;
}

/// What FILE is and how it should be entered.
#[derive(Debug)]
pub(crate) struct Chooser<'a> {
    pub(crate) file: &'a Path,
    pub(crate) interface: &'a Interface,
}

impl Chooser<'_> {
    pub(crate) fn choose(&self, options: &Run) -> Result<Entry, Failure> {
        self.check_memory()?;
        match &options.invoke {
            Some(name) => self.invoke(name, options.args()),
            None => self.start(),
        }
    }

    fn start(&self) -> Result<Entry, Failure> {
        if self.entry(START)? {
            return Ok(Entry {
                initialize: false,
                function: START.to_owned(),
                arguments: Vec::new(),
            });
        }
        let functions = self.functions();
        let advice = match (
            self.interface.function(INITIALIZE).is_some(),
            functions.is_empty(),
        ) {
            (true, _) => format!(
                "it is a reactor, so choose what to call with --invoke NAME; it has {functions}"
            ),
            (false, false) => format!(
                "link it with a `main`, or call one of its functions with --invoke: {functions}"
            ),
            (false, true) => "link it as a command, with a `main`".to_owned(),
        };
        Err(Failure::NoStart {
            file: self.file.to_owned(),
            advice,
        })
    }

    fn invoke(
        &self,
        name: &str,
        arguments: &[impl AsRef<std::ffi::OsStr>],
    ) -> Result<Entry, Failure> {
        let Some(function) = self.interface.function(name) else {
            let advice = format!("its functions are {}", self.functions());
            return Err(Failure::NoSuchExport {
                file: self.file.to_owned(),
                name: name.to_owned(),
                advice,
            });
        };
        // A command's `_start` initializes it, so it has no `_initialize`; if it has both, the convention does not say
        // what the second would be.
        let initialize = name != INITIALIZE
            && self.interface.function(START).is_none()
            && self.entry(INITIALIZE)?;
        Ok(Entry {
            initialize,
            function: name.to_owned(),
            arguments: invoke::arguments(name, function, arguments)?,
        })
    }

    /// WASI functions find what they are told about in a memory of this name and no other.
    fn check_memory(&self) -> Result<(), Failure> {
        let needed = self
            .interface
            .imports
            .iter()
            .any(|from| shim::provides(from));
        let exported = matches!(self.interface.export("memory"), Some(Kind::Memory));
        if needed && !exported {
            return Err(Failure::NoMemory(self.file.to_owned()));
        }
        Ok(())
    }

    /// Whether there is an entry of this name, with the type that the convention gives it.
    fn entry(&self, name: &'static str) -> Result<bool, Failure> {
        let Some(Function { params, results }) = self.interface.function(name) else {
            return Ok(false);
        };
        if params.len() + results != 0 {
            return Err(Failure::NotAnEntry {
                file: self.file.to_owned(),
                name,
            });
        }
        Ok(true)
    }

    fn functions(&self) -> String {
        let exports = self.interface.exports.iter();
        let functions = exports.filter(|export| matches!(export.kind, Kind::Function(_)));
        let names = functions
            .map(|export| export.name.as_str())
            .filter(|name| *name != INITIALIZE && *name != START);
        let names: Vec<_> = names.collect();
        let shown = names.get(..SHOWN).unwrap_or(&names).join(", ");
        match names.len().checked_sub(SHOWN) {
            Some(more @ 1..) => format!("{shown} and {more} more"),
            _ => shown,
        }
    }
}
