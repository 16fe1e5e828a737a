//! The store of one repository.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::SystemTime;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use theta_core::clean::{default_limits, default_threads};
use theta_core::digest::Oid;
use theta_core::manifest::Manifest;
use theta_core::pointer::Pointer;
use theta_core::progress;
use theta_core::smudge::Smudger;
use theta_core::store;

use crate::counter::Counter;
use crate::errors::raise;

/// The LFS objects of one repository, and the links that keep unpushed ones alive.
#[pyclass(frozen, module = "git_theta._core")]
pub(crate) struct Store {
    pub(crate) inner: store::Store,
}

impl Store {
    pub(crate) fn missing(&self, manifest: &Manifest) -> theta_core::error::Result<Vec<Pointer>> {
        self.smudger(&progress::Counter::default()).missing(manifest)
    }

    pub(crate) fn smudger<'a>(&'a self, counter: &'a progress::Counter) -> Smudger<'a> {
        Smudger {
            store: &self.inner,
            threads: default_threads(),
            limits: default_limits(),
            counter,
        }
    }
}

fn parse(oid: &str) -> PyResult<Oid> {
    Oid::parse(oid).ok_or_else(|| PyValueError::new_err(format!("'{oid}' is not an oid")))
}

#[pymethods]
impl Store {
    #[new]
    fn new(objects: PathBuf, kept: PathBuf, temporary: PathBuf) -> Self {
        Self { inner: store::Store::new(objects, kept, temporary) }
    }

    fn path(&self, oid: &str) -> PyResult<OsString> {
        Ok(self.inner.path(parse(oid)?).into_os_string())
    }

    #[pyo3(signature = (oid, size=None))]
    fn has(&self, py: Python<'_>, oid: &str, size: Option<u64>) -> PyResult<bool> {
        let oid = parse(oid)?;
        let found = py.detach(|| {
            match size.map_or_else(|| self.inner.size(oid), |size| Ok(Some(size)))? {
                Some(size) => self.inner.has(Pointer { oid, size }),
                None => Ok(false),
            }
        });
        found.map_err(|error| raise(&error))
    }

    fn release(&self, py: Python<'_>, oids: Vec<String>) -> PyResult<()> {
        let oids = oids.iter().map(|oid| parse(oid)).collect::<PyResult<Vec<_>>>()?;
        let released = py.detach(|| oids.into_iter().try_for_each(|oid| self.inner.release(oid)));
        released.map_err(|error| raise(&error))
    }

    /// Removes what processes that no longer run have left unfinished.
    fn sweep(&self, py: Python<'_>) {
        py.detach(|| self.inner.sweep());
    }

    /// Whether the object's bytes are what its oid says.
    fn verify(&self, py: Python<'_>, oid: &str, size: u64) -> PyResult<bool> {
        let pointer = Pointer { oid: parse(oid)?, size };
        py.detach(|| self.inner.verify(pointer)).map_err(|error| raise(&error))
    }

    /// Restores a checkpoint in place of its placeholder at `path`, and gives the time of change
    /// that it has then, in nanoseconds; with `None` only checks that it can be.
    fn restore(
        &self,
        py: Python<'_>,
        manifest: &crate::manifest::Manifest,
        name: PathBuf,
        path: Option<PathBuf>,
        counter: &Counter,
    ) -> PyResult<Option<u128>> {
        let restored = py.detach(|| {
            let smudger = self.smudger(&counter.0);
            let name = name.to_string_lossy();
            match path {
                Some(path) => smudger.restore_file(&manifest.0, &name, &path),
                None => smudger.smudge(&manifest.0, &name, &mut std::io::sink()).map(|()| None),
            }
        });
        let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH);
        let nanoseconds = |time| since(time).unwrap_or_default().as_nanos();
        restored.map(|time| time.map(nanoseconds)).map_err(|error| raise(&error))
    }
}
