//! Names that Windows takes for something else than a file of that name.
//!
//! Knows Windows' rules about one name, as text. Asks no system, so it is the same everywhere. For filesystems that hand
//! names to Windows; on other systems these are ordinary names, and nothing here is used.

use super::Name;
use crate::abi::{Errno, Result};

/// Checks that Windows would look for a name in the directory it is asked in, and nowhere else.
///
/// A filesystem over directories of Windows calls this first, in every method of [`Dir`](super::Dir) that is given a
/// name. That is enough: the shim takes paths and the texts of links apart, and hands over every component of them as a
/// name, wherever it stands. It must open names so that Windows itself follows no link and no junction.
///
/// Refused is, in capital or small letters,
/// * a name with a character that no file can have: `" * / : < > ? \ |`, and those below U+0020. Among them are what
///   separates names (`a\b`), names a drive (`C:x`) and a stream of a file (`a:b`, `a::$DATA`);
/// * a name that ends in a dot or a space, which Windows leaves off: `secret.` is `secret`, and `...` is the directory;
/// * a name of a device: `CON`, `PRN`, `AUX`, `NUL`, `CONIN$`, `CONOUT$`, and `COM` or `LPT` with one digit, `¹²³` among
///   them; with any extension, as `nul.tar.gz`, and with spaces before that.
///
/// Not refused are short names such as `PROGRA~1`: they are other names of files in the same directory, so they lead
/// nowhere else, and cannot be told from names that are meant.
///
/// # Errors
/// `inval`.
// claim: attacks.windows-names
pub fn check_windows_name(name: Name<'_>) -> Result<()> {
    let name = name.as_str();
    if name.contains(is_refused) || name.ends_with(['.', ' ']) || is_device(name) {
        return Err(Errno::Inval);
    }
    Ok(())
}

const fn is_refused(letter: char) -> bool {
    matches!(
        letter,
        '\0'..='\x1f' | '"' | '*' | '/' | ':' | '<' | '>' | '?' | '\\' | '|'
    )
}

fn is_device(name: &str) -> bool {
    const DEVICES: &[&str] = &["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
    let (base, _) = name.split_once('.').unwrap_or((name, ""));
    let base = base.trim_end_matches(' ');
    DEVICES
        .iter()
        .any(|device| base.eq_ignore_ascii_case(device))
        || is_numbered(base)
}

/// `COM0` to `COM9`, `LPT0` to `LPT9`, and those that Windows reads as such.
fn is_numbered(base: &str) -> bool {
    let Some((port, digit)) = base.split_at_checked(3) else {
        return false;
    };
    let is_port = ["COM", "LPT"]
        .iter()
        .any(|known| port.eq_ignore_ascii_case(known));
    let mut digits = digit.chars();
    let is_digit = |digit: char| digit.is_ascii_digit() || matches!(digit, '¹' | '²' | '³');
    is_port && digits.next().is_some_and(is_digit) && digits.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(name: &str) -> bool {
        let name = Name::new(name).expect("a name elsewhere");
        check_windows_name(name) == Err(Errno::Inval)
    }

    #[test]
    fn names_of_devices_are_no_names_of_files_on_windows() {
        let mut devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
            .map(str::to_owned)
            .to_vec();
        for digit in "0123456789¹²³".chars() {
            devices.extend([format!("COM{digit}"), format!("LPT{digit}")]);
        }
        for device in &devices {
            let behind = [
                "", ".txt", ".tar.gz", ":x", " ", "  .txt", " .", ".", ". .", "::$DATA",
            ];
            for name in behind.map(|behind| format!("{device}{behind}")) {
                assert!(is_refused(&name), "{name:?}");
                assert!(is_refused(&name.to_lowercase()), "{name:?}");
            }
        }
        assert!(is_refused("NuL") && is_refused("cOnOuT$.x"));
    }

    #[test]
    fn what_leads_elsewhere_or_is_left_off_is_no_name_on_windows() {
        for name in [
            "C:",
            "C:x",
            "C:\\Windows\\win.ini",
            "C:secret",
            "a\\b",
            "\\",
            "\\\\?\\C:\\x",
            "..\\x",
            "a:b",
            "file::$DATA",
            ":",
            "...",
            "....",
            "a.",
            "a ",
            " ",
            "a. .",
            "a*",
            "a?",
            "<",
            ">",
            "\"",
            "|",
            "a\tb",
            "a\x1f",
            "\x01",
        ] {
            assert!(is_refused(name), "{name:?}");
        }
    }

    #[test]
    fn names_that_only_look_like_those_of_devices_are_names_on_windows() {
        for name in [
            "CONSOLE",
            "COM",
            "LPT",
            "COM10",
            "COM⁴",
            "LPTx",
            "NULL",
            "xNUL",
            "x.NUL",
            "CON$",
            "CONIN",
            "AUXx.txt",
            "co",
            "é",
            "¹",
            "COMé",
            ".con",
            " con",
            "a b",
            ".a",
            "PROGRA~1",
            "résumé.txt",
            "a\x7f",
            "\u{202e}txt",
        ] {
            assert!(!is_refused(name), "{name:?}");
        }
    }
}
