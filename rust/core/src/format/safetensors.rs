//! safetensors: a JSON header, then tensors that tile the rest of the file.
//!
//! The rules are those of the reference reader, so that what is indexed here is what
//! every framework can load: eight bytes of little-endian length, that many bytes of
//! JSON, and tensors that begin where the header ends, follow each other without hole
//! or overlap, and end where the file ends. Stricter than the reference on files that
//! no writer makes: a tensor is a JSON object with at most [`MOST_DIMENSIONS`]
//! dimensions, its dtype is a string, and a name that comes again means the same bytes.
//!
//! [`MOST_DIMENSIONS`]: crate::index::MOST_DIMENSIONS

use crate::format::Indexed;
use crate::index::{Index, Span};
use crate::source::Source;

mod header;

use header::Tensor;

/// The name and version of these rules, in manifests.
pub const FORMAT: &str = "safetensors/1";
/// The longest header the reference reader takes, in bytes.
pub const LONGEST_HEADER: u64 = 100_000_000;

/// The bytes that give the header's length.
const PREFIX: u64 = 8;

/// Indexes a safetensors file. Reads its header, never its tensors.
pub fn index(source: &dyn Source) -> Indexed {
    if source.size() < PREFIX {
        return Ok(None);
    }
    let mut length = [0; PREFIX as usize];
    source.read_at(0, &mut length)?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEADER || length > source.size() - PREFIX {
        return Ok(None);
    }
    let header = source.bytes(PREFIX, length)?;
    Ok(header::parse(&header).and_then(|tensors| tile(tensors, PREFIX + length, source.size())))
}

/// The index of `tensors`, if they tile the bytes from `start` to `size`.
fn tile(mut tensors: Vec<(String, Tensor)>, start: u64, size: u64) -> Option<Index> {
    tensors.sort_by_key(|(_, tensor)| (tensor.begin, tensor.end));
    let mut next = 0;
    let mut spans = Vec::with_capacity(tensors.len());
    for (name, Tensor { dtype, shape, begin, end }) in tensors {
        let length = dtype.size_of(&shape)?;
        if begin != next || end.checked_sub(begin)? != length {
            return None;
        }
        next = end;
        let offset = start.checked_add(begin)?;
        spans.push(Span { name: Some(name), dtype, shape, offset });
    }
    let tiled = start.checked_add(next)? == size;
    tiled.then(|| Index::new(FORMAT, size, spans, vec![])).flatten()
}
