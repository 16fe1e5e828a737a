//! An object on its way into the store: written, sealed, made durable, and only then visible.

use std::io::Write as _;

use sha2::{Digest as _, Sha256};

use crate::digest::Oid;
use crate::error::Result;
use crate::pointer::Pointer;
use crate::store::{Store, Temporary, make_parent};

/// An object being written: nothing is visible in the store until [`Writer::finish`], and
/// nothing stays of it if that is never called.
#[derive(Debug)]
pub struct Writer<'a> {
    store: &'a Store,
    temporary: Temporary,
    hasher: Sha256,
    size: u64,
}

impl<'a> Writer<'a> {
    pub(super) fn new(store: &'a Store, temporary: Temporary) -> Self {
        Self { store, temporary, hasher: Sha256::new(), size: 0 }
    }

    /// Appends to the object.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        let written = self.temporary.write_all(bytes);
        written.map_err(|error| self.temporary.writing(error))
    }

    /// Ends the object: its name is known, and [`Sealed::finish`] must give it that.
    pub fn seal(mut self) -> Result<Sealed<'a>> {
        let written = self.temporary.flush();
        written.map_err(|error| self.temporary.writing(error))?;
        let pointer = Pointer { oid: Oid::from_hasher(self.hasher), size: self.size };
        Ok(Sealed { store: self.store, temporary: self.temporary, pointer })
    }

    /// Seals the object and makes it visible.
    pub fn finish(self) -> Result<Pointer> {
        let sealed = self.seal()?;
        let pointer = sealed.pointer();
        sealed.finish().map(|()| pointer)
    }
}

/// An object that is written, but neither durable nor visible yet. To make it so is to wait for
/// the disk, which others than the coding threads can do.
#[derive(Debug)]
pub struct Sealed<'a> {
    store: &'a Store,
    temporary: Temporary,
    pointer: Pointer,
}

impl Sealed<'_> {
    /// What the object is called.
    #[must_use]
    pub fn pointer(&self) -> Pointer {
        self.pointer
    }

    /// Makes the object durable and visible under its oid, and links it into the kept ones.
    ///
    /// The kept link comes first: a crash between the two loses nothing. An object that is
    /// there already stays, unless it is damaged.
    pub fn finish(self) -> Result<()> {
        let Self { store, pointer, .. } = self;
        if store.verify(pointer)? {
            return store.keep(pointer).map(|_| ());
        }
        self.temporary.sync()?;
        let (path, kept) = (store.path(pointer.oid), store.kept_path(pointer.oid));
        make_parent(&kept)?;
        self.temporary.link(&kept)?;
        make_parent(&path)?;
        self.temporary.persist(&path)
    }
}
