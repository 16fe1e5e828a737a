//! The grid: every byte in one chunk, every chunk in one part, both as Zarr counts them.

use proptest::prelude::*;
use theta_core::dtype::Dtype;
use theta_core::object::grid::{Grid, LIMITS, Limits};

/// How many cells of shape `cell` cover `whole` on each axis.
fn cells(whole: &[u64], cell: &[u64]) -> Vec<u64> {
    whole.iter().zip(cell).map(|(&whole, &cell)| whole.div_ceil(cell)).collect()
}

/// The place of `at` in C order.
fn place(at: &[u64], shape: &[u64]) -> u64 {
    at.iter().zip(shape).fold(0, |place, (&at, &dim)| place * dim + at)
}

/// The inverse of [`place`].
fn coordinates(mut place: u64, shape: &[u64]) -> Vec<u64> {
    let mut at: Vec<u64> = shape
        .iter()
        .rev()
        .map(|&dim| {
            let here = place % dim;
            place /= dim;
            here
        })
        .collect();
    at.reverse();
    at
}

/// Checks the chunks against the definition of Zarr's regular grid, one by one.
fn check_chunks(grid: &Grid, size: u64, limit: u64) {
    let item = grid.item as u64;
    let padded: u64 = grid.chunk_shape.iter().product::<u64>() * item;
    assert_eq!(grid.chunk_size() as u64, padded);
    assert!(padded <= limit.max(item));
    let count = cells(&grid.shape, &grid.chunk_shape);
    assert_eq!(grid.chunks(), count.iter().product::<u64>());
    let mut end = 0;
    for number in 0..grid.chunks() {
        let chunk = grid.chunk(number);
        let start = coordinates(number, &count);
        let start: Vec<u64> = start.iter().zip(&grid.chunk_shape).map(|(a, b)| a * b).collect();
        assert_eq!(chunk.bytes.start, place(&start, &grid.shape) * item, "where Zarr has it");
        assert_eq!(chunk.bytes.start, end, "contiguous");
        assert!(chunk.bytes.end > chunk.bytes.start);
        assert_eq!(chunk.padded as u64, padded);
        assert!(chunk.bytes.end - chunk.bytes.start <= padded);
        end = chunk.bytes.end;
    }
    assert_eq!(end, size, "every byte once");
}

/// Checks that the parts are Zarr's shards: a regular grid of whole chunks, each in C order.
fn check_parts(grid: &Grid, limit: u64) {
    let inner = cells(&grid.part_shape, &grid.chunk_shape);
    let whole =
        grid.part_shape.iter().zip(&grid.chunk_shape).all(|(part, chunk)| part % chunk == 0);
    assert!(whole, "{grid:?}");
    assert_eq!(grid.slots() as u64, inner.iter().product::<u64>());
    assert!(grid.slots() as u64 * grid.chunk_size() as u64 <= limit.max(grid.chunk_size() as u64));
    let count = cells(&grid.shape, &grid.chunk_shape);
    let parts: Vec<u64> = cells(&count, &inner);
    assert_eq!(grid.parts() as u64, parts.iter().product::<u64>());
    let mut next = 0;
    for part in 0..grid.parts() {
        let chunks = grid.part(part);
        assert_eq!(chunks.start, next);
        next = chunks.end;
        for number in chunks.clone() {
            let at = coordinates(number, &count);
            let outer: Vec<u64> = at.iter().zip(&inner).map(|(a, b)| a / b).collect();
            let within: Vec<u64> = at.iter().zip(&inner).map(|(a, b)| a % b).collect();
            assert_eq!(place(&outer, &parts), part as u64);
            assert_eq!(place(&within, &inner), number - chunks.start, "its place in the table");
            assert_eq!(grid.part_of(number), part);
        }
    }
    assert_eq!(next, grid.chunks());
}

#[test]
fn ordinary_parameters_are_cut_as_they_always_were() {
    let shapes = |dtype, shape: &[u64]| {
        let grid = Grid::new(dtype, shape, LIMITS);
        (grid.chunk_shape.clone(), grid.part_shape.clone(), grid.parts())
    };
    for (dtype, shape, chunk, part, parts) in [
        (Dtype::F32, &[1000, 768][..], vec![334, 768], vec![1002, 768], 1),
        (Dtype::BF16, &[768], vec![768], vec![768], 1),
        (Dtype::BF16, &[32_000, 4096], vec![128, 4096], vec![32_000, 4096], 1),
        (Dtype::F32, &[151_936, 4096], vec![64, 4096], vec![65_536, 4096], 3),
        (Dtype::U8, &[1 << 21, 3], vec![299_594, 3], vec![2_097_158, 3], 1),
        (Dtype::F4, &[100, 32], vec![1600], vec![1600], 1),
        (Dtype::F32, &[4, 1 << 20], vec![1, 1 << 18], vec![4, 1 << 20], 1),
        (Dtype::C128, &[1, 1, 100_000], vec![1, 1, 50_000], vec![1, 1, 100_000], 1),
    ] {
        assert_eq!(shapes(dtype, shape), (chunk, part, parts), "{dtype:?} {shape:?}");
    }
}

#[test]
fn the_largest_shapes_are_cut_without_overflow() {
    for (shape, parts) in [
        (vec![1 << 60], 1 << 30),
        (vec![1 << 30, 1 << 30], 1 << 30),
        (vec![(1 << 30) + 1, (1 << 29) + 1], (1 << 30) + 1),
        (vec![1; 64], 1),
        ([vec![1; 63], vec![1 << 60]].concat(), 1 << 30),
    ] {
        let grid = Grid::new(Dtype::U8, &shape, LIMITS);
        assert_eq!(grid.parts(), parts, "{shape:?}");
        let last = grid.chunk(grid.chunks() - 1);
        assert_eq!(last.bytes.end, shape.iter().product::<u64>());
        assert!(grid.slots() <= 2048 && last.padded <= 1 << 20);
    }
}

prop_compose! {
    fn any_cut()(
        dtype in proptest::sample::select(Dtype::all().collect::<Vec<_>>()),
        mut shape in proptest::collection::vec(1u64..9, 0..6),
        wide in proptest::option::of((any::<proptest::sample::Index>(), 1u64..400)),
        chunk in 16u64..700,
        part in 1u64..9,
    ) -> (Dtype, Vec<u64>, Limits) {
        if let (Some((at, dim)), false) = (wide, shape.is_empty()) {
            let at = at.index(shape.len());
            shape[at] = dim;
        }
        if dtype.size_of(&shape).is_none() {
            shape.push(8);
        }
        (dtype, shape, Limits { chunk, part: chunk * part })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_byte_is_in_one_chunk_and_every_chunk_in_one_part((dtype, shape, limits) in any_cut()) {
        let grid = Grid::new(dtype, &shape, limits);
        check_chunks(&grid, dtype.size_of(&shape).unwrap(), limits.chunk);
        check_parts(&grid, limits.part);
    }
}
