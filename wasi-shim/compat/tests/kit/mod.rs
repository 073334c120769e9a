//! A guest that calls what it is told to call.

#![allow(dead_code, reason = "each test uses a part")]

use wasi_common::WasiCtx;
use wasmtime::{Engine, Instance, Linker, Memory, Module, Result, Store, Val};

/// Each function, with its parameters: `i` has 32 bits, `I` 64.
const FUNCTIONS: &[(&str, &str)] = &[
    ("args_get", "ii"),
    ("args_sizes_get", "ii"),
    ("clock_time_get", "iIi"),
    ("environ_get", "ii"),
    ("environ_sizes_get", "ii"),
    ("fd_close", "i"),
    ("fd_fdstat_get", "ii"),
    ("fd_fdstat_set_flags", "ii"),
    ("fd_filestat_get", "ii"),
    ("fd_filestat_set_times", "iIIi"),
    ("fd_pread", "iiiIi"),
    ("fd_prestat_get", "ii"),
    ("fd_pwrite", "iiiIi"),
    ("fd_read", "iiii"),
    ("fd_readdir", "iiiIi"),
    ("fd_renumber", "ii"),
    ("fd_seek", "iIii"),
    ("fd_write", "iiii"),
    ("path_create_directory", "iii"),
    ("path_filestat_get", "iiiii"),
    ("path_filestat_set_times", "iiiiIIi"),
    ("path_open", "iiiiiIIii"),
    ("path_rename", "iiiiii"),
    ("path_symlink", "iiiii"),
    ("path_unlink_file", "iii"),
    ("poll_oneoff", "iiii"),
    ("random_get", "ii"),
    ("sched_yield", ""),
    ("sock_recv", "iiiiii"),
    ("sock_send", "iiiii"),
    ("sock_shutdown", "ii"),
];

pub(crate) const SUCCESS: i32 = 0;
pub(crate) const BADF: i32 = 8;
pub(crate) const FBIG: i32 = 22;
pub(crate) const IO: i32 = 29;
pub(crate) const NOENT: i32 = 44;
pub(crate) const NOSPC: i32 = 51;
pub(crate) const NOTSUP: i32 = 58;
pub(crate) const PERM: i32 = 63;
pub(crate) const NOTCAPABLE: i32 = 76;

pub(crate) const CREAT: i32 = 1;
pub(crate) const DIRECTORY: i32 = 2;
pub(crate) const TRUNC: i32 = 8;

/// `FD_READ` and `FD_WRITE`.
pub(crate) const READ: i64 = 2;
pub(crate) const WRITE: i64 = 64;

/// Where the first preopened directory is.
pub(crate) const ROOT: i32 = 3;

/// Where results and buffers are put.
const OUT: i32 = 8;
const VECTOR: i32 = 16;
const TEXT: i32 = 1024;
const OTHER_TEXT: i32 = 2048;
const DATA: i32 = 4096;

pub(crate) fn module(namespace: &str) -> String {
    let mut text = String::from("(module");
    let has =
        |name: &str| namespace == "wasi_snapshot_preview1" || !name.starts_with("sock_accept");
    for (name, params) in FUNCTIONS.iter().filter(|(name, _)| has(name)) {
        let types: String = params
            .chars()
            .map(|one| if one == 'i' { " i32" } else { " i64" })
            .collect();
        text += &format!(
            "(import \"{namespace}\" \"{name}\" (func ${name} (param{types}) (result i32)))"
        );
    }
    text += &format!("(import \"{namespace}\" \"proc_exit\" (func $proc_exit (param i32)))");
    text += "(memory (export \"memory\") 2)";
    for (name, params) in FUNCTIONS.iter().filter(|(name, _)| has(name)) {
        let (mut types, mut gets) = (String::new(), String::new());
        for (index, one) in params.chars().enumerate() {
            types += if one == 'i' { " i32" } else { " i64" };
            gets += &format!("(local.get {index})");
        }
        text += &format!(
            "(func (export \"{name}\") (param{types}) (result i32) (call ${name} {gets}))"
        );
    }
    text + "(func (export \"proc_exit\") (param i32) (call $proc_exit (local.get 0))))"
}

/// The guest.
pub(crate) struct Guest {
    pub(crate) store: Store<WasiCtx>,
    instance: Instance,
    memory: Memory,
}

impl Guest {
    pub(crate) fn new(ctx: WasiCtx) -> Self {
        Self::of(ctx, "wasi_snapshot_preview1")
    }

    pub(crate) fn of(ctx: WasiCtx, namespace: &str) -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, module(namespace)).unwrap();
        let mut linker = Linker::new(&engine);
        wasi_common::sync::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).unwrap();
        let mut store = Store::new(&engine, ctx);
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        Self {
            store,
            instance,
            memory,
        }
    }

    /// Calls a function; a parameter of 32 bits is given as an `i32`.
    pub(crate) fn try_call(&mut self, name: &str, args: &[Val]) -> Result<i32> {
        let function = self.instance.get_func(&mut self.store, name).unwrap();
        let mut results = [Val::I32(0)];
        function.call(&mut self.store, args, &mut results)?;
        Ok(results[0].unwrap_i32())
    }

    pub(crate) fn call(&mut self, name: &str, args: &[Val]) -> i32 {
        self.try_call(name, args).unwrap()
    }

    /// The error that the call ends with.
    pub(crate) fn exit(&mut self, code: i32) -> wasmtime::Error {
        let function = self
            .instance
            .get_func(&mut self.store, "proc_exit")
            .unwrap();
        let args = [Val::I32(code)];
        function.call(&mut self.store, &args, &mut []).unwrap_err()
    }

    pub(crate) fn put(&mut self, at: i32, bytes: &[u8]) {
        let at = usize::try_from(at).unwrap();
        self.memory.write(&mut self.store, at, bytes).unwrap();
    }

    pub(crate) fn get(&mut self, at: i32, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        let at = usize::try_from(at).unwrap();
        self.memory.read(&self.store, at, &mut bytes).unwrap();
        bytes
    }

    pub(crate) fn word(&mut self, at: i32) -> i32 {
        i32::from_le_bytes(self.get(at, 4).try_into().unwrap())
    }

    fn vector(&mut self, at: i32, len: usize) {
        let len = i32::try_from(len).unwrap();
        self.put(VECTOR, &[at.to_le_bytes(), len.to_le_bytes()].concat());
    }

    /// Puts a path where calls find it.
    pub(crate) fn path(&mut self, path: &str) -> [Val; 2] {
        self.put(TEXT, path.as_bytes());
        [TEXT.into(), i32::try_from(path.len()).unwrap().into()]
    }

    /// Puts a second path where calls find it.
    pub(crate) fn other_path(&mut self, path: &str) -> [Val; 2] {
        self.put(OTHER_TEXT, path.as_bytes());
        [OTHER_TEXT.into(), i32::try_from(path.len()).unwrap().into()]
    }

    pub(crate) fn try_write(&mut self, fd: i32, bytes: &[u8]) -> Result<Result<usize, i32>> {
        self.put(DATA, bytes);
        self.vector(DATA, bytes.len());
        let args = [fd.into(), VECTOR.into(), 1.into(), OUT.into()];
        let errno = self.try_call("fd_write", &args)?;
        Ok(self.counted(errno))
    }

    fn counted(&mut self, errno: i32) -> Result<usize, i32> {
        match errno {
            SUCCESS => Ok(usize::try_from(self.word(OUT)).unwrap()),
            errno => Err(errno),
        }
    }

    pub(crate) fn write(&mut self, fd: i32, bytes: &[u8]) -> Result<usize, i32> {
        self.try_write(fd, bytes).unwrap()
    }

    pub(crate) fn try_read(&mut self, fd: i32, len: usize) -> Result<Result<Vec<u8>, i32>> {
        self.vector(DATA, len);
        let args = [fd.into(), VECTOR.into(), 1.into(), OUT.into()];
        let errno = self.try_call("fd_read", &args)?;
        let count = self.counted(errno);
        Ok(count.map(|count| self.get(DATA, count)))
    }

    pub(crate) fn read(&mut self, fd: i32, len: usize) -> Result<Vec<u8>, i32> {
        self.try_read(fd, len).unwrap()
    }

    /// Opens a path; a link at its end is followed.
    pub(crate) fn open(&mut self, path: &str, oflags: i32, rights: i64) -> Result<i32, i32> {
        let [at, len] = self.path(path);
        let fixed = [ROOT.into(), 1.into(), at, len, oflags.into()];
        let rest = [rights.into(), rights.into(), 0.into(), OUT.into()];
        let errno = self.call("path_open", &[fixed.as_slice(), &rest].concat());
        match errno {
            SUCCESS => Ok(self.word(OUT)),
            errno => Err(errno),
        }
    }

    pub(crate) fn contents(&mut self, path: &str) -> Result<Vec<u8>, i32> {
        let fd = self.open(path, 0, READ)?;
        let mut all = Vec::new();
        loop {
            match self.read(fd, 4096)?.as_slice() {
                [] => break,
                some => all.extend_from_slice(some),
            }
        }
        assert_eq!(self.call("fd_close", &[fd.into()]), SUCCESS);
        Ok(all)
    }

    /// The names in an open directory, `.` and `..` included.
    pub(crate) fn names(&mut self, fd: i32) -> Vec<String> {
        let size = 8192;
        let args = [
            fd.into(),
            DATA.into(),
            size.into(),
            0_i64.into(),
            OUT.into(),
        ];
        assert_eq!(self.call("fd_readdir", &args), SUCCESS);
        let used = usize::try_from(self.word(OUT)).unwrap();
        let bytes = self.get(DATA, used);
        let mut names = Vec::new();
        let mut rest = bytes.as_slice();
        while rest.len() >= 24 {
            let len = u32::from_le_bytes(rest[16..20].try_into().unwrap()) as usize;
            names.push(String::from_utf8(rest[24..24 + len].to_vec()).unwrap());
            rest = &rest[24 + len..];
        }
        names.sort();
        names
    }
}
