//! Manifests, and their entries as plain records.

use pyo3::prelude::*;
use theta_core::digest::Digest;
use theta_core::manifest::{self, Stored};

use crate::errors::raise;
use crate::store::Store;

/// One parameter of a manifest.
#[pyclass(frozen, get_all, module = "git_theta._core")]
pub(crate) struct Entry {
    name: String,
    dtype: &'static str,
    shape: Vec<u64>,
    size: u64,
    digest: Option<String>,
    update: String,
    objects: Vec<(String, u64)>,
    view: Option<String>,
}

/// The text git keeps in place of a checkpoint.
#[pyclass(frozen, module = "git_theta._core")]
pub(crate) struct Manifest(pub(crate) manifest::Manifest);

#[pymethods]
impl Manifest {
    #[staticmethod]
    fn is_manifest(data: &[u8]) -> bool {
        manifest::Manifest::is_manifest(data)
    }

    #[staticmethod]
    fn parse(py: Python<'_>, data: &[u8]) -> PyResult<Self> {
        py.detach(|| manifest::Manifest::parse(data)).map(Self).map_err(|error| raise(&error))
    }

    #[getter]
    fn format(&self) -> &str {
        &self.0.format
    }

    #[getter]
    fn size(&self) -> u64 {
        self.0.size
    }

    #[getter]
    fn digest(&self) -> String {
        self.0.digest.to_string()
    }

    fn text(&self) -> Vec<u8> {
        self.0.text().into_bytes()
    }

    fn entries(&self) -> Vec<Entry> {
        let entries = self.0.entries.iter().map(|entry| Entry::stored(&entry.name, &entry.value));
        entries.chain(self.0.views.iter().map(Entry::view)).collect()
    }

    fn objects(&self) -> Vec<(String, u64)> {
        self.0.objects().iter().map(|object| (object.oid.to_string(), object.size)).collect()
    }

    fn missing(&self, py: Python<'_>, store: &Store) -> PyResult<Vec<(String, u64)>> {
        let missing = py.detach(|| store.missing(&self.0)).map_err(|error| raise(&error))?;
        Ok(missing.iter().map(|object| (object.oid.to_string(), object.size)).collect())
    }

    fn pointers(&self) -> Vec<(String, Vec<u8>)> {
        let pointers = self.0.pointers().into_iter();
        pointers.map(|(name, pointer)| (name, pointer.text().into_bytes())).collect()
    }
}

impl Entry {
    fn stored(name: &str, value: &manifest::Value) -> Self {
        let objects = value.objects();
        Self {
            name: name.to_owned(),
            dtype: value.dtype.name(),
            shape: value.shape.clone(),
            size: value.size(),
            digest: Some(Digest::to_string(&value.digest)),
            update: match &value.stored {
                Stored::Inline(_) => "inline".to_owned(),
                Stored::Update(update) => update.kind.clone(),
            },
            objects: objects.iter().map(|object| (object.oid.to_string(), object.size)).collect(),
            view: None,
        }
    }

    fn view(view: &manifest::View) -> Self {
        Self {
            name: view.name.clone(),
            dtype: view.dtype.name(),
            shape: view.shape.clone(),
            size: view.dtype.size_of(&view.shape).unwrap_or(0),
            digest: None,
            update: "view".to_owned(),
            objects: Vec::new(),
            view: Some(view.of.clone()),
        }
    }
}
