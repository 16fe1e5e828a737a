//! Progress of a call that runs in another thread.

use std::sync::Arc;

use pyo3::prelude::*;
use theta_core::progress;

/// Bytes done and to do; shared with the core.
#[pyclass(frozen, module = "git_theta._core")]
#[derive(Clone, Default)]
pub(crate) struct Counter(pub(crate) Arc<progress::Counter>);

#[pymethods]
impl Counter {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    #[getter]
    fn done(&self) -> u64 {
        self.0.done()
    }

    #[getter]
    fn total(&self) -> u64 {
        self.0.total()
    }

    fn add(&self, count: u64) {
        self.0.add(count);
    }

    fn expect(&self, count: u64) {
        self.0.expect(count);
    }
}
