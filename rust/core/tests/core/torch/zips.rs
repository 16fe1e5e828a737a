//! Zip files, honest and lying, as torch's writer would lay them out.

/// One entry and what the central directory says of it.
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) data: Vec<u8>,
    pub(super) flags: u16,
    pub(super) method: u16,
    /// The size the directory claims, if not the true one.
    pub(super) claimed: Option<u32>,
    /// The header offset the directory claims, if not the true one.
    pub(super) header: Option<u32>,
}

pub(super) fn entry(name: &str, data: &[u8]) -> Entry {
    let (name, data) = (name.as_bytes().to_vec(), data.to_vec());
    Entry { name, data, flags: 0, method: 0, claimed: None, header: None }
}

/// The zip file with these entries, with or without a zip64 record.
pub(super) fn zip(entries: &[Entry], zip64: bool) -> Vec<u8> {
    let (mut file, mut directory) = (vec![], vec![]);
    for entry in entries {
        let offset = entry.header.unwrap_or(file.len() as u32);
        let size = entry.claimed.unwrap_or(entry.data.len() as u32);
        local(&mut file, entry);
        listed(&mut directory, entry, offset, size);
    }
    let (start, size) = (file.len() as u64, directory.len() as u64);
    file.extend(directory);
    let count = entries.len() as u64;
    if zip64 {
        let at = file.len() as u64;
        file.extend(b"PK\x06\x06");
        file.extend(44u64.to_le_bytes());
        file.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        file.extend([count, count, size, start].map(u64::to_le_bytes).concat());
        file.extend(b"PK\x06\x07\0\0\0\0");
        file.extend(at.to_le_bytes());
        file.extend(1u32.to_le_bytes());
    }
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([count as u16; 2].map(u16::to_le_bytes).concat());
    file.extend([size as u32, start as u32].map(u32::to_le_bytes).concat());
    file.extend([0, 0]);
    file
}

fn local(file: &mut Vec<u8>, entry: &Entry) {
    file.extend(b"PK\x03\x04\x00\x00");
    file.extend([entry.flags, entry.method, 0, 0].map(u16::to_le_bytes).concat());
    file.extend([0u32, 0, 0].map(u32::to_le_bytes).concat());
    // An extra field, as torch pads with: the data begin after it.
    file.extend([entry.name.len() as u16, 6].map(u16::to_le_bytes).concat());
    file.extend(&entry.name);
    file.extend(b"FB\x02\0ZZ");
    file.extend(&entry.data);
}

fn listed(directory: &mut Vec<u8>, entry: &Entry, offset: u32, size: u32) {
    directory.extend(b"PK\x01\x02\0\0\0\0");
    directory.extend([entry.flags, entry.method, 0, 0].map(u16::to_le_bytes).concat());
    directory.extend([0, size, size].map(u32::to_le_bytes).concat());
    directory.extend([entry.name.len() as u16, 0, 0, 0, 0].map(u16::to_le_bytes).concat());
    directory.extend([0, offset].map(u32::to_le_bytes).concat());
    directory.extend(&entry.name);
}
