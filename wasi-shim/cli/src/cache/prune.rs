//! Knows how much the cache may hold and what has to go if there is more: what was unused for longest.
//! Refuses to know what the entries are worth otherwise.
//! For `cache`, after it has added an entry.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::Stat;

use super::{
    Key,
    directory::{Directory, TEMPORARY},
};

const MOST_BYTES: u64 = 1 << 30;
const MOST_ENTRIES: usize = 64;
/// Nobody compiles for that long: what is still temporary then was left by a process that died.
const ABANDONED: Duration = Duration::from_hours(1);

struct Entry {
    name: String,
    bytes: u64,
    used: Duration,
}

/// Makes room, though not at the cost of `newest` and of files that are none of ours: the user may have named a directory
/// that holds others.
pub(super) fn prune(directory: &Directory, newest: &str) {
    let Ok(now) = SystemTime::now().duration_since(UNIX_EPOCH) else {
        return;
    };
    let files = directory.list().unwrap_or_default().into_iter();
    let entries = files
        .filter(|(name, _)| is_ours(name))
        .map(|(name, stat)| entry(name, &stat))
        .collect();
    for name in victims(entries, newest, now) {
        directory.remove(&name);
    }
}

fn is_ours(name: &str) -> bool {
    let temporary = name
        .strip_prefix(TEMPORARY)
        .and_then(|rest| rest.rsplit('-').next());
    Key::could_be(temporary.unwrap_or(name))
}

fn entry(name: String, stat: &Stat) -> Entry {
    let time = |seconds: i64, nanoseconds: u64| {
        Duration::new(
            seconds.try_into().unwrap_or(0),
            nanoseconds.try_into().unwrap_or(0),
        )
    };
    let used = time(stat.st_atime, stat.st_atime_nsec).max(time(stat.st_mtime, stat.st_mtime_nsec));
    Entry {
        name,
        bytes: stat.st_size.try_into().unwrap_or(u64::MAX),
        used,
    }
}

fn victims(entries: Vec<Entry>, newest: &str, now: Duration) -> Vec<String> {
    let (temporary, mut kept): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|entry| entry.name.starts_with(TEMPORARY));
    let abandoned = temporary
        .into_iter()
        .filter(|entry| now.saturating_sub(entry.used) > ABANDONED);
    // From the first to stay to the last, so that the bounds fall on the least recently used.
    kept.sort_by_key(|entry| (entry.name != newest, std::cmp::Reverse(entry.used)));
    let mut total = 0_u64;
    let excess = kept.into_iter().enumerate().filter(|(place, entry)| {
        total = total.saturating_add(entry.bytes);
        entry.name != newest && (*place >= MOST_ENTRIES || total > MOST_BYTES)
    });
    let excess: Vec<_> = excess.map(|(_, entry)| entry.name).collect();
    abandoned.map(|entry| entry.name).chain(excess).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, bytes: u64, used: u64) -> Entry {
        Entry {
            name: name.to_owned(),
            bytes,
            used: Duration::from_secs(used),
        }
    }

    fn run(entries: Vec<Entry>) -> Vec<String> {
        victims(entries, "new", Duration::from_secs(10_000))
    }

    #[test]
    fn nothing_goes_while_there_is_room() {
        assert!(run(vec![entry("new", 10, 5), entry("old", MOST_BYTES - 10, 1)]).is_empty());
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let third = MOST_BYTES / 3;
        assert_eq!(
            run(vec![
                entry("new", third, 4),
                entry("b", third, 2),
                entry("a", third, 1),
                entry("c", third, 3)
            ]),
            ["a"]
        );
    }

    #[test]
    fn the_newest_stays_even_if_it_is_too_large_alone() {
        assert_eq!(
            run(vec![entry("new", MOST_BYTES + 1, 1), entry("old", 1, 2)]),
            ["old"]
        );
    }

    #[test]
    fn there_is_a_bound_on_entries_too() {
        let mut entries: Vec<_> = (0..70)
            .map(|n| entry(&format!("e{n}"), 1, 100 + n))
            .collect();
        entries.push(entry("new", 1, 0));
        let gone = run(entries);
        assert_eq!(gone.len(), 7);
        assert!(gone.contains(&"e0".to_owned()) && gone.contains(&"e6".to_owned()));
    }

    #[test]
    fn other_files_are_not_ours() {
        let key = format!("{:064}.cwasm", 1);
        assert!(is_ours(&key) && is_ours(&format!(".new-1-2-{key}")));
        for other in ["letter.txt", "app.cwasm", ".new-1-2-letter.txt", ".new-"] {
            assert!(!is_ours(other), "{other}");
        }
    }

    #[test]
    fn abandoned_temporaries_go_and_recent_ones_stay() {
        let gone = run(vec![
            entry(".new-1-x", 1, 100),
            entry(".new-2-y", MOST_BYTES * 2, 9_999),
            entry("new", 1, 1),
        ]);
        assert_eq!(gone, [".new-1-x"]);
    }
}
