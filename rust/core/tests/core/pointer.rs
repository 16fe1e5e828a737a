//! Pointers: one spelling, and file names that are safe everywhere.

use std::collections::HashSet;

use proptest::prelude::*;
use theta_core::digest::Oid;
use theta_core::pointer::{Pointer, SIZE_LIMIT, escape, file_name, frames_file_name};

const TEXT: &str = "version https://git-lfs.github.com/spec/v1\n\
    oid sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n\
    size 12345\n";

#[test]
fn the_text_is_what_git_lfs_writes() {
    let pointer = Pointer { oid: Oid::of(b""), size: 12345 };
    assert_eq!(pointer.text(), TEXT);
    assert_eq!(Pointer::parse(TEXT.as_bytes()), Some(pointer));
}

#[test]
fn other_spellings_are_no_pointers() {
    for (was, becomes) in [
        ("size 12345", "size 012345"),
        ("size 12345", "size +12345"),
        ("size 12345", "size -1"),
        ("size 12345", "size 18446744073709551616"),
        ("size 12345", "size "),
        ("size 12345", "size 12345 "),
        ("size 12345\n", "size 12345"),
        ("size 12345\n", "size 12345\n\n"),
        ("size 12345\n", "size 12345\r\n"),
        ("spec/v1\n", "spec/v1\r\n"),
        ("spec/v1", "spec/v2"),
        ("sha256", "sha1"),
        ("e3b0", "E3B0"),
        ("e3b0", "e3b"),
        ("e3b0", "e3b00"),
        ("oid", "ext-0-x sha256:00\noid"),
        ("version", "\u{feff}version"),
        ("version", " version"),
    ] {
        let text = TEXT.replacen(was, becomes, 1);
        assert_ne!(text, TEXT);
        assert_eq!(Pointer::parse(text.as_bytes()), None, "{becomes:?}");
    }
    assert_eq!(Pointer::parse(b""), None);
    assert_eq!(Pointer::parse(&[TEXT.as_bytes(), &[b'\n'; SIZE_LIMIT]].concat()), None);
    assert_eq!(Pointer::parse(&[TEXT.as_bytes(), b"\xff"].concat()), None);
}

/// What may stand in a tree, in a work tree on any system, and in an ignore pattern's way.
fn assert_safe(file: &str) {
    assert!(!file.is_empty() && file.len() <= 200, "{} bytes: {file}", file.len());
    assert!(file.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{file:?}");
    assert!(!file.contains(['/', '\\', '~', '<', '>', ':', '"', '|', '?', '*']), "{file}");
    assert!(!file.starts_with(['.', ' ', '-']) && !file.ends_with(['.', ' ']), "{file:?}");
    let stem = file.split('.').next().unwrap().trim_end().to_ascii_lowercase();
    assert!(!["con", "prn", "aux", "nul", "conin$", "conout$"].contains(&&*stem), "{file}");
    let device = stem.strip_prefix("com").or(stem.strip_prefix("lpt"));
    assert!(!device.is_some_and(|rest| matches!(rest.as_bytes(), [b'0'..=b'9'])), "{file}");
    assert!(!["git", "gitmod", "gi7eba"].contains(&&*file.to_ascii_lowercase()), "{file}");
}

#[test]
fn plain_names_stay_as_they_are() {
    for name in [
        "model.layers.0.self_attn.q_proj.weight",
        "transformer.h.0.attn.c_attn.weight",
        "git.embeddings.weight",
        "concat.weight",
        "com10.x",
        "a b",
        "a-b_c@d#2[0](x)",
        "x",
        "A",
    ] {
        assert_eq!(escape(name), name);
        assert_safe(name);
    }
}

#[test]
fn unsafe_names_are_spelled_out() {
    for (name, file) in [
        ("../../x", "%2E.%2F..%2Fx"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("a/b", "a%2Fb"),
        ("/etc/passwd", "%2Fetc%2Fpasswd"),
        ("a\\b", "a%5Cb"),
        ("C:x", "C%3Ax"),
        ("con", "%63on"),
        ("CON", "%43ON"),
        ("con.weight", "%63on.weight"),
        ("con .weight", "%63on .weight"),
        ("COM1", "%43OM1"),
        ("lpt9.bias", "%6Cpt9.bias"),
        ("nul", "%6Eul"),
        ("conin$", "%63onin$"),
        ("com\u{b9}", "com%C2%B9"),
        ("git", "%67it"),
        ("GIT", "%47IT"),
        (".git", "%2Egit"),
        (".gi\u{200c}t", "%2Egi%E2%80%8Ct"),
        (".gitmodules", "%2Egitmodules"),
        (".frames", "%2Eframes"),
        ("git~1", "git%7E1"),
        ("-rf", "%2Drf"),
        (" a ", "%20a%20"),
        ("a.", "a%2E"),
        ("a\nb", "a%0Ab"),
        ("a\0b", "a%00b"),
        ("\u{7f}", "%7F"),
        ("%41", "%2541"),
        ("🙂", "%F0%9F%99%82"),
        ("é", "%C3%A9"),
        ("", "%xaf1349b9f5f9a1a6a0404dea36dcc949"),
    ] {
        assert_eq!(escape(name), file);
        assert_safe(file);
    }
}

#[test]
fn case_is_kept() {
    assert_ne!(escape("A"), escape("a"));
}

#[test]
fn long_names_end_in_their_digest() {
    let long = "layer.".repeat(833) + "xy";
    assert_eq!(long.len(), 5000);
    let file = escape(&long);
    assert_safe(&file);
    assert!(file.starts_with(&long[..150]) && file[150..].starts_with("%x"));
    assert_ne!(file, escape(&(long.clone() + "z")));
    assert_eq!(escape(&"a".repeat(200)), "a".repeat(200));
    assert_eq!(escape(&"a".repeat(201)).len(), 184);
    assert_safe(&escape(&"🙂".repeat(5000)));
    let cut = escape(&("a".repeat(149) + &"/".repeat(100)));
    assert!(cut[149..].starts_with("%x"), "no escape is cut in two: {cut}");
}

#[test]
fn objects_are_numbered() {
    assert_eq!(file_name("a/b", 0), "a%2Fb");
    assert_eq!(file_name("a/b", 1), "a%2Fb~1");
    assert_eq!(file_name("git", 1), "%67it~1");
    assert_eq!(frames_file_name(0), ".frames");
    assert_eq!(frames_file_name(2), ".frames~2");
}

/// Names of the kind that escaping is about.
fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[./\\\\%~ x:Aa-]{0,6}",
        "(?i)(con|prn|aux|nul|com1|lpt0|git|gitmod|conin\\$)[ .~:]{0,2}[a-z%]{0,2}",
        "%[x0-9A-Fa-f]{0,3}",
        ("[ -~]{0,8}", 0usize..300, "\\PC{0,8}").prop_map(|(a, n, b)| a.repeat(n) + &b),
    ]
}

/// The name behind a file name that holds no digest.
fn unescape(file: &str) -> Vec<u8> {
    let mut name = Vec::new();
    let mut rest = file.as_bytes();
    while let [first, after @ ..] = rest {
        (name, rest) = if *first == b'%' {
            let digits = std::str::from_utf8(&after[..2]).unwrap();
            assert_eq!(digits, digits.to_ascii_uppercase());
            let byte = u8::from_str_radix(digits, 16).unwrap();
            ([name, vec![byte]].concat(), &after[2..])
        } else {
            ([name, vec![*first]].concat(), after)
        };
    }
    name
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn escaped_names_are_safe_and_can_be_read_back(name in any_name()) {
        let file = escape(&name);
        assert_safe(&file);
        if let Some((_, digest)) = file.rsplit_once("%x") {
            prop_assert!(name.is_empty() || file.len() > 150);
            prop_assert_eq!(digest, &blake3::hash(name.as_bytes()).to_hex()[..32]);
        } else {
            prop_assert_eq!(unescape(&file), name.as_bytes());
        }
    }

    #[test]
    fn different_parameters_have_different_files(
        names in proptest::collection::hash_set(any_name(), 0..20),
    ) {
        let files = |name: &String| [0, 1, 2, 10].map(|number| file_name(name, number));
        let mut all: HashSet<String> = names.iter().flat_map(files).collect();
        all.extend([0, 1].map(frames_file_name));
        prop_assert_eq!(all.len(), names.len() * 4 + 2);
    }

    #[test]
    fn every_pointer_is_read_back(oid in any::<[u8; 32]>(), size in any::<u64>()) {
        let pointer = Pointer { oid: Oid(oid), size };
        let text = pointer.text();
        prop_assert!(text.len() < SIZE_LIMIT);
        prop_assert_eq!(Pointer::parse(text.as_bytes()), Some(pointer));
    }

    #[test]
    fn only_the_canonical_text_is_a_pointer(
        at in any::<proptest::sample::Index>(),
        mutation in crate::checkpoints::any_mutation(),
    ) {
        let mut text = TEXT.as_bytes().to_vec();
        mutation.apply(&mut text);
        if let Some(pointer) = Pointer::parse(&text) {
            prop_assert_eq!(pointer.text().into_bytes(), text);
        }
        prop_assert_eq!(Pointer::parse(&TEXT.as_bytes()[..at.index(TEXT.len())]), None);
    }
}
