//! What is known is reused, and only where it fits.

use std::fs;

use theta_core::digest::{Digest, Oid};
use theta_core::dtype::Dtype;
use theta_core::known::Known;
use theta_core::manifest::{Entry, Manifest, Stored, Update, Value};
use theta_core::pointer::Pointer;

use crate::place::{Place, safetensors};

fn stored(place: &Place, bytes: &[u8]) -> Pointer {
    let mut object = place.store.create().unwrap();
    object.write(bytes).unwrap();
    object.finish().unwrap()
}

fn manifest(dtype: Dtype, shape: &[u64], objects: &[Pointer]) -> Manifest {
    let update = Update { kind: "dense".into(), objects: objects.to_vec(), base: None };
    let value = Value {
        dtype,
        shape: shape.to_vec(),
        digest: Digest::of(b"value"),
        stored: Stored::Update(update),
    };
    Manifest {
        format: "test/1".into(),
        size: value.size(),
        digest: Digest::of(b"whole"),
        frames: None,
        entries: vec![Entry { name: "x".into(), gap: 0, value }],
        views: vec![],
    }
}

fn known(place: &Place, manifests: &[Manifest]) -> Known {
    Known::new(manifests, place.store.clone(), place.path().join("memory"))
}

/// How many objects are found for the value, if any are.
fn found(known: &Known, dtype: Dtype, shape: &[u64], parts: usize) -> Option<usize> {
    let found = known.find(Digest::of(b"value"), dtype, shape, parts).unwrap();
    found.map(|update| update.objects.len())
}

#[test]
fn a_value_is_known_by_digest_dtype_and_shape() {
    let place = Place::new();
    let manifest = manifest(Dtype::F32, &[10, 20], &[stored(&place, b"object")]);
    known(&place, &[]).remember(&manifest);
    for known in [known(&place, std::slice::from_ref(&manifest)), known(&place, &[])] {
        assert_eq!(found(&known, Dtype::F32, &[10, 20], 1), Some(1));
        assert_eq!(found(&known, Dtype::F32, &[20, 10], 1), None);
        assert_eq!(found(&known, Dtype::F32, &[200], 1), None);
        assert_eq!(found(&known, Dtype::I32, &[10, 20], 1), None);
        assert_eq!(found(&known, Dtype::F32, &[10, 20], 2), None, "cut by other rules");
        assert!(known.find(Digest::of(b"x"), Dtype::F32, &[10, 20], 1).unwrap().is_none());
    }
}

#[test]
fn what_is_only_remembered_must_be_here_and_is_kept() {
    let place = Place::new();
    let object = stored(&place, b"object");
    let gone = Pointer { oid: Oid::of(b"gone"), size: 4 };
    known(&place, &[]).remember(&manifest(Dtype::F32, &[200], &[object]));
    known(&place, &[]).remember(&manifest(Dtype::U8, &[800], &[object, gone]));
    place.store.release(object.oid).unwrap();
    assert_eq!(found(&known(&place, &[]), Dtype::U8, &[800], 2), None);
    let named = known(&place, &[manifest(Dtype::U8, &[800], &[object, gone])]);
    assert_eq!(found(&named, Dtype::U8, &[800], 2), Some(2), "a manifest's word is enough");
    place.store.release(object.oid).unwrap();
    assert_eq!(found(&known(&place, &[]), Dtype::F32, &[200], 1), Some(1));
    assert!(place.store.kept_path(object.oid).exists());
}

#[test]
fn a_torn_memory_is_a_shorter_one() {
    let place = Place::new();
    let object = stored(&place, b"object");
    known(&place, &[]).remember(&manifest(Dtype::F32, &[200], &[object]));
    let bucket = fs::read_dir(place.path().join("memory")).unwrap().next().unwrap().unwrap().path();
    let line = fs::read(&bucket).unwrap();
    for at in 0..line.len() - 1 {
        fs::write(&bucket, &line[..at]).unwrap();
        assert_eq!(found(&known(&place, &[]), Dtype::F32, &[200], 1), None, "torn at {at}");
        fs::write(&bucket, [&line[..at], &line].concat()).unwrap();
        let after = found(&known(&place, &[]), Dtype::F32, &[200], 1);
        assert!(after.is_none() || at == 0, "{at}");
        fs::write(&bucket, [&line[..at], b"\n\xff\xfe\0\n", &line].concat()).unwrap();
        assert_eq!(found(&known(&place, &[]), Dtype::F32, &[200], 1), Some(1));
    }
}

#[test]
fn a_memory_of_lost_objects_is_replaced() {
    let place = Place::new();
    let gone = Pointer { oid: Oid::of(b"gone"), size: 4 };
    known(&place, &[]).remember(&manifest(Dtype::F32, &[200], &[gone]));
    let object = stored(&place, b"object");
    known(&place, &[]).remember(&manifest(Dtype::F32, &[200], &[object]));
    assert_eq!(found(&known(&place, &[]), Dtype::F32, &[200], 1), Some(1));
}

#[test]
fn equal_values_of_one_checkpoint_are_one_object() {
    let place = Place::new();
    let zeros = |at: usize| (format!("t{at}"), "F32", vec![40, 16], vec![0; 40 * 64]);
    let file = safetensors(&(0..20).map(zeros).collect::<Vec<_>>());
    let manifest = place.manifest(&file);
    let own = manifest.entries[0].value.objects();
    assert!(manifest.entries.iter().all(|entry| entry.value.objects() == own));
    assert_eq!(place.smudge(&manifest).unwrap(), file);
}

#[test]
fn an_older_encoding_is_kept_where_the_value_is_the_same() {
    let place = Place::new();
    let tensor = |name: &str, at: u8| (name.to_owned(), "U8", vec![200], vec![at; 200]);
    let first = place.manifest(&safetensors(&[tensor("a", 1), tensor("b", 2)]));
    let mut older = first.clone();
    let old = stored(&place, b"as an older version wrote it");
    let Stored::Update(update) = &mut older.entries[0].value.stored else { panic!("not inline") };
    update.objects = vec![old];
    let changed = safetensors(&[tensor("renamed", 1), tensor("b", 3)]);
    let text = place.clean(&changed, None, &[older]);
    let manifest = Manifest::parse(&text).unwrap();
    assert_eq!(manifest.entries[0].value.objects(), [old]);
    assert_ne!(manifest.entries[1].value.objects(), first.entries[1].value.objects());
}
