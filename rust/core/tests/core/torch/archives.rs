//! torch archives, opcode by opcode.

use super::zips::{self, Entry, entry};

/// The opcodes of a tensor on the storage `key`.
pub(super) fn tensor(
    class: &str,
    key: &str,
    count: u32,
    offset: u32,
    shape: &[u32],
    stride: &[u32],
) -> Vec<u8> {
    let rebuild = global("torch._utils", "_rebuild_tensor_v2");
    let hooks = [global("collections", "OrderedDict"), b")R".to_vec()].concat();
    let arguments = [
        storage(class, key, count),
        int(offset),
        ints(shape),
        ints(stride),
        b"\x89".to_vec(),
        hooks,
    ];
    [rebuild, b"(".to_vec(), arguments.concat(), b"tR".to_vec()].concat()
}

/// The opcodes of a contiguous vector of float32 at the start of its storage.
pub(super) fn vector(key: &str, count: u32) -> Vec<u8> {
    tensor("FloatStorage", key, count, 0, &[count], &[1])
}

/// The opcodes of a reference to a storage.
pub(super) fn storage(class: &str, key: &str, count: u32) -> Vec<u8> {
    let parts =
        [text("storage"), global("torch", class), text(key), text("cpu"), int(count)].concat();
    [b"(".to_vec(), parts, b"tQ".to_vec()].concat()
}

pub(super) fn global(module: &str, name: &str) -> Vec<u8> {
    format!("c{module}\n{name}\n").into_bytes()
}

pub(super) fn text(text: &str) -> Vec<u8> {
    [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

pub(super) fn int(number: u32) -> Vec<u8> {
    [b"J", &number.to_le_bytes()[..]].concat()
}

fn ints(numbers: &[u32]) -> Vec<u8> {
    let items: Vec<u8> = numbers.iter().flat_map(|&number| int(number)).collect();
    [b"(", &items[..], b"t"].concat()
}

/// The opcodes of a dict.
pub(super) fn dict(items: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let items: Vec<u8> =
        items.iter().flat_map(|(key, value)| [text(key), value.clone()].concat()).collect();
    [b"}(", &items[..], b"u"].concat()
}

/// A pickle that leaves what `opcodes` push.
pub(super) fn pickle(opcodes: &[u8]) -> Vec<u8> {
    [b"\x80\x02", opcodes, b"."].concat()
}

/// The entries of an archive: a pickle, the byte order, and storages named `0`, `1` …
pub(super) fn entries(opcodes: &[u8], storages: &[&[u8]]) -> Vec<Entry> {
    let mut entries = vec![entry("m/data.pkl", &pickle(opcodes)), entry("m/byteorder", b"little")];
    let storages = storages.iter().enumerate();
    entries.extend(storages.map(|(key, data)| entry(&format!("m/data/{key}"), data)));
    entries
}

/// The archive with these [`entries`].
pub(super) fn archive(opcodes: &[u8], storages: &[&[u8]]) -> Vec<u8> {
    zips::zip(&entries(opcodes, storages), true)
}
