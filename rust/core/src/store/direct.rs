//! Writing large objects past the page cache, where the system can.
//!
//! A checkpoint of hundreds of gigabytes would push everything else out of memory, and copying
//! it there costs more than coding it. What is written directly goes from our buffer to the
//! device; it needs aligned blocks, so the end of a file, and small files, go the usual way.

use std::fs::File;
use std::io::{self, Write as _};

/// What is written at once.
const BLOCK: usize = 1 << 20;
/// What devices and file systems ask of addresses, offsets and lengths, or a multiple of it.
const ALIGNMENT: usize = 4096;

/// Bytes on their way to the end of a file.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// Room for one aligned block, from `start` on, and how much of it is filled.
    buffer: Vec<u8>,
    start: usize,
    filled: usize,
    way: Way,
}

/// How blocks are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    /// None has been written yet.
    #[default]
    Untried,
    Direct,
    Cached,
}

impl Blocks {
    /// Appends as much of `bytes` as there is room for; writes the block if that fills it.
    pub(super) fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<usize> {
        self.make_room(bytes.len());
        let at = self.start + self.filled;
        let count = bytes.len().min(self.start + BLOCK - at);
        self.buffer[at..at + count].copy_from_slice(&bytes[..count]);
        self.filled += count;
        if self.filled == BLOCK {
            self.send(file)?;
        }
        Ok(count)
    }

    /// Writes what is left; what comes later is not written directly any more.
    pub(super) fn end(&mut self, file: &mut File) -> io::Result<()> {
        self.give_up(file)?;
        let filled = std::mem::take(&mut self.filled);
        file.write_all(&self.buffer[self.start..self.start + filled])
    }

    /// Makes room for `more` bytes, or for one block: a small file needs no whole one.
    fn make_room(&mut self, more: usize) {
        let needed = (self.filled + more).min(BLOCK);
        if self.buffer.len() >= self.start + needed {
            return;
        }
        let mut buffer = vec![0; needed.next_power_of_two() + ALIGNMENT];
        let start = buffer.as_ptr().align_offset(ALIGNMENT);
        let held = self.start..self.start + self.filled;
        buffer[start..start + self.filled].copy_from_slice(&self.buffer[held]);
        (self.buffer, self.start) = (buffer, start);
    }

    fn send(&mut self, file: &mut File) -> io::Result<()> {
        if self.way == Way::Untried {
            let direct = set_direct(file, true).is_ok();
            self.way = if direct { Way::Direct } else { Way::Cached };
        }
        let mut written = 0;
        while self.way == Way::Direct && written < BLOCK {
            match file.write(&self.buffer[self.start + written..self.start + BLOCK]) {
                Ok(count) if count > 0 => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Whatever is wrong, the usual way does without, or says so.
                _ => self.give_up(file)?,
            }
        }
        self.filled = 0;
        file.write_all(&self.buffer[self.start + written..self.start + BLOCK])
    }

    fn give_up(&mut self, file: &File) -> io::Result<()> {
        if self.way == Way::Direct {
            set_direct(file, false)?;
        }
        self.way = Way::Cached;
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn set_direct(file: &File, direct: bool) -> io::Result<()> {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    let mut flags = fcntl_getfl(file)?;
    flags.set(OFlags::DIRECT, direct);
    Ok(fcntl_setfl(file, flags)?)
}

#[cfg(not(target_os = "linux"))]
fn set_direct(_file: &File, direct: bool) -> io::Result<()> {
    if direct { Err(io::ErrorKind::Unsupported.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_lengths_come_out_as_they_went_in() -> io::Result<()> {
        for pieces in [&[0][..], &[5], &[BLOCK], &[BLOCK - 1, 1], &[1, 3 * BLOCK + 9, 4096, 77]] {
            let path = tempfile::NamedTempFile::new()?;
            let (mut file, mut blocks, mut all) = (path.reopen()?, Blocks::default(), Vec::new());
            for (number, &length) in pieces.iter().enumerate() {
                let piece: Vec<u8> = (0..length).map(|at| (at * 7 + number) as u8).collect();
                let mut rest = &piece[..];
                while !rest.is_empty() {
                    rest = &rest[blocks.write(&mut file, rest)?..];
                }
                all.extend(piece);
            }
            blocks.end(&mut file)?;
            assert_eq!(std::fs::read(path)?, all);
        }
        Ok(())
    }

    #[test]
    fn what_cannot_be_written_directly_is_written_all_the_same() -> io::Result<()> {
        let path = tempfile::NamedTempFile::new()?;
        let (mut file, mut blocks) = (path.reopen()?, Blocks::default());
        // From an odd offset on, no block is aligned.
        file.write_all(b"odd")?;
        let bytes: Vec<u8> = (0..2 * BLOCK + 5).map(|at| at as u8).collect();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            rest = &rest[blocks.write(&mut file, rest)?..];
        }
        blocks.end(&mut file)?;
        assert_eq!(std::fs::read(path)?[3..], bytes);
        Ok(())
    }
}
