//! `git_theta._core`: extract, detach, call the core, wrap. No ideas live here.

use pyo3::prelude::*;

/// The Rust core of git-theta.
#[pymodule(gil_used = false)]
mod _core {}
