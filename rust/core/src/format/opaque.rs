//! Any other bytes: chunks cut where the content says, so that an insertion moves few of them.

use std::io;

use crate::dtype::Dtype;
use crate::index::{Index, Span};
use crate::source::Source;

/// Indexes any bytes at all.
pub fn index(source: &dyn Source) -> io::Result<Index> {
    let size = source.size();
    let span = Span { name: None, dtype: Dtype::U8, shape: vec![size], offset: 0 };
    let index = Index::new("opaque/1", size, vec![span], vec![]);
    index.ok_or_else(|| io::Error::other("opaque chunks do not tile the file"))
}
