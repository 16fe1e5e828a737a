//! The restored bytes on their way out: written and hashed side by side.

use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::progress::Counter;

/// Pieces shorter than this are gathered.
const GATHERED: usize = 256 << 10;

/// Takes the checkpoint's bytes in order.
pub(super) struct Emitter<'a> {
    output: &'a mut dyn Write,
    hashing: SyncSender<Vec<u8>>,
    gathered: Vec<u8>,
    counter: &'a Counter,
}

/// Runs `body` with an emitter on `output`; gives the digest of all that was emitted.
pub(super) fn emit(
    output: &mut dyn Write,
    counter: &Counter,
    body: impl FnOnce(&mut Emitter<'_>) -> Result<()>,
) -> Result<Digest> {
    let (hashing, blocks) = sync_channel(8);
    std::thread::scope(|scope| {
        let hasher = scope.spawn(move || hash(&blocks));
        let mut emitter = Emitter { output, hashing, gathered: Vec::new(), counter };
        let result = body(&mut emitter).and_then(|()| emitter.flush());
        drop(emitter);
        let digest = hasher.join().map_err(|_| Error::Interrupted)?;
        result.map(|()| digest)
    })
}

fn hash(blocks: &Receiver<Vec<u8>>) -> Digest {
    let mut hasher = blake3::Hasher::new();
    for block in blocks {
        hasher.update(&block);
    }
    Digest::from_hasher(&hasher)
}

impl Emitter<'_> {
    /// Emits the next bytes.
    pub(super) fn put(&mut self, bytes: Vec<u8>) -> Result<()> {
        if bytes.len() >= GATHERED {
            self.flush()?;
            return self.send(bytes);
        }
        self.gathered.extend_from_slice(&bytes);
        if self.gathered.len() >= GATHERED { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let gathered = std::mem::take(&mut self.gathered);
        if gathered.is_empty() { Ok(()) } else { self.send(gathered) }
    }

    fn send(&mut self, bytes: Vec<u8>) -> Result<()> {
        let writing = |source| Error::Io { context: "writing the checkpoint".into(), source };
        self.output.write_all(&bytes).map_err(writing)?;
        self.counter.add(bytes.len() as u64);
        self.hashing.send(bytes).map_err(|_| Error::Interrupted)
    }
}
