//! Formats: how a checkpoint's bytes are laid out, as a pure function of those bytes.
//!
//! An indexer says where the parameters lie and nothing else; storing, restoring,
//! comparing and merging never look at the format. Indexers execute nothing they find,
//! allocate nothing a file merely claims, and refuse nothing: a file that none of them
//! knows, or that breaks a rule of its format, is indexed as opaque chunks.

use std::io;

use crate::index::Index;
use crate::source::Source;

pub mod opaque;
pub mod safetensors;
pub mod torch;

/// What an indexer gives: `None` when the bytes are not its format's, or break its rules.
pub type Indexed = io::Result<Option<Index>>;

/// Indexes a checkpoint by the first format that knows it. Only reading can fail.
pub fn index(source: &dyn Source) -> io::Result<Index> {
    for indexer in [safetensors::index, torch::index] {
        if let Some(index) = indexer(source)? {
            return Ok(index);
        }
    }
    opaque::index(source)
}
