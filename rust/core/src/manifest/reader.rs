//! A reader that takes JSON in one spelling only, from front to back, and builds nothing on the way.
//!
//! A general parser would make a tree of a hostile text, many times its size, before anybody
//! could look at it. Here every byte is either expected or refused.

use std::fmt::Write as _;

/// What was expected and not found.
pub(super) type Checked<T> = std::result::Result<T, String>;

/// How much of an unexpected text is shown.
const SHOWN: usize = 24;

/// A text and how far it has been read.
pub(super) struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// The line that is being read, counted from 1.
    pub(super) fn line(&self) -> usize {
        self.text[..self.at].split(|&byte| byte == b'\n').count()
    }

    /// Goes past `words`, if they come next.
    pub(super) fn skips(&mut self, words: &str) -> bool {
        let found = self.text[self.at..].starts_with(words.as_bytes());
        self.at += if found { words.len() } else { 0 };
        found
    }

    /// Goes past `words`, which must come next.
    pub(super) fn expect(&mut self, words: &str) -> Checked<()> {
        if self.skips(words) { Ok(()) } else { Err(self.instead_of(&format!("{words:?}"))) }
    }

    /// The text must end here.
    pub(super) fn end(&self) -> Checked<()> {
        if self.at == self.text.len() { Ok(()) } else { Err(self.instead_of("the end")) }
    }

    /// A number without leading zeros that fits into 64 bits.
    pub(super) fn number(&mut self) -> Checked<u64> {
        let rest = &self.text[self.at..];
        let length = rest.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
        let digits = &rest[..length];
        let number = digits.iter().try_fold(0u64, |number, digit| {
            number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        });
        let is_plain = length == 1 || digits.first().is_some_and(|&digit| digit != b'0');
        let number = number.filter(|_| is_plain);
        self.at += if number.is_some() { length } else { 0 };
        number.ok_or_else(|| self.instead_of("a number"))
    }

    /// A list of what `item` reads, at most `most` of them.
    pub(super) fn list<T>(
        &mut self,
        most: usize,
        mut item: impl FnMut(&mut Self) -> Checked<T>,
    ) -> Checked<Vec<T>> {
        let mut items = Vec::new();
        self.expect("[")?;
        while !self.skips("]") {
            if !items.is_empty() {
                self.expect(", ")?;
            }
            if items.len() == most {
                return Err(format!("expected at most {most} items"));
            }
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// A string without anything that needs an escape, up to its closing quote.
    pub(super) fn word(&mut self) -> Checked<&'a str> {
        let rest = &self.text[self.at..];
        let is_plain = |byte: &u8| (b' '..=b'~').contains(byte) && !b"\"\\".contains(byte);
        let length = rest.iter().position(|byte| !is_plain(byte)).unwrap_or(rest.len());
        let word = std::str::from_utf8(&rest[..length]).unwrap_or_default();
        self.at += length;
        self.expect("\"")?;
        Ok(word)
    }

    /// A string of any characters and at most `longest` bytes, after its opening quote.
    pub(super) fn string(&mut self, longest: usize) -> Checked<String> {
        let mut text = String::new();
        loop {
            match self.text.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => text.push(self.escape()?),
                Some(&byte @ b' '..=b'~') => {
                    text.push(char::from(byte));
                    self.at += 1;
                }
                _ => return Err(self.instead_of("printable ASCII")),
            }
            if text.len() > longest {
                return Err(format!("expected a string of at most {longest} bytes"));
            }
        }
        self.expect("\"")?;
        Ok(text)
    }

    /// One escaped character; refused where the plain one, or another escape, is the spelling.
    fn escape(&mut self) -> Checked<char> {
        for quoted in ['"', '\\'] {
            if self.skips(&format!("\\{quoted}")) {
                return Ok(quoted);
            }
        }
        let start = self.at;
        let first = self.unit()?;
        let second = if matches!(first, 0xD800..=0xDBFF) { Some(self.unit()?) } else { None };
        let found = char::decode_utf16([first].into_iter().chain(second)).next();
        let character = found.and_then(Result::ok).filter(|found| !matches!(found, ' '..='~'));
        character.ok_or_else(|| {
            self.at = start;
            self.instead_of("a character in its one spelling")
        })
    }

    /// The number in a `\u` escape of four lower-case digits.
    fn unit(&mut self) -> Checked<u16> {
        let digits = self.text[self.at..].strip_prefix(b"\\u").and_then(|rest| rest.get(..4));
        let unit = digits.and_then(|digits| {
            digits.iter().try_fold(0u16, |unit, &digit| {
                let value = char::from(digit).to_digit(16).filter(|_| !digit.is_ascii_uppercase());
                Some(unit << 4 | value? as u16)
            })
        });
        self.at += if unit.is_some() { 6 } else { 0 };
        unit.ok_or_else(|| self.instead_of("an escape of four lower-case digits"))
    }

    fn instead_of(&self, expected: &str) -> String {
        let rest = &self.text[self.at..];
        let mut found = String::new();
        for byte in &rest[..rest.len().min(SHOWN)] {
            let _ = write!(found, "{}", byte.escape_ascii());
        }
        let found = if rest.is_empty() { "the end".into() } else { format!("'{found}'") };
        format!("expected {expected}, found {found}")
    }
}
