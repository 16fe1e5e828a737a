//! The index: what it refuses, and how it names.

use std::collections::HashSet;

use proptest::prelude::*;
use theta_core::dtype::Dtype;
use theta_core::index::{Index, LONGEST_NAME, MOST_DIMENSIONS, MOST_PARAMETERS, Span, View};

fn span(name: &str, offset: u64, length: u64) -> Span {
    Span { name: Some(name.into()), dtype: Dtype::U8, shape: vec![length], offset }
}

fn view(name: &str, span: usize, shape: &[u64], stride: &[u64], offset: u64) -> View {
    let (shape, stride) = (shape.to_vec(), stride.to_vec());
    View { name: name.into(), span, dtype: Dtype::I16, shape, stride, offset }
}

fn index(size: u64, spans: Vec<Span>, views: Vec<View>) -> Option<Index> {
    Index::new("test/1", size, spans, views)
}

fn names(index: &Index) -> Vec<&str> {
    let spans = index.spans.iter().filter_map(|span| span.name.as_deref());
    spans.chain(index.views.iter().map(|view| view.name.as_str())).collect()
}

#[test]
fn spans_are_sorted_and_views_follow_them() {
    let spans = vec![span("c", 9, 1), span("a", 0, 4), span("empty", 4, 0), span("b", 4, 4)];
    let views = vec![view("of c", 0, &[], &[], 0), view("of b", 3, &[2], &[1], 0)];
    assert_eq!(index(10, spans.clone(), views), None, "c is too short for an I16");
    let found = index(10, spans, vec![view("of b", 3, &[2], &[1], 0)]).unwrap();
    assert_eq!(names(&found), ["a", "empty", "b", "c", "of b"]);
    assert_eq!(found.views[0].span, 2);
    assert_eq!(found.frame_size(), 1);
}

#[test]
fn an_index_may_be_empty() {
    assert_eq!(index(0, vec![], vec![]).unwrap().frame_size(), 0);
    assert_eq!(index(7, vec![], vec![]).unwrap().frame_size(), 7);
}

#[test]
fn spans_that_do_not_partition_are_refused() {
    for (why, spans) in [
        ("overlap", vec![span("a", 0, 5), span("b", 4, 2)]),
        ("shared", vec![span("a", 0, 5), span("b", 0, 5)]),
        ("nested", vec![span("a", 0, 9), span("b", 3, 2)]),
        ("empty but nested", vec![span("a", 0, 9), span("b", 3, 0)]),
        ("beyond the end", vec![span("a", 5, 6)]),
        ("empty, beyond the end", vec![span("a", 11, 0)]),
        ("end overflows", vec![span("a", u64::MAX, 2)]),
        ("end overflows, then another", vec![span("a", 5, u64::MAX - 2), span("b", 9, 0)]),
        ("shape overflows", vec![Span { shape: vec![u64::MAX, 3], ..span("a", 0, 0) }]),
        ("bits overflow", vec![Span { shape: vec![u64::MAX / 4], ..span("a", 0, 0) }]),
        ("broken byte", vec![Span { dtype: Dtype::F4, ..span("a", 0, 3) }]),
    ] {
        assert_eq!(index(10, spans, vec![]), None, "{why}");
    }
}

#[test]
fn spans_may_fill_the_largest_file() {
    let found = index(u64::MAX, vec![span("end", u64::MAX, 0), span("a", 7, 9)], vec![]);
    assert_eq!(found.unwrap().frame_size(), u64::MAX - 9);
}

#[test]
fn views_stay_inside_their_spans() {
    let with = |view: View| index(20, vec![span("b", 12, 8), span("a", 0, 12)], vec![view]);
    for inside in [
        view("v", 1, &[6], &[1], 0),
        view("v", 1, &[2, 3], &[3, 1], 0),
        view("v", 1, &[3, 2], &[1, 3], 0),
        view("v", 1, &[5, 2], &[1, 1], 0),
        view("v", 1, &[1000], &[0], 10),
        view("v", 1, &[], &[], 10),
        view("v", 1, &[1], &[u64::MAX], 3),
        view("v", 1, &[u64::MAX, 0], &[9, 9], 12),
    ] {
        assert!(with(inside.clone()).is_some(), "{inside:?}");
    }
    for outside in [
        view("v", 1, &[7], &[1], 0),
        view("v", 0, &[6], &[1], 0),
        view("v", 1, &[6], &[1], 1),
        view("v", 1, &[2], &[6], 0),
        view("v", 1, &[], &[], 11),
        view("v", 1, &[0], &[1], 13),
        view("v", 1, &[6], &[], 0),
        view("v", 1, &[], &[1], 0),
        view("v", 2, &[], &[], 0),
        view("v", 1, &[u64::MAX], &[u64::MAX], 0),
        view("v", 1, &[2], &[u64::MAX], 0),
        view("v", 1, &[3, 3], &[u64::MAX / 2, u64::MAX / 2], 0),
        view("v", 1, &[1], &[1], u64::MAX),
        View { dtype: Dtype::F4, ..view("v", 1, &[2], &[1], 0) },
    ] {
        assert_eq!(with(outside.clone()), None, "{outside:?}");
    }
}

#[test]
fn names_are_made_unique_in_the_order_given() {
    let spans = vec![span("a", 8, 2), span("a", 0, 2), span("a#2", 2, 2), span("", 4, 0)];
    let views = vec![view("a", 0, &[], &[], 0), view("", 0, &[], &[], 0)];
    let found = index(10, spans, views).unwrap();
    assert_eq!(names(&found), ["a#3", "a#2", "", "a", "a#4", "#2"]);
}

#[test]
fn spans_without_a_name_stay_so() {
    let unnamed = |offset| Span { name: None, ..span("", offset, 1) };
    let found = index(2, vec![unnamed(1), unnamed(0)], vec![]).unwrap();
    assert!(found.spans.iter().all(|span| span.name.is_none()));
}

#[test]
fn many_equal_names_are_no_trap() {
    let spans = (0..200_000).map(|offset| span("same", offset, 1)).collect();
    let found = index(200_000, spans, vec![]).unwrap();
    assert_eq!(found.spans[199_999].name.as_deref(), Some("same#200000"));
}

#[test]
fn limits_hold() {
    let shaped = |dimensions| Span { shape: vec![1; dimensions], ..span("a", 0, 0) };
    assert!(index(1, vec![shaped(MOST_DIMENSIONS)], vec![]).is_some());
    assert_eq!(index(1, vec![shaped(MOST_DIMENSIONS + 1)], vec![]), None);
    let named = |length| span(&"n".repeat(length), 0, 1);
    assert!(index(1, vec![named(LONGEST_NAME)], vec![]).is_some());
    assert_eq!(index(1, vec![named(LONGEST_NAME + 1)], vec![]), None);
    assert_eq!(index(1, vec![named(LONGEST_NAME), named(LONGEST_NAME)], vec![]), None);
    let views = vec![view(&"n".repeat(LONGEST_NAME + 1), 0, &[], &[], 0)];
    assert_eq!(index(2, vec![span("a", 0, 2)], views), None);
}

#[test]
fn parameters_are_counted() {
    let empty = Span { name: None, ..span("", 0, 0) };
    assert!(index(0, vec![empty.clone(); MOST_PARAMETERS], vec![]).is_some());
    assert_eq!(index(0, vec![empty; MOST_PARAMETERS + 1], vec![]), None);
}

prop_compose! {
    fn any_spans()(
        parts in proptest::collection::vec(
            ("[a#2]{0,3}", 0u64..40, prop_oneof![0u64..10, any::<u64>()]),
            0..8,
        ),
    ) -> Vec<Span> {
        parts.into_iter().map(|(name, offset, length)| span(&name, offset, length)).collect()
    }
}

prop_compose! {
    fn any_views()(
        parts in proptest::collection::vec(
            (
                "[a#2]{0,3}",
                0usize..8,
                proptest::collection::vec((0u64..4, prop_oneof![0u64..4, any::<u64>()]), 0..3),
                0u64..8,
            ),
            0..3,
        ),
    ) -> Vec<View> {
        let build = |(name, span, steps, offset): (String, _, Vec<(u64, u64)>, _)| {
            let (shape, stride): (Vec<u64>, Vec<u64>) = steps.into_iter().unzip();
            view(&name, span, &shape, &stride, offset)
        };
        parts.into_iter().map(build).collect()
    }
}

/// The bytes that a view looks at, found the slow way.
fn touched(view: &View) -> Option<HashSet<u64>> {
    let mut starts = HashSet::from([u128::from(view.offset)]);
    for (&dim, &step) in view.shape.iter().zip(&view.stride) {
        let steps = (0..dim).map(|at| u128::from(at) * u128::from(step) * 2);
        starts = steps.flat_map(|by| starts.iter().map(move |start| start + by)).collect();
    }
    starts.into_iter().flat_map(|at| [at, at + 1]).map(|at| u64::try_from(at).ok()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn an_index_is_a_partition_or_none(spans in any_spans(), views in any_views(), size in 0u64..60) {
        let ours = index(size, spans.clone(), views);
        let mut covered = HashSet::new();
        let fits = spans.iter().all(|span| {
            let end = span.offset.checked_add(span.size());
            span.shape[0] < 100 && end.is_some_and(|end| end <= size)
                && (span.offset..span.offset + span.size()).all(|at| covered.insert(at))
        });
        let Some(ours) = ours else { return Ok(()) };
        prop_assert!(fits);
        prop_assert_eq!(ours.frame_size(), size - covered.len() as u64);
        prop_assert!(ours.spans.is_sorted_by_key(|span| span.offset));
        let names = names(&ours);
        prop_assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        for view in &ours.views {
            let size = ours.spans[view.span].size();
            prop_assert!(touched(view).unwrap().iter().all(|&at| at < size));
        }
        let (spans, views) = (ours.spans.clone(), ours.views.clone());
        prop_assert_eq!(index(size, spans, views), Some(ours), "indexing again changes nothing");
    }

    #[test]
    fn any_partition_is_taken(parts in proptest::collection::vec((0u64..9, 0u64..9), 0..9)) {
        let mut end = 0;
        let mut spans = Vec::new();
        for (at, (gap, length)) in parts.into_iter().enumerate() {
            spans.push(span(&at.to_string(), end + gap, length));
            end += gap + length;
        }
        let reversed = spans.iter().rev().cloned().collect();
        let found = index(end, reversed, vec![]).unwrap();
        let offsets = |spans: &[Span]| -> Vec<_> {
            spans.iter().map(|span| (span.offset, span.size())).collect()
        };
        prop_assert_eq!(offsets(&found.spans), offsets(&spans));
    }
}
