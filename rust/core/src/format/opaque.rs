//! Any other bytes: chunks cut where the content says, so that an insertion moves few of them.
//!
//! `FastCDC` (its 2020 variant, normalization level 1, no seed) looks at every byte: unlike the
//! other indexers this one reads what it makes spans of. The algorithm and [`SIZES`] are part of
//! `opaque/1`; cutting otherwise needs another version, or a file would change its manifest.

use std::io;

use fastcdc::v2020::FastCDC;

use crate::dtype::Dtype;
use crate::index::{Index, Span};
use crate::source::Source;

/// The name and version of these rules, in manifests.
pub const FORMAT: &str = "opaque/1";

/// The bounds of a chunk's length in bytes; even numbers, and at least 64, 256 and 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// No chunk is shorter, except the last of the file.
    pub min: usize,
    /// What the lengths tend to.
    pub average: usize,
    /// No chunk is longer.
    pub max: usize,
}

/// The sizes of `opaque/1`.
pub const SIZES: Sizes = Sizes { min: 1 << 20, average: 4 << 20, max: 16 << 20 };

/// Indexes any bytes at all, in memory for two of the longest chunks.
pub fn index(source: &dyn Source) -> io::Result<Index> {
    index_by(source, SIZES)
}

/// Indexes with chunks of other sizes, for tests.
pub fn index_by(source: &dyn Source, sizes: Sizes) -> io::Result<Index> {
    let mut spans = Vec::new();
    let mut window = Window::new(source, 2 * sizes.max);
    while window.fill()? {
        let mut used = 0;
        // A cut depends on what follows, as far as the longest chunk would go.
        while window.holds(used, sizes.max) {
            let chunk = FastCDC::new(&window.bytes[used..], sizes.min, sizes.average, sizes.max);
            let length = chunk.cut(0, window.bytes.len() - used).1;
            let (shape, offset) = (vec![length as u64], window.offset + used as u64);
            spans.push(Span { name: None, dtype: Dtype::U8, shape, offset });
            used += length;
        }
        window.drop_first(used);
    }
    Ok(Index { format: FORMAT, size: source.size(), spans, views: vec![] })
}

/// The bytes of a source from `offset` on, a few at a time.
struct Window<'a> {
    source: &'a dyn Source,
    offset: u64,
    bytes: Vec<u8>,
    most: usize,
}

impl<'a> Window<'a> {
    fn new(source: &'a dyn Source, most: usize) -> Self {
        Self { source, offset: 0, bytes: Vec::new(), most }
    }

    /// How many bytes of the source lie behind the window.
    fn beyond(&self) -> u64 {
        self.source.size() - self.offset - self.bytes.len() as u64
    }

    /// Reads as much as it may; whether there are any bytes.
    fn fill(&mut self) -> io::Result<bool> {
        let held = self.bytes.len();
        let more = self.beyond().min((self.most - held) as u64);
        self.bytes.resize(held + more as usize, 0);
        self.source.read_at(self.offset + held as u64, &mut self.bytes[held..])?;
        Ok(!self.bytes.is_empty())
    }

    /// Whether there are `count` bytes after the first `used`, or all that the source has.
    fn holds(&self, used: usize, count: usize) -> bool {
        let held = self.bytes.len() - used;
        held >= count || (held > 0 && self.beyond() == 0)
    }

    fn drop_first(&mut self, used: usize) {
        self.bytes.copy_within(used.., 0);
        self.bytes.truncate(self.bytes.len() - used);
        self.offset += used as u64;
    }
}
