//! A report as the page `spec-notes/divergences.md`: the hosts, the totals, and the claims on which hosts differ.

use super::{Column, Outcome, Report, Totals};

const HEAD: &str = "\
# Where hosts differ

Written by `conform --markdown`; see [`conform.md`](conform.md). A row is a claim on which the hosts do not all do the
same; *yes* says that a host does what the claim says in all of its cases, a fraction says in how many, and *lost* that
the host hung, crashed or made no sense. What a claim says is on the page it is named after. A host that does otherwise
is not wrong by that: what a claim rests on is on its page, too.
";

/// Shows a report.
pub fn show(report: &Report) -> String {
    let present: Vec<_> = report
        .present()
        .filter(|(index, _)| report.totals(*index).run() > 0)
        .collect();
    let mut text = HEAD.to_owned();
    text += "\n## Hosts\n\n| host | version | passes | of |\n|---|---|---|---|\n";
    for (index, column) in &present {
        let totals = report.totals(*index);
        let version = column.version.as_deref().unwrap_or_default();
        text += &format!(
            "| {} | {} | {} | {} |\n",
            column.name,
            cell(version),
            totals.good(),
            totals.run()
        );
    }
    text += "\nCases that a host is excused from, because it cannot be started as they need, are not counted.\n";
    text += "\n## Claims\n\n";
    let differing = differing(report, &present);
    if differing.is_empty() {
        return text + "There is none.\n";
    }
    let claims = report.claims().len();
    text += &format!("{} of {claims} claims.\n\n| claim |", differing.len());
    for (_, column) in &present {
        text += &format!(" {} |", column.name);
    }
    text += "\n|---|";
    text += &"---|".repeat(present.len());
    text.push('\n');
    for (claim, states) in differing {
        text += &format!("| {claim} | {} |\n", states.join(" | "));
    }
    text
}

fn differing<'a>(report: &'a Report, present: &[(usize, &Column)]) -> Vec<(&'a str, Vec<String>)> {
    let mut all = Vec::new();
    for (claim, rows) in report.claims() {
        let states: Vec<_> = present
            .iter()
            .map(|(index, _)| state(&Totals::of(report.cells_of(&rows, *index))))
            .collect();
        let mut known = states.iter().filter(|state| !state.is_empty());
        let first = known.next();
        if known.any(|state| Some(state) != first) {
            all.push((claim, states));
        }
    }
    all
}

/// What a host makes of a claim; empty where it is excused.
fn state(totals: &Totals) -> String {
    if totals.run() == 0 {
        String::new()
    } else if totals.good() == totals.run() {
        "yes".to_owned()
    } else if totals.get(Outcome::Lost) > 0 {
        format!("{}/{}, lost", totals.good(), totals.run())
    } else {
        format!("{}/{}", totals.good(), totals.run())
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
