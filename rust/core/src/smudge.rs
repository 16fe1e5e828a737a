//! smudge: a manifest and the objects it names become the checkpoint again.
//!
//! Chunks are decoded by many threads and written in order by one. Every parameter's
//! digest is compared, and the whole file's at the end, before the caller is told that
//! all is well; whoever gets the bytes must drop them on any error.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::manifest::{Manifest, Stored, Value};
use crate::object::grid::Limits;
use crate::object::shard::Scratch;
use crate::pointer::Pointer;
use crate::progress::Counter;
use crate::source::{FileSource, Source as _};
use crate::store::Store;

mod emit;
mod ordered;
mod values;

use emit::{Emitter, Pool};

/// What restoring needs besides the manifest.
#[derive(Debug)]
pub struct Smudger<'a> {
    /// Where objects are.
    pub store: &'a Store,
    /// How many threads decode.
    pub threads: usize,
    /// Where parameters are cut.
    pub limits: Limits,
    /// Counts the bytes that are written.
    pub counter: &'a Counter,
}

/// Chunks decoded ahead of the writer, for each thread.
const AHEAD: usize = 4;

impl Smudger<'_> {
    /// Writes the checkpoint to `output`; `checkpoint` names it in errors.
    pub fn smudge(
        &self,
        manifest: &Manifest,
        checkpoint: &str,
        output: &mut (dyn Write + Send),
    ) -> Result<()> {
        let digest = self.restore(manifest, checkpoint, output)?;
        if digest != manifest.digest {
            let detail = format!("expected blake3 {}, found {digest}", manifest.digest);
            return Err(Error::Damaged { what: format!("'{checkpoint}'"), detail });
        }
        Ok(())
    }

    /// Puts the whole checkpoint in place of its placeholder at `path`, or nothing at all; gives
    /// the time of change that it has then.
    ///
    /// `None` if something else lies there by then: it takes minutes, in which the user may have
    /// written a file of their own, or another git command have checked out another version. The
    /// time is a second ago: whoever changes the file gives it another one, and git does not
    /// suspect a file that is older than its index.
    pub fn restore_file(
        &self,
        manifest: &Manifest,
        checkpoint: &str,
        path: &Path,
    ) -> Result<Option<SystemTime>> {
        let mut temporary = self.store.temporary()?;
        self.smudge(manifest, checkpoint, &mut temporary)?;
        temporary.flush().map_err(|error| temporary.writing(error))?;
        let time = SystemTime::now() - Duration::from_secs(1);
        temporary.set_modified(time)?;
        if !is_placeholder(path, manifest) {
            return Ok(None);
        }
        temporary.persist(path).map(|()| Some(time))
    }

    /// The digest that the restored checkpoint has, whatever the manifest says of it as a whole.
    pub fn digest(&self, manifest: &Manifest) -> Result<Digest> {
        self.restore(manifest, "the merged checkpoint", &mut std::io::sink())
    }

    fn restore(
        &self,
        manifest: &Manifest,
        checkpoint: &str,
        output: &mut (dyn Write + Send),
    ) -> Result<Digest> {
        let pool = Pool::default();
        emit::emit(output, self.counter, &pool, |emitter| {
            let what = |name: &str| format!("'{checkpoint}': {name}");
            for (name, value) in manifest.named_values() {
                values::check(value, self.limits, || what(&name))?;
            }
            let all = |skip, take| {
                let values = manifest.named_values().skip(skip).take(take);
                values.flat_map(move |(name, value)| {
                    values::chunks(self.store, value, what(&name), self.limits)
                })
            };
            let first = usize::from(manifest.frames.is_some());
            let frames = Frames::new(manifest, checkpoint, Box::new(all(0, first)));
            let (jobs, ahead) = (all(first, usize::MAX), AHEAD * self.threads);
            let decode = |job, scratch: &mut Scratch| values::decode(job, scratch, pool.take());
            ordered::ordered(jobs, self.threads, ahead, decode, |next| {
                write(manifest, checkpoint, frames, next, emitter)
            })
        })
    }

    /// The objects that restoring needs and that are not here.
    pub fn missing(&self, manifest: &Manifest) -> Result<Vec<Pointer>> {
        let mut missing = Vec::new();
        for object in manifest.objects() {
            if !self.store.has(object)? {
                missing.push(object);
            }
        }
        Ok(missing)
    }
}

fn is_placeholder(path: &Path, manifest: &Manifest) -> bool {
    let text = manifest.text();
    FileSource::open_regular(path).is_some_and(|file| {
        file.size() == text.len() as u64
            && file.bytes(0, file.size()).is_ok_and(|bytes| bytes == text.as_bytes())
    })
}

fn write(
    manifest: &Manifest,
    checkpoint: &str,
    mut frames: Frames<'_>,
    next: &mut dyn FnMut() -> Option<Result<Vec<u8>>>,
    emitter: &mut Emitter,
) -> Result<()> {
    for entry in &manifest.entries {
        frames.emit(entry.gap, emitter)?;
        let mut check = Check::new(&entry.value);
        if let Stored::Inline(bytes) = &entry.value.stored {
            check.update(bytes);
            emitter.put(bytes.clone())?;
        }
        while check.left > 0 {
            let bytes = next().unwrap_or(Err(Error::Interrupted))?;
            check.update(&bytes);
            emitter.put(bytes)?;
        }
        check.finish(&|| format!("'{checkpoint}': parameter '{}'", entry.name))?;
    }
    frames.emit(manifest.tail(), emitter)?;
    frames.finish()
}

/// A value being compared with its digest.
struct Check<'a> {
    value: &'a Value,
    hasher: blake3::Hasher,
    left: u64,
}

impl<'a> Check<'a> {
    fn new(value: &'a Value) -> Self {
        Self { value, hasher: blake3::Hasher::new(), left: value.size() }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.left = self.left.saturating_sub(bytes.len() as u64);
    }

    fn finish(self, what: &dyn Fn() -> String) -> Result<()> {
        let found = Digest::from_hasher(&self.hasher);
        if found == self.value.digest {
            return Ok(());
        }
        let objects: Vec<String> =
            self.value.objects().iter().map(|object| object.oid.to_string()).collect();
        let place = if objects.is_empty() {
            "the manifest".into()
        } else {
            format!("object {}", objects.join(", "))
        };
        let detail = format!("{place}: expected blake3 {}, found {found}", self.value.digest);
        Err(Error::Damaged { what: what(), detail })
    }
}

/// The frame bytes, read from the front; one chunk of them in memory.
struct Frames<'a> {
    check: Option<Check<'a>>,
    checkpoint: &'a str,
    chunks: Box<dyn Iterator<Item = values::ChunkJob> + Send + 'a>,
    scratch: Scratch,
    buffer: Vec<u8>,
    at: usize,
}

impl<'a> Frames<'a> {
    fn new(
        manifest: &'a Manifest,
        checkpoint: &'a str,
        chunks: Box<dyn Iterator<Item = values::ChunkJob> + Send + 'a>,
    ) -> Self {
        let value = manifest.frames.as_ref();
        let buffer = match value.map(|value| &value.stored) {
            Some(Stored::Inline(bytes)) => bytes.clone(),
            _ => Vec::new(),
        };
        let mut check = value.map(Check::new);
        if let Some(check) = &mut check {
            check.update(&buffer);
        }
        Self { check, checkpoint, chunks, scratch: Scratch::default(), buffer, at: 0 }
    }

    fn emit(&mut self, mut length: u64, emitter: &mut Emitter) -> Result<()> {
        while length > 0 {
            if self.at == self.buffer.len() {
                let job = self.chunks.next().ok_or(Error::Interrupted)?;
                let buffer = std::mem::take(&mut self.buffer);
                self.buffer = values::decode(job, &mut self.scratch, buffer)?;
                self.at = 0;
                if let Some(check) = &mut self.check {
                    check.update(&self.buffer);
                }
            }
            let count =
                (self.buffer.len() - self.at).min(usize::try_from(length).unwrap_or(usize::MAX));
            emitter.put(self.buffer[self.at..self.at + count].to_vec())?;
            self.at += count;
            length -= count as u64;
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        let what = || format!("'{}': frames", self.checkpoint);
        self.check.map_or(Ok(()), |check| check.finish(&what))
    }
}
