//! Checkpoints to test with: tiny files built by hand, and ways to spoil them.

use std::io;
use std::ops::Range;
use std::sync::Mutex;

use proptest::prelude::*;
use proptest::sample::Index as At;
use theta_core::dtype::Dtype;
use theta_core::index::{Index, Span};
use theta_core::source::Source;

/// A source that remembers which bytes were read.
pub struct Watched<'a> {
    bytes: &'a [u8],
    reads: Mutex<Vec<Range<u64>>>,
}

impl<'a> Watched<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, reads: Mutex::default() }
    }

    /// The ranges that were read, in order.
    pub fn reads(self) -> Vec<Range<u64>> {
        self.reads.into_inner().unwrap()
    }

    /// Whether any read byte lies in a span of `index`.
    pub fn saw_a_span(self, index: &Index) -> bool {
        let touches = |span: &Span, read: &Range<u64>| {
            read.start < span.offset + span.size() && span.offset < read.end
        };
        let reads = self.reads();
        index.spans.iter().any(|span| reads.iter().any(|read| touches(span, read)))
    }
}

impl Source for Watched<'_> {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.reads.lock().unwrap().push(offset..offset + buffer.len() as u64);
        self.bytes.read_at(offset, buffer)
    }
}

/// A source that claims a size and cannot be read.
pub struct Broken(pub u64);

impl Source for Broken {
    fn size(&self) -> u64 {
        self.0
    }

    fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<()> {
        Err(io::Error::other("the disk is gone"))
    }
}

/// A safetensors file of this header and these tensor bytes.
pub fn safetensors(header: impl AsRef<[u8]>, body: &[u8]) -> Vec<u8> {
    let header = header.as_ref();
    [&(header.len() as u64).to_le_bytes(), header, body].concat()
}

/// A valid safetensors file, and its spans with offsets from the start of the file.
#[derive(Clone, Debug)]
pub struct Valid {
    pub bytes: Vec<u8>,
    pub spans: Vec<Span>,
}

/// Any dtype of safetensors.
pub fn any_dtype() -> impl Strategy<Value = Dtype> {
    let has = |dtype: &Dtype| !matches!(dtype, Dtype::C32 | Dtype::C128);
    proptest::sample::select(Dtype::all().filter(has).collect::<Vec<_>>())
}

prop_compose! {
    /// A dtype, and a shape of whole bytes in it.
    fn any_tensor()(
        dtype in any_dtype(),
        mut shape in proptest::collection::vec(0u64..5, 0..4),
    ) -> (Dtype, Vec<u64>) {
        if dtype.size_of(&shape).is_none() {
            shape.push(4);
        }
        (dtype, shape)
    }
}

prop_compose! {
    /// A valid safetensors file with its tensors in any order of the header.
    pub fn valid_safetensors()(
        tensors in proptest::collection::btree_map(".{0,12}", any_tensor(), 0..8),
        metadata in proptest::option::of(proptest::collection::btree_map(".{0,4}", ".{0,4}", 0..3)),
        keys in any::<u64>(),
        (before, after) in ("[ \n\t\r]{0,4}", "[ \n\t\r]{0,9}"),
        fill in any::<u8>(),
    ) -> Valid {
        let mut entries = Vec::new();
        let mut spans = Vec::new();
        let mut end = 0;
        for (name, (dtype, shape)) in tensors {
            let offset = end;
            let name = if name == "__metadata__" { "x".into() } else { name };
            end += dtype.size_of(&shape).unwrap();
            entries.push((
                name.clone(),
                serde_json::json!({
                    "data_offsets": [offset, end], "shape": shape, "dtype": dtype.name(),
                }),
            ));
            spans.push(Span { name: Some(name), dtype, shape, offset });
        }
        if let Some(metadata) = metadata {
            entries.push(("__metadata__".into(), serde_json::json!(metadata)));
        }
        let turn = keys as usize % entries.len().max(1);
        entries.rotate_left(turn);
        let header: serde_json::Map<_, _> = entries.into_iter().collect();
        let header = format!("{before}{}{after}", serde_json::Value::Object(header));
        for span in &mut spans {
            span.offset += 8 + header.len() as u64;
        }
        let body = vec![fill; end as usize];
        Valid { bytes: safetensors(header, &body), spans }
    }
}

/// One way to spoil a file.
#[derive(Clone, Debug)]
pub enum Mutation {
    Set(At, u8),
    Flip(At, u8),
    Remove(At),
    Insert(At, u8),
    Copy(At, At, u8),
    Cut(At),
    Append(Vec<u8>),
}

/// Any way to spoil a file, with a taste for the bytes that mean something in a header.
pub fn any_mutation() -> impl Strategy<Value = Mutation> {
    let byte = || {
        let telling = b"{}[]\",:0123456789 \\u.-eE\0\n_FUIB".to_vec();
        prop_oneof![3 => proptest::sample::select(telling), 1 => any::<u8>()]
    };
    prop_oneof![
        4 => (any::<At>(), byte()).prop_map(|(at, to)| Mutation::Set(at, to)),
        2 => (any::<At>(), 0u8..8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        2 => any::<At>().prop_map(Mutation::Remove),
        2 => (any::<At>(), byte()).prop_map(|(at, new)| Mutation::Insert(at, new)),
        2 => (any::<At>(), any::<At>(), 1u8..80)
            .prop_map(|(from, to, length)| Mutation::Copy(from, to, length)),
        1 => any::<At>().prop_map(Mutation::Cut),
        1 => proptest::collection::vec(any::<u8>(), 1..9).prop_map(Mutation::Append),
    ]
}

impl Mutation {
    /// Spoils `bytes`.
    pub fn apply(&self, bytes: &mut Vec<u8>) {
        if let Self::Append(more) = self {
            bytes.extend_from_slice(more);
            return;
        }
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match self {
            Self::Set(at, to) => bytes[at.index(length)] = *to,
            Self::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Self::Remove(at) => drop(bytes.remove(at.index(length))),
            Self::Insert(at, new) => bytes.insert(at.index(length + 1), *new),
            Self::Copy(from, to, size) => {
                let from = from.index(length);
                let part = bytes[from..length.min(from + usize::from(*size))].to_vec();
                let to = to.index(length + 1);
                bytes.splice(to..to, part);
            }
            Self::Cut(at) => bytes.truncate(at.index(length)),
            Self::Append(_) => {}
        }
    }
}

/// Spoils a safetensors file inside its header and keeps the length right, so that the
/// JSON is reached; then, at times, the file as a whole.
pub fn spoil_safetensors(bytes: &[u8], inside: &[Mutation], outside: &[Mutation]) -> Vec<u8> {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header = bytes[8..8 + length].to_vec();
    for mutation in inside {
        mutation.apply(&mut header);
    }
    let mut spoiled = safetensors(header, &bytes[8 + length..]);
    for mutation in outside {
        mutation.apply(&mut spoiled);
    }
    spoiled
}
