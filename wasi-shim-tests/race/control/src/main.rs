//! The harness on a resolver with a known escape, and on the same one mended: see `spec-notes/races.md`.
//!
//! This file knows which function of cap-std each question of a victim is. It judges nothing: `race/run` reads what is
//! printed, and wants escapes of the one and none of the other.

use std::io;
use std::path::Path;
use wasi_shim_tests::race::{
    Answer, Number, Purpose, REFUSED, Seen, Victim, host_errno, host_number, main as race, run,
};

fn raw(error: io::Error) -> u16 {
    let number = error
        .raw_os_error()
        .and_then(|number| u16::try_from(number).ok());
    // cap-std makes some of its errors itself: a path that leads out.
    number.unwrap_or(REFUSED)
}

macro_rules! victim {
    ($type:ident, $cap:ident, $name:literal) => {
        struct $type($cap::fs::Dir);

        impl $type {
            fn new(root: &Path) -> Self {
                let dir = $cap::fs::Dir::open_ambient_dir(root, $cap::ambient_authority());
                Self(dir.expect("the directory can be opened"))
            }

            fn seen(metadata: io::Result<$cap::fs::Metadata>) -> Answer<Seen> {
                use $cap::fs::MetadataExt;
                let metadata = metadata.map_err(raw)?;
                let time = (
                    metadata.ctime().unsigned_abs(),
                    metadata.ctime_nsec().unsigned_abs(),
                );
                Ok(Seen {
                    number: metadata.ino(),
                    ctim: time.0 * 1_000_000_000 + time.1,
                })
            }
        }

        impl Victim for $type {
            fn name(&self) -> &'static str {
                $name
            }

            fn number(&self, path: &Path) -> Number {
                host_number(path)
            }

            fn errno(&self, number: u16) -> String {
                if number == REFUSED {
                    "refused".to_owned()
                } else {
                    host_errno(number)
                }
            }

            fn open(&mut self, path: &str, purpose: Purpose) -> Answer<Seen> {
                use $cap::fs::OpenOptionsExt;
                let mut options = $cap::fs::OpenOptions::new();
                options
                    .read(true)
                    .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
                match purpose {
                    Purpose::Directory => {
                        let dir = self.0.open_dir(path).map_err(raw)?;
                        return Self::seen(dir.dir_metadata());
                    }
                    Purpose::Create => {
                        options.write(true).create(true).truncate(true);
                    }
                    Purpose::Read => {}
                }
                let file = self.0.open_with(path, &options).map_err(raw)?;
                Self::seen(file.metadata())
            }

            fn stat(&mut self, path: &str, follow: bool) -> Answer<Seen> {
                Self::seen(if follow {
                    self.0.metadata(path)
                } else {
                    self.0.symlink_metadata(path)
                })
            }

            fn rename(&mut self, from: &str, to: &str) -> Answer<()> {
                self.0.rename(from, &self.0, to).map_err(raw)
            }

            fn link(&mut self, from: &str, _: bool, to: &str) -> Answer<()> {
                self.0.hard_link(from, &self.0, to).map_err(raw)
            }

            fn unlink(&mut self, path: &str) -> Answer<()> {
                self.0.remove_file(path).map_err(raw)
            }

            fn create_directory(&mut self, path: &str) -> Answer<()> {
                self.0.create_dir(path).map_err(raw)
            }

            fn remove_directory(&mut self, path: &str) -> Answer<()> {
                self.0.remove_dir(path).map_err(raw)
            }

            fn list(&mut self, path: &str, entry: &mut dyn FnMut(Number)) -> Answer<Seen> {
                use $cap::fs::MetadataExt;
                let dir = self.0.open_dir(path).map_err(raw)?;
                for found in dir.entries().map_err(raw)? {
                    let metadata = found.and_then(|found| found.metadata()).map_err(raw)?;
                    entry(metadata.ino());
                }
                Self::seen(dir.dir_metadata())
            }
        }
    };
}

victim!(Broken, cap_std, "cap-std-3.4.4");
victim!(Mended, cap_std_mended, "cap-std-4.0.3");

fn main() -> std::process::ExitCode {
    race(
        &["cap-std-3.4.4", "cap-std-4.0.3"],
        |victim, pair, plan| match victim {
            "cap-std-4.0.3" => run(pair, Mended::new, plan),
            _ => run(pair, Broken::new, plan),
        },
    )
}
