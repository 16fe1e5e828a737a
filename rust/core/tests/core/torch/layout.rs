//! What the bytes of one storage become: spans, views, frames.

use theta_core::dtype::Dtype;
use theta_core::index::Index;

use super::archives::{archive, dict, entries, storage, tensor, vector};
use super::zips::{entry, zip};
use super::{index, parameters};

/// The names, dtypes and shapes of the spans.
fn spans(index: &Index) -> Vec<(&str, Dtype, &[u64])> {
    let row = |span: &theta_core::index::Span| span.size() > 0;
    let spans = index.spans.iter().filter(|span| row(span));
    spans.map(|span| (span.name.as_deref().unwrap(), span.dtype, &span.shape[..])).collect()
}

fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at * 7 % 251) as u8).collect()
}

#[test]
fn disjoint_tensors_of_one_storage_are_spans_of_their_own() {
    let left = tensor("FloatStorage", "0", 10, 0, &[2, 2], &[2, 1]);
    let right = tensor("FloatStorage", "0", 10, 6, &[4], &[1]);
    let archive = archive(&dict(&[("right", right), ("left", left)]), &[&bytes(40)]);
    let index = index(&archive).unwrap();
    assert_eq!(spans(&index), [("left", Dtype::F32, &[2, 2][..]), ("right", Dtype::F32, &[4])]);
    assert!(index.views.is_empty());
    let found: Vec<_> = parameters(&index, &archive).map(|row| row.3).collect();
    assert_eq!(found, [&bytes(40)[..16], &bytes(40)[24..]]);
}

#[test]
fn a_small_view_keeps_a_big_storage_out_of_the_frames() {
    let row = tensor("HalfStorage", "0", 50_000, 10, &[4], &[1]);
    let index = index(&archive(&row, &[&bytes(100_000)])).unwrap();
    assert_eq!(spans(&index), [("storage.0", Dtype::F16, &[50_000][..])]);
    assert_eq!((&index.views[0].name[..], index.views[0].offset), ("tensor", 20));
}

#[test]
fn overlapping_tensors_of_different_types_are_views_of_bytes() {
    let words = tensor("FloatStorage", "0", 5, 0, &[2], &[1]);
    let halves = tensor("HalfStorage", "0", 10, 3, &[5], &[1]);
    let index = index(&archive(&dict(&[("w", words), ("h", halves)]), &[&bytes(20)])).unwrap();
    assert_eq!(spans(&index), [("storage.0", Dtype::U8, &[16][..])]);
    let views: Vec<_> = index.views.iter().map(|view| (&view.name[..], view.offset)).collect();
    assert_eq!(views, [("w", 0), ("h", 6)]);
}

#[test]
fn the_first_tensor_that_covers_its_storage_owns_it() {
    let turned = tensor("FloatStorage", "0", 4, 0, &[2, 2], &[1, 2]);
    let square = tensor("FloatStorage", "0", 4, 0, &[2, 2], &[2, 1]);
    let again = tensor("FloatStorage", "0", 4, 0, &[2, 2], &[2, 1]);
    let row = tensor("FloatStorage", "0", 4, 2, &[2], &[1]);
    let items = [("turned", turned), ("square", square), ("again", again), ("row", row)];
    let index = index(&archive(&dict(&items), &[&bytes(16)])).unwrap();
    assert_eq!(spans(&index), [("square", Dtype::F32, &[2, 2][..])]);
    let views: Vec<_> =
        index.views.iter().map(|view| (&view.name[..], &view.stride[..], view.offset)).collect();
    assert_eq!(views, [("turned", &[1, 2][..], 0), ("again", &[2, 1], 0), ("row", &[1], 8)]);
}

#[test]
fn big_entries_that_no_tensor_uses_are_spans() {
    let mut entries = entries(&vector("0", 2), &[&bytes(8), &bytes(65_536), &bytes(65_535)]);
    entries.push(entry("m/code/notes", &bytes(70_000)));
    entries.push(entry("elsewhere", &bytes(70_000)));
    let mut squeezed = entry("m/code/deflated", &bytes(70_000));
    squeezed.method = 8;
    entries.push(squeezed);
    let index = index(&zip(&entries, false)).unwrap();
    assert_eq!(
        spans(&index),
        [
            ("tensor", Dtype::F32, &[2][..]),
            ("storage.1", Dtype::U8, &[65_536]),
            ("entry.code/notes", Dtype::U8, &[70_000]),
            ("entry.elsewhere", Dtype::U8, &[70_000]),
        ]
    );
}

#[test]
fn an_empty_tensor_of_a_big_storage_is_a_span_beside_it() {
    let empty = tensor("FloatStorage", "0", 25_000, 7, &[0, 3], &[3, 1]);
    let index = index(&archive(&empty, &[&bytes(100_000)])).unwrap();
    assert_eq!(index.spans[0].name.as_deref(), Some("tensor"));
    assert_eq!((index.spans[0].size(), &index.spans[0].shape[..]), (0, &[0, 3][..]));
    assert_eq!(spans(&index), [("storage.0", Dtype::U8, &[100_000][..])]);
}

#[test]
fn storages_of_unknown_type_are_bytes() {
    let items = [
        ("bare", storage("LongStorage", "0", 2)),
        ("nibbles", tensor("QUInt4x2Storage", "1", 3, 0, &[2, 3], &[3, 1])),
        ("new", storage("Float3Storage", "2", 9)),
    ];
    let index = index(&archive(&dict(&items), &[&bytes(16), &bytes(3), &bytes(5)])).unwrap();
    assert_eq!(
        spans(&index),
        [("bare", Dtype::I64, &[2][..]), ("nibbles", Dtype::U8, &[3]), ("new", Dtype::U8, &[5]),]
    );
}
