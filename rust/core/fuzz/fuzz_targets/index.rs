//! Any bytes have an index that partitions them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use theta_core::format;

fuzz_target!(|bytes: &[u8]| {
    let index = format::index(&bytes).expect("reading memory cannot fail");
    assert_eq!(index.size, bytes.len() as u64);
    assert!(index.is_partition());
});
