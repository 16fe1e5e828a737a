//! A torch archive of any bytes is indexed, or not, but never reaches beyond the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use theta_core::format::torch;

fuzz_target!(|bytes: &[u8]| {
    let index = torch::index(&bytes).expect("reading memory cannot fail");
    assert!(index.is_none_or(|index| index.is_partition()));
});
