//! The store: nothing half, nothing lost, nothing left behind.

use std::fs;
use std::path::Path;

use theta_core::digest::Oid;
use theta_core::pointer::Pointer;
use theta_core::store::Store;

use crate::place::Place;

fn put(store: &Store, bytes: &[u8]) -> Pointer {
    let mut object = store.create().unwrap();
    for block in bytes.chunks(7) {
        object.write(block).unwrap();
    }
    object.finish().unwrap()
}

fn count(directory: &Path) -> usize {
    fs::read_dir(directory).map_or(0, |entries| {
        entries
            .flatten()
            .map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 })
            .sum()
    })
}

fn files(place: &Place) -> [usize; 3] {
    ["objects", "kept", "temporary"].map(|name| count(&place.path().join(name)))
}

/// Writes over a file as a new one, so that its other names keep what they have.
fn replace(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
}

#[test]
fn an_object_is_named_by_its_bytes_and_kept() {
    let place = Place::new();
    let bytes = b"the bytes of an object".repeat(50);
    let pointer = put(&place.store, &bytes);
    assert_eq!(pointer, Pointer { oid: Oid::of(&bytes), size: bytes.len() as u64 });
    assert_eq!(fs::read(place.store.path(pointer.oid)).unwrap(), bytes);
    assert_eq!(fs::read(place.store.kept_path(pointer.oid)).unwrap(), bytes);
    assert!(place.store.has(pointer).unwrap() && place.store.verify(pointer).unwrap());
    assert!(!place.store.has(Pointer { size: 3, ..pointer }).unwrap());
    assert_eq!(place.store.size(pointer.oid).unwrap(), Some(pointer.size));
    assert_eq!(files(&place), [1, 1, 0]);
    assert_eq!(put(&place.store, &bytes), pointer);
    assert_eq!(files(&place), [1, 1, 0]);
}

#[test]
fn an_unfinished_object_leaves_nothing() {
    let place = Place::new();
    let mut object = place.store.create().unwrap();
    object.write(b"half").unwrap();
    assert_eq!(files(&place), [0, 0, 1]);
    drop(object);
    assert_eq!(files(&place), [0, 0, 0]);
}

#[test]
fn what_a_killed_process_left_is_swept() {
    let place = Place::new();
    drop(place.store.create().unwrap());
    fs::write(place.path().join("temporary/left"), b"half").unwrap();
    let unfinished = place.store.create().unwrap();
    place.store.sweep();
    assert_eq!(files(&place), [0, 0, 1], "only what nobody writes to is swept");
    drop(unfinished);
    assert_eq!(files(&place), [0, 0, 0]);
}

#[test]
fn a_pruned_object_comes_back_unless_it_was_released() {
    let place = Place::new();
    let pointer = put(&place.store, b"object");
    fs::remove_file(place.store.path(pointer.oid)).unwrap();
    assert_eq!(place.store.size(pointer.oid).unwrap(), Some(6));
    assert!(place.store.has(pointer).unwrap());
    assert_eq!(files(&place), [1, 1, 0]);
    place.store.release(pointer.oid).unwrap();
    place.store.release(pointer.oid).unwrap();
    assert_eq!(files(&place), [1, 0, 0]);
    assert!(place.store.keep(pointer).unwrap());
    assert_eq!(files(&place), [1, 1, 0]);
    place.store.release(pointer.oid).unwrap();
    fs::remove_file(place.store.path(pointer.oid)).unwrap();
    assert!(!place.store.has(pointer).unwrap() && !place.store.keep(pointer).unwrap());
    assert_eq!(place.store.open(pointer, "x").unwrap_err().kind(), "missing");
}

#[test]
fn what_was_pushed_is_kept_again_when_it_is_stored_again() {
    let place = Place::new();
    let pointer = put(&place.store, b"object");
    place.store.release(pointer.oid).unwrap();
    put(&place.store, b"object");
    assert_eq!(files(&place), [1, 1, 0]);
}

#[test]
fn a_damaged_object_is_told_and_mended_by_storing_it_again() {
    let place = Place::new();
    let bytes = b"object".repeat(100_000);
    let pointer = put(&place.store, &bytes);
    let path = place.store.path(pointer.oid);
    let mut flipped = bytes.clone();
    flipped[599_999] ^= 1;
    for damaged in [&flipped[..], b"", b"cut"] {
        replace(&path, damaged);
        replace(&place.store.kept_path(pointer.oid), damaged);
        assert!(!place.store.verify(pointer).unwrap());
        assert_eq!(put(&place.store, &bytes), pointer);
        assert!(place.store.verify(pointer).unwrap());
        assert_eq!(fs::read(place.store.kept_path(pointer.oid)).unwrap(), bytes);
    }
    replace(&path, b"cut");
    assert!(place.store.has(pointer).unwrap(), "the kept link is whole");
    assert!(place.store.verify(pointer).unwrap());
    place.store.release(pointer.oid).unwrap();
    replace(&path, b"cut");
    let said = place.store.open(pointer, "x").unwrap_err();
    assert_eq!(said.kind(), "damaged");
    assert!(said.to_string().contains("has 3 bytes, expected 600000"));
}

#[test]
fn many_threads_may_store_one_object() {
    let place = Place::new();
    let bytes = b"same".repeat(1000);
    let put = || put(&place.store, &bytes);
    let pointers = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(put)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(pointers.iter().all(|pointer| *pointer == pointers[0]));
    assert!(place.store.verify(pointers[0]).unwrap());
    assert_eq!(files(&place), [1, 1, 0]);
}

/// A directory on another file system, if this machine has one.
#[cfg(target_os = "linux")]
fn elsewhere(place: &Place) -> Option<tempfile::TempDir> {
    use std::os::unix::fs::MetadataExt;
    let other = tempfile::tempdir_in("/dev/shm").ok()?;
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    (device(other.path()) != device(place.path())).then_some(other)
}

#[test]
#[cfg(target_os = "linux")]
fn objects_may_lie_on_another_file_system() {
    let place = Place::new();
    let Some(other) = elsewhere(&place) else { return };
    let at = |name: &str| place.path().join(name);
    let store = Store::new(other.path().join("objects"), at("kept"), at("temporary"));
    let pointer = put(&store, b"object");
    assert!(store.verify(pointer).unwrap());
    fs::remove_file(store.path(pointer.oid)).unwrap();
    assert!(store.verify(pointer).unwrap(), "copied back from its kept link");
    assert_eq!((count(other.path()), files(&place)), (1, [0, 1, 0]));
}

#[test]
fn a_store_that_cannot_be_written_says_so() {
    let place = Place::new();
    fs::write(place.path().join("temporary"), b"a file in the way").unwrap();
    let said = place.store.create().unwrap_err();
    assert_eq!(said.kind(), "io");
    assert!(said.to_string().starts_with("creating '"), "{said}");
    fs::remove_file(place.path().join("temporary")).unwrap();
    fs::write(place.path().join("objects"), b"a file in the way").unwrap();
    let mut object = place.store.create().unwrap();
    object.write(b"object").unwrap();
    assert_eq!(object.finish().unwrap_err().kind(), "io");
    assert_eq!(files(&place)[2], 0);
}
