//! The core's error as one Python exception with a `kind`.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use theta_core::error::Error;

pyo3::create_exception!(git_theta._core, CoreError, PyException, "Raised by the core; see `kind`.");

/// Turns the core's error into Python's.
pub(crate) fn raise(error: &Error) -> PyErr {
    let raised = CoreError::new_err(error.to_string());
    Python::attach(|py| match raised.value(py).setattr("kind", error.kind()) {
        Ok(()) => raised,
        Err(failed) => failed,
    })
}
