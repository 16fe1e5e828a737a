//! LFS pointers.

use pyo3::prelude::*;
use theta_core::pointer::Pointer;

/// The oid and size of a canonical LFS pointer.
#[pyfunction]
pub(crate) fn parse_pointer(text: &[u8]) -> Option<(String, u64)> {
    Pointer::parse(text).map(|pointer| (pointer.oid.to_string(), pointer.size))
}
