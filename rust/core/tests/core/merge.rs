//! The laws of merging, and every row of the three-way table.

use proptest::prelude::*;
use theta_core::merge::merge;
use theta_core::object::grid::LIMITS;

use crate::place::{Place, safetensors};

/// A checkpoint of these parameters, 64 bytes each.
fn model(parameters: &[(&str, u8)]) -> Vec<u8> {
    let shaped: Vec<_> = parameters.iter().map(|&(name, value)| (name, value, 64)).collect();
    shaped_model(&shaped)
}

fn shaped_model(parameters: &[(&str, u8, u64)]) -> Vec<u8> {
    let tensors = parameters.iter().map(|&(name, value, size)| {
        (name.to_owned(), "U8", vec![size], vec![value; size as usize])
    });
    safetensors(&tensors.collect::<Vec<_>>())
}

fn place() -> Place {
    let mut place = Place::new();
    place.limits = LIMITS;
    place
}

/// The merged checkpoint, or the names in conflict.
fn merged(ancestor: &[u8], ours: &[u8], theirs: &[u8]) -> Result<Vec<u8>, Vec<String>> {
    let place = place();
    let [ancestor, ours, theirs] = [ancestor, ours, theirs].map(|bytes| place.manifest(bytes));
    let merged = merge(Some(&ancestor), &ours, &theirs, Some(&place.store)).unwrap();
    if !merged.conflicts.is_empty() {
        assert_eq!(merged.manifest, ours);
        return Err(merged.conflicts);
    }
    let bytes = place.smudge(&merged.manifest).unwrap();
    assert_eq!(place.manifest(&bytes), merged.manifest, "as if it had been added");
    Ok(bytes)
}

fn conflicts(ancestor: &[u8], ours: &[u8], theirs: &[u8]) -> Vec<String> {
    merged(ancestor, ours, theirs).unwrap_err()
}

fn is(ancestor: &[u8], ours: &[u8], theirs: &[u8], expected: &[u8]) {
    for (ours, theirs) in [(ours, theirs), (theirs, ours)] {
        assert_eq!(merged(ancestor, ours, theirs).unwrap(), expected);
    }
}

#[test]
fn changes_to_different_parameters_are_both_taken() {
    let a = model(&[("x", 1), ("y", 1), ("z", 1)]);
    is(
        &a,
        &model(&[("x", 2), ("y", 1), ("z", 1)]),
        &model(&[("x", 1), ("y", 3), ("z", 1)]),
        &model(&[("x", 2), ("y", 3), ("z", 1)]),
    );
}

#[test]
fn the_same_change_on_both_sides_is_one() {
    let a = model(&[("x", 1), ("y", 1)]);
    is(
        &a,
        &model(&[("x", 2), ("y", 2)]),
        &model(&[("x", 2), ("y", 1)]),
        &model(&[("x", 2), ("y", 2)]),
    );
}

#[test]
fn different_changes_of_one_parameter_are_a_conflict() {
    let a = model(&[("x", 1), ("y", 1)]);
    let (ours, theirs) = (model(&[("x", 2), ("y", 2)]), model(&[("x", 3), ("y", 2)]));
    assert_eq!(conflicts(&a, &ours, &theirs), ["x"]);
}

#[test]
fn one_side_may_change_the_layout() {
    let a = model(&[("x", 1), ("y", 1)]);
    let y = model(&[("x", 1), ("y", 2)]);
    for (layout, expected) in [
        (model(&[("x", 1), ("y", 1), ("z", 1)]), model(&[("x", 1), ("y", 2), ("z", 1)])),
        (model(&[("y", 1), ("x", 1)]), model(&[("y", 2), ("x", 1)])),
        (model(&[("y", 1)]), model(&[("y", 2)])),
        (
            shaped_model(&[("x", 7, 100), ("y", 1, 64)]),
            shaped_model(&[("x", 7, 100), ("y", 2, 64)]),
        ),
    ] {
        is(&a, &layout, &y, &expected);
    }
}

#[test]
fn a_change_without_a_place_is_a_conflict() {
    let a = model(&[("x", 1), ("y", 1)]);
    let changed = model(&[("x", 2), ("y", 1)]);
    for layout in [
        model(&[("y", 1)]),
        model(&[("renamed", 1), ("y", 1)]),
        shaped_model(&[("x", 1, 100), ("y", 1, 64)]),
    ] {
        assert_eq!(conflicts(&a, &changed, &layout), ["x"]);
        assert_eq!(conflicts(&a, &layout, &changed), ["x"]);
    }
}

#[test]
fn two_changes_of_the_layout_are_a_conflict_of_frames() {
    let a = model(&[("x", 1)]);
    let (ours, theirs) = (model(&[("x", 1), ("y", 1)]), model(&[("x", 1), ("z", 1)]));
    assert_eq!(conflicts(&a, &ours, &theirs), ["frames", "z"]);
}

#[test]
fn without_an_ancestor_only_what_is_the_same_merges() {
    let place = place();
    let [ours, theirs] = [1, 2].map(|y| place.manifest(&model(&[("x", 1), ("y", y)])));
    assert_eq!(merge(None, &ours, &ours, None).unwrap().conflicts, [""; 0]);
    assert_eq!(merge(None, &ours, &theirs, None).unwrap().conflicts, ["y"]);
}

#[test]
fn a_nested_merge_needs_no_objects() {
    let big = |x: u8, y: u8| {
        let place = place();
        place.manifest(&shaped_model(&[("x", x, 4000), ("y", y, 4000)]))
    };
    let merged = merge(Some(&big(1, 1)), &big(2, 1), &big(1, 2), None).unwrap();
    assert_eq!(merged.conflicts, [""; 0]);
    assert_eq!(merged.manifest.entries, big(2, 2).entries);
    let store = &place().store;
    let error = merge(Some(&big(1, 1)), &big(2, 1), &big(1, 2), Some(store)).unwrap_err();
    assert_eq!(error.kind(), "missing");
}

/// Up to four names, each with one of three values.
fn any_model() -> impl Strategy<Value = Vec<u8>> {
    let names = proptest::sample::subsequence(vec!["a", "b", "c", "d"], 1..=4);
    (names, any::<[u8; 4]>()).prop_map(|(names, values)| {
        let parameters: Vec<_> = names.into_iter().zip(values.map(|value| value % 3)).collect();
        model(&parameters)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_unchanged_side_gives_way(a in any_model(), b in any_model()) {
        prop_assert_eq!(merged(&a, &a, &b), Ok(b.clone()));
        prop_assert_eq!(merged(&a, &b, &a), Ok(b.clone()));
        prop_assert_eq!(merged(&a, &b, &b), Ok(b));
    }

    #[test]
    fn the_sides_may_be_swapped(a in any_model(), b in any_model(), c in any_model()) {
        let (one, other) = (merged(&a, &b, &c), merged(&a, &c, &b));
        prop_assert_eq!(one.is_ok(), other.is_ok());
        if one.is_ok() {
            prop_assert_eq!(one, other);
        }
    }
}
