//! The digest of a value by independent units, so that one huge parameter is hashed by all cores.
//!
//! blake3 is a tree: the root follows from the chaining values of aligned subtrees
//! (`blake3::hazmat`). A unit is such a subtree.

use std::io;

use blake3::hazmat::{
    ChainingValue, HasherExt, Mode, left_subtree_len, merge_subtrees_non_root, merge_subtrees_root,
};

use crate::digest::Digest;
use crate::source::Source;

/// The size of a unit: a power of two, so that every unit is a whole subtree.
pub(super) const UNIT: u64 = 16 << 20;
/// How much is read at once; stays in a core's own cache.
const READ: usize = 256 << 10;

/// What one unit contributes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    /// The unit is the whole value.
    Root(Digest),
    /// The unit is a subtree of a larger value.
    Subtree(ChainingValue),
}

/// How many units a value of `size` bytes has.
pub(super) fn units(size: u64) -> u64 {
    size.div_ceil(UNIT).max(1)
}

/// Hashes unit `unit` of the `size` bytes at `offset`.
pub(super) fn hash_unit(
    source: &dyn Source,
    offset: u64,
    size: u64,
    unit: u64,
    buffer: &mut Vec<u8>,
) -> io::Result<Node> {
    let mut hasher = blake3::Hasher::new();
    let (mut at, end) = (unit * UNIT, size.min((unit + 1) * UNIT));
    if unit > 0 {
        hasher.set_input_offset(at);
    }
    while at < end {
        let length = (end - at).min(READ as u64) as usize;
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        source.read_at(offset + at, &mut buffer[..length])?;
        hasher.update(&buffer[..length]);
        at += length as u64;
    }
    Ok(if size <= UNIT {
        Node::Root(Digest::from_hasher(&hasher))
    } else {
        Node::Subtree(hasher.finalize_non_root())
    })
}

/// The digest of a value of `size` bytes from its units' nodes, which are all there.
pub(super) fn join(size: u64, nodes: &[Option<Node>]) -> Digest {
    if let [Some(Node::Root(digest))] = nodes {
        return *digest;
    }
    let (left, right) = halves(size, nodes);
    Digest(*merge_subtrees_root(&left, &right, Mode::Hash).as_bytes())
}

fn halves(size: u64, nodes: &[Option<Node>]) -> (ChainingValue, ChainingValue) {
    let left = left_subtree_len(size);
    let (first, second) = nodes.split_at((left / UNIT) as usize);
    (subtree(left, first), subtree(size - left, second))
}

fn subtree(size: u64, nodes: &[Option<Node>]) -> ChainingValue {
    if let [Some(Node::Subtree(value))] = nodes {
        return *value;
    }
    let (left, right) = halves(size, nodes);
    merge_subtrees_non_root(&left, &right, Mode::Hash)
}
