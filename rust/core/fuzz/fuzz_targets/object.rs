//! A hostile object is refused, or gives as many bytes as its grid has; its frames are reached
//! behind a table that is made right for them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use theta_core::dtype::Dtype;
use theta_core::object::blosc::{Encoder, Unpacker};
use theta_core::object::grid::{Grid, Limits};
use theta_core::object::shard::{Scratch, Shard, Table};

fuzz_target!(|bytes: &[u8]| {
    let Some((&[dtype, rows, columns, cut], object)) = bytes.split_first_chunk::<4>() else {
        return;
    };
    let dtypes: Vec<Dtype> = Dtype::all().collect();
    let dtype = dtypes[usize::from(dtype) % dtypes.len()];
    let shape = [u64::from(rows) + 1, u64::from(columns % 32) + 1, 8];
    let limits = Limits { chunk: 16 + 8 * u64::from(cut), part: 64 << 10 };
    let grid = Grid::new(dtype, &shape, limits);
    let parts: u64 = (0..grid.parts()).map(|part| grid.part(part).count() as u64).sum();
    assert_eq!(parts, grid.chunks());
    read(&grid, object);
    // As if each frame were the whole of the input.
    let mut table = Table::default();
    grid.part(0).for_each(|_| table.push(object.len() / grid.slots()));
    read(&grid, &[object, &table.finish(grid.slots())].concat());
    decode(&grid, object);
    encode(&grid, object);
});

fn read(grid: &Grid, object: &[u8]) {
    let Ok(shard) = Shard::open(object, grid).expect("memory can be read") else { return };
    let (mut scratch, mut out) = (Scratch::default(), Vec::new());
    for (place, number) in grid.part(0).enumerate() {
        let chunk = grid.chunk(number);
        let read = shard.read(place, &chunk, grid.item, &mut scratch, &mut out);
        if read.expect("inside the object").is_ok() {
            assert_eq!(out.len() as u64, chunk.bytes.end - chunk.bytes.start);
        }
    }
}

/// A frame with the right header and any streams.
fn decode(grid: &Grid, streams: &[u8]) {
    let size = grid.chunk_size();
    for flags in [0x80, 0x81, 0x82] {
        let total = (16 + streams.len()) as u32;
        let mut frame = vec![2, 1, flags, grid.item as u8];
        for number in [size as u32, size as u32, total] {
            frame.extend_from_slice(&number.to_le_bytes());
        }
        frame.extend_from_slice(streams);
        let _ = Unpacker::default().decode(&frame, grid.item, &mut vec![0; size]);
    }
}

/// What is encoded decodes.
fn encode(grid: &Grid, bytes: &[u8]) {
    let mut chunk = bytes.to_vec();
    chunk.resize(grid.chunk_size(), 0);
    let mut out = Vec::new();
    let length = Encoder::default().encode(&chunk, grid.item, grid.float, &mut out);
    let mut back = vec![1; chunk.len()];
    let decoded = Unpacker::default().decode(&out[..length], grid.item, &mut back);
    assert!(decoded.is_some() && back == chunk);
}
