//! The tables of `posix-subset.md` and `fixed-answers.md`: answers that are constants.

use wasi_shim::abi::{Advice, Errno, FileKind, Signal};
use wasi_shim_tests::notes::{Page, quoted};
use wasi_shim_tests::trees::{ROOT, Tree};
use wasi_shim_tests::{Answer, Guest};

/// Tries each row of a table whose first column says what, and whose second the answer.
pub(crate) fn check(page: &str, heading: &str) {
    let page = Page::load(page);
    let table = page.table(heading);
    assert!(table.rows.len() > 4, "the whole table was read");
    for row in &table.rows {
        let mut guest = Tree::memory().guest();
        for found in all(&mut guest, &row.cells[0]) {
            assert_eq!(
                found,
                expected(&row.cells[1]),
                "{} line {}",
                page.path,
                row.line
            );
        }
    }
}

/// A number, or an error code with its number in brackets.
fn expected(cell: &str) -> Answer<u64> {
    if let Some(name) = quoted(cell).next() {
        let errno = Errno::ALL
            .iter()
            .find(|errno| errno.name() == name)
            .expect("an error code");
        assert_eq!(cell, format!("`{name}` ({})", errno.number()));
        return Err(*errno);
    }
    Ok(match cell {
        "success" => 0,
        "the kind; all else 0" => 0,
        number => number.parse().expect("a number"),
    })
}

/// Everything that a row is about: each has its answer.
fn all(guest: &mut Guest, what: &str) -> Vec<Answer<u64>> {
    match what.replace('`', "").as_str() {
        "proc_raise, any signal" => Signal::ALL
            .iter()
            .map(|signal| guest.proc_raise(signal.number().into()).map(|()| 0))
            .collect(),
        "proc_raise, a number that is no signal" => [31, 32, 255, 256, u32::MAX]
            .map(|number| guest.proc_raise(number).map(|()| 0))
            .to_vec(),
        "sched_yield" => vec![guest.sched_yield().map(|()| 0)],
        "fd_advise of a directory or stream" => {
            let mut all = Vec::new();
            for fd in [ROOT, 0, 1] {
                all.extend(
                    Advice::ALL
                        .iter()
                        .map(|advice| guest.fd_advise(fd, 1, 2, *advice).map(|()| 0)),
                );
            }
            all
        }
        "fd_filestat_get on a stream" => streams(guest, 0..7),
        "the device of a stream" | "fd_filestat_get of a stream: device" => streams(guest, 0..1),
        "fd_filestat_get of a stream: number" => streams(guest, 1..2),
        "fd_filestat_get of a stream: names" => streams(guest, 2..3),
        "fd_filestat_get of a stream: size" => streams(guest, 3..4),
        "fd_filestat_get of a stream: times" => streams(guest, 4..7),
        "fd_readdir, the number of .." | "fd_readdir, the file number of .." => vec![dotdot(guest)],
        other => panic!("nothing tries {other:?}"),
    }
}

/// Facts about the standard streams: device, number, names, size, and three times.
fn streams(guest: &mut Guest, which: std::ops::Range<usize>) -> Vec<Answer<u64>> {
    let mut all = Vec::new();
    for fd in 0..3 {
        let stat = guest.fd_filestat_get(fd).expect("the facts");
        assert_eq!(stat.filetype, FileKind::Unknown, "the kind is the stream's");
        let facts = [
            stat.dev, stat.ino, stat.nlink, stat.size, stat.atim, stat.mtim, stat.ctim,
        ];
        all.extend(facts[which.clone()].iter().map(|fact| Ok(*fact)));
    }
    all
}

fn dotdot(guest: &mut Guest) -> Answer<u64> {
    let listed = guest.fd_readdir(ROOT, 100, 0)?;
    // The second entry is behind the first, which is a head and one dot.
    assert_eq!(&listed[24 + 1 + 24..][..2], b"..");
    Ok(u64::from_le_bytes(
        listed[24 + 1 + 8..][..8].try_into().expect("eight bytes"),
    ))
}
