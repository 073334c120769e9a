//! Words and strings: a line of a script, taken apart.
//!
//! A word is anything without a blank. A string is quoted, may hold any byte as `\xNN`, may be repeated (`"x"*256`), and
//! several may be joined with `+` where a call takes several buffers. Knows nothing of what the words mean.

use super::ScriptError;

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A bare word.
    Word(String),
    /// Strings joined with `+`; nearly always one.
    Strings(Vec<Vec<u8>>),
}

impl Token {
    /// The word, if it is one.
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Strings(_) => None,
        }
    }

    /// The bytes of a word or of strings, joined.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Word(word) => word.clone().into_bytes(),
            Self::Strings(parts) => parts.concat(),
        }
    }
}

/// The tokens of a line. A `#` that begins a token begins a comment.
pub(super) fn tokens(line: &str) -> Result<Vec<Token>, ScriptError> {
    let mut tokens = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() && !rest.starts_with('#') {
        let (token, after) = if rest.starts_with('"') {
            strings(rest)?
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            (Token::Word(word.to_owned()), after)
        };
        if after.starts_with(|next: char| !next.is_whitespace()) {
            return Err(ScriptError::new(format!(
                "a blank is missing before {after}"
            )));
        }
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn strings(text: &str) -> Result<(Token, &str), ScriptError> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let (part, after) = string(rest)?;
        parts.push(part);
        match after.strip_prefix("+\"") {
            Some(_) => rest = &after[1..],
            None => return Ok((Token::Strings(parts), after)),
        }
    }
}

/// One string, with its repetition.
fn string(text: &str) -> Result<(Vec<u8>, &str), ScriptError> {
    let unended = || ScriptError::new(format!("the string {text} does not end"));
    let (mut bytes, mut at) = (Vec::new(), 1);
    loop {
        let next = *text.as_bytes().get(at).ok_or_else(unended)?;
        at += 1;
        match next {
            b'"' => break,
            b'\\' => at = escape(text, at, &mut bytes)?,
            byte => bytes.push(byte),
        }
    }
    let Some(times) = text[at..].strip_prefix('*') else {
        return Ok((bytes, &text[at..]));
    };
    let end = times
        .find(|next: char| !next.is_ascii_digit())
        .unwrap_or(times.len());
    let count = times[..end]
        .parse()
        .map_err(|_| ScriptError::new("after * comes a number"))?;
    Ok((bytes.repeat(count), &times[end..]))
}

/// What stands after a backslash; answers where the text goes on.
fn escape(text: &str, at: usize, bytes: &mut Vec<u8>) -> Result<usize, ScriptError> {
    let unknown = || {
        ScriptError::new(format!(
            "in {text}: after a backslash comes one of n t 0 \" \\ xNN"
        ))
    };
    bytes.push(match text.as_bytes().get(at) {
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'0') => 0,
        Some(b'x') => {
            let digits = text.get(at + 1..at + 3).ok_or_else(unknown)?;
            bytes.push(u8::from_str_radix(digits, 16).map_err(|_| unknown())?);
            return Ok(at + 3);
        }
        Some(byte @ (b'"' | b'\\')) => *byte,
        _ => return Err(unknown()),
    });
    Ok(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Vec<u8> {
        let mut all = tokens(line).expect("a line");
        assert_eq!(all.len(), 1, "{line}");
        all.remove(0).bytes()
    }

    #[test]
    fn strings_hold_any_byte() {
        assert_eq!(one(r#""a\n\t\0\"\\\xff""#), b"a\n\t\0\"\\\xff");
        assert_eq!(one(r#""ab"*3"#), b"ababab");
        assert_eq!(one("\"\u{e9}\" # a comment"), "\u{e9}".as_bytes());
        let joined = tokens(r#""a"+""+"b"*2"#).expect("a line");
        let parts = vec![b"a".to_vec(), Vec::new(), b"bb".to_vec()];
        assert_eq!(joined, [Token::Strings(parts)]);
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for line in ["\"a", "\"a\"b", r#""\q""#, r#""\x1""#, r#""a"*"#] {
            assert!(tokens(line).is_err(), "{line}");
        }
    }
}
