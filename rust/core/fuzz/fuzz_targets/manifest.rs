//! A manifest has one text, and what it lists, of pointers and of objects, panics for nobody.
#![no_main]

use libfuzzer_sys::fuzz_target;
use theta_core::manifest::Manifest;
use theta_core::progress::Counter;
use theta_core::smudge::Smudger;
use theta_core::store::Store;

const LINES: &[u8] = b"{\"git-theta\": 1, \"note\": \"a checkpoint stored by git-theta: \
    install git-theta, then run 'git theta pull'\",\n";

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // With the lines that the fuzzer need not find.
    check(&[LINES, bytes].concat());
});

fn check(text: &[u8]) {
    let _ = Manifest::version(text);
    let Ok(manifest) = Manifest::parse(text) else { return };
    assert_eq!(manifest.text().as_bytes(), text);
    assert!(manifest.tail() <= manifest.size);
    let objects = manifest.objects();
    assert!(manifest.pointers().iter().all(|(_, pointer)| objects.contains(pointer)));
    restore(&manifest);
}

/// Restores from an empty store: only a checkpoint without objects can succeed.
fn restore(manifest: &Manifest) {
    let nowhere = std::path::Path::new("/nonexistent");
    let store = Store::new(nowhere.join("a"), nowhere.join("b"), nowhere.join("c"));
    let counter = Counter::default();
    let limits = theta_core::clean::default_limits();
    let smudger = Smudger { store: &store, threads: 1, limits, counter: &counter };
    let mut bytes = Vec::new();
    if smudger.smudge(manifest, "model", &mut bytes).is_ok() {
        assert!(manifest.objects().is_empty());
        assert_eq!(bytes.len() as u64, manifest.size);
    }
}
