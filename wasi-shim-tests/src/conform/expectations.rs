//! What is expected of a host besides success: a file of tests that fail there, or are not run, each with a reason.
//!
//! The format is that of wasi-testsuite, with a `reason`; its own files can be used as they are.

use serde::Deserialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What is expected of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// It fails, for this reason.
    Fail(String),
    /// It is not run, for this reason.
    Skip(String),
}

/// By suite and test.
#[derive(Clone, Debug, Default)]
pub struct Expectations(HashMap<(String, String), Expectation>);

/// What is wrong with a file of expectations.
#[derive(Debug, Error)]
#[error("{}: {what}", .file.display())]
pub struct ExpectationError {
    file: PathBuf,
    what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Format {
    #[serde(default = "one")]
    version: u32,
    #[serde(default)]
    suite: Vec<Suite>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    name: String,
    #[serde(default)]
    test: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    name: String,
    action: Option<String>,
    expected: Option<String>,
    #[serde(default)]
    reason: String,
}

const fn one() -> u32 {
    1
}

impl Expectations {
    /// Reads a file.
    pub fn load(file: &Path) -> Result<Self, ExpectationError> {
        let fault = |what: String| ExpectationError {
            file: file.to_owned(),
            what,
        };
        let text = std::fs::read_to_string(file).map_err(|error| fault(error.to_string()))?;
        Self::parse(&text).map_err(fault)
    }

    /// Reads the text of a file.
    pub fn parse(text: &str) -> Result<Self, String> {
        let format: Format = toml::from_str(text).map_err(|error| error.to_string())?;
        if format.version != 1 {
            return Err(format!(
                "its version is {}, and only 1 is known",
                format.version
            ));
        }
        let mut all = HashMap::new();
        for suite in format.suite {
            for test in suite.test {
                let key = (suite.name.clone(), test.name.clone());
                if let Some(expectation) = expectation(&test)?
                    && all.insert(key, expectation).is_some()
                {
                    return Err(format!("`{}` is in `{}` twice", test.name, suite.name));
                }
            }
        }
        Ok(Self(all))
    }

    /// What is expected of a test, if it is not success.
    pub fn of(&self, suite: &str, test: &str) -> Option<&Expectation> {
        self.0.get(&(suite.to_owned(), test.to_owned()))
    }

    /// All suites and tests that are named.
    pub fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .keys()
            .map(|(suite, test)| (suite.as_str(), test.as_str()))
    }
}

fn expectation(test: &Test) -> Result<Option<Expectation>, String> {
    match (test.action.as_deref(), test.expected.as_deref()) {
        (Some("skip"), _) => Ok(Some(Expectation::Skip(test.reason.clone()))),
        (None, Some("fail")) => Ok(Some(Expectation::Fail(test.reason.clone()))),
        (None, Some("pass")) => Ok(None),
        (None, None) => Err(format!(
            "`{}` has neither `action` nor `expected`",
            test.name
        )),
        (Some(word), _) => Err(format!(
            "`{}` has the action `{word}`, and only `skip` is known",
            test.name
        )),
        (_, Some(word)) => Err(format!(
            "`{}` is expected to `{word}`: write `pass` or `fail`",
            test.name
        )),
    }
}
