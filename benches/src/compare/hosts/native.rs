//! The system calls that a host cannot do without, made directly: what all others are compared with.

use super::{Failed, Host};
use crate::compare::operation::Operation;
use crate::compare::tree::BIG;
use rustix::fs::{AtFlags, Mode, OFlags, RawDir, SeekFrom};
use rustix::io::{IoSlice, IoSliceMut, Result};
use rustix::rand::GetRandomFlags;
use rustix::time::ClockId;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// One turn of an operation.
type Turn = Box<dyn FnMut() -> Result<()>>;

/// The kernel.
pub struct Native {
    turns: Vec<Option<Turn>>,
}

impl Native {
    /// Over a folder.
    ///
    /// # Errors
    /// Those of opening what is read and written.
    pub fn new(operations: &[Operation], folder: &Path) -> Result<Self> {
        let turns = operations
            .iter()
            .map(|operation| turn(operation.name, folder));
        Ok(Self {
            turns: turns.collect::<Result<_>>()?,
        })
    }
}

impl Host for Native {
    fn name(&self) -> &str {
        "native"
    }

    fn run(&mut self, operation: usize, turns: u32) -> std::result::Result<Duration, Failed> {
        let turn = self.turns.get_mut(operation).and_then(Option::as_mut);
        let turn = turn.ok_or(Failed::Absent)?;
        let start = Instant::now();
        for _ in 0..turns {
            turn().map_err(Failed::of)?;
        }
        Ok(start.elapsed())
    }
}

/// Copying 4 KiB from one place to another, which is the least that reading a file in memory takes.
pub struct Copying {
    operation: usize,
}

impl Copying {
    /// Beside the operation of this name.
    pub fn beside(operations: &[Operation], name: &str) -> Self {
        let operation = operations
            .iter()
            .position(|operation| operation.name == name);
        Self {
            operation: operation.unwrap_or(usize::MAX),
        }
    }
}

impl Host for Copying {
    fn name(&self) -> &str {
        "memcpy"
    }

    fn run(&mut self, operation: usize, turns: u32) -> std::result::Result<Duration, Failed> {
        if operation != self.operation {
            return Err(Failed::Absent);
        }
        let (from, mut to) = (vec![7_u8; 4096], vec![0_u8; 4096]);
        let start = Instant::now();
        for _ in 0..turns {
            black_box(&mut to).copy_from_slice(black_box(&from));
        }
        Ok(start.elapsed())
    }
}

fn directory(folder: &Path) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(folder, flags, Mode::empty())
}

fn file(folder: &Path, name: &str) -> Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    rustix::fs::open(folder.join(name), flags, Mode::empty())
}

fn turn(name: &str, folder: &Path) -> Result<Option<Turn>> {
    for of in [without_files, positioned, moving, paths, changes, listings] {
        if let Some(turn) = of(name, folder)? {
            return Ok(Some(turn));
        }
    }
    Ok(None)
}

fn without_files(name: &str, folder: &Path) -> Result<Option<Turn>> {
    let mut buffer = vec![0_u8; 4096];
    let random = |len: usize, mut buffer: Vec<u8>| -> Turn {
        Box::new(move || {
            rustix::rand::getrandom(&mut buffer[..len], GetRandomFlags::empty()).map(drop)
        })
    };
    Ok(Some(match name {
        "clock_time_get" => Box::new(|| {
            black_box(rustix::time::clock_gettime(ClockId::Monotonic));
            Ok(())
        }),
        "random_get 32 B" => random(32, buffer),
        "random_get 4 KiB" => random(4096, buffer),
        "poll_oneoff, 1 clock at 0" => Box::new(|| {
            let zero = rustix::event::Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            rustix::event::poll(&mut [], Some(&zero)).map(drop)
        }),
        "fd_write 1 B to a sink" => {
            let sink = file(Path::new("/dev"), "null")?;
            buffer.truncate(1);
            Box::new(move || rustix::io::write(&sink, &buffer).map(drop))
        }
        "fd_seek" => {
            let file = file(folder, "file")?;
            Box::new(move || rustix::fs::seek(&file, SeekFrom::Current(1)).map(drop))
        }
        "fd_tell" => {
            let file = file(folder, "file")?;
            Box::new(move || rustix::fs::tell(&file).map(drop))
        }
        _ => return Ok(None),
    }))
}

fn positioned(name: &str, folder: &Path) -> Result<Option<Turn>> {
    let file = file(folder, "file")?;
    let mut buffer = vec![7_u8; 4096];
    Ok(Some(match name {
        "fd_pread 1 B" => Box::new(move || rustix::io::pread(&file, &mut buffer[..1], 0).map(drop)),
        "fd_pread 4 KiB" => {
            Box::new(move || rustix::io::pread(&file, &mut buffer[..], 0).map(drop))
        }
        "fd_pwrite 4 KiB" => Box::new(move || rustix::io::pwrite(&file, &buffer, 0).map(drop)),
        _ => return Ok(None),
    }))
}

/// The same as the guest: back to the start, then sixteen transfers.
fn moving(name: &str, folder: &Path) -> Result<Option<Turn>> {
    let (name, buffers) = match name.split_once(", ") {
        Some((name, "2 buffers")) => (name, 2),
        Some((name, "16 buffers")) => (name, 16),
        _ => (name, 1),
    };
    let (len, repeated) = if name.ends_with("1 MiB") {
        (BIG, 1)
    } else {
        (4096, 16)
    };
    let file = file(folder, if repeated == 1 { "big" } else { "file" })?;
    let mut data = vec![7_u8; len];
    let sixteen = move |transfer: &mut dyn FnMut() -> Result<usize>| -> Result<()> {
        for _ in 0..repeated {
            transfer()?;
        }
        Ok(())
    };
    let chunk = len / buffers;
    Ok(Some(match (name, buffers) {
        ("fd_read 4 KiB" | "fd_read 1 MiB", 1) => Box::new(move || {
            rustix::fs::seek(&file, SeekFrom::Start(0))?;
            sixteen(&mut || rustix::io::read(&file, &mut data[..]))
        }),
        ("fd_read 4 KiB", _) => Box::new(move || {
            rustix::fs::seek(&file, SeekFrom::Start(0))?;
            let mut buffers: Vec<_> = data.chunks_mut(chunk).map(IoSliceMut::new).collect();
            sixteen(&mut || rustix::io::readv(&file, &mut buffers))
        }),
        ("fd_write 4 KiB", 1) => Box::new(move || {
            rustix::fs::seek(&file, SeekFrom::Start(0))?;
            sixteen(&mut || rustix::io::write(&file, &data))
        }),
        ("fd_write 4 KiB", _) => Box::new(move || {
            rustix::fs::seek(&file, SeekFrom::Start(0))?;
            let buffers: Vec<_> = data.chunks(chunk).map(IoSlice::new).collect();
            sixteen(&mut || rustix::io::writev(&file, &buffers))
        }),
        _ => return Ok(None),
    }))
}

fn paths(name: &str, folder: &Path) -> Result<Option<Turn>> {
    let dir = directory(folder)?;
    let Some((call, which)) = name.split_once(", ") else {
        return Ok((name == "path_readlink").then(|| -> Turn {
            Box::new(move || {
                let mut buffer = [MaybeUninit::uninit(); 256];
                rustix::fs::readlinkat_raw(&dir, c"first", &mut buffer).map(drop)
            })
        }));
    };
    let path = match which {
        "1 component" => c"file",
        "5 components" => c"a/b/c/d/file",
        "3 links" => c"first",
        "through .." => c"a/b/../b/c/d/file",
        "missing" => c"nothing",
        _ => return Ok(None),
    };
    let turn: Turn = match call {
        "path_filestat_get" => {
            Box::new(
                move || match rustix::fs::statat(&dir, path, AtFlags::SYMLINK_NOFOLLOW) {
                    Err(rustix::io::Errno::NOENT) => Ok(()),
                    found => {
                        black_box(found?);
                        Ok(())
                    }
                },
            )
        }
        "path_open + fd_close" => Box::new(move || {
            let flags = OFlags::RDONLY | OFlags::CLOEXEC;
            rustix::fs::openat(&dir, path, flags, Mode::empty()).map(drop)
        }),
        _ => return Ok(None),
    };
    Ok(Some(turn))
}

fn changes(name: &str, folder: &Path) -> Result<Option<Turn>> {
    let dir = directory(folder)?;
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o666);
    Ok(Some(match name {
        "create + close + unlink" => Box::new(move || {
            drop(rustix::fs::openat(&dir, c"new", flags, mode)?);
            rustix::fs::unlinkat(&dir, c"new", AtFlags::empty())
        }),
        "path_rename" => Box::new(move || {
            rustix::fs::renameat(&dir, c"moving", &dir, c"moved")?;
            rustix::fs::renameat(&dir, c"moved", &dir, c"moving")
        }),
        "100,000 files created in a directory" => {
            let fresh = directory(&folder.join("fresh"))?;
            Box::new(move || {
                (0..100_000).try_for_each(|index| {
                    let name = format!("{index:08}");
                    rustix::fs::openat(&fresh, name, flags, mode).map(drop)
                })
            })
        }
        _ => return Ok(None),
    }))
}

fn listings(name: &str, folder: &Path) -> Result<Option<Turn>> {
    let listed = match name {
        "fd_readdir, 10 entries" => "ten",
        "fd_readdir, 1,000 entries" => "thousand",
        "fd_readdir, 100,000 entries" => "many",
        _ => return Ok(None),
    };
    let dir = directory(&folder.join(listed))?;
    // As much at a time as C libraries ask for.
    let mut buffer = vec![MaybeUninit::uninit(); 32 << 10];
    Ok(Some(Box::new(move || {
        rustix::fs::seek(&dir, SeekFrom::Start(0))?;
        let mut entries = RawDir::new(&dir, &mut buffer);
        while let Some(entry) = entries.next() {
            black_box(entry?);
        }
        Ok(())
    })))
}
