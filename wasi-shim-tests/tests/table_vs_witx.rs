//! The library's tables against the specification's own text: nothing in `wasi_shim::abi` that is not in the `.witx`
//! files of preview1 and preview0, nothing missing, every number and every offset equal.

use std::collections::BTreeSet;
use std::fmt::Debug;
use wasi_shim::Outcome;
use wasi_shim::abi::{
    Abi, Advice, ClockId, CoreType, Dirent, Errno, Event, EventRwFlags, EventType, FdFlags, Fdstat,
    FileKind, Filestat, FstFlags, Iovec, LookupFlags, OFlags, Prestat, RiFlags, Rights, RoFlags,
    SdFlags, Signal, SubclockFlags, Subscription, SubscriptionKind, Syscall, Whence, Wire,
};
use wasi_shim_tests::trees::{ROOT, Tree};
use wasi_shim_tests::witx::Document;

/// Both modules, each with the text that specifies it.
fn both() -> [(Abi, Document); 2] {
    [
        (Abi::Preview1, Document::of("preview1")),
        (Abi::Unstable, Document::of("preview0")),
    ]
}

#[test]
fn functions_and_their_order_are_the_specifications() {
    for (abi, witx) in both() {
        let specified = witx.functions.iter().map(|function| &function.name[..]);
        let specified: Vec<&str> = specified.collect();
        let ours = Syscall::ALL.iter().filter(|call| call.is_in(abi));
        let ours: Vec<&str> = ours.map(|call| call.name()).collect();
        assert_eq!(ours, specified, "{abi:?}");
        for name in specified {
            assert_eq!(Syscall::by_name(name).map(Syscall::name), Some(name));
        }
    }
    assert_eq!(Syscall::ALL.len(), 46);
    assert_eq!(Syscall::by_name("sock_open"), None);
}

#[test]
fn core_signatures_are_the_specifications() {
    // `in` is a word of Rust, and `out` alone says little.
    let renamed = |name: &str| match name {
        "in" => "subscriptions".to_owned(),
        "out" => "events".to_owned(),
        name => name.to_owned(),
    };
    let core = |size| match size {
        8 => CoreType::I64,
        _ => CoreType::I32,
    };
    for (abi, witx) in both() {
        for function in &witx.functions {
            let name = &function.name;
            let signature = Syscall::by_name(name).expect(name).signature();
            let (params, pointers) = signature.params.split_at(function.params.len());
            let ours = params.iter().map(|(name, of)| ((*name).to_owned(), *of));
            let specified = function.params.iter();
            let specified = specified.map(|(name, size)| (renamed(name), core(*size)));
            assert!(ours.eq(specified), "{abi:?} {name}: {params:?}");
            let pointers: Vec<CoreType> = pointers.iter().map(|(_, of)| *of).collect();
            let specified = vec![CoreType::I32; function.results];
            assert_eq!(pointers, specified, "{abi:?} {name}");
        }
    }
}

#[test]
fn only_what_does_not_return_does_not_return() {
    for (abi, witx) in both() {
        let mut guest = Tree::memory().guest();
        guest.abi = abi;
        for function in &witx.functions {
            let call = Syscall::by_name(&function.name).expect("a function");
            let exits = matches!(guest.attempt(call, &[]), Outcome::Exit(_));
            assert_eq!(exits, function.noreturn, "{call}");
        }
    }
}

#[test]
fn errors_are_the_specifications() {
    for (abi, witx) in both() {
        let (names, size) = witx.names("errno");
        assert_eq!((names[0].as_str(), size), ("success", 2));
        let ours: Vec<&str> = Errno::ALL.iter().map(|errno| errno.name()).collect();
        assert_eq!(ours, names[1..], "{abi:?}");
        for (number, name) in (0..).zip(names) {
            let errno = Errno::from_number(number);
            assert_eq!(errno.map_or("success", Errno::name), name);
            assert_eq!(errno.map_or(0, Errno::number), number);
        }
        assert_eq!(Errno::from_number(names.len() as u16), None);
    }
}

/// `SocketDgram` as the specification spells it.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    // The specification has `process_cputime_id`.
    if out.ends_with("_cputime") {
        out + "_id"
    } else {
        out
    }
}

macro_rules! check_enums {
    ($witx:ident $($name:literal: $type:ty,)*) => {$(
        let (names, size) = $witx.names($name);
        let ours: Vec<String> = <$type>::ALL.iter().map(|value| snake(&format!("{value:?}"))).collect();
        assert_eq!(ours, names, $name);
        for (number, value) in (0_u32..).zip(<$type>::ALL) {
            assert_eq!(u32::from(value.number()), number, "{value:?}");
            assert_eq!(<$type>::from_number(number), Ok(*value));
            assert_eq!(size_of_val(&value.number()), size as usize, $name);
        }
        assert_eq!(<$type>::from_number(names.len() as u32), Err(Errno::Inval), $name);
        assert_eq!(<$type>::from_number(u32::MAX), Err(Errno::Inval), $name);
    )*};
}

#[test]
fn enumerations_are_the_specifications() {
    for (_, witx) in both() {
        check_enums! { witx
            "filetype": FileKind,
            "advice": Advice,
            "clockid": ClockId,
            "eventtype": EventType,
            "signal": Signal,
        }
        // There is one, with the number 0, which `prestat` has in its encoding.
        assert_eq!(witx.names("preopentype").0, ["dir"]);
    }
    let witx = Document::of("preview1");
    check_enums! { witx "whence": Whence, }
}

macro_rules! check_flags {
    ($witx:ident $($name:literal: $type:ty,)*) => {$(
        let (names, size) = $witx.names($name);
        let ours: Vec<String> = <$type>::all().iter_names().map(|(name, _)| name.to_lowercase()).collect();
        assert_eq!(ours, names, $name);
        for (position, (_, flag)) in <$type>::all().iter_names().enumerate() {
            assert_eq!(u64::from(flag.bits()), 1 << position, "{flag:?}");
            assert_eq!(size_of_val(&flag.bits()), size as usize, $name);
        }
    )*};
}

#[test]
fn flags_are_the_specifications() {
    for (_, witx) in both() {
        check_flags! { witx
            "fdflags": FdFlags,
            "fstflags": FstFlags,
            "lookupflags": LookupFlags,
            "oflags": OFlags,
            "riflags": RiFlags,
            "roflags": RoFlags,
            "sdflags": SdFlags,
            "subclockflags": SubclockFlags,
            "eventrwflags": EventRwFlags,
        }
    }
    let witx = Document::of("preview1");
    check_flags! { witx "rights": Rights, }
    // The older module has no `sock_accept`, so nobody asks for the right to it.
    let (names, _) = witx.names("rights");
    let old = Document::of("preview0");
    assert_eq!(old.names("rights").0, &names[..names.len() - 1]);
    assert_eq!(names.last().map(String::as_str), Some("sock_accept"));
}

/// What a record should look like: each of its numbers at its place, everything else 0.
fn expected(witx: &Document, record: &str, fields: &[(&str, u64)]) -> Vec<u8> {
    let places = witx.places(record);
    let mut bytes = vec![0; witx.size(record).0 as usize];
    for (path, value) in fields {
        let place = places
            .get(*path)
            .unwrap_or_else(|| panic!("{record} has no {path}: {places:?}"));
        bytes[place.at..][..place.size].copy_from_slice(&value.to_le_bytes()[..place.size]);
    }
    bytes
}

/// Compares all of a record; `fields` has a value for each of its numbers, in this text's order of writing.
fn check_record<T: Wire + Debug>(
    abi: Abi,
    witx: &Document,
    record: &str,
    value: &T,
    fields: &[(&str, u64)],
) {
    let paths: BTreeSet<String> = witx.places(record).into_keys().collect();
    let named: BTreeSet<String> = fields.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(named, paths, "{record}");
    let size = (T::size(abi), T::ALIGN);
    assert_eq!(size, witx.size(record), "{abi:?} {record}");
    let mut bytes = vec![0; T::size(abi) as usize];
    value.encode(abi, &mut bytes);
    let expected = expected(witx, record, fields);
    assert_eq!(bytes, expected, "{abi:?} {record} {value:?}");
}

/// A number whose bytes all differ from each other and from those of other markers.
const fn marker(number: u64) -> u64 {
    0x0807_0605_0403_0201 + number * 0x0808_0808_0808_0808
}

#[test]
fn the_facts_about_descriptors_have_the_specified_layout() {
    let (base, inheriting) = (Rights::FD_READ | Rights::SOCK_SHUTDOWN, Rights::PATH_OPEN);
    let stat = Fdstat {
        filetype: FileKind::SymbolicLink,
        flags: FdFlags::all(),
        rights_base: base,
        rights_inheriting: inheriting,
    };
    let fields = [
        ("fs_filetype", 7),
        ("fs_flags", 0x1f),
        ("fs_rights_base", base.bits()),
        ("fs_rights_inheriting", inheriting.bits()),
    ];
    let prestat = Prestat {
        name_len: 0x1234_5678,
    };
    let name = [("tag", 0), ("0.pr_name_len", 0x1234_5678)];
    for (abi, witx) in both() {
        check_record(abi, &witx, "fdstat", &stat, &fields);
        check_record(abi, &witx, "prestat", &prestat, &name);
    }
}

#[test]
fn the_facts_about_files_have_the_specified_layout() {
    for (abi, witx) in both() {
        let few = abi == Abi::Unstable;
        let stat = Filestat {
            dev: marker(1),
            ino: marker(2),
            filetype: FileKind::SocketDgram,
            nlink: if few { 0x5678_9abc } else { marker(3) },
            size: marker(4),
            atim: marker(5),
            mtim: marker(6),
            ctim: marker(7),
        };
        let fields = [
            ("dev", marker(1)),
            ("ino", marker(2)),
            ("filetype", 5),
            ("nlink", stat.nlink),
            ("size", marker(4)),
            ("atim", marker(5)),
            ("mtim", marker(6)),
            ("ctim", marker(7)),
        ];
        check_record(abi, &witx, "filestat", &stat, &fields);
        // What the older layout has no room for is as much as it can say.
        let many = Filestat {
            nlink: u64::MAX,
            ..stat
        };
        let mut all = fields;
        all[3].1 = u64::MAX;
        check_record(abi, &witx, "filestat", &many, &all);
    }
}

#[test]
fn events_have_the_specified_layout() {
    let event = Event {
        userdata: marker(1),
        error: Some(Errno::Notcapable),
        kind: EventType::FdWrite,
        nbytes: marker(2),
        flags: EventRwFlags::all(),
    };
    let fields = [
        ("userdata", marker(1)),
        ("error", 76),
        ("type", 2),
        ("fd_readwrite.nbytes", marker(2)),
        ("fd_readwrite.flags", 1),
    ];
    for (abi, witx) in both() {
        check_record(abi, &witx, "event", &event, &fields);
        let fine = Event {
            error: None,
            ..event
        };
        let mut none = fields;
        none[1].1 = 0;
        check_record(abi, &witx, "event", &fine, &none);
    }
}

#[test]
fn directory_entries_have_the_specified_layout() {
    let entry = Dirent {
        next: marker(1),
        ino: marker(2),
        name_len: 0x1234_5678,
        filetype: FileKind::SymbolicLink,
    };
    let fields = [
        ("d_next", marker(1)),
        ("d_ino", marker(2)),
        ("d_namlen", 0x1234_5678),
        ("d_type", 7),
    ];
    for (_, witx) in both() {
        assert_eq!(witx.places("dirent").len(), fields.len());
        let expected = expected(&witx, "dirent", &fields);
        assert_eq!(entry.bytes().as_slice(), expected);
    }
}

#[test]
fn buffers_are_read_as_specified() {
    let (buf, len) = (0x1234_5678, 0x9abc_def0);
    let fields = [("buf", buf.into()), ("buf_len", len.into())];
    for (_, witx) in both() {
        for record in ["iovec", "ciovec"] {
            assert_eq!((Iovec::SIZE, Iovec::ALIGN), witx.size(record));
            let bytes = expected(&witx, record, &fields);
            let found = Iovec::decode(&bytes.try_into().expect("eight bytes"));
            assert_eq!(found, Iovec { buf, len }, "{record}");
        }
    }
}

#[test]
fn subscriptions_to_clocks_are_read_as_specified() {
    for (abi, witx) in both() {
        let size = (Subscription::size(abi), Subscription::ALIGN);
        assert_eq!(size, witx.size("subscription"));
        let mut fields = vec![
            ("userdata", marker(1)),
            ("u.tag", 0),
            ("u.0.id", 0x1234_5678),
            ("u.0.timeout", marker(2)),
            ("u.0.precision", marker(3)),
            ("u.0.flags", 1),
        ];
        if abi == Abi::Unstable {
            fields.push(("u.0.identifier", marker(4)));
        }
        let mut all = witx.places("subscription");
        all.retain(|path, _| !path.starts_with("u.1.") && !path.starts_with("u.2."));
        assert_eq!(all.len(), fields.len(), "{abi:?}: {all:?}");
        let kind = SubscriptionKind::Clock {
            clock: 0x1234_5678,
            timeout: marker(2),
            flags: Ok(SubclockFlags::SUBSCRIPTION_CLOCK_ABSTIME),
        };
        let userdata = marker(1);
        let bytes = expected(&witx, "subscription", &fields);
        let found = Subscription::decode(abi, &bytes);
        assert_eq!(found, Ok(Subscription { userdata, kind }), "{abi:?}");
    }
}

#[test]
fn subscriptions_to_descriptors_are_read_as_specified() {
    let (fd, userdata) = (0x1234_5678, marker(1));
    for (abi, witx) in both() {
        for (tag, kind) in [
            (1, SubscriptionKind::FdRead(fd)),
            (2, SubscriptionKind::FdWrite(fd)),
        ] {
            let path = format!("u.{tag}.file_descriptor");
            let fields = [("userdata", userdata), ("u.tag", tag), (&path, fd.into())];
            let bytes = expected(&witx, "subscription", &fields);
            let found = Subscription::decode(abi, &bytes);
            assert_eq!(found, Ok(Subscription { userdata, kind }), "{abi:?}");
        }
        let unknown = expected(&witx, "subscription", &[("u.tag", 3)]);
        let found = Subscription::decode(abi, &unknown);
        assert_eq!(found, Err(Errno::Inval));
    }
}

#[test]
fn each_module_numbers_whence_in_its_own_way() {
    for (abi, witx) in both() {
        let mut guest = Tree::memory().guest();
        guest.abi = abi;
        let rights = (Rights::FILE, Rights::empty());
        let (lookup, flags) = (LookupFlags::empty(), FdFlags::empty());
        let fd = guest
            .path_open(ROOT, lookup, "file", OFlags::CREAT, rights, flags)
            .expect("a file");
        assert_eq!(guest.fd_write(fd, "0123456789"), Ok(10));
        let mut seek = |delta: i64, whence: usize| {
            let out = guest.room(8);
            guest.call(
                Syscall::FdSeek,
                &[fd.into(), delta, whence as i64, out.into()],
            )?;
            Ok::<u64, Errno>(guest.u64_at(out))
        };
        let (names, _) = witx.names("whence");
        let of = |name: &str| {
            names
                .iter()
                .position(|known| known == name)
                .expect("a whence")
        };
        assert_eq!(names.len(), 3);
        assert_eq!(seek(4, of("set")), Ok(4), "{abi:?}");
        assert_eq!(seek(3, of("cur")), Ok(7), "{abi:?}");
        assert_eq!(seek(2, of("end")), Ok(12), "{abi:?}");
        assert_eq!(seek(0, 3), Err(Errno::Inval));
    }
}

/// What is said in words about the older module, in case both texts came to be read wrongly in the same way.
#[test]
fn the_older_module_differs_in_four_ways() {
    let [(_, new), (_, old)] = both();
    assert_eq!(old.names("whence").0, ["cur", "end", "set"]);
    assert_eq!(
        (old.size("linkcount"), new.size("linkcount")),
        ((4, 4), (8, 8))
    );
    assert_eq!(
        (old.size("filestat"), new.size("filestat")),
        ((56, 8), (64, 8))
    );
    assert_eq!(
        (old.size("subscription"), new.size("subscription")),
        ((56, 8), (48, 8))
    );
    assert_eq!((old.functions.len(), new.functions.len()), (45, 46));
    assert!(!Syscall::SockAccept.is_in(Abi::Unstable));
    assert_eq!(Abi::Unstable.module(), "wasi_unstable");
    assert_eq!(Abi::Preview1.module(), "wasi_snapshot_preview1");
}
