//! What is stored already: entries by digest, from manifests and from this machine's memory.
//!
//! A value that is known is never encoded again: not when its parameter was renamed, moved
//! to another shard, or stored on another branch. This also makes manifests stable: a newer
//! version of this program that would encode otherwise still names the old object.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::digest::{Digest, Oid};
use crate::dtype::Dtype;
use crate::error::Result;
use crate::manifest::{DENSE, Manifest, Stored, Update, Value};
use crate::pointer::Pointer;
use crate::store::Store;

/// What makes an encoding reusable: the bytes, and how they are cut into chunks.
type Key = (Digest, Dtype, Vec<u64>);

/// Values that are stored, by digest, dtype and shape.
#[derive(Debug)]
pub struct Known {
    named: HashMap<Key, Update>,
    store: Store,
    directory: PathBuf,
    remembered: Mutex<HashMap<u8, HashMap<Key, Vec<Pointer>>>>,
    learned: Mutex<HashMap<Key, Update>>,
}

impl Known {
    /// The values of `manifests`, in order of trust, and those remembered in `directory`.
    #[must_use]
    pub fn new(manifests: &[Manifest], store: Store, directory: PathBuf) -> Self {
        let mut named = HashMap::new();
        for manifest in manifests {
            let values =
                manifest.frames.iter().chain(manifest.entries.iter().map(|entry| &entry.value));
            for value in values {
                if let Stored::Update(update) = &value.stored {
                    let key = (value.digest, value.dtype, value.shape.clone());
                    named.entry(key).or_insert_with(|| update.clone());
                }
            }
        }
        Self { named, store, directory, remembered: Mutex::default(), learned: Mutex::default() }
    }

    /// Whether there are earlier manifests, so that most values are expected to be known.
    #[must_use]
    pub fn has_bases(&self) -> bool {
        !self.named.is_empty()
    }

    /// How the value is stored, if it is.
    ///
    /// What manifests name is on a server or here; what is only remembered must be here, and is
    /// kept from now on, as if it had been stored just now. `parts` is how many objects a dense
    /// value of this size has; a manifest that names another number was written by no one sane.
    pub fn find(
        &self,
        digest: Digest,
        dtype: Dtype,
        shape: &[u64],
        parts: usize,
    ) -> Result<Option<Update>> {
        let key = (digest, dtype, shape.to_vec());
        let fits = |update: &&Update| update.kind != DENSE || update.objects.len() == parts;
        if let Some(update) = self.named.get(&key).filter(fits) {
            return Ok(Some(update.clone()));
        }
        let learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(update) = learned.get(&key) {
            return Ok(Some(update.clone()));
        }
        drop(learned);
        let recalled = self.recall(&key).filter(|objects| objects.len() == parts);
        let Some(objects) = recalled else { return Ok(None) };
        for object in &objects {
            if !self.store.keep(*object)? {
                return Ok(None);
            }
        }
        Ok(Some(Update { kind: DENSE.into(), objects, base: None }))
    }

    /// Notes that a value has just been stored.
    pub fn learn(&self, digest: Digest, dtype: Dtype, shape: Vec<u64>, update: Update) {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        learned.insert((digest, dtype, shape), update);
    }

    /// Remembers the dense values of a manifest for other branches and other checkpoints.
    ///
    /// A memory only: failing to write it loses nothing and is not reported.
    pub fn remember(&self, manifest: &Manifest) {
        let mut lines: HashMap<u8, String> = HashMap::new();
        for entry in &manifest.entries {
            let Value { dtype, shape, digest, stored } = &entry.value;
            let key = (*digest, *dtype, shape.clone());
            let Stored::Update(update) = stored else { continue };
            let recalled = self.recall(&key);
            if update.kind != DENSE
                || self.named.contains_key(&key)
                || recalled.as_ref() == Some(&update.objects)
            {
                continue;
            }
            let _ =
                writeln!(lines.entry(digest.0[0]).or_default(), "{}", line(&key, &update.objects));
        }
        let _ = fs::create_dir_all(&self.directory);
        for (bucket, lines) in lines {
            let file = OpenOptions::new().create(true).append(true).open(self.path(bucket));
            let _ = file.and_then(|mut file| file.write_all(lines.as_bytes()));
        }
    }

    fn recall(&self, key: &Key) -> Option<Vec<Pointer>> {
        let bucket = key.0.0[0];
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = remembered.entry(bucket).or_insert_with(|| {
            // A line torn by a crash does not parse and is left out; of two, the later counts.
            let text = fs::read(self.path(bucket)).unwrap_or_default();
            String::from_utf8_lossy(&text).lines().filter_map(parse).collect()
        });
        lines.get(key).cloned()
    }

    fn path(&self, bucket: u8) -> PathBuf {
        self.directory.join(format!("{bucket:02x}"))
    }
}

/// `digest dtype d,d,d oid:size,oid:size .` in one line; the last word shows it is whole.
fn line((digest, dtype, shape): &Key, objects: &[Pointer]) -> String {
    let shape: Vec<String> = shape.iter().map(u64::to_string).collect();
    let objects: Vec<String> =
        objects.iter().map(|object| format!("{}:{}", object.oid, object.size)).collect();
    format!("{digest} {} {} {} .", dtype.name(), shape.join(","), objects.join(","))
}

fn parse(line: &str) -> Option<(Key, Vec<Pointer>)> {
    let words: Vec<&str> = line.split(' ').collect();
    let [digest, dtype, shape, objects, "."] = words[..] else { return None };
    let shape = shape.split(',').map(|dim| dim.parse().ok()).collect::<Option<Vec<u64>>>()?;
    let objects = objects.split(',').map(|object| {
        let (oid, size) = object.split_once(':')?;
        Some(Pointer { oid: Oid::parse(oid)?, size: size.parse().ok()? })
    });
    let key = (Digest::parse(digest)?, Dtype::parse(dtype)?, shape);
    Some((key, objects.collect::<Option<Vec<_>>>()?))
}
