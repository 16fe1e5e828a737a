//! Archives that real torch wrote (`tests/golden/make_torch.py`), whole and damaged.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use theta_core::digest::Oid;

use super::{index, parameters};

fn goldens() -> impl Iterator<Item = (String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/torch");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "pt"));
    paths.sort();
    assert!(paths.len() >= 13);
    paths.into_iter().map(|path| (path.display().to_string(), fs::read(path).unwrap()))
}

#[test]
fn every_tensor_has_its_name_dtype_shape_and_bytes() {
    for (path, bytes) in goldens() {
        let index = index(&bytes).unwrap_or_else(|| panic!("{path} is not indexed"));
        let mut found = BTreeMap::new();
        for (name, dtype, shape, content) in parameters(&index, &bytes) {
            found.insert(name, (dtype.to_owned(), shape.to_vec(), Oid::of(&content).to_string()));
        }
        let expected = fs::read(path.replace(".pt", ".json")).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(&expected).unwrap();
        for row in expected.as_array().unwrap() {
            let name = row["name"].as_str().unwrap();
            let (dtype, shape, sha256) =
                found.remove(name).unwrap_or_else(|| panic!("{path} lacks {name}: {found:?}"));
            assert_eq!(row["dtype"], dtype, "{path} {name}");
            assert_eq!(row["shape"], serde_json::json!(shape), "{path} {name}");
            assert_eq!(row["sha256"], sha256, "{path} {name}");
        }
        found.retain(|name, _| !name.starts_with("storage."));
        assert!(found.is_empty(), "{path} has no {found:?}");
    }
}

#[test]
fn a_truncated_archive_is_not_indexed() {
    for (path, bytes) in goldens() {
        for end in 0..bytes.len() {
            assert!(index(&bytes[..end]).is_none(), "{path} cut at {end}");
        }
    }
}

#[test]
fn any_flipped_byte_gives_a_partition_or_nothing() {
    for (_, mut bytes) in goldens() {
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 4_000) {
            let mask = [0xff, 0x01, 0x80][at % 3];
            bytes[at] ^= mask;
            index(&bytes);
            bytes[at] ^= mask;
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_spliced_in_give_a_partition_or_nothing(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        noise in prop::collection::vec(any::<u8>(), 1..64),
    ) {
        let (_, mut bytes) = which.get(&goldens().collect::<Vec<_>>()).clone();
        let at = at.index(bytes.len());
        let end = bytes.len().min(at + noise.len());
        bytes[at..end].copy_from_slice(&noise[..end - at]);
        index(&bytes);
    }

    #[test]
    fn any_bytes_after_a_prefix_give_nothing(
        length in any::<prop::sample::Index>(),
        noise in prop::collection::vec(any::<u8>(), 0..256),
    ) {
        let (_, mut bytes) = goldens().next().unwrap();
        bytes.truncate(length.index(bytes.len()));
        bytes.extend(noise);
        prop_assert!(index(&bytes).is_none());
    }
}
