//! The safetensors indexer, by cases, and against the reference reader.

use proptest::prelude::*;
use serde_json::{Value, json};
use theta_core::format::safetensors::{LONGEST_HEADER, index};
use theta_core::index::{Index, MOST_DIMENSIONS};
use theta_core::source::Source;

use crate::checkpoints::{self, Broken, Watched, any_mutation, spoil_safetensors};

fn indexed(bytes: &[u8]) -> Option<Index> {
    let watched = Watched::new(bytes);
    let index = index(&watched).unwrap();
    if let Some(index) = &index {
        assert!(!watched.saw_a_span(index), "tensor bytes were read");
    }
    index
}

/// The file of this header, with `size` tensor bytes.
fn file(header: &str, size: usize) -> Vec<u8> {
    checkpoints::safetensors(header, &vec![7; size])
}

fn tensor(begin: u64, end: u64) -> Value {
    tensor_of("F32", &[(end - begin) / 4], begin, end)
}

fn tensor_of(dtype: &str, shape: &[u64], begin: u64, end: u64) -> Value {
    json!({"dtype": dtype, "shape": shape, "data_offsets": [begin, end]})
}

/// Whether the file is indexed, and that the reference reader agrees.
fn accepted(header: impl ToString, size: usize) -> bool {
    let bytes = file(&header.to_string(), size);
    let ours = indexed(&bytes);
    assert_eq!(ours.is_some(), ::safetensors::SafeTensors::deserialize(&bytes).is_ok());
    ours.is_some()
}

#[test]
fn spans_are_in_the_order_of_the_file() {
    let header = json!({
        "b": tensor(8, 16),
        "__metadata__": {"format": "pt"},
        "a": tensor(0, 8),
        "empty": tensor_of("I64", &[2, 0], 8, 8),
        "scalar": tensor_of("U8", &[], 16, 17),
    });
    let bytes = file(&header.to_string(), 17);
    let start = bytes.len() as u64 - 17;
    let index = indexed(&bytes).unwrap();
    assert_eq!(index.format, "safetensors/1");
    assert_eq!(index.size, bytes.len() as u64);
    assert_eq!(index.frame_size(), start);
    let found: Vec<_> =
        index.spans.iter().map(|s| (s.name.as_deref().unwrap(), s.offset - start)).collect();
    assert_eq!(found, [("a", 0), ("empty", 8), ("b", 8), ("scalar", 16)]);
}

#[test]
fn what_the_reference_reader_takes_is_taken() {
    assert!(accepted("{}", 0));
    assert!(accepted(json!({"a": tensor_of("F32", &[], 0, 4)}), 4));
    assert!(accepted(format!("  {}", json!({"a": tensor(0, 8)})), 8));
    assert!(accepted(format!("{}   ", json!({"a": tensor(0, 8)})), 8));
    assert!(accepted(format!("{}\n", json!({"a": tensor(0, 8)})), 8));
    assert!(accepted(json!({"b": tensor(8, 16), "a": tensor(0, 8)}), 16));
    assert!(accepted(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":[1,{}]}}"#, 8));
    assert!(accepted(json!({"__metadata__": null, "": tensor(0, 8)}), 8));
    assert!(accepted(json!({"a": tensor_of("U8", &[0, u64::MAX, 2], 0, 0)}), 0));
    assert!(accepted(json!({"a": tensor_of("F4", &[4], 0, 2)}), 2));
    assert!(accepted(json!({"a": tensor_of("F6_E2M3", &[4], 0, 3)}), 3));
}

#[test]
fn every_dtype_of_the_reference_reader_is_known() {
    for dtype in theta_core::dtype::Dtype::all() {
        let size = dtype.size_of(&[8]).unwrap();
        let known = accepted(json!({"a": tensor_of(dtype.name(), &[8], 0, size)}), size as usize);
        assert_eq!(known, !["C32", "C128"].contains(&dtype.name()), "{}", dtype.name());
    }
}

#[test]
fn spans_that_do_not_tile_are_refused() {
    for (header, size) in [
        (json!({"hole": tensor(0, 8), "b": tensor(12, 20)}), 20),
        (json!({"overlap": tensor(0, 8), "b": tensor(4, 12)}), 12),
        (json!({"twice": tensor(0, 8), "b": tensor(0, 8)}), 8),
        (json!({"trailing": tensor(0, 8)}), 9),
        (json!({"missing": tensor(0, 8)}), 7),
        (json!({"late": tensor(4, 12)}), 12),
        (json!({"outside": tensor(0, 1 << 40)}), 8),
        (json!({"shape": tensor_of("F32", &[3], 0, 8)}), 8),
        (json!({"backwards": {"dtype": "F32", "shape": [0], "data_offsets": [8, 0]}}), 8),
        (json!({"broken byte": tensor_of("F4", &[3], 0, 1)}), 1),
        (json!({"overflow": tensor_of("U8", &[u64::MAX, 2], 0, 8)}), 8),
        (json!({"overflow first": tensor_of("U8", &[u64::MAX, 2, 0], 0, 0)}), 0),
        (json!({"bits overflow": tensor_of("I32", &[2, i64::MAX as u64], 0, 16)}), 16),
        (json!({"end": {"dtype": "U8", "shape": [u64::MAX], "data_offsets": [0, u64::MAX]}}), 8),
        (json!({"inside": tensor(0, 8), "e": tensor_of("U8", &[0], 4, 4)}), 8),
        (json!({}), 1),
    ] {
        assert!(!accepted(&header, size), "{header}");
    }
}

#[test]
fn headers_that_break_a_rule_are_refused() {
    for header in [
        r#"{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}"#,
        r#"{"a":{"dtype":"f32","shape":[2],"data_offsets":[0,8]}}"#,
        r#"{"a":{"dtype":"F32","shape":[2]}}"#,
        r#"{"a":{"dtype":"F32","data_offsets":[0,8]}}"#,
        r#"{"a":{"shape":[2],"data_offsets":[0,8]}}"#,
        r#"{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
        r#"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#,
        r#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
        r#"{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}"#,
        r#"{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]}}"#,
        r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#,
        r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}"#,
        r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":"\ud800"}}"#,
        r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1e999}}"#,
        r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"a":1}}"#,
        r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":"a"}"#,
        r#"{"__metadata__":{},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{}}"#,
        r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}},"#,
        r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#,
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}\0",
        "\u{feff}{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "",
        "null",
        "[]",
        "12345678",
        "{\"a\":1}",
    ] {
        assert!(!accepted(header, 8), "{header}");
    }
}

#[test]
fn header_must_be_utf8() {
    let bytes = checkpoints::safetensors(b"{\"\xff\":{}}", &[]);
    assert_eq!(indexed(&bytes), None);
}

#[test]
fn a_name_that_comes_again_means_the_same_bytes() {
    let twice = |first: Value, then: Value| format!("{{\"a\":{first},\"a\":{then}}}");
    assert!(accepted(twice(tensor(0, 8), tensor(0, 8)), 8));
    assert!(accepted(twice(tensor_of("U8", &[8], 0, 8), tensor(0, 8)), 8));
    assert!(!accepted(twice(tensor(0, 8), tensor(8, 16)), 16));
    let longer = file(&twice(tensor_of("U8", &[4], 0, 4), tensor(0, 8)), 8);
    assert_eq!(indexed(&longer), None, "stricter than the reference reader");
    let moved = file(&twice(tensor(8, 16), tensor(0, 8)), 8);
    assert_eq!(indexed(&moved), None, "stricter than the reference reader");
    let retyped = file(&twice(tensor_of("U8", &[8], 0, 8), tensor(0, 8)), 8);
    assert_eq!(indexed(&retyped).unwrap().spans[0].shape, [2], "the last one counts");
}

#[test]
fn nesting_is_bounded() {
    let deep = |depth| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let tensor = r#""dtype":"F32","shape":[2],"data_offsets":[0,8]"#;
        format!("{{\"a\":{{{tensor},\"x\":{open}{close}}}}}")
    };
    assert!(accepted(deep(100), 8));
    assert!(!accepted(deep(200), 8));
    assert!(!accepted(deep(1_000_000), 8));
}

#[test]
fn dimensions_are_bounded() {
    let shape = |dimensions| tensor_of("U8", &vec![1; dimensions], 0, 1);
    assert!(accepted(json!({"a": shape(MOST_DIMENSIONS)}), 1));
    let bytes = file(&json!({"a": shape(MOST_DIMENSIONS + 1)}).to_string(), 1);
    assert_eq!(indexed(&bytes), None);
}

#[test]
fn lengths_beyond_the_file_or_the_cap_are_refused_unread() {
    for length in [u64::MAX, 1 << 63, LONGEST_HEADER + 1, LONGEST_HEADER, 100, 1] {
        let bytes = length.to_le_bytes();
        let watched = Watched::new(&bytes);
        assert_eq!(index(&watched).unwrap(), None);
        assert!(watched.reads().iter().all(|read| read.end <= 8));
    }
    for short in 0..8 {
        assert_eq!(indexed(&vec![0; short]), None);
    }
}

/// A source of any size that begins with `start` and goes on with blanks.
struct Huge(u64, Vec<u8>);

impl Source for Huge {
    fn size(&self) -> u64 {
        self.0
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        for (at, byte) in buffer.iter_mut().enumerate() {
            *byte = self.1.get(offset as usize + at).copied().unwrap_or(b' ');
        }
        Ok(())
    }
}

#[test]
fn the_longest_header_is_read_and_one_byte_more_is_not() {
    let header = |length: u64| [&length.to_le_bytes(), &b"{}"[..]].concat();
    let longest = Huge(LONGEST_HEADER + 8, header(LONGEST_HEADER));
    assert!(index(&longest).unwrap().is_some());
    let longer = Huge(LONGEST_HEADER + 9, header(LONGEST_HEADER + 1));
    assert!(index(&longer).unwrap().is_none());
}

#[test]
fn tensors_may_be_larger_than_memory() {
    let size = 1 << 50;
    let header = json!({"a": tensor_of("U8", &[size], 0, size)}).to_string();
    let start = checkpoints::safetensors(&header, &[]);
    let huge = Huge(start.len() as u64 + size, start);
    assert_eq!(index(&huge).unwrap().unwrap().spans[0].size(), size);
}

#[test]
fn only_reading_fails() {
    assert!(index(&Broken(100)).is_err());
    assert_eq!(index(&Broken(7)).unwrap(), None);
}

#[test]
fn every_truncation_is_refused() {
    let header = json!({"a": tensor(0, 8), "b": tensor_of("I8", &[3], 8, 11)});
    let bytes = file(&header.to_string(), 11);
    assert!(indexed(&bytes).is_some());
    for length in 0..bytes.len() {
        assert_eq!(indexed(&bytes[..length]), None, "cut at {length}");
    }
}

/// What only files that no writer makes can show: the reference reader takes an array for
/// a tensor, an object for a dtype, and two spans for one name.
fn is_outlandish(bytes: &[u8]) -> bool {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let plain = header.as_object().unwrap().iter().all(|(name, tensor)| {
        name == "__metadata__" || tensor.get("dtype").is_some_and(Value::is_string)
    });
    let (_, reference) = ::safetensors::SafeTensors::read_metadata(bytes).unwrap();
    let text = std::str::from_utf8(&bytes[8..8 + length]).unwrap();
    !plain || text.matches("\"data_offsets\"").count() > reference.tensors().len()
}

fn compare_with_reference(bytes: &[u8]) {
    let ours = indexed(bytes);
    match (::safetensors::SafeTensors::read_metadata(bytes), ours) {
        (Err(_), ours) => assert_eq!(ours, None),
        (Ok(_), None) => assert!(is_outlandish(bytes)),
        (Ok((length, reference)), Some(ours)) => {
            assert_eq!(ours.spans.len(), reference.tensors().len());
            for span in ours.spans {
                let info = reference.info(&span.name.unwrap()).unwrap();
                let start = (8 + length + info.data_offsets.0) as u64;
                let shape: Vec<u64> = info.shape.iter().map(|&dim| dim as u64).collect();
                assert_eq!((span.offset, span.shape), (start, shape));
                assert_eq!(format!("{:?}", span.dtype), format!("{:?}", info.dtype));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn valid_files_give_their_spans(valid in checkpoints::valid_safetensors()) {
        let mut found = indexed(&valid.bytes).unwrap().spans;
        let mut expected = valid.spans;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        expected.sort_by(|a, b| a.name.cmp(&b.name));
        prop_assert_eq!(found, expected);
        compare_with_reference(&valid.bytes);
    }

    #[test]
    fn spoiled_files_are_judged_as_the_reference_reader_does(
        valid in checkpoints::valid_safetensors(),
        inside in proptest::collection::vec(any_mutation(), 0..3),
        outside in proptest::collection::vec(any_mutation(), 0..2),
    ) {
        compare_with_reference(&spoil_safetensors(&valid.bytes, &inside, &outside));
    }

    #[test]
    fn random_bytes_are_judged_as_the_reference_reader_does(
        length in 0u64..40,
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        compare_with_reference(&bytes);
        compare_with_reference(&[&length.to_le_bytes(), bytes.as_slice()].concat());
    }
}
