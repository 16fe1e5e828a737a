//! The store: LFS objects on disk, and the links that keep unpushed ones alive.
//!
//! `git lfs prune` deletes objects it believes are on a server, and it is wrong about
//! objects that are only staged, stashed or merged. So every object this crate writes is
//! hard-linked into a directory that git-lfs does not know, until a push has carried it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use tempfile::{Builder, NamedTempFile};

use crate::digest::Oid;
use crate::error::{Error, Result};
use crate::pointer::Pointer;

/// Where one repository keeps its objects.
#[derive(Clone, Debug)]
pub struct Store {
    objects: PathBuf,
    kept: PathBuf,
    temporary: PathBuf,
}

/// Unfinished files that nobody has written to for so long belong to nobody any more.
const ABANDONED: Duration = Duration::from_secs(60 * 60);
/// Each process looks for them once.
static SWEPT: Once = Once::new();

impl Store {
    /// A store with its objects in `objects` (git-lfs's directory), links to unpushed ones in
    /// `kept` and unfinished files in `temporary`. All three should be on one file system.
    #[must_use]
    pub fn new(objects: PathBuf, kept: PathBuf, temporary: PathBuf) -> Self {
        Self { objects, kept, temporary }
    }

    /// Where an object is, or would be, in the LFS store.
    #[must_use]
    pub fn path(&self, oid: Oid) -> PathBuf {
        let name = oid.to_string();
        self.objects.join(&name[..2]).join(&name[2..4]).join(name)
    }

    /// Where an object's kept link is, or would be.
    #[must_use]
    pub fn kept_path(&self, oid: Oid) -> PathBuf {
        self.kept.join(oid.to_string())
    }

    /// Whether an object is here, with the right size; puts it back if only its kept link is left.
    pub fn has(&self, pointer: Pointer) -> Result<bool> {
        let path = self.path(pointer.oid);
        if size_of(&path)? == Some(pointer.size) {
            return Ok(true);
        }
        let kept = self.kept_path(pointer.oid);
        if size_of(&kept)? != Some(pointer.size) {
            return Ok(false);
        }
        second_name(&kept, &path)?;
        Ok(true)
    }

    /// Like [`Store::has`]; and the object, if it is here, has a kept link from now on.
    pub fn keep(&self, pointer: Pointer) -> Result<bool> {
        if !self.has(pointer)? {
            return Ok(false);
        }
        let kept = self.kept_path(pointer.oid);
        if size_of(&kept)? != Some(pointer.size) {
            second_name(&self.path(pointer.oid), &kept)?;
        }
        Ok(true)
    }

    /// Opens an object for reading; `what` names its user in the error.
    pub fn open(&self, pointer: Pointer, what: &str) -> Result<File> {
        let missing = || Error::Missing { what: what.into(), oid: pointer.oid.to_string() };
        if !self.has(pointer)? {
            let path = self.path(pointer.oid);
            return match size_of(&path)? {
                Some(size) => Err(Error::Damaged {
                    what: what.into(),
                    detail: format!(
                        "object {} has {size} bytes, expected {}",
                        pointer.oid, pointer.size
                    ),
                }),
                None => Err(missing()),
            };
        }
        let path = self.path(pointer.oid);
        match File::open(&path) {
            Ok(file) => Ok(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing()),
            Err(error) => Err(Error::io("opening", &path, error)),
        }
    }

    /// The size of an object that is here, in the LFS store or kept.
    pub fn size(&self, oid: Oid) -> Result<Option<u64>> {
        match size_of(&self.path(oid))? {
            Some(size) => Ok(Some(size)),
            None => size_of(&self.kept_path(oid)),
        }
    }

    /// Whether an object is here and its bytes are what its oid says.
    pub fn verify(&self, pointer: Pointer) -> Result<bool> {
        if !self.has(pointer)? {
            return Ok(false);
        }
        let path = self.path(pointer.oid);
        let mut hasher = Sha256::new();
        let mut file = File::open(&path).map_err(|error| Error::io("opening", &path, error))?;
        let mut block = vec![0; 1 << 20];
        loop {
            let count =
                file.read(&mut block).map_err(|error| Error::io("reading", &path, error))?;
            if count == 0 {
                return Ok(Oid::from_hasher(hasher) == pointer.oid);
            }
            hasher.update(&block[..count]);
        }
    }

    /// Drops the kept link of an object that a server has now.
    pub fn release(&self, oid: Oid) -> Result<()> {
        let kept = self.kept_path(oid);
        match fs::remove_file(&kept) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("removing", &kept, error))
            }
            _ => Ok(()),
        }
    }

    /// A file of our own that vanishes if the process dies, and when it is dropped.
    pub fn scratch(&self) -> Result<File> {
        self.make_temporary()?;
        tempfile::tempfile_in(&self.temporary)
            .map_err(|error| Error::io("creating a file in", &self.temporary, error))
    }

    /// Begins a new object.
    pub fn create(&self) -> Result<Writer<'_>> {
        self.make_temporary()?;
        SWEPT.call_once(|| self.sweep(ABANDONED));
        // A random name: process numbers are not unique where containers share a repository.
        let file = Builder::new().make_in(&self.temporary, |path| {
            OpenOptions::new().write(true).create_new(true).open(path)
        });
        let file = file.map_err(|error| Error::io("creating a file in", &self.temporary, error))?;
        Ok(Writer { store: self, file, hasher: Sha256::new(), size: 0 })
    }

    fn make_temporary(&self) -> Result<()> {
        fs::create_dir_all(&self.temporary)
            .map_err(|error| Error::io("creating", &self.temporary, error))
    }

    /// Removes unfinished files that nobody has written to for `age`: their process was killed.
    pub fn sweep(&self, age: Duration) {
        let Ok(entries) = fs::read_dir(&self.temporary) else { return };
        let now = SystemTime::now();
        for entry in entries.flatten() {
            let written = entry.metadata().and_then(|metadata| metadata.modified()).ok();
            let idle = written.and_then(|written| now.duration_since(written).ok());
            if idle.is_some_and(|idle| idle >= age) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// An object being written: nothing is visible in the store until [`Writer::finish`], and
/// nothing stays of it if that is never called.
#[derive(Debug)]
pub struct Writer<'a> {
    store: &'a Store,
    file: NamedTempFile<File>,
    hasher: Sha256,
    size: u64,
}

impl Writer<'_> {
    /// Appends to the object.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        let written = self.file.as_file_mut().write_all(bytes);
        written.map_err(|error| Error::io("writing", self.file.path(), error))
    }

    /// Makes the object durable and visible under its oid, and links it into the kept ones.
    ///
    /// The kept link comes first: a crash between the two loses nothing. An object that is there
    /// already stays, unless it is damaged.
    pub fn finish(mut self) -> Result<Pointer> {
        let hasher = std::mem::take(&mut self.hasher);
        let pointer = Pointer { oid: Oid::from_hasher(hasher), size: self.size };
        let (path, kept) = (self.store.path(pointer.oid), self.store.kept_path(pointer.oid));
        let written = self.file.path();
        if size_of(&path)? == Some(pointer.size) && is_same(written, &path) {
            self.store.keep(pointer)?;
            return Ok(pointer);
        }
        let synced = self.file.as_file().sync_all();
        synced.map_err(|error| Error::io("writing", written, error))?;
        second_name(written, &kept)?;
        make_parent(&path)?;
        if fs::rename(written, &path).is_err() {
            // Another file system: `lfs.storage` may be a link to one.
            second_name(written, &path)?;
        }
        Ok(pointer)
    }
}

fn size_of(path: &Path) -> Result<Option<u64>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.is_file().then_some(metadata.len())),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(Error::io("looking at", path, error)),
    }
}

fn make_parent(path: &Path) -> Result<()> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(|error| Error::io("creating", parent, error))
}

/// Whether two files have the same bytes; not if one cannot be read.
fn is_same(one: &Path, other: &Path) -> bool {
    let same = || -> io::Result<bool> {
        let (mut one, mut other) = (File::open(one)?, File::open(other)?);
        let (mut left, mut right) = (Vec::new(), Vec::new());
        loop {
            for (file, block) in [(&mut one, &mut left), (&mut other, &mut right)] {
                block.clear();
                file.take(1 << 18).read_to_end(block)?;
            }
            if left != right || left.is_empty() {
                return Ok(left == right);
            }
        }
    };
    same().unwrap_or(false)
}

/// Gives the file `from` the name `to` as well, in place of any file of that name: at every
/// moment the old or the new one stands there whole.
///
/// A copy, where the file system has no second names or is another one.
fn second_name(from: &Path, to: &Path) -> Result<()> {
    let failed = |error| Error::io("creating", to, error);
    make_parent(to)?;
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    let beside = to.parent().unwrap_or(to);
    let made = Builder::new().make_in(beside, |path| match fs::hard_link(from, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => fs::copy(from, path).and_then(|_| File::open(path)?.sync_all()),
        Ok(()) => Ok(()),
    });
    let made = made.map_err(failed)?;
    // Renaming one name of a file to another of the same file does nothing at all, which is
    // what is wanted; the temporary one is then removed with `made`.
    fs::rename(made.path(), to).map_err(failed)
}
