//! A placeholder in the work tree becomes its checkpoint, and nothing else does.

use std::fs;

use theta_core::error::Error;
use theta_core::progress::Counter;
use theta_core::smudge::Smudger;

use crate::place::{Place, SMALL};

const BYTES: &[u8] = &[7; 9000];

/// What lies at the path when the checkpoint is ready, and what does in the end.
fn restored(place: &Place, there: Option<&[u8]>) -> Result<(bool, Option<Vec<u8>>), Error> {
    let (manifest, counter) = (place.manifest(BYTES), Counter::default());
    let path = place.path().join("model.safetensors");
    if let Some(there) = there {
        fs::write(&path, there).unwrap();
    }
    let smudger = Smudger { store: &place.store, threads: 2, limits: SMALL, counter: &counter };
    let done = smudger.restore_file(&manifest, "model.safetensors", &path)?;
    assert_eq!(fs::read_dir(place.path().join("temporary")).unwrap().count(), 0);
    Ok((done.is_some(), fs::read(&path).ok()))
}

#[test]
fn a_placeholder_is_restored() {
    let place = Place::new();
    let text = place.manifest(BYTES).text();
    let found = restored(&place, Some(text.as_bytes())).unwrap();
    assert_eq!(found, (true, Some(BYTES.to_vec())));
}

#[test]
fn what_came_meanwhile_stays() {
    let place = Place::new();
    let other = place.manifest(b"another version").text();
    for there in [None, Some(&b"the user's own"[..]), Some(other.as_bytes())] {
        let found = restored(&place, there).unwrap();
        assert_eq!(found, (false, there.map(<[u8]>::to_vec)));
    }
}
