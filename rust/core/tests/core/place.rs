//! A place to clean into and to smudge from.

use std::fmt::Write as _;
use std::io::{Cursor, Read};
use std::path::Path;

use theta_core::clean::{Cleaner, Stamps};
use theta_core::error::Result;
use theta_core::known::Known;
use theta_core::manifest::Manifest;
use theta_core::object::grid::Limits;
use theta_core::progress::Counter;
use theta_core::smudge::Smudger;
use theta_core::source::FileSource;
use theta_core::store::Store;

/// Small enough that files of some kilobytes have many chunks and several parts.
pub const SMALL: Limits = Limits { chunk: 512, part: 2048 };

/// A store in a directory of its own, and everything else that cleaning wants.
pub struct Place {
    directory: tempfile::TempDir,
    pub store: Store,
    pub threads: usize,
    pub limits: Limits,
}

impl Place {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let store = Store::new(at("objects"), at("kept"), at("temporary"));
        Self { directory, store, threads: 3, limits: SMALL }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn clean(&self, bytes: &[u8], file: Option<FileSource>, bases: &[Manifest]) -> Vec<u8> {
        self.clean_from(&mut Cursor::new(bytes), file, bases).unwrap()
    }

    /// The manifest of `bytes`.
    pub fn manifest(&self, bytes: &[u8]) -> Manifest {
        Manifest::parse(&self.clean(bytes, None, &[])).unwrap()
    }

    pub fn clean_from(
        &self,
        content: &mut dyn Read,
        file: Option<FileSource>,
        bases: &[Manifest],
    ) -> Result<Vec<u8>> {
        let known = Known::new(bases, self.store.clone(), self.path().join("known"));
        let counter = Counter::default();
        let stamps = Stamps { directory: self.path().join("stamps") };
        let cleaner = Cleaner {
            store: &self.store,
            bases,
            known: &known,
            stamps: Some(&stamps),
            threads: self.threads,
            limits: self.limits,
            counter: &counter,
        };
        cleaner.clean(content, file, b"model")
    }

    pub fn smudge(&self, manifest: &Manifest) -> Result<Vec<u8>> {
        let counter = Counter::default();
        let smudger = Smudger {
            store: &self.store,
            threads: self.threads,
            limits: self.limits,
            counter: &counter,
        };
        let mut bytes = Vec::new();
        smudger.smudge(manifest, "model", &mut bytes)?;
        Ok(bytes)
    }

    pub fn file(&self, bytes: &[u8]) -> FileSource {
        let path = self.path().join("model");
        std::fs::write(&path, bytes).unwrap();
        FileSource::new(std::fs::File::open(path).unwrap()).unwrap()
    }
}

/// A safetensors file of these tensors: name, dtype, shape, bytes.
pub fn safetensors(tensors: &[(String, &str, Vec<u64>, Vec<u8>)]) -> Vec<u8> {
    let (mut header, mut data) = (String::from("{"), Vec::new());
    for (name, dtype, shape, bytes) in tensors {
        let (start, end) = (data.len(), data.len() + bytes.len());
        let comma = if header.len() > 1 { "," } else { "" };
        let _ = write!(
            header,
            "{comma}{name:?}:{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":[{start},{end}]}}"
        );
        data.extend_from_slice(bytes);
    }
    header.push('}');
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(&data);
    file
}
