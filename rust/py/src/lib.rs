//! `git_theta._core`: extract, detach, call the core, wrap. No ideas live here.

#![allow(clippy::needless_pass_by_value, reason = "arguments are extracted into owned values")]

use pyo3::prelude::*;

mod counter;
mod errors;
mod manifest;
mod merge;
mod pointer;
mod session;
mod store;

/// The Rust core of git-theta.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::counter::Counter;
    #[pymodule_export]
    use super::errors::CoreError;
    #[pymodule_export]
    use super::manifest::{Entry, Manifest};
    #[pymodule_export]
    use super::merge::merge;
    #[pymodule_export]
    use super::pointer::parse_pointer;
    #[pymodule_export]
    use super::session::{Content, Session};
    #[pymodule_export]
    use super::store::Store;
}
