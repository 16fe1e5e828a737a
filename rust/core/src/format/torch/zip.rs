//! The records of a zip file: which bytes are which entry's, by a walk that trusts nothing.
//!
//! Only what torch writes is taken: no comment, and directory, zip64 record, locator and
//! end record one after the other, so that nothing has to be searched for in payload.

use std::collections::HashSet;

use super::{Stop, fetch, number};
use crate::source::Source;

/// The largest central directory that is read.
const LARGEST_DIRECTORY: u64 = 256 << 20;
/// The most entries a directory may list.
const MOST_ENTRIES: u64 = 4_000_000;

/// One entry, as the central directory lists it and its local header confirms it.
pub(super) struct Entry {
    /// Its full name.
    pub(super) name: Vec<u8>,
    /// Whether its bytes are not compressed.
    pub(super) stored: bool,
    /// Where its local header begins.
    pub(super) header: u64,
    /// Where its bytes begin.
    pub(super) data: u64,
    /// How many bytes it has in the file.
    pub(super) size: u64,
}

/// The entries of a zip file in the order of its central directory.
///
/// They lie in the file before the directory, apart from each other, and have
/// different names.
pub(super) fn entries(source: &dyn Source) -> Result<Vec<Entry>, Stop> {
    let directory = Directory::find(source)?;
    let bytes = fetch(source, directory.offset, directory.size)?;
    let mut entries = Vec::new();
    let mut rest = &bytes[..];
    for _ in 0..directory.count {
        let (listed, next) = Listed::parse(rest).ok_or(Stop::NotMine)?;
        entries.push(listed.locate(source, directory.offset)?);
        rest = next;
    }
    let sound = rest.is_empty() && have_different_names(&entries) && lie_apart(&entries);
    sound.then_some(entries).ok_or(Stop::NotMine)
}

fn have_different_names(entries: &[Entry]) -> bool {
    let mut names = HashSet::new();
    entries.iter().all(|entry| names.insert(&entry.name))
}

fn lie_apart(entries: &[Entry]) -> bool {
    let mut extents: Vec<(u64, u64)> =
        entries.iter().map(|entry| (entry.header, entry.data + entry.size)).collect();
    extents.sort_unstable();
    extents.is_sorted_by(|left, right| left.1 <= right.0)
}

/// Where the central directory lies.
#[derive(PartialEq)]
struct Directory {
    count: u64,
    size: u64,
    offset: u64,
}

impl Directory {
    fn find(source: &dyn Source) -> Result<Self, Stop> {
        let at = source.size().checked_sub(22).ok_or(Stop::NotMine)?;
        let record = fetch(source, at, 22)?;
        let small = Self::parse_end(&record).ok_or(Stop::NotMine)?;
        let (directory, end) = match Self::find_zip64(source, at)? {
            Some(big) if small.abridges(&big) => (big, at - 76),
            Some(_) => return Err(Stop::NotMine),
            None => (small, at),
        };
        let fits = directory.offset.checked_add(directory.size) == Some(end)
            && directory.size <= LARGEST_DIRECTORY
            && directory.count <= MOST_ENTRIES;
        fits.then_some(directory).ok_or(Stop::NotMine)
    }

    fn parse_end(record: &[u8]) -> Option<Self> {
        let field = |at, width| number(record, at, width);
        let one_disk = field(4, 4)? == 0 && field(8, 2)? == field(10, 2)?;
        let plain = record.starts_with(b"PK\x05\x06") && one_disk && field(20, 2)? == 0;
        plain.then_some(Self { count: field(10, 2)?, size: field(12, 4)?, offset: field(16, 4)? })
    }

    /// The zip64 record whose locator ends at `end`, if a locator is there.
    fn find_zip64(source: &dyn Source, end: u64) -> Result<Option<Self>, Stop> {
        let Some(at) = end.checked_sub(20) else { return Ok(None) };
        let locator = fetch(source, at, 20)?;
        if !locator.starts_with(b"PK\x06\x07") {
            return Ok(None);
        }
        let at = at.checked_sub(56).ok_or(Stop::NotMine)?;
        let record = fetch(source, at, 56)?;
        let sound = number(&locator, 8, 8) == Some(at)
            && record.starts_with(b"PK\x06\x06")
            && number(&record, 4, 8) == Some(44)
            && number(&record, 16, 8) == Some(0)
            && number(&record, 24, 8) == number(&record, 32, 8);
        let field = |at| number(&record, at, 8).filter(|_| sound).ok_or(Stop::NotMine);
        Ok(Some(Self { count: field(32)?, size: field(40)?, offset: field(48)? }))
    }

    /// Whether these 32-bit fields say what `big` says, or that it is to be asked.
    fn abridges(&self, big: &Self) -> bool {
        (self.count == big.count || self.count == 0xffff)
            && (self.size == big.size || self.size == 0xffff_ffff)
            && (self.offset == big.offset || self.offset == 0xffff_ffff)
    }
}

/// One entry as the central directory has it.
struct Listed<'a> {
    name: &'a [u8],
    stored: bool,
    size: u64,
    header: u64,
}

impl<'a> Listed<'a> {
    /// The first entry of a directory, and the rest of the directory.
    fn parse(directory: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let field = |at, width| number(directory, at, width);
        let length = |at| field(at, 2).map(|length| length as usize);
        let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
        let flags = field(8, 2)?;
        let encrypted = flags & 0x2041 != 0;
        if !directory.starts_with(b"PK\x01\x02") || encrypted || field(34, 2)? != 0 {
            return None;
        }
        let (name, rest) = directory.get(46..)?.split_at_checked(name)?;
        let (extra, rest) = rest.split_at_checked(extra)?;
        let rest = rest.get(comment..)?;
        let sizes = [field(24, 4)?, field(20, 4)?, field(42, 4)?];
        let [whole, size, header] = widen(sizes, extra)?;
        let stored = field(10, 2)? == 0;
        (!stored || whole == size).then_some((Self { name, stored, size, header }, rest))
    }

    /// Asks the local header where the entry's bytes begin; they end before `limit`.
    fn locate(&self, source: &dyn Source, limit: u64) -> Result<Entry, Stop> {
        let header = fetch(source, self.header, 30 + self.name.len() as u64)?;
        let same_name = header.starts_with(b"PK\x03\x04") && header[30..] == *self.name;
        let lengths = number(&header, 26, 2).zip(number(&header, 28, 2));
        let (name, extra) = lengths.ok_or(Stop::NotMine)?;
        let data = self.header + 30 + name + extra;
        let end = data.checked_add(self.size);
        if !same_name || name != self.name.len() as u64 || end.is_none_or(|end| end > limit) {
            return Err(Stop::NotMine);
        }
        let (name, stored) = (self.name.to_vec(), self.stored);
        Ok(Entry { name, stored, header: self.header, data, size: self.size })
    }
}

/// Replaces what does not fit in 32 bits by the numbers of the zip64 field in `extra`.
fn widen(mut fields: [u64; 3], mut extra: &[u8]) -> Option<[u64; 3]> {
    while extra.len() >= 4 {
        let (tag, length) = (number(extra, 0, 2)?, number(extra, 2, 2)? as usize);
        let content = extra.get(4..4 + length)?;
        if tag == 1 {
            let wide = fields.iter_mut().filter(|field| **field == 0xffff_ffff);
            for (place, field) in wide.enumerate() {
                *field = number(content, 8 * place, 8)?;
            }
            return Some(fields);
        }
        extra = &extra[4 + length..];
    }
    (!fields.contains(&0xffff_ffff)).then_some(fields)
}
