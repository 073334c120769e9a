//! The operations that are compared, in the order in which they are printed.

use super::layout::Layout;
use super::operation::{Arg, Body, Operation, ROOT, Step, Steps};
use super::tree;

/// `noent`.
const NOENT: u16 = 44;

/// What the peers do too slowly to be waited for, and why.
const QUADRATIC: &[(&str, &str)] = &[
    (
        "wasi-common",
        "it lists the whole directory again for every buffer",
    ),
    (
        "wasmtime-wasi",
        "it lists and looks at the whole directory again for every buffer",
    ),
    (
        "node",
        "it lists the whole directory again for every buffer",
    ),
];

/// All operations, whose texts and buffers are put into `layout`. For a memory that is `shared`, those that move bytes.
pub fn operations(layout: &mut Layout, shared: bool) -> Vec<Operation> {
    let mut table = Table {
        out: layout.room(64),
        layout,
        all: Vec::new(),
    };
    table.without_files();
    table.transfers();
    table.paths();
    if !shared {
        table.changes();
        table.listings();
    }
    table.waiting();
    table.all
}

struct Table<'a> {
    layout: &'a mut Layout,
    /// Where results go that nobody reads.
    out: u32,
    all: Vec<Operation>,
}

impl Table<'_> {
    fn steps(&mut self) -> Steps<'_> {
        Steps::new(self.layout)
    }

    fn add(&mut self, name: &'static str, per: u32, before: Vec<Step>, body: Vec<Step>) {
        self.all.push(Operation {
            name,
            before,
            body: Body::Steps(body),
            per,
            without: &[],
            once: false,
        });
    }

    /// A file opened to read and write, and the address of its descriptor.
    fn opened(&mut self, path: &str) -> (Vec<Step>, u32) {
        let fd = self.layout.room(4);
        (self.steps().open_to_write(path, fd).done(), fd)
    }

    fn without_files(&mut self) {
        let out = Arg::I32(self.out);
        let buffer = Arg::I32(self.layout.room(4096));
        let steps = self
            .steps()
            .call("clock_time_get", [Arg::I32(1), Arg::I64(1), out]);
        let clock = steps.done();
        self.add("clock_time_get", 1, Vec::new(), clock);
        for (name, len) in [("random_get 32 B", 32), ("random_get 4 KiB", 4096)] {
            let steps = self
                .steps()
                .call("random_get", [buffer, Arg::I32(len)])
                .done();
            self.add(name, 1, Vec::new(), steps);
        }
        let (before, fd) = self.opened("file");
        let fd = Arg::At(fd);
        let steps = self.steps().call("fd_fdstat_get", [fd, out]).done();
        self.add("fd_fdstat_get", 1, before, steps);
        let seek = [fd, Arg::I64(1), Arg::I32(0), out];
        let steps = self.steps().call("fd_seek", seek).done();
        self.add("fd_seek", 1, Vec::new(), steps);
        let steps = self.steps().call("fd_tell", [fd, out]).done();
        self.add("fd_tell", 1, Vec::new(), steps);
    }

    /// Transfers of this many bytes in so many buffers; the address of the array and its length.
    fn buffers(&mut self, count: u32, len: u32) -> [Arg; 2] {
        [Arg::I32(self.layout.buffers(count, len)), Arg::I32(count)]
    }

    fn transfers(&mut self) {
        let out = self.out;
        let (before, fd) = self.opened("file");
        let at = Arg::At(fd);
        let (one, page) = (self.buffers(1, 1), self.buffers(1, 4096));
        let (two, sixteen) = (self.buffers(2, 4096), self.buffers(16, 4096));
        let positioned =
            |buffers: [Arg; 2]| [at, buffers[0], buffers[1], Arg::I64(0), Arg::I32(out)];
        let moving = |buffers: [Arg; 2]| [at, buffers[0], buffers[1], Arg::I32(out)];
        let steps = self.steps().call("fd_pread", positioned(one)).done();
        self.add("fd_pread 1 B", 1, before, steps);
        for (name, call) in [
            ("fd_pread 4 KiB", "fd_pread"),
            ("fd_pwrite 4 KiB", "fd_pwrite"),
        ] {
            let steps = self.steps().call(call, positioned(page)).done();
            self.add(name, 1, Vec::new(), steps);
        }
        for (name, call, buffers) in [
            ("fd_read 4 KiB", "fd_read", page),
            ("fd_read 4 KiB, 16 buffers", "fd_read", sixteen),
            ("fd_write 4 KiB", "fd_write", page),
            ("fd_write 4 KiB, 2 buffers", "fd_write", two),
            ("fd_write 4 KiB, 16 buffers", "fd_write", sixteen),
        ] {
            let steps = self
                .steps()
                .rewind(fd, out)
                .times(16, call, &moving(buffers));
            let steps = steps.done();
            self.add(name, 16, Vec::new(), steps);
        }
        let sink = [Arg::I32(1), one[0], one[1], Arg::I32(out)];
        let steps = self.steps().call("fd_write", sink).done();
        self.add("fd_write 1 B to a sink", 1, Vec::new(), steps);
        let (before, fd) = self.opened("big");
        let big = self.buffers(1, tree::BIG as u32);
        let read = [Arg::At(fd), big[0], big[1], Arg::I32(out)];
        let steps = self.steps().rewind(fd, out).call("fd_read", read).done();
        self.add("fd_read 1 MiB", 1, before, steps);
    }

    fn paths(&mut self) {
        let out = Arg::I32(self.out);
        for (name, path, answer) in [
            ("path_filestat_get, 1 component", "file", 0),
            ("path_filestat_get, 5 components", "a/b/c/d/file", 0),
            ("path_filestat_get, missing", "nothing", NOENT),
        ] {
            let first = [ROOT, Arg::I32(0)];
            let steps = self.steps().path("path_filestat_get", &first, path, &[out]);
            let steps = steps.answers(answer).done();
            self.add(name, 1, Vec::new(), steps);
        }
        let fd = self.layout.room(4);
        for (name, path) in [
            ("path_open + fd_close, 1 component", "file"),
            ("path_open + fd_close, 5 components", "a/b/c/d/file"),
            ("path_open + fd_close, 3 links", "first"),
            ("path_open + fd_close, through ..", "a/b/../b/c/d/file"),
        ] {
            let steps = self.steps().open(path, fd).close(fd).done();
            self.add(name, 1, Vec::new(), steps);
        }
        let buffer = [Arg::I32(self.layout.room(256)), Arg::I32(256), out];
        let steps = self
            .steps()
            .path("path_readlink", &[ROOT], "first", &buffer)
            .done();
        self.add("path_readlink", 1, Vec::new(), steps);
    }

    fn changes(&mut self) {
        let fd = self.layout.room(4);
        let steps = self.steps().create("new", fd).close(fd);
        let steps = steps.path("path_unlink_file", &[ROOT], "new", &[]).done();
        self.add("create + close + unlink", 1, Vec::new(), steps);
        let there = self.rename("moving", "moved");
        let back = self.rename("moved", "moving");
        self.add("path_rename", 2, Vec::new(), [there, back].concat());
        let dir = self.layout.room(4);
        let before = self.steps().open_dir("fresh", dir).done();
        let name = self.layout.room(32);
        self.all.push(Operation {
            name: "100,000 files created in a directory",
            before,
            body: Body::Creation {
                dir,
                count: 100_000,
                name,
            },
            per: 1,
            without: &[],
            once: true,
        });
    }

    fn rename(&mut self, from: &str, to: &str) -> Vec<Step> {
        let (at, len) = (self.layout.text(to), to.len() as u32);
        let target = [ROOT, Arg::I32(at), Arg::I32(len)];
        self.steps()
            .path("path_rename", &[ROOT], from, &target)
            .done()
    }

    fn listings(&mut self) {
        let names = [
            "fd_readdir, 10 entries",
            "fd_readdir, 1,000 entries",
            "fd_readdir, 100,000 entries",
        ];
        for (name, (path, count)) in names.into_iter().zip(tree::LISTED) {
            let (dir, buffer) = (self.layout.room(4), self.layout.room(4096 + 16));
            let before = self.steps().open_dir(path, dir).done();
            self.all.push(Operation {
                name,
                before,
                body: Body::Listing { dir, buffer },
                per: 1,
                without: if count < 100_000 { &[] } else { QUADRATIC },
                once: false,
            });
        }
    }

    fn waiting(&mut self) {
        for (name, count) in [
            ("poll_oneoff, 1 clock at 0", 1),
            ("poll_oneoff, 100 clocks at 0", 100),
            ("poll_oneoff, 1,000 clocks at 0", 1_000),
        ] {
            let subscriptions = Arg::I32(self.layout.subscriptions(count));
            let events = Arg::I32(self.layout.room(32 * count as usize));
            let args = [subscriptions, events, Arg::I32(count), Arg::I32(self.out)];
            let steps = self.steps().call("poll_oneoff", args).done();
            self.add(name, 1, Vec::new(), steps);
        }
    }
}
