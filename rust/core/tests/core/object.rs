//! Objects: what is encoded decodes to the same bytes, and what is damaged says so.

use proptest::prelude::*;
use theta_core::dtype::Dtype;
use theta_core::object::blosc::{Encoder, Unpacker};
use theta_core::object::grid::{Grid, Limits};
use theta_core::object::shard::{Scratch, Shard, Table};

use crate::checkpoints::any_mutation;
use crate::place::{Place, safetensors};

/// Bytes of some kind: nothing but zeros, noise, a ramp, weights, runs.
fn fill(kind: u8, seed: u64, size: usize, item: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    let fill = |at: usize| match kind {
        0 => 0,
        2 => (at / item) as u8,
        3 if at % item + 1 == item => noise() & 3,
        1 | 3 => noise(),
        4 => [0x7f, 0xc0, 0xff, 0x01][at % 4],
        _ => (at / 97) as u8,
    };
    (0..size).map(fill).collect()
}

fn round_trip(chunk: &[u8], item: usize, float: bool) -> Vec<u8> {
    let mut out = vec![0xaa; 3];
    let length = Encoder::default().encode(chunk, item, float, &mut out);
    out.truncate(length);
    assert!(length <= chunk.len() + 16, "never longer than the header and the bytes");
    let mut back = vec![0x55; chunk.len()];
    Unpacker::default().decode(&out, item, &mut back).unwrap();
    assert_eq!(back, chunk);
    out
}

#[test]
fn the_header_is_that_of_blosc() {
    let frame = round_trip(&[0; 4096], 4, true);
    assert_eq!(frame[..4], [2, 1, 0x81, 4], "version, codec's version, flags, width");
    assert_eq!(frame[4..12], [0, 16, 0, 0, 0, 16, 0, 0], "bytes, and bytes in a block");
    assert_eq!(frame[12..16], (frame.len() as u32).to_le_bytes());
    assert_eq!(frame[16..20], [20, 0, 0, 0], "where the one block begins");
    let noise = round_trip(&fill(1, 7, 4096, 1), 1, false);
    assert_eq!((noise[2], noise.len()), (0x82, 4096 + 16), "stored as it is");
}

#[test]
fn few_elements_make_one_stream() {
    for (size, streams) in [(127 * 4, 1), (128 * 4, 4)] {
        let frame = round_trip(&vec![0; size], 4, true);
        let mut at = 20;
        let mut count = 0;
        while at < frame.len() {
            at += 4 + u32::from_le_bytes(frame[at..at + 4].try_into().unwrap()) as usize;
            count += 1;
        }
        assert_eq!((at, count), (frame.len(), streams));
    }
}

#[test]
fn noise_is_left_alone_and_weights_are_not() {
    let noise = round_trip(&fill(1, 3, 1 << 20, 4), 4, true);
    assert_eq!(noise.len(), (1 << 20) + 16);
    let weights = round_trip(&fill(3, 3, 1 << 20, 2), 2, true);
    assert!(weights.len() < (1 << 20) * 5 / 8 + 1000, "{}", weights.len());
    assert!(round_trip(&vec![0; 1 << 20], 8, true).len() < 1000);
}

fn shard(grid: &Grid, bytes: &[u8]) -> Vec<u8> {
    let (mut table, mut object, mut out) = (Table::default(), Vec::new(), Vec::new());
    for number in grid.part(0) {
        let chunk = grid.chunk(number);
        let mut padded = bytes[chunk.bytes.start as usize..chunk.bytes.end as usize].to_vec();
        padded.resize(chunk.padded, 0);
        let length = Encoder::default().encode(&padded, grid.item, grid.float, &mut out);
        object.extend_from_slice(&out[..length]);
        table.push(length);
    }
    object.extend(table.finish(grid.slots()));
    object
}

fn unshard(grid: &Grid, object: &[u8]) -> Result<Vec<u8>, String> {
    let shard = Shard::open(object, grid).map_err(|error| error.to_string())??;
    let (mut all, mut scratch, mut out) = (Vec::new(), Scratch::default(), Vec::new());
    for number in grid.part(0) {
        let read =
            shard.read(number as usize, &grid.chunk(number), grid.item, &mut scratch, &mut out);
        read.map_err(|error| error.to_string())??;
        all.extend_from_slice(&out);
    }
    Ok(all)
}

#[test]
fn a_damaged_object_says_what_is_wrong() {
    let grid = Grid::new(Dtype::U8, &[1000], Limits { chunk: 400, part: 1 << 20 });
    let bytes = fill(2, 1, 1000, 3);
    let object = shard(&grid, &bytes);
    assert_eq!(unshard(&grid, &object), Ok(bytes));
    let end = object.len();
    let with = |table: &[(u64, u64)]| {
        let mut object = object[..end - 4 - 48].to_vec();
        let table: Vec<u8> = table
            .iter()
            .flat_map(|&(at, length)| [at.to_le_bytes(), length.to_le_bytes()].concat())
            .collect();
        object.extend_from_slice(&table);
        object.extend_from_slice(&crc32c::crc32c(&table).to_le_bytes());
        unshard(&grid, &object).unwrap_err()
    };
    assert_eq!(unshard(&grid, &object[..20]).unwrap_err(), "20 bytes cannot hold a table of 52");
    assert_eq!(
        unshard(&grid, &object[..end - 1]).unwrap_err(),
        "the table's crc32c does not match"
    );
    let absent = (u64::MAX, u64::MAX);
    assert_eq!(with(&[absent; 3]), "chunk 0 does not lie in the object");
    assert_eq!(with(&[(0, u64::MAX), absent, absent]), "chunk 0 does not lie in the object");
    assert_eq!(with(&[(end as u64, 1), absent, absent]), "chunk 0 does not lie in the object");
    assert_eq!(with(&[(0, 0), absent, absent]), "chunk 0 does not decode");
    assert_eq!(with(&[(0, 5), absent, absent]), "chunk 0 does not decode");
}

#[test]
fn padding_must_be_zeros() {
    let grid = Grid::new(Dtype::U8, &[7, 60], Limits { chunk: 240, part: 1 << 20 });
    assert_eq!(grid.chunk(1).bytes.end - grid.chunk(1).bytes.start, 180);
    let full = Grid::new(Dtype::U8, &[8, 60], Limits { chunk: 240, part: 1 << 20 });
    let object = shard(&full, &fill(2, 1, 480, 5));
    assert_eq!(unshard(&grid, &object).unwrap_err(), "chunk 1 has padding that is not zero");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn chunks_come_back(
        item in proptest::sample::select(vec![1usize, 2, 4, 8, 16]),
        elements in prop_oneof![1usize..300, 1000usize..9000],
        kind in 0u8..6,
        seed in any::<u64>(),
        float in any::<bool>(),
    ) {
        let chunk = fill(kind, seed, elements * item, item);
        let frame = round_trip(&chunk, item, float);
        prop_assert_eq!(round_trip(&chunk, item, float), frame, "always the same");
    }

    #[test]
    fn a_used_coder_codes_like_a_new_one(seeds in proptest::collection::vec((0u8..6, any::<u64>(), 1usize..3000), 1..6)) {
        let (mut used, mut out) = (Encoder::default(), Vec::new());
        for (kind, seed, elements) in seeds {
            let chunk = fill(kind, seed, elements * 4, 4);
            for float in [true, false] {
                let length = used.encode(&chunk, 4, float, &mut out);
                prop_assert_eq!(&out[..length], &round_trip(&chunk, 4, float)[..]);
            }
        }
    }

    #[test]
    fn hostile_objects_are_refused_or_have_the_right_length(
        rows in 1u64..40,
        dtype in proptest::sample::select(vec![Dtype::U8, Dtype::BF16, Dtype::F32, Dtype::C128]),
        (kind, seed) in (0u8..6, any::<u64>()),
        mutations in proptest::collection::vec(any_mutation(), 0..4),
        mend in any::<bool>(),
    ) {
        let grid = Grid::new(dtype, &[rows, 50], Limits { chunk: 4000, part: 1 << 30 });
        let size = rows as usize * 50 * grid.item;
        let mut object = shard(&grid, &fill(kind, seed, size, grid.item));
        for mutation in mutations {
            mutation.apply(&mut object);
        }
        let table = grid.slots() * 16 + 4;
        if mend && object.len() >= table {
            let (start, end) = (object.len() - table, object.len() - 4);
            let crc = crc32c::crc32c(&object[start..end]).to_le_bytes();
            object[end..].copy_from_slice(&crc);
        }
        if let Ok(bytes) = unshard(&grid, &object) {
            prop_assert_eq!(bytes.len(), size);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_number_of_threads_makes_the_same_objects(
        kinds in proptest::collection::vec((0u8..6, any::<u64>(), 1u64..90), 1..8),
    ) {
        let tensors: Vec<_> = kinds
            .iter()
            .enumerate()
            .map(|(at, &(kind, seed, rows))| {
                let bytes = fill(kind, seed, rows as usize * 64, 4);
                (format!("t{at}"), ["F32", "I32"][at % 2], vec![rows, 16], bytes)
            })
            .collect();
        let file = safetensors(&tensors);
        let mut texts = [1, 3, 8].map(|threads| {
            let mut place = Place::new();
            place.threads = threads;
            let manifest = place.manifest(&file);
            assert_eq!(place.smudge(&manifest).unwrap(), file);
            manifest.text()
        });
        texts.sort();
        prop_assert_eq!(&texts[0], &texts[2]);
    }
}
