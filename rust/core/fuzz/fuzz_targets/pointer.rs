//! A pointer has one spelling, and any name a safe file name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use theta_core::pointer::{Pointer, escape};

fuzz_target!(|bytes: &[u8]| {
    if let Some(pointer) = Pointer::parse(bytes) {
        assert_eq!(pointer.text().as_bytes(), bytes);
    }
    let Ok(name) = std::str::from_utf8(bytes) else { return };
    let file = escape(name);
    assert!((1..=200).contains(&file.len()));
    assert!(file.bytes().all(|byte| (b' '..=b'~').contains(&byte) && !b"/\\~:".contains(&byte)));
    assert!(!file.starts_with(['.', ' ', '-']) && !file.ends_with(['.', ' ']));
});
