//! The restored bytes on their way out: checked, written and hashed side by side.

use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::progress::Counter;

/// Pieces shorter than this are gathered.
const GATHERED: usize = 256 << 10;
/// Pieces that wait for each of the two threads.
const AHEAD: usize = 4;
/// Buffers kept for later: frames and inline values give some that nobody takes again.
const SPARE: usize = 64;

/// Buffers that were emitted, to be filled again.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Vec<Vec<u8>>>);

impl Pool {
    /// A buffer with anything in it.
    pub(super) fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn put(&self, buffer: Vec<u8>) {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < SPARE {
            spare.push(buffer);
        }
    }
}

/// Takes the checkpoint's bytes in order.
pub(super) struct Emitter {
    writing: SyncSender<Vec<u8>>,
    gathered: Vec<u8>,
}

/// Runs `body` with an emitter on `output`; gives the digest of all that was emitted.
pub(super) fn emit(
    output: &mut (dyn Write + Send),
    counter: &Counter,
    pool: &Pool,
    body: impl FnOnce(&mut Emitter) -> Result<()>,
) -> Result<Digest> {
    let (writing, pieces) = sync_channel(AHEAD);
    let (hashing, written) = sync_channel(AHEAD);
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || write(output, counter, &pieces, &hashing));
        let hasher = scope.spawn(move || hash(&written, pool));
        let mut emitter = Emitter { writing, gathered: Vec::new() };
        let result = body(&mut emitter).and_then(|()| emitter.flush());
        drop(emitter);
        let written = writer.join().unwrap_or(Err(Error::Interrupted));
        let digest = hasher.join().map_err(|_| Error::Interrupted);
        written.and(result).and(digest)
    })
}

fn write(
    output: &mut (dyn Write + Send),
    counter: &Counter,
    pieces: &Receiver<Vec<u8>>,
    hashing: &SyncSender<Vec<u8>>,
) -> Result<()> {
    for bytes in pieces {
        let writing = |source| Error::Io { context: "writing the checkpoint".into(), source };
        output.write_all(&bytes).map_err(writing)?;
        counter.add(bytes.len() as u64);
        hashing.send(bytes).map_err(|_| Error::Interrupted)?;
    }
    Ok(())
}

fn hash(written: &Receiver<Vec<u8>>, pool: &Pool) -> Digest {
    let mut hasher = blake3::Hasher::new();
    for bytes in written {
        hasher.update(&bytes);
        pool.put(bytes);
    }
    Digest::from_hasher(&hasher)
}

impl Emitter {
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

    fn send(&self, bytes: Vec<u8>) -> Result<()> {
        self.writing.send(bytes).map_err(|_| Error::Interrupted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_that_nobody_takes_again_do_not_pile_up() {
        let (counter, pool) = (Counter::default(), Pool::default());
        let digest = emit(&mut std::io::sink(), &counter, &pool, |emitter| {
            (0..4 * SPARE).try_for_each(|_| emitter.put(vec![0; GATHERED]))
        });
        assert!(digest.is_ok());
        assert!(pool.0.into_inner().is_ok_and(|spare| spare.len() <= SPARE));
    }
}
