//! Text to manifest: any break of the specification is an error that names the line.

use crate::digest::{Digest, Oid};
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::index::{LONGEST_NAME, MOST_DIMENSIONS};
use crate::manifest::reader::{Checked, Reader};
use crate::manifest::text::NOTE;
use crate::manifest::{
    DEEPEST, DENSE, Entry, LARGEST, LONGEST, MAGIC, MOST_INLINE, Manifest, Stored, Update, VERSION,
    Value, View,
};
use crate::pointer::Pointer;

/// The longest name of a format or of a kind of update.
const LONGEST_WORD: usize = 64;

impl Manifest {
    /// Reads a manifest; only its canonical text is taken.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let wrong = |line: usize, what: String| Error::Manifest { line, what };
        if !Self::is_manifest(text) {
            return Err(wrong(1, "expected a git-theta manifest".into()));
        }
        match Self::version(text) {
            Some(VERSION) => {}
            Some(version) if version > VERSION => {
                return Err(Error::Newer { what: format!("manifest version {version}") });
            }
            _ => return Err(wrong(1, format!("expected version {VERSION}"))),
        }
        if text.len() > LONGEST {
            let what = format!("expected at most {LONGEST} bytes, found {}", text.len());
            return Err(wrong(1, what));
        }
        let mut reader = Reader::new(text);
        let manifest = manifest(&mut reader).map_err(|what| wrong(reader.line(), what))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The version that a text claims if it begins as a manifest of any version does.
    #[must_use]
    pub fn version(text: &[u8]) -> Option<u64> {
        let rest = text.strip_prefix(MAGIC)?;
        let length = rest.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = rest.split_at(length);
        let is_first_line = rest.starts_with(b", \"note\": \"") && digits.first() != Some(&b'0');
        let digits = std::str::from_utf8(digits).ok().filter(|_| is_first_line)?;
        digits.parse().ok()
    }
}

fn manifest(reader: &mut Reader<'_>) -> Checked<Manifest> {
    reader.expect(&format!("{{\"git-theta\": {VERSION}, \"note\": \"{NOTE}\",\n"))?;
    reader.expect("\"format\": \"")?;
    let format = format(reader.word()?)?;
    reader.expect(", \"size\": ")?;
    let size = reader.number()?;
    reader.expect(",\n\"blake3\": \"")?;
    let digest = digest(reader)?;
    reader.expect(",\n")?;
    let mut frames = None;
    if reader.skips("\"frames\": {") {
        frames = Some(value(reader, 0)?);
        reader.expect("},\n")?;
    }
    let entries = lines(reader, "parameters", entry)?;
    reader.expect(",\n")?;
    let views = lines(reader, "views", view)?;
    reader.expect("}\n")?;
    reader.end()?;
    Ok(Manifest { format, size, digest, frames, entries, views })
}

/// A list with a line for each item.
fn lines<T>(
    reader: &mut Reader<'_>,
    name: &str,
    item: impl Fn(&mut Reader<'_>) -> Checked<T>,
) -> Checked<Vec<T>> {
    reader.expect(&format!("\"{name}\": ["))?;
    let mut items = Vec::new();
    while !reader.skips(if items.is_empty() { "]" } else { "\n]" }) {
        reader.expect(if items.is_empty() { "\n{" } else { ",\n{" })?;
        items.push(item(reader)?);
        reader.expect("}")?;
    }
    Ok(items)
}

fn entry(reader: &mut Reader<'_>) -> Checked<Entry> {
    reader.expect("\"name\": \"")?;
    let name = reader.string(LONGEST_NAME)?;
    let mut gap = 0;
    if reader.skips(", \"gap\": ") {
        gap = reader.number()?;
        if gap == 0 {
            return Err("expected no gap in place of one of 0 bytes".into());
        }
    }
    reader.expect(", ")?;
    Ok(Entry { name, gap, value: value(reader, 0)? })
}

fn value(reader: &mut Reader<'_>, depth: usize) -> Checked<Value> {
    let (dtype, shape) = array(reader)?;
    let size = dtype.size_of(&shape).filter(|&size| size <= LARGEST);
    let size = size.ok_or_else(|| format!("shape {shape:?} of {} has no size", dtype.name()))?;
    reader.expect(", \"blake3\": \"")?;
    let digest = digest(reader)?;
    let stored = if reader.skips(", \"inline\": \"") {
        Stored::Inline(inline(reader.word()?, size)?)
    } else {
        reader.expect(", \"update\": \"")?;
        Stored::Update(update(reader, size, depth)?)
    };
    Ok(Value { dtype, shape, digest, stored })
}

fn inline(text: &str, size: u64) -> Checked<Vec<u8>> {
    if size > MOST_INLINE || text.len() as u64 != 2 * size {
        return Err(format!("expected an inline value of {size} bytes, at most {MOST_INLINE}"));
    }
    let digit = |digit: u8| char::from(digit).to_digit(16).filter(|_| !digit.is_ascii_uppercase());
    let pairs = text.as_bytes().chunks_exact(2);
    let bytes = pairs.map(|pair| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8));
    bytes.collect::<Option<Vec<u8>>>().ok_or_else(|| "expected hexadecimal digits".into())
}

fn update(reader: &mut Reader<'_>, size: u64, depth: usize) -> Checked<Update> {
    let kind = reader.word()?;
    if !is_word(kind) {
        return Err(format!("expected a kind of update, found '{kind}'"));
    }
    reader.expect(", \"objects\": ")?;
    let objects = reader.list(usize::MAX, pointer)?;
    let mut base = None;
    if reader.skips(", \"base\": {") {
        if depth == DEEPEST {
            return Err(format!("expected at most {DEEPEST} bases"));
        }
        base = Some(Box::new(value(reader, depth + 1)?));
        reader.expect("}")?;
    }
    if kind == DENSE && size <= MOST_INLINE {
        return Err(format!("expected a value of {size} bytes to be inline"));
    }
    if kind == DENSE && (base.is_some() || objects.is_empty()) {
        return Err("expected a dense update to have objects and no base".into());
    }
    Ok(Update { kind: kind.to_owned(), objects, base })
}

fn view(reader: &mut Reader<'_>) -> Checked<View> {
    reader.expect("\"name\": \"")?;
    let name = reader.string(LONGEST_NAME)?;
    reader.expect(", \"of\": \"")?;
    let of = reader.string(LONGEST_NAME)?;
    reader.expect(", ")?;
    let (dtype, shape) = array(reader)?;
    reader.expect(", \"stride\": ")?;
    let stride = reader.list(MOST_DIMENSIONS, Reader::number)?;
    reader.expect(", \"offset\": ")?;
    Ok(View { name, of, dtype, shape, stride, offset: reader.number()? })
}

fn array(reader: &mut Reader<'_>) -> Checked<(Dtype, Vec<u64>)> {
    reader.expect("\"dtype\": \"")?;
    let name = reader.word()?;
    let dtype = Dtype::parse(name).ok_or_else(|| format!("dtype '{name}' is not known"))?;
    reader.expect(", \"shape\": ")?;
    Ok((dtype, reader.list(MOST_DIMENSIONS, Reader::number)?))
}

fn pointer(reader: &mut Reader<'_>) -> Checked<Pointer> {
    reader.expect("[\"")?;
    let oid = reader.word()?;
    let oid = Oid::parse(oid).ok_or_else(|| format!("expected an oid, found '{oid}'"))?;
    reader.expect(", ")?;
    let size = reader.number()?;
    reader.expect("]")?;
    if !(1..=LARGEST).contains(&size) {
        return Err(format!("expected an object of 1 to {LARGEST} bytes, found {size}"));
    }
    Ok(Pointer { oid, size })
}

fn digest(reader: &mut Reader<'_>) -> Checked<Digest> {
    let text = reader.word()?;
    Digest::parse(text).ok_or_else(|| format!("expected 64 hexadecimal digits, found '{text}'"))
}

/// `name/version`: a word, and a number from 1 on.
fn format(text: &str) -> Checked<String> {
    let is_version = |digits: &str| {
        !digits.is_empty()
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts = text.split_once('/').filter(|_| text.len() <= LONGEST_WORD);
    let found = parts.is_some_and(|(name, version)| is_word(name) && is_version(version));
    let format = found.then(|| text.to_owned());
    format.ok_or_else(|| format!("expected a format and its version, found '{text}'"))
}

/// Lower-case letters, digits and hyphens, a letter first.
fn is_word(text: &str) -> bool {
    let is_letter = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    text.len() <= LONGEST_WORD
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(is_letter)
}
