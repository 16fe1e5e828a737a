//! clean: a checkpoint becomes objects in the store and a manifest for git.
//!
//! ```text
//!  pipe ──drain──► compared with the file, hashed as a whole ─┐
//!  file ──index──► values, hashed and encoded on all cores ───┴─► manifest
//! ```
//!
//! Git pipes the checkpoint in, but nearly always the same bytes lie in the work tree, where
//! many threads can read them at once. Both happen side by side. If the pipe turns out
//! to differ from the file, what the threads did is dropped and the pipe is used.

use std::collections::HashSet;
use std::io::{Cursor, Read};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::digest::Digest;
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::format;
use crate::index::{Index, Span};
use crate::known::Known;
use crate::manifest::{Entry, LONGEST, Manifest, VERSION, Value, View};
use crate::object::grid::{LIMITS, Limits};
use crate::progress::Counter;
use crate::source::{FileSource, Source};
use crate::store::Store;

mod drain;
mod frames;
mod hash;
mod part;
mod schedule;
mod stamp;
mod work;

pub use stamp::Stamps;

use drain::Drained;

use stamp::Stamp;
use work::{Context, Target};

/// What cleaning needs besides the bytes.
#[derive(Debug)]
pub struct Cleaner<'a> {
    /// Where objects go.
    pub store: &'a Store,
    /// The manifests of this path in the index and in HEAD: the first equal one is kept as it is.
    pub bases: &'a [Manifest],
    /// Values that are stored already.
    pub known: &'a Known,
    /// Digests by stamp; `None` outside a repository.
    pub stamps: Option<&'a Stamps>,
    /// How many threads code.
    pub threads: usize,
    /// Where parameters are cut.
    pub limits: Limits,
    /// Counts the bytes that have come.
    pub counter: &'a Counter,
}

/// As many threads as the machine has cores.
#[must_use]
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(64)
}

/// The limits that stored objects have.
#[must_use]
pub fn default_limits() -> Limits {
    LIMITS
}

impl Cleaner<'_> {
    /// Cleans `content`, to its end.
    ///
    /// `file` is the work-tree file at `pathname`, which most likely has the same bytes. What
    /// is a manifest already passes through, and so does nothing at all.
    pub fn clean(
        &self,
        content: &mut dyn Read,
        file: Option<FileSource>,
        pathname: &[u8],
    ) -> Result<Vec<u8>> {
        let mut head = Vec::new();
        let from_git = |source| Error::Io { context: "reading from git".into(), source };
        content.take(64 << 10).read_to_end(&mut head).map_err(from_git)?;
        if Manifest::version(&head).is_some() {
            content
                .take(LONGEST as u64 - head.len() as u64)
                .read_to_end(&mut head)
                .map_err(from_git)?;
            // One of a newer version is none of ours to judge, or to take for a checkpoint.
            let is_newer = Manifest::version(&head).is_some_and(|version| version > VERSION);
            if head.len() < LONGEST && (is_newer || Manifest::parse(&head).is_ok()) {
                return Ok(head);
            }
        }
        if head.is_empty() {
            return Ok(head);
        }
        let mut content = Cursor::new(head).chain(content);
        let manifest = self.clean_bytes(&mut content, file, pathname)?;
        Ok(manifest.text().into_bytes())
    }

    fn clean_bytes(
        &self,
        content: &mut dyn Read,
        file: Option<FileSource>,
        pathname: &[u8],
    ) -> Result<Manifest> {
        let stamp = file.as_ref().and_then(|file| Stamp::of(file.file()).ok().flatten());
        let file = file.filter(|_| stamp.is_some());
        let differs = AtomicBool::new(false);
        let expected = stamp.as_ref().and_then(|stamp| self.stamps?.recall(pathname, stamp));
        let repeated = expected.is_some_and(|digest| self.base(digest).is_some());
        let (drained, values) = std::thread::scope(|scope| {
            // A file that was cleaned before is only compared; its manifest is at hand.
            let ahead = file.as_ref().filter(|_| !repeated);
            let storing = ahead.map(|file| scope.spawn(|| self.store_source(file, &differs)));
            let drained = drain::drain(content, file.as_ref(), self.store, self.counter, &differs);
            if drained.is_err() {
                differs.store(true, Ordering::Relaxed);
            }
            let values = storing.map(|thread| thread.join().unwrap_or(Err(Error::Interrupted)));
            drained.map(|drained| (drained, values))
        })?;
        let (None, Some(file), Some(stamp)) = (&drained.spool, &file, &stamp) else {
            return self.clean_spool(drained, pathname);
        };
        if Stamp::of(file.file()).ok().flatten().as_ref() != Some(stamp) {
            return Err(changed(pathname));
        }
        let manifest = self.finish(&drained, values, file)?;
        if let Some(stamps) = self.stamps {
            stamps.remember(pathname, stamp, drained.digest);
        }
        Ok(manifest)
    }

    /// Cleans what was spooled, after making sure that it is what came through the pipe.
    fn clean_spool(&self, mut drained: Drained, pathname: &[u8]) -> Result<Manifest> {
        let spool = drained.spool.take().ok_or(Error::Interrupted)?;
        let reading = |source| Error::Io { context: "reading the spool".into(), source };
        let spool = FileSource::new(spool).map_err(reading)?;
        let mut hasher = blake3::Hasher::new();
        let mut at = 0;
        while at < spool.size() {
            let bytes = spool.bytes(at, (spool.size() - at).min(1 << 20)).map_err(reading)?;
            hasher.update(&bytes);
            at += bytes.len() as u64;
        }
        if Digest::from_hasher(&hasher) != drained.digest {
            return Err(changed(pathname));
        }
        self.finish(&drained, None, &spool)
    }

    fn finish(
        &self,
        drained: &Drained,
        values: Option<Result<Stored>>,
        source: &FileSource,
    ) -> Result<Manifest> {
        if let Some(base) = self.base(drained.digest) {
            return Ok(base.clone());
        }
        let (index, values) = match values {
            Some(values) => values?,
            None => self.store_source(source, &AtomicBool::new(false))?,
        };
        let manifest = manifest_of(&index, values, drained.digest);
        self.known.remember(&manifest);
        Ok(manifest)
    }

    fn base(&self, digest: Digest) -> Option<&Manifest> {
        self.bases.iter().find(|base| base.digest == digest)
    }

    fn store_source(&self, source: &FileSource, stop: &AtomicBool) -> Result<Stored> {
        let reading = |source| Error::Io { context: "reading the checkpoint".into(), source };
        let index = format::index(source).map_err(reading)?;
        let frames = frames::Frames::new(source, &index);
        let size = frames.size();
        let target = (size > 0).then(|| Target {
            source: &frames,
            offset: 0,
            dtype: Dtype::U8,
            shape: vec![size],
        });
        let spans = index.spans.iter().map(|span| {
            let Span { dtype, shape, offset, .. } = span;
            Target { source, offset: *offset, dtype: *dtype, shape: shape.clone() }
        });
        let targets: Vec<Target<'_>> = target.into_iter().chain(spans).collect();
        let Self { store, known, limits, threads, .. } = *self;
        let context = Context { store, known, limits, threads, stop };
        let values = schedule::store_all(&targets, &context)?;
        Ok((index, values))
    }
}

fn changed(pathname: &[u8]) -> Error {
    Error::Changed { path: String::from_utf8_lossy(pathname).into_owned() }
}

/// An index, and the values of its frames (if it has any) and spans.
type Stored = (Index, Vec<Value>);

fn manifest_of(index: &Index, values: Vec<Value>, digest: Digest) -> Manifest {
    let mut values = values.into_iter();
    let frames = if index.frame_size() > 0 { values.next() } else { None };
    let mut taken = HashSet::new();
    let (mut entries, mut at) = (Vec::with_capacity(index.spans.len()), 0);
    for (span, value) in index.spans.iter().zip(values) {
        let name = span.name.clone().unwrap_or_else(|| content_name(&value, &mut taken));
        entries.push(Entry { name, gap: span.offset - at, value });
        at = span.offset + span.size();
    }
    let views = index.views.iter().map(|view| View {
        name: view.name.clone(),
        of: entries[view.span].name.clone(),
        dtype: view.dtype,
        shape: view.shape.clone(),
        stride: view.stride.clone(),
        offset: view.offset,
    });
    let views = views.collect();
    Manifest { format: index.format.into(), size: index.size, digest, frames, entries, views }
}

/// The name of an opaque chunk: its digest's beginning, and a number if it comes again.
fn content_name(value: &Value, taken: &mut HashSet<String>) -> String {
    let name = format!("chunk-{}", &value.digest.to_string()[..16]);
    let numbered = (2..).map(|number| format!("{name}#{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| taken.insert(name.clone())).unwrap_or(name)
}
