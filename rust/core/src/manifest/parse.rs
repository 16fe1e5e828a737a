//! Text to manifest: any break of the specification is an error that names the line.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use crate::digest::{Digest, Oid};
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::index::{MOST_DIMENSIONS, View as IndexView};
use crate::manifest::{
    DEEPEST, DENSE, Entry, LONGEST, MAGIC, MOST_INLINE, Manifest, Stored, Update, VERSION, Value,
    View,
};
use crate::pointer::Pointer;

/// No checkpoint is larger; keeps sums of sizes far from overflow.
const LARGEST: u64 = 1 << 60;
/// The line of the first entry when there are frames; only for messages.
const FIRST: usize = 6;

type Object = serde_json::Map<String, Json>;
type Checked<T> = std::result::Result<T, String>;

impl Manifest {
    /// Reads a manifest; only its canonical text is taken.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let wrong = |what: &str| Error::Manifest { line: 1, what: what.into() };
        if !Self::is_manifest(text) {
            return Err(wrong("expected a git-theta manifest"));
        }
        version(text)?;
        if text.len() > LONGEST {
            return Err(wrong(&format!("expected at most {LONGEST} bytes, found {}", text.len())));
        }
        let json: Json = serde_json::from_slice(text)
            .map_err(|error| Error::Manifest { line: error.line(), what: error.to_string() })?;
        let manifest = read(&json)?;
        manifest.check()?;
        if manifest.text().as_bytes() != text {
            let line = differing_line(manifest.text().as_bytes(), text);
            return Err(Error::Manifest { line, what: "expected the canonical spelling".into() });
        }
        Ok(manifest)
    }

    fn check(&self) -> Result<()> {
        let at = |line: usize, what: String| Err(Error::Manifest { line, what });
        let mut total = self.frames.as_ref().map_or(0, Value::size);
        let mut gaps = 0u64;
        let mut names = HashSet::new();
        for (number, entry) in self.entries.iter().enumerate() {
            total = total.saturating_add(entry.value.size());
            gaps = gaps.saturating_add(entry.gap);
            if !names.insert(entry.name.as_str()) {
                return at(FIRST + number, format!("parameter '{}' comes twice", entry.name));
            }
        }
        if total != self.size || self.size > LARGEST {
            return at(
                2,
                format!("expected parameters and frames of {} bytes, found {total}", self.size),
            );
        }
        let frames = self.frames.as_ref().map_or(0, Value::size);
        if self.frames.is_some() && frames == 0 {
            return at(4, "expected frames to have bytes".into());
        }
        if gaps > frames {
            return at(0, format!("expected gaps of at most {frames} bytes, found {gaps}"));
        }
        let sizes = self.entries.iter().map(|entry| (entry.name.as_str(), entry.value.size()));
        let sizes: HashMap<&str, u64> = sizes.collect();
        for view in &self.views {
            if !names.insert(&view.name) {
                return at(0, format!("parameter '{}' comes twice", view.name));
            }
            check_view(view, sizes.get(view.of.as_str()).copied()).or_else(|what| at(0, what))?;
        }
        Ok(())
    }
}

fn check_view(view: &View, size: Option<u64>) -> Checked<()> {
    let shape = IndexView {
        name: String::new(),
        span: 0,
        dtype: view.dtype,
        shape: view.shape.clone(),
        stride: view.stride.clone(),
        offset: view.offset,
    };
    match (size, shape.end()) {
        (None, _) => {
            Err(format!("view '{}' is of '{}', which is not a parameter", view.name, view.of))
        }
        (Some(size), Some(end)) if end <= size => Ok(()),
        (Some(size), _) => {
            Err(format!("view '{}' reaches past the {size} bytes of '{}'", view.name, view.of))
        }
    }
}

fn version(text: &[u8]) -> Result<()> {
    let digits: Vec<u8> =
        text[MAGIC.len()..].iter().copied().take(20).take_while(u8::is_ascii_digit).collect();
    let version = std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse::<u64>().ok());
    match version {
        Some(VERSION) => Ok(()),
        Some(version) if version > VERSION => {
            Err(Error::Newer { what: format!("manifest version {version}") })
        }
        _ => Err(Error::Manifest { line: 1, what: format!("expected version {VERSION}") }),
    }
}

fn differing_line(expected: &[u8], found: &[u8]) -> usize {
    let same = expected.iter().zip(found).take_while(|(a, b)| a == b).count();
    found[..same].split(|&byte| byte == b'\n').count()
}

fn read(json: &Json) -> Result<Manifest> {
    let top = |what: String| Error::Manifest { line: 0, what };
    let object = json.as_object().ok_or_else(|| top("expected an object".into()))?;
    let frames = match object.get("frames") {
        Some(frames) => Some(
            as_object(frames)
                .and_then(|frames| value(frames, 0))
                .map_err(|what| Error::Manifest { line: 4, what })?,
        ),
        None => None,
    };
    let first = FIRST - usize::from(frames.is_none());
    let lines = array(object, "parameters").map_err(top)?;
    let entries = lines.iter().enumerate().map(|(number, line)| {
        as_object(line)
            .and_then(entry)
            .map_err(|what| Error::Manifest { line: first + number, what })
    });
    let entries = entries.collect::<Result<Vec<_>>>()?;
    let views = array(object, "views")
        .and_then(|views| views.iter().map(|line| as_object(line).and_then(view)).collect());
    Ok(Manifest {
        format: string(object, "format").map_err(top)?.to_owned(),
        size: number(object, "size").map_err(top)?,
        digest: digest(object).map_err(top)?,
        frames,
        entries,
        views: views.map_err(top)?,
    })
}

fn entry(object: &Object) -> Checked<Entry> {
    let gap = if object.contains_key("gap") { number(object, "gap")? } else { 0 };
    Ok(Entry { name: string(object, "name")?.to_owned(), gap, value: value(object, 0)? })
}

fn value(object: &Object, depth: usize) -> Checked<Value> {
    let dtype = dtype(object)?;
    let shape = shape(object, "shape")?;
    let size = dtype.size_of(&shape).filter(|&size| size <= LARGEST);
    let size = size.ok_or_else(|| format!("shape {shape:?} of {} has no size", dtype.name()))?;
    let stored = match object.get("inline") {
        Some(_) => Stored::Inline(inline(string(object, "inline")?, size)?),
        None => Stored::Update(update(object, depth)?),
    };
    if size <= MOST_INLINE && matches!(&stored, Stored::Update(update) if update.kind == DENSE) {
        return Err(format!("expected a value of {size} bytes to be inline"));
    }
    Ok(Value { dtype, shape, digest: digest(object)?, stored })
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

fn update(object: &Object, depth: usize) -> Checked<Update> {
    let kind = string(object, "update")?.to_owned();
    let base = match object.get("base") {
        None => None,
        Some(_) if depth == DEEPEST => return Err(format!("expected at most {DEEPEST} bases")),
        Some(base) => Some(Box::new(value(as_object(base)?, depth + 1)?)),
    };
    let objects = array(object, "objects")?.iter().map(pointer).collect::<Checked<Vec<_>>>()?;
    if kind == DENSE && (base.is_some() || objects.is_empty()) {
        return Err("expected a dense update to have objects and no base".into());
    }
    Ok(Update { kind, objects, base })
}

fn view(object: &Object) -> Checked<View> {
    Ok(View {
        name: string(object, "name")?.to_owned(),
        of: string(object, "of")?.to_owned(),
        dtype: dtype(object)?,
        shape: shape(object, "shape")?,
        stride: shape(object, "stride")?,
        offset: number(object, "offset")?,
    })
}

fn pointer(json: &Json) -> Checked<Pointer> {
    let pair = json.as_array().map(Vec::as_slice);
    let found = match pair {
        Some([oid, size]) => oid.as_str().and_then(Oid::parse).zip(size.as_u64()),
        _ => None,
    };
    found
        .map(|(oid, size)| Pointer { oid, size })
        .ok_or_else(|| "expected objects as [oid, size]".into())
}

fn dtype(object: &Object) -> Checked<Dtype> {
    let name = string(object, "dtype")?;
    Dtype::parse(name).ok_or_else(|| format!("dtype '{name}' is not known"))
}

fn digest(object: &Object) -> Checked<Digest> {
    let text = string(object, "blake3")?;
    Digest::parse(text).ok_or_else(|| format!("expected 64 hexadecimal digits, found '{text}'"))
}

fn shape(object: &Object, key: &str) -> Checked<Vec<u64>> {
    let dims = array(object, key)?;
    if dims.len() > MOST_DIMENSIONS {
        return Err(format!("expected at most {MOST_DIMENSIONS} dimensions, found {}", dims.len()));
    }
    let dims = dims.iter().map(Json::as_u64).collect::<Option<Vec<_>>>();
    dims.ok_or_else(|| format!("expected numbers in '{key}'"))
}

fn as_object(json: &Json) -> Checked<&Object> {
    json.as_object().ok_or_else(|| "expected an object".into())
}

fn array<'a>(object: &'a Object, key: &str) -> Checked<&'a Vec<Json>> {
    object.get(key).and_then(Json::as_array).ok_or_else(|| format!("expected a list '{key}'"))
}

fn string<'a>(object: &'a Object, key: &str) -> Checked<&'a str> {
    object.get(key).and_then(Json::as_str).ok_or_else(|| format!("expected a string '{key}'"))
}

fn number(object: &Object, key: &str) -> Checked<u64> {
    object.get(key).and_then(Json::as_u64).ok_or_else(|| format!("expected a number '{key}'"))
}
