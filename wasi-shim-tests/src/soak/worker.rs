//! One thread: a guest that makes calls at random, and is made anew now and then.
//!
//! Knows every call, and arguments that keep the trees small. Refuses to judge answers: only a panic is wrong here.

use super::latency::Latency;
use super::options::Options;
use super::scene::{Scene, TREES};
use super::streams::{Equipped, FIRST, LISTENER, SOCKETS};
use crate::{Guest, Subscription};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use wasi_shim::abi::{
    Advice, ClockId, Errno, FdFlags, FstFlags, LookupFlags, OFlags, RiFlags, Rights, SdFlags,
    SubclockFlags, Syscall, Whence,
};

/// How many calls a guest makes before it is dropped.
const LIFE: u32 = 20_000;

/// How many calls are made before it is asked whether that is enough.
const ROUND: u32 = 64;

/// No file becomes longer.
const LONGEST: u64 = 16 << 10;

/// What a thread did.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) calls: u64,
    pub(super) errors: u64,
    pub(super) instances: u64,
    pub(super) latency: Latency,
}

impl Tally {
    /// All that another did.
    pub(super) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.errors += other.errors;
        self.instances += other.instances;
        self.latency.merge(&other.latency);
    }
}

pub(super) struct Worker {
    options: Options,
    scene: Arc<Scene>,
    index: usize,
    random: u64,
    tally: Tally,
    equipped: Equipped,
}

impl Worker {
    pub(super) fn new(options: &Options, scene: &Arc<Scene>, part: u32, index: usize) -> Self {
        Self {
            options: options.clone(),
            scene: Arc::clone(scene),
            index,
            random: 0x9e37_79b9_7f4a_7c15_u64
                .wrapping_mul((u64::from(part) << 16) + index as u64 + 1),
            tally: Tally::default(),
            equipped: Equipped::new(scene, index, options.descriptors),
        }
    }

    pub(super) fn run(mut self, stop: &AtomicBool, start: Instant) -> Tally {
        let mut age = 0;
        while !stop.load(Ordering::Relaxed) {
            for _ in 0..ROUND {
                self.count_one();
            }
            age += ROUND;
            if age >= LIFE {
                age = 0;
                self.renew();
            }
            self.churn(start.elapsed());
        }
        while self.tally.instances < self.share() {
            self.visit_briefly();
        }
        self.tally
    }

    fn count_one(&mut self) {
        let before = Instant::now();
        let answer = self.step();
        self.tally.latency.add(before.elapsed());
        self.tally.calls += 1;
        self.tally.errors += u64::from(answer.is_err());
    }

    fn renew(&mut self) {
        self.equipped = Equipped::new(&self.scene, self.index, self.options.descriptors);
        self.tally.instances += 1;
    }

    /// This thread's part of the guests that are asked for.
    fn share(&self) -> u64 {
        self.options.instances.div_ceil(self.options.threads as u64)
    }

    /// Makes and drops guests, so that all are made by the end of the run.
    fn churn(&mut self, elapsed: Duration) {
        let part = elapsed.as_secs_f64() / self.options.seconds;
        let due = (self.share() as f64 * part.min(1.0)) as u64;
        while self.tally.instances < due {
            self.visit_briefly();
        }
    }

    /// A guest that opens two things, and goes with them open.
    fn visit_briefly(&mut self) {
        let mut guest = Guest::new(self.scene.builder());
        for _ in 0..2 {
            let (dir, path) = (3 + self.below(TREES), self.path());
            let rights = (Rights::FILE, Rights::empty());
            let _ = guest.path_open(
                dir,
                LookupFlags::empty(),
                path,
                OFlags::CREAT,
                rights,
                FdFlags::empty(),
            );
        }
        self.tally.instances += 1;
    }

    /// xorshift64*.
    fn next(&mut self) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, bound: u32) -> u32 {
        (self.next() % u64::from(bound)) as u32
    }

    /// A name of few, some of them in one of few directories.
    fn path(&mut self) -> String {
        let name = ["a", "b", "c", "d", "e", "f", "g", "h"][self.below(8) as usize];
        match self.below(6) {
            0 => format!("dir-{}/{name}", self.below(3)),
            1 => format!("dir-{}", self.below(3)),
            2 => format!("dir-{}/../{name}", self.below(3)),
            _ => name.to_owned(),
        }
    }

    fn tree(&mut self) -> u32 {
        3 + self.below(TREES)
    }

    /// Any descriptor, most of them open.
    fn any(&mut self) -> u32 {
        self.below(self.options.descriptors)
    }

    /// A descriptor that may be closed.
    fn spare(&mut self) -> u32 {
        FIRST + self.below(self.options.descriptors - FIRST)
    }

    fn offset(&mut self) -> u64 {
        u64::from(self.below(LONGEST as u32 / 2))
    }

    fn step(&mut self) -> Result<(), Errno> {
        match self.below(100) {
            0..=17 => self.open(),
            18..=20 => self.close(),
            21..=44 => self.transfer(),
            45..=60 => self.on_descriptor(),
            61..=82 => self.on_path(),
            83..=93 => self.on_stream(),
            _ => self.on_nothing(),
        }
    }

    fn close(&mut self) -> Result<(), Errno> {
        let (fd, to) = (self.spare(), self.spare());
        match self.below(4) {
            0 => self.equipped.guest.fd_renumber(fd, to),
            _ => self.equipped.guest.fd_close(fd),
        }
    }

    fn open(&mut self) -> Result<(), Errno> {
        let (tree, path) = (self.tree(), self.path());
        let oflags = [
            OFlags::empty(),
            OFlags::CREAT,
            OFlags::CREAT | OFlags::TRUNC,
            OFlags::CREAT | OFlags::EXCL,
            OFlags::DIRECTORY,
        ][self.below(5) as usize];
        let flags = [FdFlags::empty(), FdFlags::APPEND, FdFlags::NONBLOCK][self.below(3) as usize];
        let rights = match oflags {
            OFlags::DIRECTORY => (Rights::DIRECTORY, Rights::INHERITED),
            _ => (Rights::FILE, Rights::empty()),
        };
        let guest = &mut self.equipped.guest;
        guest
            .path_open(
                tree,
                LookupFlags::SYMLINK_FOLLOW,
                path,
                oflags,
                rights,
                flags,
            )
            .map(drop)
    }

    fn transfer(&mut self) -> Result<(), Errno> {
        let (fd, at) = (self.any(), self.offset());
        let len = self.below(3000) as usize;
        let data = vec![at as u8; len];
        let choice = self.below(8);
        let guest = &mut self.equipped.guest;
        let long = guest.fd_tell(fd).is_ok_and(|offset| offset > LONGEST);
        let grown = guest
            .fd_filestat_get(fd)
            .is_ok_and(|stat| stat.size > LONGEST);
        match choice {
            0 => guest.fd_read(fd, len).map(drop),
            1 => guest.fd_readv(fd, &[len, 0, 17]).map(drop),
            2 => guest.fd_pread(fd, &[len, 5], at).map(drop),
            _ if grown => guest.fd_filestat_set_size(fd, 0),
            _ if long => guest.fd_seek(fd, 0, Whence::Set).map(drop),
            3 => guest.fd_pwrite(fd, &[&data, b"more"], at).map(drop),
            4 => guest.fd_writev(fd, &[&data, b"", b"more"]).map(drop),
            _ => guest.fd_write(fd, data).map(drop),
        }
    }

    fn on_descriptor(&mut self) -> Result<(), Errno> {
        let (fd, at, some) = (self.any(), self.offset(), u64::from(self.below(4000)));
        let choice = self.below(64);
        let nonblock = FdFlags::NONBLOCK;
        let guest = &mut self.equipped.guest;
        match choice {
            0 => guest.fd_sync(fd),
            1 => guest.fd_datasync(fd),
            2..=8 => guest.fd_filestat_get(fd).map(drop),
            9..=14 => guest.fd_seek(fd, at as i64 - 4000, Whence::Cur).map(drop),
            15..=18 => guest.fd_seek(fd, at as i64, Whence::Set).map(drop),
            19..=21 => guest.fd_tell(fd).map(drop),
            22..=27 => guest.fd_filestat_set_size(fd, at),
            28..=31 => guest.fd_allocate(fd, at, some + 1),
            32..=35 => guest.fd_advise(fd, at, some, Advice::Random),
            36..=40 => guest.fd_filestat_set_times(fd, at, some, FstFlags::ATIM | FstFlags::MTIM),
            41..=44 => guest.fd_fdstat_get(fd).map(drop),
            45..=48 => guest.fd_fdstat_set_flags(fd, nonblock),
            49..=50 => guest.fd_fdstat_set_flags(fd, nonblock | FdFlags::APPEND),
            51 => give_up(guest, fd),
            52 => guest.fd_prestat_get(fd).map(drop),
            53 => guest.fd_prestat_dir_name(fd, 5).map(drop),
            _ => guest.fd_readdir(fd, 300, 0).map(drop),
        }
    }

    /// From where to where something may be moved. Directories go to names of directories only: put into each other, they
    /// would become a tree without bounds.
    fn ends(&mut self) -> (String, String) {
        let (one, another) = (self.path(), self.path());
        let is_dir = |path: &str| path.starts_with("dir-") && !path.contains('/');
        if is_dir(&one) || is_dir(&another) {
            return (
                format!("dir-{}", self.below(3)),
                format!("dir-{}", self.below(3)),
            );
        }
        (one, another)
    }

    fn on_path(&mut self) -> Result<(), Errno> {
        let (tree, path, other) = (self.tree(), self.path(), self.path());
        let (one, another) = self.ends();
        let choice = self.below(22);
        let dir = format!("dir-{}", self.below(3));
        let guest = &mut self.equipped.guest;
        let (follow, stay) = (LookupFlags::SYMLINK_FOLLOW, LookupFlags::empty());
        match choice {
            0..=2 => guest.path_create_directory(tree, dir),
            3 => guest.path_remove_directory(tree, dir),
            4..=6 => guest.path_unlink_file(tree, path),
            7..=9 => guest.path_rename(tree, one, tree, another),
            10..=11 => guest.path_link((tree, stay, &path), (tree, &other)),
            12..=13 => guest.path_symlink(other, tree, path),
            14..=15 => guest.path_readlink(tree, path, 64).map(drop),
            16..=19 => guest.path_filestat_get(tree, follow, path).map(drop),
            _ => guest.path_filestat_set_times(tree, stay, path, (1, 2), FstFlags::MTIM),
        }
    }

    fn on_stream(&mut self) -> Result<(), Errno> {
        let [one, other] = SOCKETS;
        let choice = self.below(10);
        let fd = self.any();
        let timeout = u64::from(self.below(200_000));
        if choice == 0 {
            return self.equipped.visit().map(drop);
        }
        let guest = &mut self.equipped.guest;
        match choice {
            1 => guest.sock_send(one, &[b"some bytes", b"more"], 0).map(drop),
            2 => guest
                .sock_recv(other, &[7, 100], RiFlags::empty())
                .map(drop),
            3 => guest.sock_recv(one, &[100], RiFlags::RECV_PEEK).map(drop),
            4 => guest.fd_write(other, b"back").map(drop),
            5 => guest.fd_write(1, b"through the pipe").map(drop),
            6 => guest.fd_read(0, 1000).map(drop),
            7 if fd >= FIRST => guest.sock_shutdown(fd, SdFlags::WR),
            _ => {
                let clock = Subscription::Clock(1, timeout, SubclockFlags::empty());
                let read = Subscription::Read;
                let all = [
                    clock,
                    read(0),
                    read(other),
                    read(LISTENER),
                    Subscription::Write(fd),
                ];
                guest.poll_oneoff(&all).map(drop)
            }
        }
    }

    fn on_nothing(&mut self) -> Result<(), Errno> {
        let choice = self.below(9);
        let guest = &mut self.equipped.guest;
        match choice {
            0 => guest.args().map(drop),
            1 => guest.environ().map(drop),
            2 => guest.clock_res_get(ClockId::Monotonic).map(drop),
            3 | 4 => guest.clock_time_get(ClockId::Realtime).map(drop),
            5 => guest.sched_yield(),
            6 => guest.proc_raise(6),
            7 => {
                let outcome = guest.attempt(Syscall::ProcExit, &[3]);
                assert!(matches!(outcome, wasi_shim::Outcome::Exit(_)));
                Ok(())
            }
            _ => guest.random_get(500).map(drop),
        }
    }
}

/// Gives up one right of a descriptor.
fn give_up(guest: &mut Guest, fd: u32) -> Result<(), Errno> {
    let stat = guest.fd_fdstat_get(fd)?;
    let base = stat.rights_base - Rights::FD_ADVISE;
    guest.fd_fdstat_set_rights(fd, base, stat.rights_inheriting)
}
