//! The manifest: one text for each, one meaning for each text, and nothing that a hostile one can do.

use proptest::prelude::*;
use theta_core::digest::{Digest, Oid};
use theta_core::dtype::Dtype;
use theta_core::manifest::{DEEPEST, Entry, MOST_INLINE, Manifest, Stored, Update, Value, View};
use theta_core::pointer::Pointer;

use crate::checkpoints::any_mutation;

fn pointer(seed: u64, size: u64) -> Pointer {
    Pointer { oid: Oid::of(&seed.to_le_bytes()), size }
}

fn value(dtype: Dtype, shape: &[u64], stored: Stored) -> Value {
    Value { dtype, shape: shape.to_vec(), digest: Digest::of(b"x"), stored }
}

fn update(kind: &str, objects: &[Pointer], base: Option<Value>) -> Stored {
    Stored::Update(Update {
        kind: kind.into(),
        objects: objects.to_vec(),
        base: base.map(Box::new),
    })
}

fn dense(size: u64) -> Value {
    value(Dtype::U8, &[size], update("dense", &[pointer(size, 9)], None))
}

fn inline(bytes: &[u8]) -> Value {
    value(Dtype::U8, &[bytes.len() as u64], Stored::Inline(bytes.to_vec()))
}

fn entry(name: &str, gap: u64, value: Value) -> Entry {
    Entry { name: name.into(), gap, value }
}

fn view(name: &str, of: &str, shape: &[u64], stride: &[u64], offset: u64) -> View {
    let (shape, stride) = (shape.to_vec(), stride.to_vec());
    View { name: name.into(), of: of.into(), dtype: Dtype::F32, shape, stride, offset }
}

fn manifest(frames: Option<Value>, entries: Vec<Entry>, views: Vec<View>) -> Manifest {
    let values = frames.iter().chain(entries.iter().map(|entry| &entry.value));
    let size = values.map(Value::size).sum();
    Manifest { format: "test/1".into(), size, digest: Digest::of(b"y"), frames, entries, views }
}

/// A manifest that has one of everything.
fn sample() -> Manifest {
    let base = value(Dtype::F32, &[40], update("delta", &[pointer(1, 7)], Some(dense(160))));
    manifest(
        Some(inline(b"frame bytes")),
        vec![
            entry("a.weight", 8, dense(500)),
            entry("\"\\ \u{e9}\u{1f642}\n\u{7f}", 0, inline(&[0, 255, 16])),
            entry("", 3, value(Dtype::BF16, &[10, 20], update("delta", &[], Some(base)))),
            entry("none", 0, value(Dtype::F32, &[3, 0], Stored::Inline(vec![]))),
        ],
        vec![view("tied", "a.weight", &[5, 5], &[25, 1], 4), view("b", "none", &[0], &[9], 0)],
    )
}

fn refusal(manifest: &Manifest) -> String {
    Manifest::parse(manifest.text().as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_manifest_is_json_with_a_line_for_each_parameter() {
    let sample = sample();
    let text = sample.text();
    assert_eq!(Manifest::parse(text.as_bytes()).unwrap(), sample);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["parameters"][1]["name"], sample.entries[1].name);
    assert_eq!(json["parameters"][2]["base"]["base"]["update"], "dense");
    assert_eq!(json["views"][0]["stride"][0], 25);
    assert_eq!(text.lines().count(), 3 + 1 + 1 + 4 + 1 + 1 + 2 + 1);
    assert!(text.is_ascii() && text.ends_with("]}\n"));
}

#[test]
fn objects_are_listed_with_those_of_their_bases() {
    let sample = sample();
    let own = [pointer(500, 9), pointer(1, 7), pointer(160, 9)];
    assert_eq!(sample.objects(), own);
    let files: Vec<String> = sample.pointers().into_iter().map(|(name, _)| name).collect();
    let empty = theta_core::pointer::escape("");
    assert_eq!(files, ["a.weight".into(), empty.clone(), format!("{empty}~1")]);
    let framed = manifest(Some(dense(200)), vec![entry("x", 0, dense(200))], vec![]);
    assert_eq!(framed.objects().len(), 1, "each once");
    assert_eq!(framed.pointers()[0].0, ".frames");
    assert_eq!((sample.tail(), framed.tail()), (0, 200));
}

#[test]
fn every_other_spelling_is_refused() {
    let text = sample().text().into_bytes();
    let telling = b"0179afz\"\\,: {}[]\nuU-+.eE\0\xff";
    for at in 0..text.len() {
        let mut spoiled = text.clone();
        for &byte in telling {
            spoiled[at] = byte;
            unspoiled_or_canonical(&spoiled);
            let mut longer = text.clone();
            longer.insert(at, byte);
            unspoiled_or_canonical(&longer);
        }
        let mut shorter = text.clone();
        shorter.remove(at);
        unspoiled_or_canonical(&shorter);
        assert!(Manifest::parse(&text[..at]).is_err());
    }
}

fn unspoiled_or_canonical(text: &[u8]) {
    if let Ok(manifest) = Manifest::parse(text) {
        assert_eq!(manifest.text().as_bytes(), text);
    }
}

#[test]
fn other_ways_to_write_the_same_json_are_refused() {
    let text = sample().text();
    for (from, to) in [
        ("\"size\": ", "\"size\":"),
        ("\"gap\": 3, ", "\"gap\": 03, "),
        ("\"gap\": 3, ", "\"gap\": 3.0, "),
        ("{\"name\": \"none\", ", "{\"name\": \"none\", \"gap\": 0, "),
        ("\\u00e9", "\\u00E9"),
        ("\\u00e9", "\u{e9}"),
        ("\\ud83d\\ude42", "\\ud83d"),
        ("\\ud83d\\ude42", "\\ude42\\ud83d"),
        ("\\u000a", "\\n"),
        ("\\\"", "\\u0022"),
        ("a.weight", "\\u0061.weight"),
        ("00ff10", "00FF10"),
        ("\"views\"", "\"more\": 1, \"views\""),
        ("]}\n", "]}\n\n"),
        ("]}\n", "]}"),
        (",\n{", ", {"),
        ("install git-theta", "install something"),
    ] {
        assert!(text.contains(from), "{from}");
        let other = text.replacen(from, to, 1);
        assert_eq!(Manifest::parse(other.as_bytes()).unwrap_err().kind(), "manifest", "{to}");
    }
}

#[test]
fn versions_are_told_apart() {
    let text = sample().text();
    for (version, kind) in [
        ("2", "newer"),
        ("18446744073709551615", "newer"),
        ("18446744073709551616", "manifest"),
        ("0", "manifest"),
        ("01", "manifest"),
        ("", "manifest"),
        ("1.5", "manifest"),
    ] {
        let other = text.replacen(": 1,", &format!(": {version},"), 1);
        assert_eq!(Manifest::parse(other.as_bytes()).unwrap_err().kind(), kind, "{version}");
    }
    assert_eq!(Manifest::version(b"{\"git-theta\": 7, \"note\": \"later\"}"), Some(7));
    assert_eq!(Manifest::version(b"{\"git-theta\": 7}"), None);
}

#[test]
fn what_does_not_add_up_is_refused() {
    let entries = |entries: Vec<Entry>| manifest(None, entries, vec![]);
    let viewed = |view: View| manifest(None, vec![entry("a", 0, dense(200))], vec![view]);
    let mut short = sample();
    short.size -= 1;
    let huge = value(Dtype::U8, &[1 << 59], update("dense", &[pointer(1, 1)], None));
    let twice = vec![entry("a", 0, dense(200)), entry("a", 0, dense(300))];
    let three: Vec<Entry> = ["a", "b", "c"].map(|name| entry(name, 0, huge.clone())).into();
    let framed = |frames| manifest(Some(frames), vec![], vec![]);
    for (manifest, line, what) in [
        (short, 0, "expected parameters and frames of 913"),
        (entries(twice), 6, "parameter 'a' comes twice"),
        (entries(three), 0, "expected parameters and frames of"),
        (entries(vec![entry("a", 1, dense(200))]), 0, "expected gaps of at most 0 bytes, found 1"),
        (viewed(view("a", "a", &[1], &[1], 0)), 8, "parameter 'a' comes twice"),
        (viewed(view("b", "b", &[1], &[1], 0)), 8, "view 'b' is of 'b', which holds no bytes"),
        (viewed(view("b", "a", &[50], &[1], 4)), 8, "view 'b' reaches past the 200 bytes of 'a'"),
        (viewed(view("b", "a", &[2], &[u64::MAX], 0)), 8, "view 'b' reaches past"),
        (viewed(view("b", "a", &[2], &[], 0)), 8, "view 'b' reaches past"),
        (framed(inline(b"")), 0, "expected frames to be U8"),
        (framed(value(Dtype::I8, &[1], Stored::Inline(vec![0]))), 0, "expected frames to be U8"),
        (framed(value(Dtype::U8, &[1, 1], Stored::Inline(vec![0]))), 0, "expected frames to be"),
    ] {
        let said = refusal(&manifest);
        assert!(said.starts_with(&format!("manifest line {line}: {what}")), "{said}");
    }
}

#[test]
fn values_that_break_a_rule_are_refused_by_their_line() {
    let one = |value: Value| {
        manifest(None, vec![entry("x", 0, inline(b"ok")), entry("y", 0, value)], vec![])
    };
    let stored = |kind, objects: &[Pointer]| value(Dtype::U8, &[200], update(kind, objects, None));
    let shaped = |shape: &[u64]| value(Dtype::F32, shape, update("delta", &[], None));
    let long = inline(&[7; MOST_INLINE as usize + 1]);
    let small = value(Dtype::U8, &[128], update("dense", &[pointer(1, 1)], None));
    let wrong = value(Dtype::U8, &[3], Stored::Inline(vec![1, 2]));
    for (value, what) in [
        (stored("dense", &[]), "expected a dense update to have objects and no base"),
        (
            value(Dtype::U8, &[200], update("dense", &[pointer(1, 1)], Some(dense(200)))),
            "expected a dense",
        ),
        (stored("Delta", &[]), "expected a kind of update, found 'Delta'"),
        (stored("", &[]), "expected a kind of update, found ''"),
        (stored("delta", &[pointer(1, 0)]), "expected an object of 1 to"),
        (stored("delta", &[pointer(1, u64::MAX)]), "expected an object of 1 to"),
        (small, "expected a value of 128 bytes to be inline"),
        (long, "expected an inline value of 129 bytes, at most 128"),
        (wrong, "expected an inline value of 3 bytes"),
        (shaped(&[u64::MAX, 2]), "shape [18446744073709551615, 2] of F32 has no size"),
        (shaped(&[1 << 61]), "shape [2305843009213693952] of F32 has no size"),
        (shaped(&[1; 65]), "expected at most 64 items"),
    ] {
        let said = refusal(&one(value));
        assert!(said.starts_with(&format!("manifest line 6: {what}")), "{said}");
    }
    let mut other = one(dense(200));
    other.format = "Test/1".into();
    assert!(refusal(&other).contains("expected a format and its version, found 'Test/1'"));
    let named = manifest(None, vec![entry(&"n".repeat(65_537), 0, dense(200))], vec![]);
    assert!(refusal(&named).contains("a string of at most 65536 bytes"));
}

#[test]
fn bases_may_be_so_deep_and_no_deeper() {
    let deep = |depth| {
        let base =
            |base, _| value(Dtype::U8, &[200], update("delta", &[pointer(1, 5)], Some(base)));
        manifest(None, vec![entry("x", 0, (0..depth).fold(dense(200), base))], vec![])
    };
    assert!(Manifest::parse(deep(DEEPEST).text().as_bytes()).is_ok());
    assert!(refusal(&deep(DEEPEST + 1)).contains("expected at most 16 bases"));
}

#[test]
fn a_hostile_text_is_refused_where_it_goes_wrong() {
    let text = sample().text();
    let head = &text[..text.find("\"parameters\": [").unwrap() + 15];
    for tail in ["[".repeat(1 << 20), "\n{".repeat(1 << 20), "1,".repeat(1 << 20)] {
        let said = Manifest::parse(format!("{head}{tail}").as_bytes()).unwrap_err().to_string();
        assert!(
            said.starts_with("manifest line 5: expected")
                || said.starts_with("manifest line 6: expected"),
            "{said}"
        );
    }
}

prop_compose! {
    fn any_value()(
        dtype in proptest::sample::select(Dtype::all().collect::<Vec<_>>()),
        mut shape in proptest::collection::vec(0u64..9, 0..5),
        kind in proptest::sample::select(vec!["dense", "delta", "low-rank", "x2"]),
        seeds in proptest::collection::vec((any::<u64>(), 1u64..1 << 60), 1..4),
        bytes in any::<[u8; 128]>(),
        is_inline in any::<bool>(),
    ) -> Value {
        if dtype.size_of(&shape).is_none() {
            shape.push(8);
        }
        let size = dtype.size_of(&shape).unwrap();
        let kind = if size <= MOST_INLINE && kind == "dense" { "delta" } else { kind };
        let objects: Vec<Pointer> = seeds.iter().map(|&(seed, size)| pointer(seed, size)).collect();
        let stored = if size <= MOST_INLINE && is_inline {
            Stored::Inline(bytes[..size as usize].to_vec())
        } else {
            update(kind, &objects, None)
        };
        Value { dtype, shape, digest: Digest::of(&bytes), stored }
    }
}

prop_compose! {
    fn any_manifest()(
        values in proptest::collection::btree_map(
            "(\\PC|[\\x00-\\x7f]){0,9}", (any_value(), proptest::option::of(any_value()), 0u64..3), 0..6,
        ),
        frames in 1u64..100,
        views in proptest::collection::vec((0usize..6, any::<u64>()), 0..3),
    ) -> Manifest {
        let mut entries = Vec::new();
        for (name, (mut value, base, gap)) in values {
            if let (Stored::Update(update), Some(base)) = (&mut value.stored, base) {
                update.base = Some(Box::new(base)).filter(|_| update.kind != "dense");
            }
            entries.push(Entry { name, gap, value });
        }
        let views = views.iter().enumerate().filter_map(|(number, &(of, seed))| {
            let entry = entries.get(of)?;
            let offset = seed % (entry.value.size() + 1);
            let shape = [(entry.value.size() - offset) / 4, 1];
            let name = format!("{}.view{number}", entry.name);
            Some(view(&name, &entry.name, &shape, &[1, seed], offset))
        });
        let (views, gaps) = (views.collect(), entries.iter().map(|entry| entry.gap).sum::<u64>());
        let frames = vec![frames as u8; (frames + gaps) as usize];
        manifest(Some(inline(&frames)).filter(|_| gaps + frames.len() as u64 <= 256), entries, views)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn text_and_back_is_the_same(mut manifest in any_manifest()) {
        if manifest.frames.as_ref().is_none_or(|frames| frames.size() > MOST_INLINE) {
            let old = manifest.frames.take().map_or(0, |frames| frames.size());
            manifest.size -= old;
            manifest.entries.iter_mut().for_each(|entry| entry.gap = 0);
        }
        let text = manifest.text();
        let parsed = Manifest::parse(text.as_bytes());
        prop_assert!(parsed.is_ok(), "{}\n{text}", parsed.unwrap_err());
        prop_assert_eq!(parsed.unwrap(), manifest);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn a_spoiled_text_is_refused_or_is_another_manifest(
        manifest in any_manifest(),
        mutations in proptest::collection::vec(any_mutation(), 1..4),
    ) {
        let mut text = manifest.text().into_bytes();
        for mutation in mutations {
            mutation.apply(&mut text);
        }
        if let Ok(manifest) = Manifest::parse(&text) {
            prop_assert_eq!(manifest.text().into_bytes(), text);
        }
    }
}
