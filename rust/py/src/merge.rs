//! Three manifests into one.

use pyo3::prelude::*;
use theta_core::error::Result;
use theta_core::manifest::Manifest;
use theta_core::merge as core;

use crate::errors::raise;
use crate::store::Store;

/// Merges three manifests' texts; gives the merged text and the names in conflict.
#[pyfunction]
pub(crate) fn merge(
    py: Python<'_>,
    ancestor: &[u8],
    ours: &[u8],
    theirs: &[u8],
    store: &Store,
    nested: bool,
) -> PyResult<(Vec<u8>, Vec<String>)> {
    let merged = py.detach(|| -> Result<_> {
        let ancestor = if ancestor.is_empty() { None } else { Some(Manifest::parse(ancestor)?) };
        let (ours, theirs) = (Manifest::parse(ours)?, Manifest::parse(theirs)?);
        core::merge(ancestor.as_ref(), &ours, &theirs, (!nested).then_some(&store.inner))
    });
    let merged = merged.map_err(|error| raise(&error))?;
    Ok((merged.manifest.text().into_bytes(), merged.conflicts))
}
