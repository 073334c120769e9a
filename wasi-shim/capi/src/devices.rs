//! A directory of things that were put there when it was made: most often a guest's `/dev`.
//!
//! Knows how C says what is under which name. Refuses to know what any of it does. What is made here is one of `dirs`.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::callback::file::{CallbackFile, FileCallbacks};
use crate::dirs::{Directory, Kind};
use crate::raw::{Place, Pointer, Ref, Text};
use crate::status::{Error, Handle, Status, attempt, free, make};
use crate::streams::ByteStream;
use std::sync::Arc;
use wasi_shim::backends::{Capped, Devices, DevicesBuilder};
use wasi_shim::host::OsEntropy;
use wasi_shim::vfs::{Dir, File, Stream};

/// What a directory is to hold. One thread at a time may use it. Any number of directories can be made of it. What is added
/// twice under one name is the later.
#[derive(Clone)]
pub struct DeviceTable {
    standard: bool,
    entries: Vec<(String, Held)>,
}

#[derive(Clone)]
enum Held {
    Dir(Arc<dyn Dir>),
    File(Arc<dyn File>),
    Writable(Arc<dyn File>),
    Stream(Arc<dyn Stream>),
    Symlink(String),
}

impl DeviceTable {
    fn builder(self) -> DevicesBuilder {
        let builder = if self.standard {
            Devices::standard(Arc::new(OsEntropy))
        } else {
            Devices::builder()
        };
        self.entries
            .into_iter()
            .fold(builder, |to, (name, held)| match held {
                Held::Dir(dir) => to.dir(name, dir),
                Held::File(file) => to.file(name, file),
                Held::Writable(file) => to.writable_file(name, file),
                Held::Stream(stream) => to.stream(name, stream),
                Held::Symlink(text) => to.symlink(name, text),
            })
    }
}

/// Makes a table of nothing, or with what programs look for in `/dev`: `null`, `zero`, `full`, and `random` and `urandom`,
/// which give the system's random bytes. Free it with wasi_shim_devices_free.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_devices_new(
    standard: bool,
    devices: Place<Handle<DeviceTable>>,
) -> Status {
    make(devices, || {
        let entries = Vec::new();
        Ok(DeviceTable { standard, entries })
    })
}

fn add(
    mut devices: Place<DeviceTable>,
    name: &Text,
    held: impl FnOnce() -> Result<Held, Error>,
) -> Status {
    attempt(|| {
        devices.check("devices")?;
        let entry = (name.get("name")?.to_owned(), held()?);
        devices.with("devices", |devices| devices.entries.push(entry))
    })
}

/// Adds a stream, which can be opened for reading and for writing; what it cannot do fails when it is tried. It stays the
/// caller's to free, at any time.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_devices_stream(
    devices: Place<DeviceTable>,
    name: Text,
    stream: Ref<ByteStream>,
) -> Status {
    add(devices, &name, || {
        Ok(Held::Stream(stream.get("stream")?.get()))
    })
}

/// Adds a regular file that the host answers for. If `writable` is false, opening it for writing answers `rofs`; if not,
/// nobody makes it larger than `most` bytes: `fbig`. UINT64_MAX is no limit. The callbacks are copied; `file` is passed to
/// each, and is taken only if this succeeds.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_devices_file(
    devices: Place<DeviceTable>,
    name: Text,
    callbacks: Ref<FileCallbacks>,
    file: Pointer,
    writable: bool,
    most: u64,
) -> Status {
    add(devices, &name, || {
        let file: Arc<dyn File> = Arc::new(CallbackFile::new(&callbacks, &file)?);
        Ok(match (writable, most) {
            (false, _) => Held::File(file),
            (true, u64::MAX) => Held::Writable(file),
            (true, most) => Held::Writable(Capped::new(file, most)),
        })
    })
}

/// Adds a directory of any filesystem. It stays the caller's to free, at any time.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_devices_dir(
    devices: Place<DeviceTable>,
    name: Text,
    dir: Ref<Directory>,
) -> Status {
    add(devices, &name, || Ok(Held::Dir(dir.get("dir")?.get())))
}

/// Adds a symbolic link with this text.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_devices_symlink(
    devices: Place<DeviceTable>,
    name: Text,
    text: Text,
) -> Status {
    add(devices, &name, || {
        Ok(Held::Symlink(text.get("text")?.to_owned()))
    })
}

/// Makes the directory, whose entries nobody can change; what they lead to may be written, if it takes that. Give it to a
/// guest with WASI_SHIM_ACCESS_READ_WRITE, or it cannot write to `null`. WASI_SHIM_STATUS_ARGUMENT for a name that is none.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_devices(
    devices: Ref<DeviceTable>,
    dir: Place<Handle<Directory>>,
) -> Status {
    make(dir, || {
        let made = devices.get("devices")?.builder().build()?;
        Ok(Directory(Kind::Any(made)))
    })
}

/// Frees a table and sets the variable to `NULL`; nothing if it is `NULL`. Directories that were made of it stay.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_devices_free(devices: Place<Handle<DeviceTable>>) {
    free(devices);
}
