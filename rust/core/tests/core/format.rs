//! What holds for every format: any bytes have an index, and it partitions them.

use proptest::prelude::*;
use theta_core::format;

use crate::checkpoints::{Broken, Watched, any_mutation, spoil_safetensors, valid_safetensors};

/// Indexes `bytes`, and checks that spans and frames put together again are `bytes`.
fn check(bytes: &[u8]) -> &'static str {
    let watched = Watched::new(bytes);
    let index = format::index(&watched).unwrap();
    assert_eq!(index.size, bytes.len() as u64);
    assert!(index.is_partition());
    let mut again = Vec::new();
    for span in &index.spans {
        assert!(again.len() as u64 <= span.offset, "sorted and free of overlap");
        again.extend_from_slice(&bytes[again.len()..span.offset as usize]);
        again.extend_from_slice(&bytes[span.offset as usize..][..span.size() as usize]);
    }
    again.extend_from_slice(&bytes[again.len()..]);
    assert_eq!(again, bytes);
    assert_eq!(index, format::index(&bytes).unwrap(), "a pure function");
    if !index.format.starts_with("opaque/") {
        assert!(!watched.saw_a_span(&index), "tensor bytes were read");
    }
    index.format
}

#[test]
fn what_no_format_knows_is_opaque() {
    for bytes in [&b""[..], b"x", b"PK\x03\x04", b"version https://git-lfs", &[0; 100]] {
        assert_eq!(check(bytes), "opaque/1");
    }
    assert_eq!(check(b"\x02\0\0\0\0\0\0\0{}"), "safetensors/1");
}

#[test]
fn only_reading_fails() {
    assert!(format::index(&Broken(1)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn random_bytes_have_an_index(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn valid_and_spoiled_files_have_an_index(
        valid in valid_safetensors(),
        inside in proptest::collection::vec(any_mutation(), 0..3),
        outside in proptest::collection::vec(any_mutation(), 0..2),
    ) {
        prop_assert_eq!(check(&valid.bytes), "safetensors/1");
        check(&spoil_safetensors(&valid.bytes, &inside, &outside));
    }
}
