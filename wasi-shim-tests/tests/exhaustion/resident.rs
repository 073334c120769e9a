//! How much memory a process takes while a guest attacks it: measured, each attack in a process of its own.
//!
//! Knows how a test is started again for one attack, and what is allowed to grow. It does not know the attacks.

use crate::rows::{ATTACKS, Attack, Reach::Words};
use std::process::Command;
use wasi_shim::abi::Abi;

/// The variable that tells a process which attack is its.
const VARIABLE: &str = "ATTACK";

/// How often an attack is made before it counts as made: until then, the allocator finds out what it needs.
const FIRST: usize = 3;

/// How often it is made again.
const AGAIN: usize = 9;

/// What any attack may take beyond what its limit allows: the library's own tables, the allocator's reserves, what a test
/// has on its stack. spec-notes/limits.md says so.
const SLACK: u64 = 2 << 20;

/// What may be added when it is made again.
const FLAT: u64 = 1 << 20;

/// Bytes of this process that are in memory and not of a file.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let mut pages = text
        .split(' ')
        .skip(1)
        .map(|word| word.parse::<u64>().expect("a number"));
    let (all, of_files) = (
        pages.next().expect("resident"),
        pages.next().expect("shared"),
    );
    (all - of_files) * 4096
}

/// Makes one attack, again and again.
fn suffer(attack: &Attack, abi: Abi) {
    let mut attacked = attack.start(abi);
    let before = resident();
    (0..FIRST).for_each(|_| attacked());
    let first = resident();
    (0..AGAIN).for_each(|_| attacked());
    let last = resident();
    let (grown, later) = (last.saturating_sub(before), last.saturating_sub(first));
    println!(
        "{}: {} KiB, of them {} KiB later",
        attack.row,
        grown >> 10,
        later >> 10
    );
    assert!(
        grown <= attack.allowed + SLACK,
        "{}: it took {grown} bytes",
        attack.row
    );
    assert!(
        later <= FLAT,
        "{}: it took {later} bytes when made again",
        attack.row
    );
}

/// What this process is asked to do: `true` if it was started for one attack, which has been made.
fn made(abi: Abi, attacks: &[Attack]) -> bool {
    let Ok(row) = std::env::var(VARIABLE) else {
        return false;
    };
    let attack = attacks.iter().find(|attack| attack.row == row);
    suffer(attack.expect("an attack"), abi);
    true
}

/// Makes an attack in a new process that runs the calling test. What it took, or what was wrong.
fn took(test: &str, row: &str) -> Result<String, String> {
    let this = std::env::current_exe().expect("the binary has a path");
    let output = Command::new(this)
        .args(["--exact", test, "--nocapture"])
        .env(VARIABLE, row)
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let figures = said.lines().find(|line| line.contains("KiB"));
    match figures.filter(|_| output.status.success()) {
        Some(figures) => Ok(figures.to_owned()),
        None => Err(format!(
            "{row}\n{}",
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

/// Makes every attack.
fn each(test: &str, abi: Abi) {
    if made(abi, ATTACKS) {
        return;
    }
    let mut failed = Vec::new();
    for attack in ATTACKS {
        match took(test, attack.row) {
            Ok(figures) => println!("{figures}"),
            Err(why) => failed.push(why),
        }
    }
    assert!(failed.is_empty(), "{abi:?}\n{}", failed.join("\n"));
}

#[test]
fn memory_stays_flat_whatever_a_guest_of_preview1_does() {
    let test = "resident::memory_stays_flat_whatever_a_guest_of_preview1_does";
    each(test, Abi::Preview1);
}

#[test]
fn memory_stays_flat_whatever_a_guest_of_the_older_module_does() {
    let test = "resident::memory_stays_flat_whatever_a_guest_of_the_older_module_does";
    each(test, Abi::Unstable);
}

/// A host that keeps so many bytes of each attack.
fn leaking(len: usize) -> Box<dyn FnMut()> {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    Box::new(move || kept.push(vec![1; len]))
}

#[test]
fn what_is_kept_of_each_attack_or_is_too_much_at_once_is_noticed() {
    let leaks = [
        Attack {
            row: "a little of each",
            allowed: 8 << 20,
            reach: Words("", |_| leaking(200_000)),
        },
        Attack {
            row: "much at once",
            allowed: 0,
            reach: Words("", |_| {
                let mut kept = Vec::new();
                Box::new(move || kept = vec![1_u8; kept.len().max(3 << 20)])
            }),
        },
        Attack {
            row: "next to nothing",
            allowed: 0,
            reach: Words("", |_| leaking(10_000)),
        },
    ];
    if made(Abi::Preview1, &leaks) {
        return;
    }
    let test = "resident::what_is_kept_of_each_attack_or_is_too_much_at_once_is_noticed";
    let [little, much, nothing] = leaks.map(|leak| took(test, leak.row));
    assert!(little.is_err_and(|why| why.contains("when made again")));
    assert!(much.is_err_and(|why| why.contains("it took")));
    assert!(nothing.is_ok(), "{nothing:?}");
}
