//! The opaque indexer: chunks tile any bytes, wherever and however they are read.

use std::collections::HashSet;

use fastcdc::v2020::FastCDC;
use proptest::prelude::*;
use theta_core::digest::Digest;
use theta_core::dtype::Dtype;
use theta_core::format::opaque::{SIZES, Sizes, index, index_by};
use theta_core::index::Index;

use crate::checkpoints::{Broken, Watched};

const SMALL: Sizes = Sizes { min: 64, average: 256, max: 1024 };

fn cut(bytes: &[u8]) -> Index {
    let index = index_by(&bytes, SMALL).unwrap();
    assert!(index.is_partition());
    assert_eq!(index.frame_size(), 0);
    assert!(index.views.is_empty());
    index
}

fn lengths(index: &Index) -> Vec<u64> {
    index.spans.iter().map(|span| span.shape[0]).collect()
}

/// Bytes that look random and are the same on every machine.
fn noise(length: usize, mut state: u64) -> Vec<u8> {
    let word = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = (0..length.div_ceil(8)).flat_map(word).collect();
    bytes.truncate(length);
    bytes
}

#[test]
fn no_bytes_no_chunks() {
    let index = cut(&[]);
    assert_eq!((index.format, index.size, index.spans.len()), ("opaque/1", 0, 0));
}

#[test]
fn a_short_file_is_one_chunk() {
    for length in [1, 2, 63, 64] {
        assert_eq!(lengths(&cut(&noise(length, 9))), [length as u64]);
    }
    let index = index(&noise(SIZES.min, 9).as_slice()).unwrap();
    assert_eq!(lengths(&index), [SIZES.min as u64]);
    let span = &index.spans[0];
    assert_eq!((&span.name, span.dtype, span.offset), (&None, Dtype::U8, 0));
}

#[test]
fn bytes_without_features_are_cut_at_the_maximum() {
    assert_eq!(lengths(&cut(&[0; 4000])), [1024, 1024, 1024, 928]);
    assert_eq!(lengths(&cut(&[0; 2048])), [1024, 1024]);
}

/// These numbers are `opaque/1`: with others, every opaque file would be seen as modified.
#[test]
fn the_cuts_never_change() {
    let bytes = noise(48 << 20, 0x9e37_79b9_7f4a_7c15);
    let watched = Watched::new(&bytes);
    let index = index(&watched).unwrap();
    assert_eq!(
        lengths(&index),
        [4_587_343, 9_192_885, 4_250_563, 8_767_195, 7_659_124, 4_951_867, 7_258_546, 3_664_125,]
    );
    let longest = watched.reads().iter().map(|read| read.end - read.start).max().unwrap();
    assert!(longest <= 2 * SIZES.max as u64, "the window is bounded");
}

#[test]
fn an_insertion_moves_few_chunks() {
    let before = noise(100_000, 5);
    let mut after = before.clone();
    after.splice(40_000..40_000, *b"inserted");
    let chunks = |bytes: &[u8]| -> HashSet<Digest> {
        let part = |offset: u64, size: u64| &bytes[offset as usize..(offset + size) as usize];
        let spans = cut(bytes).spans;
        spans.iter().map(|span| Digest::of(part(span.offset, span.size()))).collect()
    };
    let (old, new) = (chunks(&before), chunks(&after));
    assert!(old.len() > 100);
    assert!(new.difference(&old).count() <= 3);
}

#[test]
fn only_reading_fails() {
    assert!(index(&Broken(5)).is_err());
}

proptest! {
    #[test]
    fn the_window_changes_nothing(
        parts in proptest::collection::vec((any::<u64>(), 0usize..3000, 0usize..3000), 0..5),
    ) {
        let mut bytes = Vec::new();
        for (seed, random, equal) in parts {
            bytes.extend(noise(random, seed | 1));
            bytes.resize(bytes.len() + equal, seed as u8);
        }
        let whole = FastCDC::new(&bytes, SMALL.min, SMALL.average, SMALL.max);
        let expected: Vec<u64> = whole.map(|chunk| chunk.length as u64).collect();
        let index = cut(&bytes);
        prop_assert_eq!(lengths(&index), expected);
        let all_but_last = index.spans.len().saturating_sub(1);
        for span in &index.spans[..all_but_last] {
            prop_assert!((64..=1024).contains(&span.size()));
        }
    }
}
