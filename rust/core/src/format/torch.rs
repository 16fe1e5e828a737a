//! torch.save archives (zip, since torch 1.6): a pickle that names tensors, and their storages.
//!
//! ```text
//! <root>/data.pkl     the object graph, read by `pickle` into inert `value`s
//! <root>/byteorder    "little", or the archive is not read
//! <root>/data/<key>   the bytes of one storage, shared by any number of tensors
//! ```
//!
//! `zip` finds the entries, `walk` names the tensors, and `layout` decides which
//! bytes are whose. `TorchScript` archives have the same three parts and are read too.
//! Nothing but zip records, the pickle and the byte order is ever read: frame bytes, all.

use std::io;

use self::archive::Archive;
use crate::format::Indexed;
use crate::index::Index;
use crate::source::Source;

mod archive;
mod dtypes;
mod layout;
mod opcode;
mod pickle;
mod tensor;
mod value;
mod walk;
mod zip;

/// Why indexing stopped.
enum Stop {
    /// The bytes are not a torch archive, or break one of its rules.
    NotMine,
    /// Reading failed.
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Indexes a torch zip archive.
pub fn index(source: &dyn Source) -> Indexed {
    match parse(source) {
        Ok(index) => Ok(Some(index)),
        Err(Stop::NotMine) => Ok(None),
        Err(Stop::Io(error)) => Err(error),
    }
}

fn parse(source: &dyn Source) -> Result<Index, Stop> {
    let archive = Archive::open(source)?;
    let pickle = pickle::read(archive.pickle(source)?).ok_or(Stop::NotMine)?;
    let leaves = walk::leaves(&pickle, &archive).ok_or(Stop::NotMine)?;
    let (spans, views) = layout::lay_out(&archive, leaves);
    Index::new("torch/1", source.size(), spans, views).ok_or(Stop::NotMine)
}

/// `length` bytes from `offset` on; bytes that the file does not have make it not ours.
fn fetch(source: &dyn Source, offset: u64, length: u64) -> Result<Vec<u8>, Stop> {
    let end = offset.checked_add(length).ok_or(Stop::NotMine)?;
    if end > source.size() {
        return Err(Stop::NotMine);
    }
    Ok(source.bytes(offset, length)?)
}

/// The little-endian number in `width` (at most 8) bytes at `at`.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}
