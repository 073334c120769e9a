//! Knows how the guest's directories are written on the command line and in which order they were given.
//! Refuses to know how a directory is served; `shim` opens what is listed here.
//! For `options`, which flattens it into the options of `run`, and `shim`.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    path::PathBuf,
};

use clap::{
    Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches,
    builder::{OsStringValueParser, TypedValueParser},
};

/// In the order of the command line, whichever of the three options named them: the guest sees that order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preopens(pub(crate) Vec<Preopen>);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Preopen {
    pub(crate) guest: OsString,
    pub(crate) source: Source,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    Host { directory: PathBuf, writable: bool },
    Memory,
}

const HELP: [(&str, &str, &str); 3] = [
    (
        "dir",
        "HOST[::GUEST]",
        "Give the guest a host directory, under its own path or as GUEST",
    ),
    (
        "ro-dir",
        "HOST[::GUEST]",
        "The same, but the guest cannot change anything in it",
    ),
    (
        "mem",
        "GUEST",
        "Give the guest an empty directory in memory, gone when it ends",
    ),
];

impl Args for Preopens {
    fn augment_args(command: Command) -> Command {
        let option = |(name, value, help)| {
            let parser = OsStringValueParser::new().try_map(move |text| parse(name, &text));
            Arg::new(name)
                .long(name)
                .value_name(value)
                .help(help)
                .action(ArgAction::Append)
                .value_parser(parser)
        };
        command.args(HELP.map(option))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Preopens {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut found: Vec<(usize, Preopen)> = Vec::new();
        for (name, ..) in HELP {
            let places = matches.indices_of(name).into_iter().flatten();
            let preopens = matches.get_many::<Preopen>(name).into_iter().flatten();
            found.extend(places.zip(preopens.cloned()));
        }
        found.sort_by_key(|&(place, _)| place);
        Ok(Self(
            found.into_iter().map(|(_, preopen)| preopen).collect(),
        ))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn parse(option: &str, text: &OsStr) -> Result<Preopen, &'static str> {
    if option == "mem" {
        return preopen(text, Source::Memory);
    }
    let (host, guest) = split(text)?;
    if host.is_empty() {
        return Err("the host directory is missing: write `.` for the current one");
    }
    preopen(
        guest,
        Source::Host {
            directory: PathBuf::from(host),
            writable: option == "dir",
        },
    )
}

fn preopen(guest: &OsStr, source: Source) -> Result<Preopen, &'static str> {
    if guest.is_empty() {
        return Err("the guest's name for the directory is missing");
    }
    Ok(Preopen {
        guest: guest.to_owned(),
        source,
    })
}

/// A name may contain `::` on the host but not in this syntax; guessing which of several was meant could expose the
/// wrong directory.
fn split(text: &OsStr) -> Result<(&OsStr, &OsStr), &'static str> {
    let bytes = text.as_bytes();
    let mut colons = bytes
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair == b"::")
        .map(|(at, _)| at);
    let Some(at) = colons.next() else {
        return Ok((text, text));
    };
    if colons.next().is_some() {
        return Err("write HOST or HOST::GUEST, with `::` at most once");
    }
    let (host, guest) = bytes.split_at(at);
    Ok((
        OsStr::from_bytes(host),
        OsStr::from_bytes(guest.get(2..).unwrap_or_default()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(directory: &str, guest: &str, writable: bool) -> Preopen {
        Preopen {
            guest: guest.into(),
            source: Source::Host {
                directory: directory.into(),
                writable,
            },
        }
    }

    #[test]
    fn the_guest_name_defaults_to_the_host_name() {
        assert_eq!(parse("dir", "a/b".as_ref()), Ok(host("a/b", "a/b", true)));
        assert_eq!(
            parse("ro-dir", ".::/data".as_ref()),
            Ok(host(".", "/data", false))
        );
        assert_eq!(
            parse("mem", "/tmp".as_ref()),
            Ok(Preopen {
                guest: "/tmp".into(),
                source: Source::Memory
            })
        );
    }

    #[test]
    fn half_a_mapping_is_refused() {
        for text in ["", "::", "::/a", "/a::", "a::b::c", "a:::b"] {
            assert!(
                parse("dir", text.as_ref()).is_err(),
                "{text:?} was accepted"
            );
        }
        assert!(parse("mem", "".as_ref()).is_err());
    }
}
