//! One chunk as one Blosc-1 frame: shuffled into byte planes, each coded by itself.
//!
//! The format is c-blosc's `README_CHUNK_FORMAT`: a header of 16 bytes, the start of the
//! one block, then each plane's length and bytes. A plane as long as its coding is raw.

use crate::object::plane::{Coder, Decoder};
use crate::object::shuffle::{shuffle, unshuffle};

const HEADER: usize = 16;
/// Format version 2, codec version 1 (zstd).
const VERSIONS: [u8; 2] = [2, 1];
const SHUFFLED: u8 = 0x01;
const STORED: u8 = 0x02;
const ZSTD: u8 = 4 << 5;
/// c-blosc codes planes apart only for so wide elements, and so many of them.
const MOST_PLANES: usize = 16;
const LEAST_ELEMENTS: usize = 128;

/// How many streams c-blosc expects for a block of `size` bytes.
fn planes(size: usize, item: usize) -> usize {
    if item <= MOST_PLANES && size / item >= LEAST_ELEMENTS { item } else { 1 }
}

/// Encodes chunks; holds working memory, so each thread keeps one.
#[derive(Debug, Default)]
pub struct Encoder {
    coder: Coder,
}

/// The length that stands before each plane, and the start of the one block.
const LENGTH: usize = 4;

impl Encoder {
    /// Writes the frame of `chunk`, whose elements are `item` bytes wide, to the front of `out`
    /// and returns its length; `out` only ever grows, so that none of it is cleared again.
    ///
    /// The planes are first laid out as if all of them were raw; the noise of mantissas, which
    /// comes first and is most of a checkpoint, then stays where it is.
    pub fn encode(&mut self, chunk: &[u8], item: usize, float: bool, out: &mut Vec<u8>) -> usize {
        let flags = ZSTD | if item > 1 { SHUFFLED } else { 0 };
        let planes = planes(chunk.len(), item);
        let length = chunk.len() / planes;
        let mut at = HEADER + LENGTH;
        let room = at + planes * (LENGTH + length);
        if out.len() < room {
            out.resize(room, 0);
        }
        let gap = if planes == 1 { 0 } else { LENGTH };
        shuffle(chunk, item, gap, &mut out[at + LENGTH..room]);
        for plane in 0..planes {
            let raw = HEADER + LENGTH + plane * (LENGTH + length) + LENGTH;
            let size = if let Some(coded) = self.coder.encode(&out[raw..raw + length], float) {
                out[at + LENGTH..at + LENGTH + coded.len()].copy_from_slice(coded);
                coded.len()
            } else {
                out.copy_within(raw..raw + length, at + LENGTH);
                length
            };
            out[at..at + LENGTH].copy_from_slice(&(size as u32).to_le_bytes());
            at += LENGTH + size;
        }
        let stored = at >= HEADER + chunk.len();
        if stored {
            at = HEADER + chunk.len();
            out[HEADER..at].copy_from_slice(chunk);
        } else {
            out[HEADER..HEADER + LENGTH].copy_from_slice(&(HEADER as u32 + 4).to_le_bytes());
        }
        let flags = if stored { flags | STORED } else { flags };
        out[..HEADER].copy_from_slice(&header(flags, item, chunk.len(), at));
        at
    }
}

/// Decodes chunks; holds working memory.
#[derive(Debug, Default)]
pub struct Unpacker {
    decoder: Decoder,
    shuffled: Vec<u8>,
}

impl Unpacker {
    /// Decodes `frame` into exactly `chunk`; `None` if it is not a frame this crate writes.
    pub fn decode(&mut self, frame: &[u8], item: usize, chunk: &mut [u8]) -> Option<()> {
        let flags = *frame.get(2)?;
        let expected = header(flags, item, chunk.len(), frame.len());
        if frame.get(..HEADER)? != expected || flags & !(SHUFFLED | STORED) != ZSTD {
            return None;
        }
        let body = &frame[HEADER..];
        if flags & STORED != 0 {
            return (body.len() == chunk.len()).then(|| chunk.copy_from_slice(body));
        }
        let mut body = body.strip_prefix(&(HEADER as u32 + 4).to_le_bytes())?;
        self.shuffled.resize(chunk.len(), 0);
        let length = chunk.len() / planes(chunk.len(), item);
        for plane in self.shuffled.chunks_exact_mut(length) {
            let (size, rest) = body.split_first_chunk::<4>()?;
            let (coded, rest) = rest.split_at_checked(u32::from_le_bytes(*size) as usize)?;
            body = rest;
            if coded.len() == plane.len() {
                plane.copy_from_slice(coded);
            } else {
                self.decoder.decode(coded, plane)?;
            }
        }
        if flags & SHUFFLED != 0 {
            unshuffle(&self.shuffled, item, chunk);
        } else {
            chunk.copy_from_slice(&self.shuffled);
        }
        body.is_empty().then_some(())
    }
}

fn header(flags: u8, item: usize, size: usize, total: usize) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..2].copy_from_slice(&VERSIONS);
    header[2] = flags;
    header[3] = item as u8;
    header[4..8].copy_from_slice(&(size as u32).to_le_bytes());
    header[8..12].copy_from_slice(&(size as u32).to_le_bytes());
    header[12..].copy_from_slice(&(total as u32).to_le_bytes());
    header
}
