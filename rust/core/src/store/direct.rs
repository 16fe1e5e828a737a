//! Writing large objects past the page cache, where the system can.
//!
//! A checkpoint of hundreds of gigabytes would push everything else out of memory, and copying
//! it there costs more than coding it. What is written directly goes from our buffer to the
//! device; it needs aligned blocks, so the end of a file, and small files, go the usual way.

use std::fs::File;
use std::io::{self, Write};

/// What is written at once.
const BLOCK: usize = 1 << 20;
/// What devices and file systems ask of addresses, offsets and lengths, or a multiple of it.
const ALIGNMENT: usize = 4096;

/// Bytes on their way to the end of a file.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// Room for one aligned block; the last bytes that came, at its front.
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
    /// Appends `bytes` to `file`, or keeps them until there is a block of them.
    pub(super) fn write(&mut self, file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
        self.make_room(bytes.len());
        while !bytes.is_empty() {
            let room = self.buffer.len().min(self.start + BLOCK) - self.start - self.filled;
            let (now, later) = bytes.split_at(bytes.len().min(room));
            let at = self.start + self.filled;
            self.buffer[at..at + now.len()].copy_from_slice(now);
            self.filled += now.len();
            bytes = later;
            if self.filled == BLOCK {
                self.send(file)?;
            }
        }
        Ok(())
    }

    /// Writes what is left.
    pub(super) fn end(&mut self, file: &mut File) -> io::Result<()> {
        if self.way == Way::Direct {
            set_direct(file, false)?;
        }
        file.write_all(&self.buffer[self.start..self.start + self.filled])?;
        self.filled = 0;
        Ok(())
    }

    /// A small object needs no whole block.
    fn make_room(&mut self, more: usize) {
        let needed = (self.filled + more).min(BLOCK) + ALIGNMENT;
        if self.buffer.len() >= needed {
            return;
        }
        let mut buffer = vec![0; needed.next_power_of_two().min(BLOCK + ALIGNMENT)];
        let start = buffer.as_ptr().align_offset(ALIGNMENT);
        buffer[start..start + self.filled]
            .copy_from_slice(&self.buffer[self.start..self.start + self.filled]);
        (self.buffer, self.start) = (buffer, start);
    }

    fn send(&mut self, file: &mut File) -> io::Result<()> {
        if self.way == Way::Untried {
            let direct = set_direct(file, true).is_ok();
            self.way = if direct { Way::Direct } else { Way::Cached };
        }
        let mut block = &self.buffer[self.start..self.start + self.filled];
        self.filled = 0;
        while self.way == Way::Direct && !block.is_empty() {
            match file.write(block) {
                Ok(written) if written > 0 => block = &block[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Whatever is wrong, the usual way does without, or says so.
                _ => {
                    set_direct(file, false)?;
                    self.way = Way::Cached;
                }
            }
        }
        file.write_all(block)
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
