//! What came of a run: a matrix of tests by hosts, and its totals. Each form it is shown in is a file beside this one.

pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod table;
pub mod text;

use super::expectations::Expectation;
use serde::Serialize;

/// A run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was run, in a few words.
    pub title: String,
    /// The hosts.
    pub columns: Vec<Column>,
    /// The tests.
    pub rows: Vec<Row>,
}

/// A host.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    /// What it is called.
    pub name: String,
    /// What it is, in a line.
    pub about: String,
    /// It is this project's.
    pub ours: bool,
    /// Its version, if it is here.
    pub version: Option<String>,
    /// Why it is not here, and how it is installed.
    pub absent: Option<String>,
    /// What was noticed of it besides its tests.
    pub notes: Vec<Note>,
}

/// Something about a host.
#[derive(Clone, Debug, Serialize)]
pub struct Note {
    /// What.
    pub text: String,
    /// It is what it should be.
    pub good: bool,
}

/// A test.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What it belongs to.
    pub suite: String,
    /// Its name there.
    pub name: String,
    /// The file and line, if it is one of ours.
    pub place: String,
    /// What it proves, if it is one of ours.
    pub claims: Vec<String>,
    /// What came of it on each host; `None` where the host is not here.
    pub cells: Vec<Option<Cell>>,
}

/// What came of a test on a host.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// In a word.
    pub outcome: Outcome,
    /// What was wrong, if something was.
    pub why: Option<Why>,
    /// Why it was not run, or was expected to fail.
    pub reason: String,
    /// How long it took.
    pub milliseconds: u64,
}

/// What came of a test, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All as it should be.
    Pass,
    /// Not all as it should be.
    Fail,
    /// The host hung, crashed, flooded its output, or said nothing that can be understood.
    Lost,
    /// Not run.
    Skip,
    /// It failed, and was to.
    ExpectedFail,
    /// It did not fail, and was to.
    UnexpectedPass,
}

/// The first thing that was not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    /// The file and line.
    pub place: String,
    /// The call, or the step.
    pub call: String,
    /// What should have been.
    pub expected: String,
    /// What was.
    pub actual: String,
}

impl Outcome {
    /// Each of them.
    pub const ALL: [Self; 6] = [
        Self::Pass,
        Self::Fail,
        Self::Lost,
        Self::Skip,
        Self::ExpectedFail,
        Self::UnexpectedPass,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Lost => "lost",
            Self::Skip => "skip",
            Self::ExpectedFail => "expected fail",
            Self::UnexpectedPass => "unexpected pass",
        }
    }

    /// Does it make a run fail?
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Fail | Self::Lost | Self::UnexpectedPass)
    }

    /// Did the host do what it should?
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Pass | Self::UnexpectedPass)
    }
}

impl Cell {
    /// A test that was not run.
    pub fn skipped(reason: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Skip,
            why: None,
            reason: reason.into(),
            milliseconds: 0,
        }
    }

    /// A test that was run.
    pub fn of(result: Result<(), (Outcome, Why)>) -> Self {
        let (outcome, why) = match result {
            Ok(()) => (Outcome::Pass, None),
            Err((outcome, why)) => (outcome, Some(why)),
        };
        Self {
            outcome,
            why,
            reason: String::new(),
            milliseconds: 0,
        }
    }

    /// The same in the light of what was expected.
    #[must_use]
    pub fn expected(mut self, expectation: Option<&Expectation>) -> Self {
        if let Some(Expectation::Fail(reason)) = expectation {
            self.reason.clone_from(reason);
            self.outcome = match self.outcome {
                Outcome::Pass => Outcome::UnexpectedPass,
                Outcome::Fail | Outcome::Lost => Outcome::ExpectedFail,
                other => other,
            };
        }
        self
    }
}

/// How often each outcome occurs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals([usize; 6]);

impl Totals {
    /// Counts.
    pub fn of<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> Self {
        let mut totals = Self::default();
        for cell in cells {
            for (count, outcome) in totals.0.iter_mut().zip(Outcome::ALL) {
                *count += usize::from(outcome == cell.outcome);
            }
        }
        totals
    }

    /// How often this one occurs.
    pub fn get(&self, outcome: Outcome) -> usize {
        let mut counts = self.0.iter().zip(Outcome::ALL);
        counts
            .find_map(|(count, known)| (known == outcome).then_some(*count))
            .unwrap_or_default()
    }

    /// Tests in which the host did what it should.
    pub fn good(&self) -> usize {
        self.get(Outcome::Pass) + self.get(Outcome::UnexpectedPass)
    }

    /// Tests that were run.
    pub fn run(&self) -> usize {
        self.0.iter().sum::<usize>() - self.get(Outcome::Skip)
    }

    /// Tests that make a run fail.
    pub fn bad(&self) -> usize {
        Outcome::ALL
            .into_iter()
            .filter(|outcome| outcome.is_bad())
            .map(|outcome| self.get(outcome))
            .sum()
    }
}

impl Report {
    /// The cells of a host.
    pub fn column(&self, index: usize) -> impl Iterator<Item = (&Row, &Cell)> {
        self.rows
            .iter()
            .filter_map(move |row| Some((row, row.cells.get(index)?.as_ref()?)))
    }

    /// The totals of a host.
    pub fn totals(&self, index: usize) -> Totals {
        Totals::of(self.column(index).map(|(_, cell)| cell))
    }

    /// The hosts that are here, with their positions.
    pub fn present(&self) -> impl Iterator<Item = (usize, &Column)> {
        self.columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.absent.is_none())
    }

    /// The hosts that make the run fail, of those that may, and how often.
    pub fn failed(&self, counts: impl Fn(&Column) -> bool) -> Vec<(&Column, usize)> {
        let bad = |(index, column): (usize, &'_ Column)| {
            self.totals(index).bad() + column.notes.iter().filter(|note| !note.good).count()
        };
        let counted = self.present().filter(|(_, column)| counts(column));
        counted
            .map(|(index, column)| (column, bad((index, column))))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// The claims, each with the rows that prove it, in alphabetical order.
    pub fn claims(&self) -> Vec<(&str, Vec<usize>)> {
        let mut all = std::collections::BTreeMap::<&str, Vec<usize>>::new();
        for (index, row) in self.rows.iter().enumerate() {
            for claim in &row.claims {
                all.entry(claim).or_default().push(index);
            }
        }
        all.into_iter().collect()
    }

    /// The cells of some rows on a host.
    pub fn cells_of<'a>(
        &'a self,
        rows: &'a [usize],
        column: usize,
    ) -> impl Iterator<Item = &'a Cell> + Clone {
        rows.iter()
            .filter_map(move |row| self.rows.get(*row)?.cells.get(column)?.as_ref())
    }
}
