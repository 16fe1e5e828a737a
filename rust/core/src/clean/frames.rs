//! The frames of a checkpoint as one source: its bytes without the parameters'.

use std::io;

use crate::index::Index;
use crate::source::Source;

/// Reads the frame bytes as if they lay one after another.
pub(super) struct Frames<'a> {
    source: &'a dyn Source,
    /// For each run of frame bytes: where it begins among the frames, and in the file.
    runs: Vec<(u64, u64)>,
    size: u64,
}

impl<'a> Frames<'a> {
    pub(super) fn new(source: &'a dyn Source, index: &Index) -> Self {
        let (mut runs, mut size, mut at) = (Vec::new(), 0, 0);
        let ends = index.spans.iter().map(|span| (span.offset, span.offset + span.size()));
        for (start, end) in ends.chain([(index.size, index.size)]) {
            if start > at {
                runs.push((size, at));
                size += start - at;
            }
            at = end;
        }
        Self { source, runs, size }
    }
}

impl Source for Frames<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        let mut run = self.runs.partition_point(|run| run.0 <= offset).saturating_sub(1);
        while !buffer.is_empty() {
            let end = self.runs.get(run + 1).map_or(self.size, |next| next.0);
            let (start, at) = *self.runs.get(run).ok_or(io::ErrorKind::UnexpectedEof)?;
            let length = end.saturating_sub(offset).min(buffer.len() as u64);
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let (now, later) = buffer.split_at_mut(length as usize);
            self.source.read_at(at + offset - start, now)?;
            (buffer, offset, run) = (later, offset + length, run + 1);
        }
        Ok(())
    }
}
