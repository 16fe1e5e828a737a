//! Stored values back to bytes: chunks of all values, in order, each from its object.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::manifest::{DENSE, Stored, Value};
use crate::object::grid::{Chunk, Grid, Limits};
use crate::object::shard::{Scratch, Shard};
use crate::pointer::Pointer;
use crate::source::FileSource;
use crate::store::Store;

/// One chunk to decode.
pub(super) struct ChunkJob {
    object: Result<Arc<Object>>,
    place: usize,
    chunk: Chunk,
    item: usize,
}

struct Object {
    what: String,
    pointer: Pointer,
    shard: Shard<FileSource>,
}

/// Whether the value can be restored: its update is of a known kind, its objects are as many as
/// its size asks for.
pub(super) fn check(value: &Value, limits: Limits, what: impl Fn() -> String) -> Result<()> {
    let Stored::Update(update) = &value.stored else { return Ok(()) };
    if update.kind != DENSE {
        return Err(Error::Newer { what: format!("{}: update kind '{}'", what(), update.kind) });
    }
    let parts = Grid::new(value.dtype, &value.shape, limits).parts();
    if parts != update.objects.len() {
        let detail = format!("expected {parts} objects, found {}", update.objects.len());
        return Err(Error::Damaged { what: what(), detail });
    }
    Ok(())
}

/// All chunks of a value that has been checked, in order; one in the manifest has none.
pub(super) fn chunks<'a>(
    store: &'a Store,
    value: &'a Value,
    what: String,
    limits: Limits,
) -> impl Iterator<Item = ChunkJob> + Send + 'a {
    let objects = match &value.stored {
        Stored::Inline(_) => &[][..],
        Stored::Update(update) => &update.objects[..],
    };
    let grid = (!objects.is_empty()).then(|| Grid::new(value.dtype, &value.shape, limits));
    grid.into_iter().flat_map(move |grid| {
        let what = what.clone();
        objects.iter().enumerate().flat_map(move |(part, &pointer)| {
            part_chunks(grid.clone(), part, open(store, pointer, &grid, &what))
        })
    })
}

/// The chunks of one part: the first has the error if its object cannot be read.
fn part_chunks(
    grid: Grid,
    part: usize,
    object: Result<Arc<Object>>,
) -> impl Iterator<Item = ChunkJob> + Send {
    let numbers = grid.part(part);
    let first = numbers.start;
    let mut object = object.map_err(Some);
    numbers.map(move |number| {
        let object = match &mut object {
            Ok(object) => Ok(Arc::clone(object)),
            Err(error) => Err(error.take().unwrap_or(Error::Interrupted)),
        };
        let (place, chunk) = ((number - first) as usize, grid.chunk(number));
        ChunkJob { object, place, chunk, item: grid.item }
    })
}

fn open(store: &Store, pointer: Pointer, grid: &Grid, what: &str) -> Result<Arc<Object>> {
    let file = store.open(pointer, what)?;
    let reading = |source| Error::Io { context: format!("reading object {}", pointer.oid), source };
    let source = FileSource::new(file).map_err(reading)?;
    let shard = Shard::open(source, grid).map_err(reading)?;
    let shard = shard.map_err(|detail| damaged(what, pointer, &detail))?;
    Ok(Arc::new(Object { what: what.into(), pointer, shard }))
}

/// Decodes one chunk into a buffer that has anything in it.
pub(super) fn decode(job: ChunkJob, scratch: &mut Scratch, buffer: Vec<u8>) -> Result<Vec<u8>> {
    let object = job.object?;
    let mut bytes = buffer;
    let read = object.shard.read(job.place, &job.chunk, job.item, scratch, &mut bytes);
    let reading =
        |source| Error::Io { context: format!("reading object {}", object.pointer.oid), source };
    read.map_err(reading)?.map_err(|detail| damaged(&object.what, object.pointer, &detail))?;
    Ok(bytes)
}

/// The error about an object that is not what it was.
pub(super) fn damaged(what: &str, pointer: Pointer, detail: &str) -> Error {
    Error::Damaged { what: what.into(), detail: format!("object {}: {detail}", pointer.oid) }
}
