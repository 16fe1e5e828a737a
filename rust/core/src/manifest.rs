//! The manifest: the text that git keeps in place of a checkpoint.
//!
//! `docs/manifest.md` is its specification. It alone, with the objects it names, restores
//! the checkpoint; it says nothing that changes from machine to machine.

use crate::digest::Digest;
use crate::dtype::Dtype;
use crate::index::MOST_TEXT;
use crate::pointer::{self, Pointer};

mod check;
mod parse;
mod reader;
mod text;

/// The version this crate writes, and the newest it reads.
pub const VERSION: u64 = 1;
/// What every manifest begins with.
pub const MAGIC: &[u8] = b"{\"git-theta\": ";
/// Values of at most this many bytes are written into the manifest itself.
pub const MOST_INLINE: u64 = 128;
/// The longest manifest that is read. An index whose manifest might be longer is refused, so
/// that none is ever written.
pub const LONGEST: usize = MOST_TEXT as usize;
/// The largest checkpoint, value or object: keeps sums of sizes far from overflow.
const LARGEST: u64 = 1 << 60;
/// The most updates on top of one another.
pub const DEEPEST: usize = 16;

/// A checkpoint, as git sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The indexer and its version, such as `safetensors/1`.
    pub format: String,
    /// The checkpoint's size in bytes.
    pub size: u64,
    /// The digest of the whole checkpoint.
    pub digest: Digest,
    /// The bytes that are no parameter's, one after another; `None` when there are none.
    pub frames: Option<Value>,
    /// The stored parameters, in the order of the file.
    pub entries: Vec<Entry>,
    /// The parameters that look into them.
    pub views: Vec<View>,
}

/// A stored parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, unique in the manifest.
    pub name: String,
    /// The number of frame bytes between the entry before and this one.
    pub gap: u64,
    /// What its bytes are.
    pub value: Value,
}

/// Bytes with a type, a shape and a digest, and how to get them back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The type of the elements.
    pub dtype: Dtype,
    /// The dimensions, outermost first.
    pub shape: Vec<u64>,
    /// The digest of the raw bytes.
    pub digest: Digest,
    /// Where they are.
    pub stored: Stored,
}

/// Where a value's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// In the manifest.
    Inline(Vec<u8>),
    /// In objects.
    Update(Update),
}

/// How a value is expressed by objects: by itself (`dense`), or against a base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The kind of update.
    pub kind: String,
    /// Its own objects, in order.
    pub objects: Vec<Pointer>,
    /// What it builds on; `dense` has none.
    pub base: Option<Box<Value>>,
}

/// The kind of update that needs no base.
pub const DENSE: &str = "dense";

/// A parameter without bytes of its own; see [`crate::index::View`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Its name, unique in the manifest.
    pub name: String,
    /// The name of the entry it looks into.
    pub of: String,
    /// The type of its elements.
    pub dtype: Dtype,
    /// Its dimensions, outermost first.
    pub shape: Vec<u64>,
    /// Its steps in elements, one for each dimension.
    pub stride: Vec<u64>,
    /// Where it begins, in bytes from the start of the entry.
    pub offset: u64,
}

impl Value {
    /// The length of the raw bytes. Checked when a manifest is parsed or made.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.dtype.size_of(&self.shape).unwrap_or(0)
    }

    /// Every object that restoring needs: the value's own first, then its bases'.
    #[must_use]
    pub fn objects(&self) -> Vec<Pointer> {
        let mut objects = Vec::new();
        let mut value = Some(self);
        while let Some(Value { stored: Stored::Update(update), .. }) = value {
            objects.extend_from_slice(&update.objects);
            value = update.base.as_deref();
        }
        objects
    }
}

impl Manifest {
    /// Whether `bytes`, a file or its beginning, begins as a manifest does.
    #[must_use]
    pub fn is_manifest(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    /// The pointers of the checkpoint's tree: file names below `.git_theta/<checkpoint>/`.
    #[must_use]
    pub fn pointers(&self) -> Vec<(String, Pointer)> {
        let frames = self.frames.iter().flat_map(|frames| {
            let objects = frames.objects().into_iter().enumerate();
            objects.map(|(number, object)| (pointer::frames_file_name(number), object))
        });
        let entries = self.entries.iter().flat_map(|entry| {
            let objects = entry.value.objects().into_iter().enumerate();
            objects.map(|(number, object)| (pointer::file_name(&entry.name, number), object))
        });
        frames.chain(entries).collect()
    }

    /// Every object that restoring needs, once each.
    #[must_use]
    pub fn objects(&self) -> Vec<Pointer> {
        let mut seen = std::collections::HashSet::new();
        let values = self.frames.iter().chain(self.entries.iter().map(|entry| &entry.value));
        values.flat_map(Value::objects).filter(|object| seen.insert(*object)).collect()
    }

    /// Every stored value with what it is: the frames, if any, then the parameters in order.
    pub fn named_values(&self) -> impl Iterator<Item = (String, &Value)> {
        let frames = self.frames.iter().map(|frames| ("frames".to_owned(), frames));
        let entries = self.entries.iter();
        frames.chain(entries.map(|entry| (format!("parameter '{}'", entry.name), &entry.value)))
    }

    /// The frame bytes after the last entry.
    #[must_use]
    pub fn tail(&self) -> u64 {
        let gaps: u64 = self.entries.iter().map(|entry| entry.gap).sum();
        self.frames.as_ref().map_or(0, Value::size) - gaps
    }
}
