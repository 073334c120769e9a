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

/// In the order of the command line, whichever option named them: the guest sees that order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preopens(pub(crate) Vec<Preopen>);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Preopen {
    pub(crate) guest: OsString,
    pub(crate) source: Source,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    Host { directory: PathBuf },
    HostReadOnly { directory: PathBuf },
    Overlay { directory: PathBuf },
    Archive { file: PathBuf },
    Memory,
}

const HELP: [(&str, &str, &str); 5] = [
    (
        "dir",
        "HOST[::GUEST]",
        "Give the guest a host directory, under its own path or as GUEST",
    ),
    (
        "ro-dir",
        "HOST[::GUEST]",
        "As --dir, but the guest cannot change anything in it",
    ),
    (
        "overlay",
        "HOST[::GUEST]",
        "As --dir, but what the guest changes is kept in memory: gone when it ends, unless there is --commit",
    ),
    (
        "archive",
        "FILE::GUEST",
        "Give the guest what is in a tar (plain, gzip or zstd) or zip file, as a directory that it cannot change",
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
    if option == "archive" {
        return archive(text);
    }
    let (host, guest) = split(text)?;
    if host.is_empty() {
        return Err("the host directory is missing: write `.` for the current one");
    }
    let directory = PathBuf::from(host);
    let source = match option {
        "ro-dir" => Source::HostReadOnly { directory },
        "overlay" => Source::Overlay { directory },
        _ => Source::Host { directory },
    };
    preopen(guest, source)
}

/// The name of a file is none for a directory, so that the guest's has to be said.
fn archive(text: &OsStr) -> Result<Preopen, &'static str> {
    let (file, guest) = split(text)?;
    if file.is_empty() {
        return Err("the archive's file is missing: write FILE::GUEST");
    }
    if file.len() == text.len() {
        return Err("say what the guest calls the directory: write FILE::GUEST");
    }
    let file = PathBuf::from(file);
    preopen(guest, Source::Archive { file })
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
        return Err("write `::` between the host's name and the guest's, and nowhere else");
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

    fn found(option: &str, text: &str) -> (String, Source) {
        let preopen = parse(option, text.as_ref()).unwrap();
        (preopen.guest.into_string().unwrap(), preopen.source)
    }

    #[test]
    fn the_guest_name_defaults_to_the_host_name() {
        let directory = PathBuf::from("a/b");
        let guest = || "a/b".to_owned();
        assert_eq!(
            found("dir", "a/b"),
            (
                guest(),
                Source::Host {
                    directory: directory.clone()
                }
            )
        );
        assert_eq!(
            found("overlay", "a/b"),
            (guest(), Source::Overlay { directory })
        );
        assert_eq!(found("mem", "/tmp"), ("/tmp".to_owned(), Source::Memory));
    }

    #[test]
    fn the_guest_name_can_be_given() {
        let directory = PathBuf::from(".");
        let guest = || "/data".to_owned();
        assert_eq!(
            found("ro-dir", ".::/data"),
            (guest(), Source::HostReadOnly { directory })
        );
        let file = PathBuf::from("a.tar.gz");
        assert_eq!(
            found("archive", "a.tar.gz::/data"),
            (guest(), Source::Archive { file })
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
        for text in ["a.tar", "::/a", "a.tar::"] {
            assert!(
                parse("archive", text.as_ref()).is_err(),
                "{text:?} was accepted"
            );
        }
        assert!(parse("mem", "".as_ref()).is_err());
    }
}
