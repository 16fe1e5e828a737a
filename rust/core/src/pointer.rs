//! Git LFS pointers: their text, and the paths they have under `.git_theta/`.

use crate::digest::{Oid, hex};

/// The file name of the frames' pointer. No parameter's, which never begins with a dot.
pub const FRAMES: &str = ".frames";
/// git-lfs takes no blob of this size or more for a pointer.
pub const SIZE_LIMIT: usize = 1024;

const VERSION: &str = "version https://git-lfs.github.com/spec/v1\n";
const LONGEST: usize = 200;
const KEPT: usize = 150;

/// What a pointer says: which object, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer {
    /// The object's name in the LFS store.
    pub oid: Oid,
    /// The object's size in bytes.
    pub size: u64,
}

impl Pointer {
    /// The canonical three lines, the only spelling this crate writes or takes.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{VERSION}oid sha256:{}\nsize {}\n", self.oid, self.size)
    }

    /// Reads a canonical pointer; anything else is `None`.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() >= SIZE_LIMIT {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        let (oid, size) =
            text.strip_prefix(VERSION)?.strip_prefix("oid sha256:")?.split_once("\nsize ")?;
        let pointer = Self { oid: Oid::parse(oid)?, size: size.strip_suffix('\n')?.parse().ok()? };
        (pointer.text() == text).then_some(pointer)
    }
}

/// The file name of a parameter's pointer number `number` (0: the object written last),
/// below `.git_theta/<checkpoint>/`.
///
/// A pure function of its arguments: nothing about other parameters may enter, or a
/// merge would rename files.
#[must_use]
pub fn file_name(name: &str, number: usize) -> String {
    numbered(escape(name), number)
}

/// The file name of the frames' pointer number `number`.
#[must_use]
pub fn frames_file_name(number: usize) -> String {
    numbered(FRAMES.to_owned(), number)
}

fn numbered(stem: String, number: usize) -> String {
    if number == 0 { stem } else { format!("{stem}~{number}") }
}

/// A file name, safe on every system, for any parameter name.
///
/// Percent-encodes separators, `%`, `~`, control and non-ASCII bytes, what Windows
/// reserves, and leading or trailing dots and blanks. A name that is empty or still
/// too long ends in `%x` and its digest, which no encoding of another name does.
#[must_use]
pub fn escape(name: &str) -> String {
    let bytes = name.as_bytes();
    let reserved = is_reserved(name);
    let mut escaped = String::with_capacity(bytes.len());
    let mut kept = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let edge = at == 0 || at + 1 == bytes.len();
        let unsafe_here = (at == 0 && reserved)
            || (edge && matches!(byte, b'.' | b' '))
            || (at == 0 && byte == b'-');
        if unsafe_here || !(b' '..=b'~').contains(&byte) || b"/\\%~<>:\"|?*".contains(&byte) {
            escaped.push('%');
            escaped.push_str(&hex(&[byte]).to_ascii_uppercase());
        } else {
            escaped.push(char::from(byte));
        }
        if escaped.len() <= KEPT {
            kept = escaped.len();
        }
    }
    if name.is_empty() || escaped.len() > LONGEST {
        escaped.truncate(kept);
        escaped.push_str("%x");
        escaped.push_str(&hex(&blake3::hash(bytes).as_bytes()[..16]));
    }
    escaped
}

/// Whether Windows keeps this name, with or without an extension, for a device; or whether
/// git refuses it once `~1` follows, as the short name that Windows gives to `.git`.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or("").trim_end().to_ascii_lowercase();
    let numbered = |prefix| {
        stem.strip_prefix(prefix)
            .is_some_and(|rest: &str| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    let short = ["git", "gitmod", "gi7eba"];
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul" | "conin$" | "conout$")
        || numbered("com")
        || numbered("lpt")
        || short.iter().any(|short| name.eq_ignore_ascii_case(short))
}
