//! What git sends to be smudged, taken whole before anything is answered.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use crate::error::{Error, Result};
use crate::manifest::{LONGEST, Manifest};
use crate::pointer::{Pointer, SIZE_LIMIT};
use crate::store::Store;

/// More than this is kept in a file, unless it begins as a manifest does.
const IN_MEMORY: usize = 8 << 20;

/// Content from git.
#[derive(Debug)]
pub enum Received {
    /// In memory: a manifest, a pointer, or something small.
    Memory(Vec<u8>),
    /// In a file without a name.
    File(File),
}

fn failed(source: std::io::Error) -> Error {
    Error::Io { context: "taking what git sends".into(), source }
}

impl Received {
    /// Takes all of `content`.
    pub fn take(content: &mut dyn Read, store: &Store) -> Result<Self> {
        let mut head = Vec::new();
        content.take(IN_MEMORY as u64).read_to_end(&mut head).map_err(failed)?;
        if Manifest::is_manifest(&head) {
            content.take((LONGEST - head.len()) as u64).read_to_end(&mut head).map_err(failed)?;
        }
        let mut next = [0];
        if content.read(&mut next).map_err(failed)? == 0 {
            return Ok(Self::Memory(head));
        }
        let mut file = store.scratch()?;
        let mut rest = Cursor::new(head).chain(Cursor::new(next)).chain(content);
        std::io::copy(&mut rest, &mut file).map_err(failed)?;
        Ok(Self::File(file))
    }

    /// The bytes, if they are in memory.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Memory(bytes) => Some(bytes),
            Self::File(_) => None,
        }
    }

    /// Writes the content as it came.
    pub fn write_to(&mut self, output: &mut dyn Write) -> Result<()> {
        match self {
            Self::Memory(bytes) => output.write_all(bytes).map_err(failed),
            Self::File(file) => {
                file.seek(SeekFrom::Start(0)).map_err(failed)?;
                std::io::copy(file, &mut Writer(output)).map_err(failed).map(|_| ())
            }
        }
    }
}

/// A sized writer, as [`std::io::copy`] wants one.
struct Writer<'a>(&'a mut dyn Write);

impl Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// Cleans a file of the pointer tree: a pointer passes, an object's bytes become its pointer.
///
/// Old versions of git-lfs write objects over the pointers at `git lfs pull`; git must go
/// on seeing the pointers.
pub fn clean_pointer(content: &mut dyn Read, store: &Store) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    content.take(SIZE_LIMIT as u64).read_to_end(&mut head).map_err(failed)?;
    if head.is_empty() || Pointer::parse(&head).is_some() {
        return Ok(head);
    }
    let mut object = store.create()?;
    object.write(&head)?;
    let mut block = vec![0; 1 << 20];
    loop {
        let count = content.read(&mut block).map_err(failed)?;
        if count == 0 {
            return Ok(object.finish()?.text().into_bytes());
        }
        object.write(&block[..count])?;
    }
}
