//! The conversation with git: requests in, cleaned or smudged content out.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use theta_core::channel::Channel;
use theta_core::clean::{Cleaner, Stamps, default_limits, default_threads};
use theta_core::error::{Error, Result};
use theta_core::known::Known;
use theta_core::manifest;
use theta_core::received::{Received, clean_pointer};
use theta_core::source::FileSource;

use crate::counter::Counter;
use crate::errors::raise;
use crate::manifest::Manifest;
use crate::store::Store;

/// Our end of the pipes between git and this process.
#[pyclass(frozen, module = "git_theta._core")]
pub(crate) struct Session(Mutex<Channel>);

/// What git sent to be smudged.
#[pyclass(frozen, module = "git_theta._core")]
pub(crate) struct Content(Mutex<Received>);

/// Command, path name, and the commit being checked out.
type Request = (String, Vec<u8>, Option<String>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Standard input and output as files of our own.
fn standard() -> Result<(File, File)> {
    #[cfg(unix)]
    use std::os::fd::AsFd as _;
    #[cfg(windows)]
    use std::os::windows::io::AsHandle as _;
    let failed = |source| Error::Io { context: "taking standard input and output".into(), source };
    #[cfg(unix)]
    let pair = (
        std::io::stdin().as_fd().try_clone_to_owned(),
        std::io::stdout().as_fd().try_clone_to_owned(),
    );
    #[cfg(windows)]
    let pair = (
        std::io::stdin().as_handle().try_clone_to_owned(),
        std::io::stdout().as_handle().try_clone_to_owned(),
    );
    Ok((pair.0.map_err(failed)?.into(), pair.1.map_err(failed)?.into()))
}

#[pymethods]
impl Session {
    #[staticmethod]
    fn process(py: Python<'_>) -> PyResult<Self> {
        let opened =
            py.detach(|| standard().and_then(|(input, output)| Channel::process(input, output)));
        opened.map(|channel| Self(Mutex::new(channel))).map_err(|error| raise(&error))
    }

    #[staticmethod]
    fn single() -> PyResult<Self> {
        let (input, output) = standard().map_err(|error| raise(&error))?;
        Ok(Self(Mutex::new(Channel::single(input, output))))
    }

    fn next(&self, py: Python<'_>) -> PyResult<Option<Request>> {
        let request = py.detach(|| lock(&self.0).next_request()).map_err(|error| raise(&error))?;
        Ok(request.map(|request| (request.command, request.pathname, request.treeish)))
    }

    fn clean(
        &self,
        py: Python<'_>,
        path: PathBuf,
        store: &Store,
        bases: Vec<Vec<u8>>,
        memory: PathBuf,
        counter: &Counter,
    ) -> PyResult<()> {
        let cleaned = py.detach(|| {
            let (bases, unread) = read(bases);
            let known = Known::new(&bases, store.inner.clone(), memory.join("values"));
            let stamps = Stamps { directory: memory.join("stamps") };
            let cleaner = Cleaner {
                store: &store.inner,
                bases: &bases,
                unread: &unread,
                known: &known,
                stamps: Some(&stamps),
                threads: default_threads(),
                limits: default_limits(),
                counter: &counter.0,
            };
            let file = FileSource::open_regular(&path);
            let name = path.as_os_str().as_encoded_bytes();
            let mut channel = lock(&self.0);
            let text = channel.receive(|content| cleaner.clean(content, file, name))?;
            channel.answer(|output| output.write_all(&text).map_err(to_git))
        });
        cleaned.map_err(|error| raise(&error))
    }

    fn clean_pointer(&self, py: Python<'_>, store: &Store) -> PyResult<()> {
        let cleaned = py.detach(|| {
            let mut channel = lock(&self.0);
            let text = channel.receive(|content| clean_pointer(content, &store.inner))?;
            channel.answer(|output| output.write_all(&text).map_err(to_git))
        });
        cleaned.map_err(|error| raise(&error))
    }

    fn receive(&self, py: Python<'_>, store: &Store) -> PyResult<Content> {
        let received =
            py.detach(|| lock(&self.0).receive(|content| Received::take(content, &store.inner)));
        received.map(|received| Content(Mutex::new(received))).map_err(|error| raise(&error))
    }

    fn send(&self, py: Python<'_>, content: &Content) -> PyResult<()> {
        let sent = py.detach(|| lock(&self.0).answer(|output| lock(&content.0).write_to(output)));
        sent.map_err(|error| raise(&error))
    }

    fn smudge(
        &self,
        py: Python<'_>,
        manifest: &Manifest,
        name: PathBuf,
        store: &Store,
        counter: &Counter,
    ) -> PyResult<()> {
        let smudged = py.detach(|| {
            let smudger = store.smudger(&counter.0);
            lock(&self.0)
                .answer(|output| smudger.smudge(&manifest.0, &name.to_string_lossy(), output))
        });
        smudged.map_err(|error| raise(&error))
    }

    fn refuse(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| lock(&self.0).refuse()).map_err(|error| raise(&error))
    }
}

#[pymethods]
impl Content {
    /// The bytes, if they are few; `None` when they are kept in a file.
    fn bytes(&self) -> Option<Vec<u8>> {
        lock(&self.0).bytes().map(<[u8]>::to_vec)
    }
}

/// The manifests among the blobs, and the blobs that are none.
fn read(blobs: Vec<Vec<u8>>) -> (Vec<manifest::Manifest>, Vec<Vec<u8>>) {
    let (mut manifests, mut others) = (Vec::new(), Vec::new());
    for blob in blobs {
        match manifest::Manifest::parse(&blob) {
            Ok(manifest) => manifests.push(manifest),
            Err(_) => others.push(blob),
        }
    }
    (manifests, others)
}

fn to_git(source: std::io::Error) -> Error {
    Error::Io { context: "writing to git".into(), source }
}
