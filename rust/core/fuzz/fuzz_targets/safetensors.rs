//! A safetensors header of any bytes is indexed, or not, but never reaches beyond the file.
//!
//! The first two bytes of the input are the tensors' size and the rest is the header, so
//! that the fuzzer need not find the length that fits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use theta_core::format::safetensors;

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    let Some((size, header)) = bytes.split_first_chunk::<2>() else { return };
    let length = (header.len() as u64).to_le_bytes();
    let body = vec![0; usize::from(u16::from_le_bytes(*size))];
    check(&[&length, header, &body].concat());
});

fn check(bytes: &[u8]) {
    let index = safetensors::index(&bytes).expect("reading memory cannot fail");
    let Some(index) = index else { return };
    assert!(index.is_partition());
    let length = u64::from_le_bytes(*bytes.first_chunk().expect("an index needs a header"));
    assert_eq!(index.frame_size(), 8 + length);
}
