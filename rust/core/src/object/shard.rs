//! One part as one Zarr v3 shard: frames, then where each lies, then that table's crc32c.

use crate::object::blosc::Unpacker;
use crate::object::grid::{Chunk, Grid};
use crate::source::Source;

/// What the table says of a chunk that lies beyond the array's edge.
const ABSENT: u64 = u64::MAX;

/// Collects the table while the frames are written.
#[derive(Debug, Default)]
pub struct Table {
    bytes: Vec<u8>,
    end: u64,
}

impl Table {
    /// Notes the next frame's length.
    pub fn push(&mut self, length: usize) {
        self.bytes.extend_from_slice(&self.end.to_le_bytes());
        self.bytes.extend_from_slice(&(length as u64).to_le_bytes());
        self.end += length as u64;
    }

    /// The end of the shard: the table filled up to `slots` chunks, and its crc32c.
    #[must_use]
    pub fn finish(mut self, slots: usize) -> Vec<u8> {
        while self.bytes.len() < slots * 16 {
            self.bytes.extend_from_slice(&ABSENT.to_le_bytes());
        }
        let crc = crc32c::crc32c(&self.bytes);
        self.bytes.extend_from_slice(&crc.to_le_bytes());
        self.bytes
    }
}

/// An object opened for reading: its source and its table.
#[derive(Debug)]
pub struct Shard<S> {
    source: S,
    table: Vec<u8>,
}

impl<S: Source> Shard<S> {
    /// Reads the table at the end of `source`, an object of this grid. The inner error says how
    /// it is damaged.
    pub fn open(source: S, grid: &Grid) -> std::io::Result<Result<Self, String>> {
        let length = grid.slots() as u64 * 16 + 4;
        let Some(start) = source.size().checked_sub(length) else {
            let size = source.size();
            return Ok(Err(format!("{size} bytes cannot hold a table of {length}")));
        };
        let mut table = source.bytes(start, length)?;
        let crc = table.split_off(table.len() - 4);
        if crc != crc32c::crc32c(&table).to_le_bytes() {
            return Ok(Err("the table's crc32c does not match".into()));
        }
        Ok(Ok(Self { source, table }))
    }

    /// Decodes chunk `place` of the part into `out`, without its padding.
    pub fn read(
        &self,
        place: usize,
        chunk: &Chunk,
        item: usize,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> std::io::Result<Result<(), String>> {
        let damaged = |what: &str| Ok(Err(format!("chunk {place} {what}")));
        let Some(range) = self.frame(place, chunk.padded) else {
            return damaged("does not lie in the object");
        };
        scratch.frame.resize(range.1 as usize, 0);
        self.source.read_at(range.0, &mut scratch.frame)?;
        out.resize(chunk.padded, 0);
        if scratch.unpacker.decode(&scratch.frame, item, out).is_none() {
            return damaged("does not decode");
        }
        let length = (chunk.bytes.end - chunk.bytes.start) as usize;
        if out[length..].iter().any(|&byte| byte != 0) {
            return damaged("has padding that is not zero");
        }
        out.truncate(length);
        Ok(Ok(()))
    }

    /// Offset and length of a frame, if they are inside the object and no longer than any frame is.
    fn frame(&self, place: usize, padded: usize) -> Option<(u64, u64)> {
        let row = self.table.get(place * 16..place * 16 + 16)?;
        let (offset, length) = row.split_at(8);
        let offset = u64::from_le_bytes(offset.try_into().ok()?);
        let length = u64::from_le_bytes(length.try_into().ok()?);
        let end = offset.checked_add(length)?;
        (end <= self.source.size() && length <= padded as u64 + 64).then_some((offset, length))
    }
}

/// Working memory of [`Shard::read`]; each thread keeps one.
#[derive(Debug, Default)]
pub struct Scratch {
    unpacker: Unpacker,
    frame: Vec<u8>,
}
