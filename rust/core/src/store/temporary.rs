//! Unfinished files: locked while somebody writes them, gone when dropped, swept after a crash.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::error::{Error, Result};
use crate::store::direct::Blocks;

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// A file that has not got its final name yet.
#[derive(Debug)]
pub(crate) struct Temporary {
    path: PathBuf,
    file: File,
    blocks: Blocks,
}

impl Temporary {
    /// A new file in `directory`, which is made if need be.
    pub(crate) fn create(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory).map_err(|error| Error::io("creating", directory, error))?;
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = directory.join(format!("{}-{number}", std::process::id()));
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                // Until it was locked, a sweep may have taken it for a dead process's.
                Ok(file) if !lock(&file) || path.exists() => {
                    return Ok(Self { path, file, blocks: Blocks::default() });
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io("creating", &path, error)),
            }
        }
    }

    /// Gives the file, once it is flushed, a time of change.
    pub(crate) fn set_modified(&self, time: SystemTime) -> Result<()> {
        self.file.set_modified(time).map_err(|error| self.writing(error))
    }

    /// Makes what was written, and flushed, durable.
    pub(crate) fn sync(&self) -> Result<()> {
        self.file.sync_all().map_err(|error| self.writing(error))
    }

    /// The file without a name.
    pub(crate) fn anonymous(self) -> Result<File> {
        self.file.try_clone().map_err(|error| Error::io("creating", &self.path, error))
    }

    /// An error about this file.
    pub(crate) fn writing(&self, error: io::Error) -> Error {
        Error::io("writing", &self.path, error)
    }

    /// Gives the file a second name, in place of whatever has it.
    pub(crate) fn link(&self, to: &Path) -> Result<()> {
        link(&self.path, to)
    }

    /// Gives the file its final name, in place of whatever has it.
    pub(crate) fn persist(self, to: &Path) -> Result<()> {
        // It stays open, and so locked, until it is out of the sweep's reach.
        match fs::rename(&self.path, to) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => copy(&self.path, to),
            renamed => renamed.map_err(|error| Error::io("creating", to, error)),
        }
    }
}

/// Large files are written past the page cache. The last bytes are there after a flush only.
impl Write for Temporary {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.blocks.write(&mut self.file, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.blocks.end(&mut self.file)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Gives `from` a second name, in place of whatever has it; a copy where there are no links.
pub(crate) fn link(from: &Path, to: &Path) -> Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => replace(from, to),
        Err(_) => copy(from, to),
    }
}

fn replace(from: &Path, to: &Path) -> Result<()> {
    let partial = beside(to);
    let linked = fs::hard_link(from, &partial).and_then(|()| fs::rename(&partial, to));
    // Renaming one name of a file to another of the same file does nothing.
    let _ = fs::remove_file(&partial);
    linked.or_else(|_| copy(from, to))
}

/// Copies through a second name, so that a crash leaves no half object under the final one.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let partial = beside(to);
    let copied = fs::copy(from, &partial).and_then(|_| fs::rename(&partial, to));
    copied.map_err(|error| {
        let _ = fs::remove_file(&partial);
        Error::io("copying to", to, error)
    })
}

/// Removes what processes that are gone have left unfinished.
pub(crate) fn sweep(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let abandoned = File::open(entry.path()).is_ok_and(|file| lock(&file));
        if abandoned {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn beside(path: &Path) -> PathBuf {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    path.with_extension(format!("{}-{number}-partial", std::process::id()))
}

/// Locks a file until it is closed, however its process ends; whether nobody else holds it.
///
/// Unlike a process number in its name, this tells the truth across containers that share
/// a repository, and when numbers are used again.
#[cfg(unix)]
fn lock(file: &File) -> bool {
    use rustix::fs::{FlockOperation, flock};
    flock(file, FlockOperation::NonBlockingLockExclusive).is_ok()
}

/// Elsewhere no file is known to be abandoned, and none is swept.
#[cfg(not(unix))]
fn lock(_file: &File) -> bool {
    false
}
