//! The laws of clean and smudge: the same bytes come back, and the same manifest.

use proptest::prelude::*;
use theta_core::manifest::Manifest;

use crate::place::{Place, safetensors};

fn tensor() -> impl Strategy<Value = (&'static str, Vec<u64>, Vec<u8>)> {
    let dtypes = prop_oneof![
        Just(("BF16", 2u64)),
        Just(("F32", 4)),
        Just(("U8", 1)),
        Just(("I64", 8)),
        Just(("C64", 8))
    ];
    (dtypes, prop::collection::vec(0u64..9, 0..5), any::<u64>(), 0u32..3).prop_map(
        |((dtype, item), shape, seed, kind)| {
            let size = shape.iter().product::<u64>() * item;
            let mut state = seed | 1;
            let bytes = (0..size).map(|at| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                match kind {
                    0 => 0,
                    1 => state as u8,
                    _ => {
                        if at % item == item - 1 {
                            state as u8 & 3
                        } else {
                            state as u8
                        }
                    }
                }
            });
            (dtype, shape, bytes.collect())
        },
    )
}

fn checkpoint() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(tensor(), 0..12).prop_map(|tensors| {
        let named = tensors.into_iter().enumerate();
        let named: Vec<_> = named
            .map(|(at, (dtype, shape, bytes))| (format!("t{at}"), dtype, shape, bytes))
            .collect();
        safetensors(&named)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_in_comes_out(bytes in prop_oneof![checkpoint(), prop::collection::vec(any::<u8>(), 1..5000)]) {
        let place = Place::new();
        let text = place.clean(&bytes, None, &[]);
        let manifest = Manifest::parse(&text).unwrap();
        prop_assert_eq!(&place.smudge(&manifest).unwrap(), &bytes);
        prop_assert_eq!(manifest.text().into_bytes(), text.clone());
        // From the file instead of the pipe, and with or without a base, nothing changes.
        let other = Place::new();
        prop_assert_eq!(&other.clean(&bytes, Some(other.file(&bytes)), &[]), &text);
        prop_assert_eq!(&place.clean(&bytes, None, &[manifest]), &text);
    }

    #[test]
    fn the_pipe_wins_over_the_file(bytes in checkpoint(), other in checkpoint(), cut in 0usize..200) {
        let place = Place::new();
        let text = place.clean(&bytes, Some(place.file(&other)), &[]);
        prop_assert_eq!(place.smudge(&Manifest::parse(&text).unwrap()).unwrap(), bytes.clone());
        let short = &bytes[..bytes.len() - cut.min(bytes.len() - 1)];
        let text = place.clean(short, Some(place.file(&bytes)), &[]);
        prop_assert_eq!(place.smudge(&Manifest::parse(&text).unwrap()).unwrap(), short);
    }

    #[test]
    fn a_flipped_bit_is_never_a_wrong_weight(bytes in checkpoint(), at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let place = Place::new();
        let manifest = Manifest::parse(&place.clean(&bytes, None, &[])).unwrap();
        let objects = manifest.objects();
        prop_assume!(!objects.is_empty());
        let path = place.store.path(objects[at.index(objects.len())].oid);
        let mut object = std::fs::read(&path).unwrap();
        let byte = at.index(object.len());
        object[byte] ^= 1 << bit;
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, object).unwrap();
        match place.smudge(&manifest) {
            Ok(restored) => prop_assert_eq!(restored, bytes),
            Err(error) => prop_assert_eq!(error.kind(), "damaged"),
        }
    }
}

#[test]
fn one_changed_parameter_makes_one_object() {
    let place = Place::new();
    let tensors = |last: u8| {
        let value = |at: u8| vec![at; 4096];
        let tensors: Vec<_> =
            (0..9).map(|at| (format!("t{at}"), "F32", vec![32, 32], value(at))).collect();
        let mut tensors = tensors;
        tensors[4].3[7] = last;
        safetensors(&tensors)
    };
    let first = Manifest::parse(&place.clean(&tensors(1), None, &[])).unwrap();
    let second =
        Manifest::parse(&place.clean(&tensors(2), None, std::slice::from_ref(&first))).unwrap();
    let old = first.objects();
    let new: Vec<_> = second.objects().into_iter().filter(|object| !old.contains(object)).collect();
    assert_eq!((new.len(), second.entries[4].value.objects().len()), (1, 2), "one part of two");
    let lines =
        |manifest: &Manifest| manifest.text().lines().map(str::to_owned).collect::<Vec<_>>();
    let differing = lines(&first).into_iter().zip(lines(&second)).filter(|(a, b)| a != b).count();
    assert_eq!(differing, 2, "the digest's line and the parameter's");
}

#[test]
fn nothing_and_manifests_pass_through() {
    let place = Place::new();
    assert_eq!(place.clean(b"", None, &[]), b"");
    let text = place.clean(b"some bytes", None, &[]);
    assert_eq!(place.clean(&text, None, &[]), text);
    let broken = &text[..text.len() - 2];
    let manifest = Manifest::parse(&place.clean(broken, None, &[])).unwrap();
    assert_eq!(place.smudge(&manifest).unwrap(), broken);
}

#[test]
fn a_pruned_object_comes_back_from_its_kept_link() {
    let place = Place::new();
    let manifest = Manifest::parse(&place.clean(&vec![7; 5000], None, &[])).unwrap();
    std::fs::remove_dir_all(place.path().join("objects")).unwrap();
    assert_eq!(place.smudge(&manifest).unwrap(), vec![7; 5000]);
    for object in manifest.objects() {
        place.store.release(object.oid).unwrap();
    }
    std::fs::remove_dir_all(place.path().join("objects")).unwrap();
    assert_eq!(place.smudge(&manifest).unwrap_err().kind(), "missing");
}
