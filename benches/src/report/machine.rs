//! What the figures depend on: the processor, the system, the day, and the versions of what was compared.
//!
//! Nothing in it tells whose machine it was: no name of a host, a user or a folder.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where a report was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor, as it calls itself.
    pub cpu: String,
    /// How many processors the program could use.
    pub cores: usize,
    /// The system and its version.
    pub kernel: String,
    /// The day, in UTC, as `2026-11-25`.
    pub date: String,
    /// The version of each host, by its name.
    #[serde(default)]
    pub versions: BTreeMap<String, String>,
}

impl Machine {
    /// This machine, today.
    pub fn here(versions: BTreeMap<String, String>) -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            cpu: cpu(&read("/proc/cpuinfo")),
            cores: thread::available_parallelism().map_or(0, usize::from),
            kernel: kernel(&read("/proc/sys/kernel/osrelease")),
            date: date(now.unwrap_or_default().as_secs() / 86_400),
            versions,
        }
    }

    /// What it is, in a line.
    pub fn line(&self) -> String {
        let cores = if self.cores == 1 { "core" } else { "cores" };
        format!(
            "{}, {} {cores}, {}, {}",
            self.cpu, self.cores, self.kernel, self.date
        )
    }

    /// The versions, in a line.
    pub fn versions_line(&self) -> String {
        let versions = self.versions.iter();
        let versions = versions.map(|(name, version)| format!("{name} {version}"));
        versions.collect::<Vec<_>>().join(", ")
    }
}

fn cpu(info: &str) -> String {
    let mut lines = info.lines().filter_map(|line| line.split_once(':'));
    let model = lines.find(|(key, _)| key.trim() == "model name");
    match model {
        Some((_, name)) => name.trim().to_owned(),
        None => std::env::consts::ARCH.to_owned(),
    }
}

fn kernel(release: &str) -> String {
    match release.trim() {
        "" => std::env::consts::OS.to_owned(),
        release => format!("Linux {release}"),
    }
}

/// The day that is so many days after the first of January 1970.
fn date(mut days: u64) -> String {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(11_016), "2000-02-29");
        assert_eq!(date(11_017), "2000-03-01");
        assert_eq!(date(20_453), "2025-12-31");
        assert_eq!(date(20_782), "2026-11-25");
    }

    #[test]
    fn names_of_processors() {
        let info = "processor\t: 0\nmodel name\t: A Processor: 2 GHz\n";
        assert_eq!(cpu(info), "A Processor: 2 GHz");
        assert_eq!(cpu("processor : 0\n"), std::env::consts::ARCH);
    }

    #[test]
    fn names_of_systems() {
        assert_eq!(kernel("6.1.0\n"), "Linux 6.1.0");
        assert_eq!(kernel(""), std::env::consts::OS);
    }

    #[test]
    fn this_one() {
        let machine = Machine::here(BTreeMap::from([("node".to_owned(), "20".to_owned())]));
        assert!(machine.cores > 0 && !machine.cpu.is_empty() && !machine.kernel.is_empty());
        assert_eq!(machine.versions_line(), "node 20");
        assert!(machine.line().ends_with(&machine.date));
    }
}
