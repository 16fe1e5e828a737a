//! The store: LFS objects on disk, and the links that keep unpushed ones alive.
//!
//! `git lfs prune` deletes objects it believes are on a server, and it is wrong about
//! objects that are only staged, stashed or merged. So every object this crate writes is
//! hard-linked into a directory that git-lfs does not know, until a push has carried it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::digest::Oid;
use crate::error::{Error, Result};
use crate::pointer::Pointer;

mod direct;
mod temporary;
mod writer;

pub(crate) use temporary::Temporary;
pub use writer::{Sealed, Writer};

/// Where one repository keeps its objects.
#[derive(Clone, Debug)]
pub struct Store {
    objects: PathBuf,
    kept: PathBuf,
    temporary: PathBuf,
}

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
        make_parent(&path)?;
        temporary::link(&kept, &path)?;
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

    /// Like [`Store::has`]; and the object, if it is here, has a kept link from now on.
    pub fn keep(&self, pointer: Pointer) -> Result<bool> {
        if !self.has(pointer)? {
            return Ok(false);
        }
        let kept = self.kept_path(pointer.oid);
        if size_of(&kept)? != Some(pointer.size) {
            make_parent(&kept)?;
            temporary::link(&self.path(pointer.oid), &kept)?;
        }
        Ok(true)
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
        self.temporary()?.anonymous()
    }

    /// Begins a new object.
    pub fn create(&self) -> Result<Writer<'_>> {
        Ok(Writer::new(self, self.temporary()?))
    }

    /// A file that gets its final name when it is finished.
    pub(crate) fn temporary(&self) -> Result<Temporary> {
        Temporary::create(&self.temporary)
    }

    /// Removes what processes that no longer run have left unfinished.
    pub fn sweep(&self) {
        temporary::sweep(&self.temporary);
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
