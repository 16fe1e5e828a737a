//! The pipe against the work-tree file: whatever differs, the pipe's bytes are what is stored.

use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::time::{Duration, SystemTime};

use theta_core::digest::Digest;
use theta_core::manifest::Manifest;
use theta_core::source::FileSource;

use crate::place::{Place, safetensors};

const BLOCK: usize = 256 << 10;

fn tensors(rows: u64) -> Vec<u8> {
    let bytes = |seed: u64| (0..rows * 64).map(|at| ((at * seed) >> 5) as u8).collect();
    safetensors(&[
        ("a".into(), "F32", vec![rows, 16], bytes(7)),
        ("b".into(), "BF16", vec![rows * 32], bytes(11)),
    ])
}

/// Writes files, and returns once their times tell them from files that are written later.
#[cfg(unix)]
fn settled(place: &Place, contents: &[&[u8]]) -> Vec<FileSource> {
    use std::os::unix::fs::MetadataExt;
    let files: Vec<File> = contents
        .iter()
        .enumerate()
        .map(|(number, bytes)| {
            let path = place.path().join(number.to_string());
            fs::write(&path, bytes).unwrap();
            File::open(path).unwrap()
        })
        .collect();
    let last = files.last().unwrap().metadata().unwrap();
    let changed =
        Duration::new(last.ctime().cast_unsigned(), last.ctime_nsec().cast_unsigned() as u32);
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    while now() < changed + Duration::from_millis(25) {
        std::thread::yield_now();
    }
    files.into_iter().map(|file| FileSource::new(file).unwrap()).collect()
}

fn stamps(place: &Place) -> usize {
    fs::read_dir(place.path().join("stamps")).map_or(0, Iterator::count)
}

#[test]
#[cfg(unix)]
fn the_file_is_used_only_where_it_is_what_git_sends() {
    let place = Place::new();
    let sent = tensors(9000);
    let changed = |at: usize| {
        let mut bytes = sent.clone();
        bytes[at] ^= 1;
        bytes
    };
    let last = sent.len() - 1;
    let others = [
        sent.clone(),
        changed(0),
        changed(BLOCK - 1),
        changed(BLOCK),
        changed(last),
        sent[..last].to_vec(),
        sent[..2 * BLOCK].to_vec(),
        [&sent[..], b"more"].concat(),
        vec![],
        tensors(10),
    ];
    let others: Vec<&[u8]> = others.iter().map(Vec::as_slice).collect();
    for (number, file) in settled(&place, &others).into_iter().enumerate() {
        let text = place.clean(&sent, Some(file), &[]);
        let manifest = Manifest::parse(&text).unwrap();
        assert_eq!(manifest.digest, Digest::of(&sent));
        assert_eq!(place.smudge(&manifest).unwrap(), sent);
        assert_eq!(stamps(&place), 1, "only the first, which is the same, is remembered: {number}");
    }
}

#[test]
#[cfg(unix)]
fn a_file_that_was_cleaned_before_is_only_compared() {
    let place = Place::new();
    let sent = tensors(9000);
    let file = || FileSource::new(File::open(place.path().join("0")).unwrap()).unwrap();
    let first = settled(&place, &[&sent]).remove(0);
    let text = place.clean(&sent, Some(first), &[]);
    let base = [Manifest::parse(&text).unwrap()];
    fs::remove_dir_all(place.path().join("objects")).unwrap();
    fs::remove_dir_all(place.path().join("temporary")).unwrap();
    fs::write(place.path().join("temporary"), "nothing can be written").unwrap();
    assert_eq!(place.clean(&sent, Some(file()), &base), text);
    // Even then the pipe is the truth.
    let other = &sent[..sent.len() - 1];
    let refused = place.clean_from(&mut Cursor::new(other), Some(file()), &base);
    assert_eq!(refused.unwrap_err().kind(), "io");
}

#[test]
fn a_file_that_changed_just_now_is_not_believed() {
    let place = Place::new();
    let sent = tensors(100);
    let file = place.file(&sent);
    let text = place.clean(&sent, Some(file), &[]);
    assert_eq!(place.smudge(&Manifest::parse(&text).unwrap()).unwrap(), sent);
    assert_eq!(stamps(&place), 0);
}

/// Git sends some bytes, then more than fits into any buffer here, and then its pipe breaks.
struct Pipe {
    sent: usize,
    length: usize,
    breaks: bool,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.length - self.sent);
        buffer[..count].fill(7);
        self.sent += count;
        if count == 0 && self.breaks { Err(io::Error::other("gone")) } else { Ok(count) }
    }
}

#[test]
fn git_gets_rid_of_its_bytes_even_where_nothing_can_be_stored() {
    let place = Place::new();
    fs::write(place.path().join("temporary"), "a file in the way").unwrap();
    let mut pipe = Pipe { sent: 0, length: 64 * BLOCK, breaks: false };
    let said = place.clean_from(&mut pipe, None, &[]).unwrap_err();
    assert_eq!((said.kind(), pipe.sent), ("io", 64 * BLOCK));
}

#[test]
fn a_broken_pipe_is_an_error_and_not_a_short_checkpoint() {
    let place = Place::new();
    for length in [0, 10, 70_000, 3 * BLOCK] {
        let mut pipe = Pipe { sent: 0, length, breaks: true };
        let said = place.clean_from(&mut pipe, None, &[]).unwrap_err();
        assert_eq!(said.to_string(), "reading from git: gone");
    }
}

#[test]
fn a_manifest_of_a_newer_version_is_left_alone() {
    let place = Place::new();
    let newer = b"{\"git-theta\": 2, \"note\": \"of a later day\",\n}\n";
    assert_eq!(place.clean(newer, None, &[]), newer);
    let other = b"{\"git-theta\": 2}";
    let manifest = Manifest::parse(&place.clean(other, None, &[])).unwrap();
    assert_eq!(
        (manifest.format.as_str(), place.smudge(&manifest).unwrap()),
        ("opaque/1", other.to_vec())
    );
}
