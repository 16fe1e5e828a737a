//! The torch indexer: what real torch wrote, what each storage becomes, and hostile archives.

mod archives;
mod golden;
mod hostile;
mod layout;
mod zips;

use std::io;
use std::sync::Mutex;

use theta_core::format::torch;
use theta_core::index::{Index, View};
use theta_core::source::Source;

/// Bytes that remember which of them were read.
struct Recorder<'a> {
    bytes: &'a [u8],
    reads: Mutex<Vec<(u64, u64)>>,
}

impl Source for Recorder<'_> {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.reads.lock().unwrap().push((offset, offset + buffer.len() as u64));
        self.bytes.read_at(offset, buffer)
    }
}

/// The index of `bytes`, after the checks that hold for any bytes at all.
fn index(bytes: &[u8]) -> Option<Index> {
    let recorder = Recorder { bytes, reads: Mutex::default() };
    let index = torch::index(&recorder).expect("memory can be read")?;
    assert_eq!((index.format, index.size), ("torch/1", bytes.len() as u64));
    let mut end = 0;
    for span in &index.spans {
        assert!(end <= span.offset, "spans are apart");
        end = span.offset + span.size();
    }
    assert!(end <= index.size);
    for &(start, end) in recorder.reads.lock().unwrap().iter() {
        let payload = index
            .spans
            .iter()
            .find(|span| start < span.offset + span.size() && span.offset < end && span.size() > 0);
        assert!(payload.is_none(), "{start}..{end} is not all frame bytes");
    }
    Some(index)
}

/// The bytes of every parameter by its name, those of views element by element.
fn parameters<'a>(
    index: &'a Index,
    bytes: &'a [u8],
) -> impl Iterator<Item = (&'a str, &'a str, &'a [u64], Vec<u8>)> {
    let content = |at: usize| {
        let span = &index.spans[at];
        &bytes[span.offset as usize..(span.offset + span.size()) as usize]
    };
    let spans = index.spans.iter().enumerate().map(move |(at, span)| {
        let name = span.name.as_deref().expect("torch names everything");
        (name, span.dtype.name(), &span.shape[..], content(at).to_vec())
    });
    let views = index.views.iter().map(move |view| {
        (&view.name[..], view.dtype.name(), &view.shape[..], gather(view, content(view.span)))
    });
    spans.chain(views)
}

fn gather(view: &View, span: &[u8]) -> Vec<u8> {
    let width = view.dtype.bits() / 8;
    let mut starts = vec![view.offset];
    for (&dim, &step) in view.shape.iter().zip(&view.stride) {
        starts = starts
            .iter()
            .flat_map(|start| (0..dim).map(move |place| start + place * step * width))
            .collect();
    }
    let element = |start: &u64| &span[*start as usize..(start + width) as usize];
    starts.iter().flat_map(element).copied().collect()
}
