//! A torch archive: the entries of a zip file by the parts they play in torch.

use std::collections::HashMap;

use super::zip::{self, Entry};
use super::{Stop, fetch};
use crate::source::Source;

/// The largest pickle that is read.
const LARGEST_PICKLE: u64 = 256 << 20;
/// The longest key of a storage; torch counts them.
const LONGEST_KEY: usize = 256;

/// The entries of an archive and which of them are storages.
pub(super) struct Archive {
    /// Every entry, in the order of the zip directory.
    pub(super) entries: Vec<Entry>,
    /// The folder all of torch's entries are in, with its slash.
    root: Vec<u8>,
    /// The entry of each storage, by the key the pickle knows it by.
    storages: HashMap<Vec<u8>, usize>,
    /// The entry of the pickle.
    pickle: usize,
}

/// What an entry is to torch.
pub(super) enum Role<'a> {
    /// The object graph.
    Pickle,
    /// The storage with this key.
    Storage(&'a [u8]),
    /// Anything else; its name below the root.
    Other(&'a [u8]),
}

impl Archive {
    /// Finds the parts of the archive, and checks that its numbers are little-endian.
    pub(super) fn open(source: &dyn Source) -> Result<Self, Stop> {
        let entries = zip::entries(source)?;
        let root = entries.first().and_then(|entry| root(&entry.name)).ok_or(Stop::NotMine)?;
        let named = |name: &[u8]| {
            let is = |entry: &Entry| entry.name.strip_prefix(&root[..]) == Some(name);
            entries.iter().position(is)
        };
        let pickle = named(b"data.pkl").ok_or(Stop::NotMine)?;
        if let Some(order) = named(b"byteorder") {
            let order = &entries[order];
            let is_little = order.stored
                && order.size == 6
                && fetch(source, order.data, order.size)? == b"little";
            is_little.then_some(()).ok_or(Stop::NotMine)?;
        }
        let mut archive = Self { entries, root, storages: HashMap::new(), pickle };
        for position in 0..archive.entries.len() {
            if let Role::Storage(key) = archive.role(position) {
                let key = key.to_vec();
                archive.storages.insert(key, position);
            }
        }
        Ok(archive)
    }

    /// What the entry at `position` is.
    pub(super) fn role(&self, position: usize) -> Role<'_> {
        let name = &self.entries[position].name;
        let below = name.strip_prefix(&self.root[..]);
        match below.and_then(|name| name.strip_prefix(b"data/")) {
            _ if position == self.pickle => Role::Pickle,
            Some(key) if !key.is_empty() => Role::Storage(key),
            _ => Role::Other(below.unwrap_or(name)),
        }
    }

    /// The position of the entry with the bytes of a storage, if they can be used as they lie.
    pub(super) fn storage(&self, key: &[u8]) -> Option<usize> {
        let key = (key.len() <= LONGEST_KEY).then_some(key)?;
        let position = *self.storages.get(key)?;
        self.entries[position].stored.then_some(position)
    }

    /// The bytes of the pickle.
    pub(super) fn pickle(&self, source: &dyn Source) -> Result<Vec<u8>, Stop> {
        let entry = &self.entries[self.pickle];
        if !entry.stored || entry.size > LARGEST_PICKLE {
            return Err(Stop::NotMine);
        }
        fetch(source, entry.data, entry.size)
    }
}

fn root(name: &[u8]) -> Option<Vec<u8>> {
    let slash = name.iter().position(|&byte| byte == b'/')?;
    Some(name[..=slash].to_vec())
}
