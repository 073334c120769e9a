//! What has to hold between the pages, the tests, the scripts and the sources. Each rule answers what breaks it, with the
//! place and what to do about it.

use crate::rust::Test;
use std::collections::{BTreeMap, BTreeSet};
use wasi_shim::abi::Errno;
use wasi_shim_tests::notes::{Page, quoted};

/// All that the rules speak about.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) pages: Vec<Page>,
    pub(crate) tests: BTreeMap<String, Test>,
    pub(crate) cases: Vec<ScriptCase>,
    /// Claims named in comments of the library, each with its place.
    pub(crate) comments: Vec<(String, String)>,
    /// The functions' names.
    pub(crate) functions: Vec<String>,
    /// The numbers of the decisions.
    pub(crate) decisions: BTreeSet<String>,
}

/// As much of a script's case as matters here.
#[derive(Debug, Default)]
pub(crate) struct ScriptCase {
    /// From `scripts` on.
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) name: String,
    pub(crate) claims: Vec<String>,
    /// Functions, each with the error code expected of it.
    pub(crate) errors: Vec<(String, String)>,
}

/// A rule.
pub(crate) type Rule = fn(&World) -> Vec<String>;

/// Test targets whose tests need not be named by a claim, and why.
const EXEMPT: &[(&str, &str)] = &[
    (
        "architecture",
        "the shape of the sources, which no guest sees",
    ),
    (
        "dependencies",
        "what comes with the library, which no guest sees",
    ),
    ("claims", "the pages themselves"),
    ("notes", "the pages' tables"),
    ("scripts", "the cases, each of which names its claims"),
    ("driver", "the same cases, on an engine"),
    ("judging", "the machinery of the cases"),
    (
        "walk",
        "what the walk asks a filesystem, which no guest sees",
    ),
    (
        "table_vs_witx",
        "the whole of the specification's text, not one claim",
    ),
];

impl World {
    fn claims(&self) -> BTreeSet<&str> {
        let claims = self.pages.iter().flat_map(|page| &page.claims);
        claims.map(|claim| &claim.id[..]).collect()
    }

    /// Is there such a test? It is in Rust, or a script, or a case of one.
    fn proves(&self, test: &str) -> bool {
        let Some(script) = test.strip_prefix("scripts/") else {
            return self.tests.contains_key(test);
        };
        let (file, name) = script.split_once('#').unwrap_or((script, ""));
        let is_it =
            |case: &ScriptCase| case.file == file && (name.is_empty() || case.is_called(name));
        self.cases.iter().any(is_it)
    }

    /// Is a test about this error code?
    fn says(&self, test: &str, errno: Errno) -> bool {
        let Some(script) = test.strip_prefix("scripts/") else {
            let variant = format!("{errno:?}");
            return self
                .tests
                .get(test)
                .is_some_and(|test| test.words.contains(&variant));
        };
        let file = script.split('#').next().unwrap_or_default();
        let mut cases = self.cases.iter().filter(|case| case.file == file);
        cases.any(|case| case.errors.iter().any(|(_, known)| known == errno.name()))
    }
}

impl ScriptCase {
    /// A case with a `for` line is several, each with its value in brackets behind the name.
    fn is_called(&self, name: &str) -> bool {
        let rest = self.name.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
    }

    fn fault(&self, what: impl AsRef<str>) -> String {
        format!("scripts/{}:{}: {}", self.file, self.line, what.as_ref())
    }
}

/// Claims and tables are written as they should be, and no claim is there twice.
pub(crate) fn pages_are_well_formed(world: &World) -> Vec<String> {
    let mut faults: Vec<String> = world
        .pages
        .iter()
        .flat_map(|page| page.faults.clone())
        .collect();
    let mut seen = BTreeSet::new();
    for page in &world.pages {
        for claim in &page.claims {
            if !seen.insert(&claim.id) {
                faults.push(page.fault(claim.line, format!("a second claim {}", claim.id)));
            }
        }
    }
    faults
}

/// What proves a claim is there.
pub(crate) fn claims_have_tests(world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    for page in &world.pages {
        for claim in &page.claims {
            for test in claim.tests.iter().filter(|test| !world.proves(test)) {
                let what = format!(
                    "{} is to be proved by {test}, which is not there{}",
                    claim.id,
                    hint(world, test)
                );
                faults.push(page.fault(claim.line, what));
            }
        }
    }
    faults
}

/// Where a test may have gone that is not where it is looked for.
fn hint(world: &World, test: &str) -> String {
    let name = test.rsplit("::").next().unwrap_or_default();
    let same = |known: &&String| known.rsplit("::").next() == Some(name);
    let found = world.tests.keys().find(same);
    found.map_or_else(String::new, |known| format!("; there is {known}"))
}

/// Every test of what the library answers belongs to a claim.
pub(crate) fn tests_have_claims(world: &World) -> Vec<String> {
    let claims = world.pages.iter().flat_map(|page| &page.claims);
    let named: BTreeSet<&str> = claims
        .flat_map(|claim| &claim.tests)
        .map(String::as_str)
        .collect();
    let exempt = |name: &str| {
        let target = name.split("::").next().unwrap_or_default();
        name.contains('/') || EXEMPT.iter().any(|(known, _)| *known == target)
    };
    let missing = world
        .tests
        .iter()
        .filter(|(name, _)| !exempt(name) && !named.contains(name.as_str()));
    let fault = |(name, test): (&String, &Test)| {
        let place = test.place.trim_end();
        format!(
            "{place} no claim names this test; write `- test: {name}` below the one that it proves"
        )
    };
    missing.map(fault).collect()
}

/// Every case of a script belongs to a claim.
pub(crate) fn cases_have_claims(world: &World) -> Vec<String> {
    let known = world.claims();
    let mut faults = Vec::new();
    for case in &world.cases {
        if case.claims.is_empty() {
            faults.push(case.fault(format!(
                "case {} has no line `claim page.some-words`",
                case.name
            )));
        }
        for claim in case
            .claims
            .iter()
            .filter(|claim| !known.contains(&claim[..]))
        {
            faults.push(case.fault(format!("case {}: no page claims {claim}", case.name)));
        }
    }
    faults.sort();
    faults.dedup();
    faults
}

/// What comments of the library refer to is claimed.
pub(crate) fn comments_name_claims(world: &World) -> Vec<String> {
    let known = world.claims();
    let unknown = world
        .comments
        .iter()
        .filter(|(_, claim)| !known.contains(&claim[..]));
    unknown
        .map(|(place, claim)| format!("{place}: no page claims {claim}"))
        .collect()
}

/// One page for each function.
pub(crate) fn functions_have_pages(world: &World) -> Vec<String> {
    let pages = world.pages.iter().filter(|page| page.is_of_a_function());
    let pages: BTreeSet<&str> = pages.map(Page::name).collect();
    let functions: BTreeSet<&str> = world.functions.iter().map(String::as_str).collect();
    let missing = functions.difference(&pages);
    let missing = missing.map(|name| format!("spec-notes/functions/{name}.md is not there"));
    let stray = pages.difference(&functions);
    let stray =
        stray.map(|name| format!("spec-notes/functions/{name}.md: there is no such function"));
    missing.chain(stray).collect()
}

/// The error codes of a page, each with what provokes it and the line it is in.
fn errors(page: &Page) -> Vec<(usize, String, String)> {
    let of_errors = page.tables.iter().filter(|table| table.heading == "Errors");
    let rows = of_errors
        .flat_map(|table| &table.rows)
        .filter(|row| row.cells.len() == 3);
    let cell = |text: &str| text.trim_matches('`').to_owned();
    rows.map(|row| (row.line, cell(&row.cells[0]), row.cells[2].clone()))
        .collect()
}

/// Every error code that a page lists is provoked.
pub(crate) fn errors_are_provoked(world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    for page in world.pages.iter().filter(|page| page.is_of_a_function()) {
        let tables = page.tables.iter().filter(|table| table.heading == "Errors");
        let columns: Vec<&Vec<String>> = tables.map(|table| &table.columns).collect();
        if columns != [&["errno", "when", "provoked by"]] {
            let wanted = "one table below `## Errors`: | errno | when | provoked by |";
            faults.push(page.fault(1, wanted));
        }
        for (line, errno, by) in errors(page) {
            let what = unprovoked(world, page.name(), &errno, &by);
            faults.extend(what.into_iter().map(|what| page.fault(line, what)));
        }
    }
    faults
}

fn unprovoked(world: &World, function: &str, errno: &str, by: &str) -> Vec<String> {
    let Some(variant) = Errno::ALL.iter().find(|known| known.name() == errno) else {
        return vec![format!("{errno:?} is no error code")];
    };
    let variant = format!("{variant:?}");
    let mut faults = Vec::new();
    let tests: Vec<&str> = quoted(by).collect();
    let scripts = by.split([',', ' ']).any(|word| word == "scripts");
    if tests.is_empty() && !scripts {
        faults.push(format!(
            "{errno}: say what provokes it, `scripts` or the name of a test"
        ));
    }
    let provoked = |case: &ScriptCase| {
        let is_it = |(of, known): &(String, String)| of == function && known == errno;
        case.errors.iter().any(is_it)
    };
    if scripts && !world.cases.iter().any(provoked) {
        faults.push(format!(
            "no script has a call of {function} that answers {errno}"
        ));
    }
    for name in tests {
        match world.tests.get(name) {
            None => faults.push(format!(
                "{errno}: there is no test {name}{}",
                hint(world, name)
            )),
            Some(test) if !test.words.contains(&variant) => {
                faults.push(format!("{errno}: {name} does not say {variant}"));
            }
            Some(_) => {}
        }
    }
    faults
}

/// What scripts provoke is in the function's page.
pub(crate) fn pages_list_what_scripts_provoke(world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    for page in world.pages.iter().filter(|page| page.is_of_a_function()) {
        let listed: BTreeSet<String> = errors(page)
            .into_iter()
            .map(|(_, errno, _)| errno)
            .collect();
        for case in &world.cases {
            for (function, errno) in &case.errors {
                if function == page.name() && !listed.contains(errno) {
                    let rule = format!("{function} answers {errno}, which its page does not list");
                    faults.push(case.fault(rule));
                }
            }
        }
    }
    faults
}

/// What is the library's own choice has a page that gives the reasons.
pub(crate) fn decisions_exist(world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    for page in &world.pages {
        for claim in &page.claims {
            for number in claim
                .decisions
                .iter()
                .filter(|number| !world.decisions.contains(*number))
            {
                let what = format!("{}: there is no page {number} in decisions/", claim.id);
                faults.push(page.fault(claim.line, what));
            }
        }
    }
    faults
}

/// What the tables of the general pages give as proof is there, and speaks of the error codes that the row promises.
pub(crate) fn tables_are_proved(world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    for page in world.pages.iter().filter(|page| !page.is_of_a_function()) {
        for table in &page.tables {
            let is_proof = |name: &String| PROOFS.contains(&name.as_str());
            let Some(proof) = table.columns.iter().position(is_proof) else {
                continue;
            };
            let seen = table.columns.iter().position(|name| name == "a guest sees");
            for row in &table.rows {
                let promised = seen.map_or("", |column| &row.cells[column]);
                let what = unproved(world, &row.cells[proof], promised);
                faults.extend(what.into_iter().map(|what| page.fault(row.line, what)));
            }
        }
    }
    faults
}

/// Columns that hold the names of tests and claims.
const PROOFS: &[&str] = &["proved by", "the test here", "claims"];

fn unproved(world: &World, proof: &str, promised: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut tests: Vec<&str> = quoted(proof)
        .filter(|name| name.contains("::") || name.starts_with("scripts/"))
        .collect();
    let plain: String = proof.split('`').step_by(2).collect();
    for word in plain.split([' ', ',', ';']).filter(|word| is_claim(word)) {
        let mut claims = world.pages.iter().flat_map(|page| &page.claims);
        match claims.find(|claim| claim.id == word) {
            Some(claim) => tests.extend(claim.tests.iter().map(String::as_str)),
            None => faults.push(format!("no page claims {word}")),
        }
    }
    let excused = plain.contains("no test yet") || plain.contains("not here");
    if tests.is_empty() && faults.is_empty() && !excused {
        faults.push("name a test or a claim that proves it".to_owned());
    }
    for test in tests.iter().filter(|test| !world.proves(test)) {
        faults.push(format!("there is no test {test}{}", hint(world, test)));
    }
    for name in quoted(promised) {
        let errno = Errno::ALL.iter().find(|known| known.name() == name);
        let unsaid = errno.filter(|errno| !tests.iter().any(|test| world.says(test, **errno)));
        faults.extend(unsaid.map(|_| format!("nothing that is named says {name}")));
    }
    faults
}

/// `page.some-words`, and no end of a sentence or name of a file.
fn is_claim(word: &str) -> bool {
    let Some((page, rest)) = word.split_once('.') else {
        return false;
    };
    let letters = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || "-_".contains(letter))
    };
    letters(page) && letters(rest) && rest != "md"
}
