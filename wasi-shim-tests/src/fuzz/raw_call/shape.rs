//! What each core parameter of the 46 functions is, by its name and size in the table.
//!
//! Knows which parameters are addresses, how many bytes are there, and who writes them. The sizes are the specification's;
//! `tests/table_vs_witx.rs` compares the library with that.

use wasi_shim::abi::{Abi, CoreType, Syscall};

/// A parameter, or two that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A descriptor.
    Fd,
    /// 32 bits: flags, or a value of an enumeration; all that are known are below this.
    Small(u8),
    /// 64 bits that are no rights.
    Wide,
    /// Rights.
    Rights,
    /// Address and length of a text.
    Text,
    /// Address and length of a buffer that is written.
    Buffer,
    /// Address and number of buffers that are written.
    Fill,
    /// Address and number of buffers that are read.
    Take,
    /// Address of so many bytes that are written.
    Out(u32),
    /// Address of subscriptions.
    Subscriptions,
    /// Address of as many events.
    Events,
    /// How many they are.
    Count,
}

/// Bytes of the arguments and of the environment of a guest of this target: of the pointers, and of the texts.
pub(super) const STRINGS: (u32, u32) = (8, 8);

/// The parameters of a function, each with the index of its first.
pub(super) fn parts(abi: Abi, call: Syscall) -> Vec<(usize, Part)> {
    let mut parts = Vec::new();
    let mut index = 0;
    for (name, core) in call.signature().params {
        let part = part(abi, call, name, *core);
        let last = parts.last().copied();
        if let Some((at, Part::Text | Part::Buffer | Part::Fill | Part::Take)) = last
            && at + 1 == index
        {
            index += 1;
            continue;
        }
        parts.push((index, part));
        index += 1;
    }
    parts
}

fn part(abi: Abi, call: Syscall, name: &str, core: CoreType) -> Part {
    use Syscall as S;
    if core == CoreType::I64 {
        return if name.starts_with("fs_rights") {
            Part::Rights
        } else {
            Part::Wide
        };
    }
    match name {
        "fd" | "old_fd" | "new_fd" | "to" => Part::Fd,
        "path" if call == S::FdPrestatDirName => Part::Buffer,
        "path" | "old_path" | "new_path" => Part::Text,
        "buf" if call == S::FdPrestatGet => Part::Out(8),
        "buf" => Part::Buffer,
        "iovs" if matches!(call, S::FdRead | S::FdPread) => Part::Fill,
        "ri_data" => Part::Fill,
        "iovs" | "si_data" => Part::Take,
        "argv" | "environ" => Part::Out(STRINGS.0),
        "argv_buf" | "environ_buf" => Part::Out(STRINGS.1),
        "subscriptions" => Part::Subscriptions,
        "events" => Part::Events,
        "nsubscriptions" => Part::Count,
        "stat" if call == S::FdFdstatGet => Part::Out(24),
        "stat" if abi == Abi::Unstable => Part::Out(56),
        "stat" => Part::Out(64),
        "offset" | "newoffset" | "time" | "resolution" => Part::Out(8),
        "ro_flags" => Part::Out(2),
        "nread" | "nwritten" | "bufused" | "nevents" | "opened_fd" | "so_datalen"
        | "ro_datalen" | "argc" | "argv_buf_size" | "environc" | "environ_buf_size" => Part::Out(4),
        "flags" if is_on_path(call) => Part::Small(2),
        "dirflags" | "old_flags" => Part::Small(2),
        "oflags" | "fst_flags" => Part::Small(16),
        "whence" => Part::Small(3),
        "id" | "how" | "ri_flags" => Part::Small(4),
        "advice" => Part::Small(6),
        "si_flags" => Part::Small(1),
        _ => Part::Small(32),
    }
}

/// Are its `flags` those of a path, and not of a descriptor?
fn is_on_path(call: Syscall) -> bool {
    call.name().starts_with("path_")
}

/// Bytes of a subscription.
pub(super) const fn subscription(abi: Abi) -> u32 {
    match abi {
        Abi::Unstable => 56,
        Abi::Preview1 => 48,
    }
}

/// Bytes of an event.
pub(super) const EVENT: u32 = 32;
