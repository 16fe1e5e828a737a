//! Golden files: what a released version wrote is read for ever, and is what is written today.
//!
//! `tests/golden/manifest-1` holds checkpoints, their manifests, and the objects as frozen files.
//! If a newer zstd codes planes otherwise, `what_is_written_today_is_the_same` is the one test that
//! fails: objects that are stored keep their names, because values are known by their digests
//! (`an_older_encoding_is_kept_where_the_value_is_the_same`), and new ones get new names. Then
//! that test is to compare all but the oids, and the frozen objects stay.

use std::fs;
use std::path::{Path, PathBuf};

use theta_core::digest::Oid;
use theta_core::manifest::{Manifest, Stored};
use theta_core::object::grid::LIMITS;

use crate::place::Place;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden")
}

/// Every golden checkpoint of version 1: its name, its bytes, its manifest's text.
fn all() -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let directory = golden().join("manifest-1");
    let paths = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
    let found = paths.filter_map(|path| {
        let name = path.file_name()?.to_str()?.strip_suffix(".manifest")?.to_owned();
        let beside = directory.join(&name);
        let checkpoint = if beside.exists() { beside } else { golden().join("torch").join(&name) };
        Some((name, fs::read(checkpoint).unwrap(), fs::read(path).unwrap()))
    });
    found.collect()
}

fn place() -> Place {
    let mut place = Place::new();
    place.limits = LIMITS;
    place
}

#[test]
fn there_is_one_of_every_kind() {
    let all = all();
    let manifests: Vec<Manifest> =
        all.iter().map(|(_, _, text)| Manifest::parse(text).unwrap()).collect();
    for format in ["safetensors/1", "torch/1", "opaque/1"] {
        assert!(manifests.iter().any(|manifest| manifest.format == format), "{format}");
    }
    assert!(manifests.iter().any(|manifest| !manifest.views.is_empty()));
    let values = || manifests.iter().flat_map(|manifest| &manifest.entries);
    assert!(values().any(|entry| matches!(entry.value.stored, Stored::Inline(_))));
    assert!(values().any(|entry| entry.value.size() > LIMITS.chunk));
    assert!(values().any(|entry| entry.value.shape.contains(&0)));
}

#[test]
fn what_was_written_then_is_read() {
    let place = place();
    for entry in fs::read_dir(golden().join("manifest-1/objects")).unwrap() {
        let path = entry.unwrap().path();
        let oid = Oid::parse(path.file_name().unwrap().to_str().unwrap()).unwrap();
        let stored = place.store.path(oid);
        fs::create_dir_all(stored.parent().unwrap()).unwrap();
        fs::copy(path, stored).unwrap();
    }
    for (name, bytes, text) in all() {
        let manifest = Manifest::parse(&text).unwrap();
        assert_eq!(manifest.text().into_bytes(), text, "{name}");
        let objects = manifest.objects();
        assert!(objects.iter().all(|object| place.store.verify(*object).unwrap()), "{name}");
        assert!(place.smudge(&manifest).unwrap() == bytes, "{name}");
    }
}

#[test]
fn what_is_written_today_is_the_same() {
    for (name, bytes, text) in all() {
        let place = place();
        let cleaned = place.clean(&bytes, None, &[]);
        assert_eq!(String::from_utf8(cleaned), String::from_utf8(text), "{name}");
    }
}

#[test]
fn the_example_in_the_specification_is_a_golden_manifest() {
    let page = fs::read_to_string(golden().join("../../docs/manifest.md")).unwrap();
    let (_, rest) = page.split_once("```json\n").unwrap();
    let (example, _) = rest.split_once("```\n").unwrap();
    assert_eq!(
        example,
        fs::read_to_string(golden().join("manifest-1/example.safetensors.manifest")).unwrap()
    );
}
