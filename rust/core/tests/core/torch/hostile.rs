//! Archives that lie: in the zip records, in the pickle, in what the tensors say.

use std::io;

use proptest::prelude::*;
use theta_core::format::torch;
use theta_core::source::Source;

use super::archives::{archive, dict, entries, global, int, pickle, storage, tensor, text, vector};
use super::index;
use super::zips::{entry, zip};

const DATA: &[u8] = b"sixteen byte set";

fn is_taken(opcodes: &[u8]) -> bool {
    index(&archive(opcodes, &[DATA])).is_some()
}

/// Names of spans and views of an archive with one storage of 16 bytes.
fn names(opcodes: &[u8]) -> Vec<String> {
    let index = index(&archive(opcodes, &[DATA])).expect("is a torch archive");
    let spans = index.spans.into_iter().filter_map(|span| span.name);
    spans.chain(index.views.into_iter().map(|view| view.name)).collect()
}

fn repeated(count: usize, opcodes: &[u8]) -> Vec<u8> {
    opcodes.repeat(count)
}

#[test]
fn an_honest_archive_is_indexed_with_and_without_zip64() {
    for zip64 in [false, true] {
        let bytes = zip(&entries(&vector("0", 4), &[DATA]), zip64);
        let index = index(&bytes).unwrap();
        assert_eq!(index.spans.len(), 1);
        assert!(bytes[index.spans[0].offset as usize..].starts_with(DATA));
    }
}

#[test]
fn nesting_is_followed_to_a_limit() {
    for (depth, opcodes) in [(0, &b""[..]), (100, b"]"), (100, b"}X\x01\0\0\0k")] {
        let close: &[u8] = if opcodes == b"]" { b"a" } else { b"s" };
        let nested = [repeated(depth, opcodes), vector("0", 4), repeated(depth, close)].concat();
        assert!(is_taken(&nested), "{depth}");
    }
    for depth in [128, 1_000, 1_000_000] {
        for (open, close) in [(&b"]"[..], &b"a"[..]), (b"", b"\x85"), (b"cm\nf\n", b"\x85R")] {
            let nested = [repeated(depth, open), vector("0", 4), repeated(depth, close)];
            assert!(!is_taken(&nested.concat()), "{depth}");
        }
    }
}

#[test]
fn rebuilt_types_inside_each_other_do_not_overflow_the_stack() {
    let rebuild = global("torch._tensor", "_rebuild_from_type_v2");
    let open = [b"(", &rebuild[..], b"N"].concat();
    let (depth, innermost) = (500_000, [b"(", &open[1..], b")Nt"].concat());
    let nested = [repeated(depth, &open), innermost, repeated(depth, b"Nt")].concat();
    assert!(!is_taken(&[rebuild, nested, b"R".to_vec()].concat()));
}

#[test]
fn values_that_hold_themselves_are_entered_once() {
    let weight = [text("w"), vector("0", 4)].concat();
    assert_eq!(names(&[b"}q\0(", &weight[..], &text("me"), b"h\0u"].concat()), ["w"]);
    assert_eq!(names(&[b"]q\0(", &vector("0", 4)[..], b"h\0e"].concat()), ["0"]);
    let tuple = [b"]q\0(h\0", &vector("0", 4)[..], b"tq\x01ah\x01"].concat();
    assert_eq!(names(&tuple), ["1"]);
    let object = [b"cm\nC\n)\x81q\0}(", &weight[..], &text("me"), b"h\0ub"].concat();
    assert_eq!(names(&object), ["w"]);
}

#[test]
fn shared_values_do_not_explode() {
    for (open, close) in [("(", "t"), ("](", "e"), ("cm\nf\n(", "tR")] {
        let mut laughs = vector("0", 4);
        for level in 0..100u8 {
            let again = [b"h", &[level][..]].concat();
            laughs.extend([b"q", &[level][..], open.as_bytes()].concat());
            laughs.extend(repeated(10, &again));
            laughs.extend(close.as_bytes());
        }
        index(&archive(&laughs, &[DATA]));
    }
    let wide = [b"(", &repeated(100_000, b"K\x01")[..], b"tq\0(", &repeated(100_000, b"h\0"), b"t"];
    assert!(is_taken(&wide.concat()));
    let states = [b"}q\0(", &repeated(100_000, b"K\x01")[..], b"u("].concat();
    let states = [states, repeated(100_000, b"cm\nf\n)Rh\0b"), b"t".to_vec()].concat();
    assert!(is_taken(&states));
}

#[test]
fn long_keys_do_not_multiply() {
    let key = text(&"k".repeat(60_000));
    let lists = [&key[..], b"q\0]s(", &repeated(200_000, b"h\0]")[..], b"u"].concat();
    assert!(!is_taken(&[b"}", &lists[..]].concat()));
    let scalars = [&key[..], b"q\0Ns(", &repeated(200_000, b"h\0N")[..], b"u"].concat();
    assert!(is_taken(&[b"}", &scalars[..]].concat()));
}

#[test]
fn claimed_lengths_are_not_believed() {
    let broken: &[&[u8]] = &[
        b"X\xff\xff\xff\xff",
        b"X\xff\xff\xff\x7f",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x8c\xff",
        b"\x8a\xff",
        b"\x8b\xff\xff\xff\x7f",
        b"\x8b\xff\xff\xff\xff",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x96\0\0\0\0\0\x01\0\0",
        b"cunended",
        b"cone line\n",
        b"r\xff\xff\xff\xff",
        b"j\xff\xff\xff\xff",
        b"h\0",
        b"",
        b"t",
        b"(",
        b"(h",
        b"\x86",
        b"(N\x85\x86",
        b"N(a",
        b"Na",
        b"}(Nu",
        b"}NNs}b",
        b"N)R(",
        b"K\x01K\x02\x93",
        b"\x80\x06N",
        b"01",
        b"e",
    ];
    for opcodes in broken {
        assert!(!is_taken(opcodes), "{opcodes:?}");
    }
    let sound: &[&[u8]] = &[
        b"\x8a\x00",
        b"\x8a\x09123456789",
        b"\x8b\x04\0\0\0abcd",
        b"N\x940h\x00",
        b"(0N",
        b"(1N",
        b"N2\x86",
        b"\x80\x05\x95\xff\xff\xff\xff\xff\xff\xff\xffN",
        b"\x8f(K\x01\x90",
        b"(K\x01\x91",
        b"cm\nf\n)}\x92",
    ];
    for opcodes in sound {
        assert!(is_taken(opcodes), "{opcodes:?}");
    }
}

#[test]
fn opcodes_that_reach_outside_the_file_are_refused() {
    let refused: &[&[u8]] = &[
        b"\x82\x01",
        b"\x83\x01\0",
        b"\x84\x01\0\0\0",
        b"\x97",
        b"N\x98",
        b"(im\nC\n",
        b"(cm\nC\no",
        b"Pid\n",
        b"I1\n",
        b"\xff",
    ];
    for opcodes in refused {
        assert!(!is_taken(opcodes), "{opcodes:?}");
    }
}

#[test]
fn tensors_stay_inside_their_storage() {
    let float = |count, offset, shape: &[u32], stride: &[u32]| {
        is_taken(&tensor("FloatStorage", "0", count, offset, shape, stride))
    };
    assert!(float(4, 0, &[4], &[1]));
    assert!(float(4, 3, &[], &[]));
    assert!(float(4, 3, &[1, 1], &[0x7fff_ffff, 0x7fff_ffff]));
    assert!(float(4, 0x7fff_ffff, &[0], &[1]));
    assert!(float(4, 0, &[0x7fff_ffff, 2], &[0, 1]));
    assert!(!float(4, 1, &[4], &[1]));
    assert!(!float(4, 0, &[2], &[4]));
    assert!(!float(4, u32::MAX, &[1], &[1]));
    assert!(!float(4, 0, &[u32::MAX], &[1]));
    assert!(!float(4, 0, &[2], &[u32::MAX]));
    assert!(!float(u32::MAX, 0, &[2], &[1]));
    assert!(!float(5, 0, &[2], &[1]));
    assert!(!float(4, 0, &[2], &[1, 1]));
    assert!(!float(4, 0, &[1; 65], &[1; 65]));
    assert!(!float(4, 0x7fff_ffff, &[0x7fff_ffff; 4], &[0x7fff_ffff; 4]));
}

#[test]
fn tensors_that_torch_does_not_write_are_not_ours() {
    let rebuild = |name, arguments: &[u8]| {
        is_taken(&[&global("torch._utils", name)[..], b"(", arguments, b"tR"].concat())
    };
    let whole = [storage("FloatStorage", "0", 4), int(0), b"K\x04\x85K\x01\x85".to_vec()].concat();
    assert!(rebuild("_rebuild_tensor", &whole));
    assert!(rebuild("_rebuild_tensor_v3", &[&whole[..], b"NNctorch\nuint16\n"].concat()));
    assert!(rebuild("_rebuild_tensor_v3", &[&whole[..], b"NNctorch\nint3\n"].concat()));
    assert!(!rebuild("_rebuild_tensor_v3", &whole));
    assert!(!rebuild("_rebuild_tensor_v3", &[&whole[..], b"NNctorch\nfloat64\n"].concat()));
    assert!(!rebuild("_rebuild_tensor", b""));
    assert!(!rebuild("_rebuild_tensor", &[&b"N"[..], &whole[whole.len() - 11..]].concat()));
    assert!(!rebuild("_rebuild_qtensor", &whole));
    assert!(!rebuild("_rebuild_sparse_tensor", b"N)"));
    assert!(!is_taken(&storage("FloatStorage", "1", 4)));
    assert!(!is_taken(&storage("FloatStorage", "0", 5)));
    assert!(!is_taken(&[b"(", &text("module")[..], b"NNNNtQ"].concat()));
    assert!(!is_taken(b"NQ"));
    assert!(rebuild("_rebuild_meta_tensor_no_storage", b"ctorch\nfloat32\nNNN"));
}

#[test]
fn equal_names_become_different() {
    let one = |offset| tensor("FloatStorage", "0", 4, offset, &[1], &[1]);
    let items = [("w", one(0)), ("w", one(1)), ("w#2", one(2))];
    assert_eq!(names(&dict(&items)), ["w", "w#3", "w#2"]);
}

#[test]
fn entries_of_one_name_or_one_place_are_not_ours() {
    let mut twice = entries(&vector("0", 4), &[DATA]);
    twice.push(entry("m/data/0", DATA));
    assert!(index(&zip(&twice, true)).is_none());
    for header in [0, 1, 60, 0xffff, u32::MAX - 1] {
        let mut entries = entries(&vector("0", 4), &[DATA]);
        entries[2].header = Some(header);
        assert!(index(&zip(&entries, true)).is_none(), "{header}");
    }
}

#[test]
fn sizes_in_the_directory_are_checked() {
    for (claimed, taken) in [(15, false), (16, true), (17, false), (u32::MAX, false)] {
        let mut entries = entries(&vector("0", 4), &[DATA]);
        entries[2].claimed = Some(claimed);
        assert_eq!(index(&zip(&entries, true)).is_some(), taken, "{claimed}");
    }
    let mut entries = entries(&vector("0", 4), &[DATA]);
    entries[0].claimed = Some(0x7fff_ffff);
    assert!(index(&zip(&entries, true)).is_none());
}

#[test]
fn compressed_and_encrypted_parts_are_not_ours() {
    for (which, method, flags) in
        [(0, 8, 0), (1, 8, 0), (2, 8, 0), (0, 0, 1), (2, 0, 1), (2, 0, 64)]
    {
        let mut entries = entries(&vector("0", 4), &[DATA]);
        (entries[which].method, entries[which].flags) = (method, flags);
        assert!(index(&zip(&entries, true)).is_none(), "{which} {method} {flags}");
    }
}

#[test]
fn big_endian_archives_are_not_ours() {
    let mut entries = entries(&vector("0", 4), &[DATA]);
    entries[1].data = b"big".to_vec();
    assert!(index(&zip(&entries, true)).is_none());
    entries.remove(1);
    assert!(index(&zip(&entries, true)).is_some());
}

#[test]
fn every_field_of_the_end_records_is_checked() {
    let bytes = archive(&vector("0", 4), &[DATA]);
    let records = bytes.len() - 98;
    let ignored = [12..20, 46..56, 60..64, 72..76].into_iter().flatten();
    let ignored: Vec<usize> = ignored.map(|at| records + at).collect();
    for at in records..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x55;
        assert!(index(&bytes).is_none() || ignored.contains(&at), "{}", at - records);
    }
}

#[test]
fn other_zips_and_other_files_are_not_ours() {
    assert!(index(&zip(&[], true)).is_none());
    assert!(index(&zip(&[entry("m/data/0", DATA)], true)).is_none());
    assert!(index(&zip(&[entry("data.pkl", &pickle(b"N"))], true)).is_none());
    assert!(index(b"").is_none());
    assert!(index(&pickle(&vector("0", 4))).is_none());
    let trailing = [archive(&vector("0", 4), &[DATA]), b"!".to_vec()].concat();
    assert!(index(&trailing).is_none());
}

struct Unreadable(u64);

impl Source for Unreadable {
    fn size(&self) -> u64 {
        self.0
    }

    fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<()> {
        Err(io::Error::other("gone"))
    }
}

#[test]
fn only_a_failing_read_is_an_error() {
    assert!(torch::index(&Unreadable(1_000)).is_err());
    assert!(matches!(torch::index(&Unreadable(21)), Ok(None)));
}

/// Opcodes that make sense somewhere, and bytes that do not.
fn fragment() -> impl Strategy<Value = Vec<u8>> {
    let alone = b"N((012)]}tldaesuRbQ.\x8f\x85\x86\x87\x81\x92\x93\x94".map(|opcode| vec![opcode]);
    let memo = [b"q\0", b"q\x01", b"h\0", b"h\x01"].map(|opcodes| opcodes.to_vec());
    let tensors = [vector("0", 4), vector("0", 2), storage("LongStorage", "0", 2)];
    let functions = "tensor tensor_v3 qtensor from_type_v2 parameter_with_state sparse_tensor";
    let rebuild = |name| global("torch._utils", &format!("_rebuild_{name}"));
    let rebuilds: Vec<Vec<u8>> = functions.split(' ').map(rebuild).collect();
    let known = [&alone[..], &memo, &tensors, &rebuilds, &[int(0), text("k")]].concat();
    prop_oneof![20 => prop::sample::select(known), 1 => any::<u8>().prop_map(|byte| vec![byte])]
}

proptest! {
    #[test]
    fn any_opcodes_give_a_partition_or_nothing(
        fragments in prop::collection::vec(fragment(), 1..40),
    ) {
        index(&archive(&fragments.concat(), &[DATA]));
    }
}
