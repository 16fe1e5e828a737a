//! Takes everything that git pipes in, and says whether it is the work-tree file.
//!
//! Git must be drained to the last byte in any case. While that goes on, others work on
//! the file itself; the comparison here decides whether what they did counts. The
//! pipe is the truth: if it differs anywhere, its content is spooled and used instead.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::progress::Counter;
use crate::source::{FileSource, Source};
use crate::store::Store;

/// Small enough that a block and what it is compared with stay in a core's own cache.
const BLOCK: usize = 256 << 10;
const BLOCKS: usize = 16;

/// What came through the pipe.
pub(super) struct Drained {
    pub(super) digest: Digest,
    /// Its bytes, if they are not the work-tree file's.
    pub(super) spool: Option<File>,
}

/// Reads `content` to its end, comparing it with `file`; sets `differs` as soon as it is not the same.
pub(super) fn drain(
    content: &mut dyn Read,
    file: Option<&FileSource>,
    store: &Store,
    counter: &Counter,
    differs: &AtomicBool,
) -> Result<Drained> {
    let (full, blocks) = sync_channel::<Block>(BLOCKS);
    let (empty, free) = sync_channel::<Vec<u8>>(BLOCKS);
    std::thread::scope(|scope| {
        let check =
            Check { file, store, differs, hasher: blake3::Hasher::new(), at: 0, spool: None };
        let checking = scope.spawn(move || check.run(&blocks, &empty));
        let read = read(content, &full, &free, counter);
        drop(full);
        let checked = checking.join().map_err(|_| Error::Interrupted)?;
        read.and(checked)
    })
}

/// Bytes that came together: the first so many of a buffer that is used again and again.
type Block = (Vec<u8>, usize);

fn read(
    content: &mut dyn Read,
    full: &SyncSender<Block>,
    free: &Receiver<Vec<u8>>,
    counter: &Counter,
) -> Result<()> {
    loop {
        let mut block = free.try_recv().unwrap_or_else(|_| vec![0; BLOCK]);
        let read = fill(content, &mut block);
        let length =
            read.map_err(|source| Error::Io { context: "reading from git".into(), source })?;
        counter.add(length as u64);
        if length == 0 {
            return Ok(());
        }
        if full.send((block, length)).is_err() {
            // The check has failed and says why; git still has to get rid of its bytes.
            let _ = std::io::copy(content, &mut std::io::sink());
            return Ok(());
        }
    }
}

/// Fills `block`; less only at the end. (`read_to_end` would clear it first, every time.)
fn fill(content: &mut dyn Read, block: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match content.read(&mut block[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

struct Check<'a> {
    file: Option<&'a FileSource>,
    store: &'a Store,
    differs: &'a AtomicBool,
    hasher: blake3::Hasher,
    at: u64,
    spool: Option<File>,
}

impl Check<'_> {
    fn run(mut self, blocks: &Receiver<Block>, empty: &SyncSender<Vec<u8>>) -> Result<Drained> {
        let mut other = vec![0; BLOCK];
        if self.file.is_none() {
            self.start_spool()?;
        }
        for (buffer, length) in blocks {
            let block = &buffer[..length];
            self.hasher.update(block);
            if self.spool.is_none() && !self.is_same(block, &mut other) {
                self.start_spool()?;
            }
            if let Some(spool) = &mut self.spool {
                spool.write_all(block).map_err(spooling)?;
            }
            self.at += length as u64;
            let _ = empty.try_send(buffer);
        }
        if self.spool.is_none() && self.file.is_some_and(|file| file.size() != self.at) {
            self.start_spool()?;
        }
        Ok(Drained { digest: Digest::from_hasher(&self.hasher), spool: self.spool })
    }

    fn is_same(&self, block: &[u8], other: &mut [u8]) -> bool {
        let other = &mut other[..block.len()];
        self.file.is_some_and(|file| file.read_at(self.at, other).is_ok() && other == block)
    }

    /// Begins the spool with what has come so far, which the file begins with too.
    fn start_spool(&mut self) -> Result<()> {
        self.differs.store(true, Ordering::Relaxed);
        let mut spool = self.store.scratch()?;
        if let Some(file) = self.file {
            let mut copied = 0;
            while copied < self.at {
                let length = (self.at - copied).min(BLOCK as u64);
                let bytes = file.bytes(copied, length).map_err(spooling)?;
                spool.write_all(&bytes).map_err(spooling)?;
                copied += length;
            }
        }
        self.spool = Some(spool);
        Ok(())
    }
}

fn spooling(source: std::io::Error) -> Error {
    Error::Io { context: "spooling what git sends".into(), source }
}
