//! Stored values back to bytes: chunks of all values, in order, each from its object.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::manifest::{DENSE, Stored, Update, Value};
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

/// All chunks of a dense value, in order; a value in the manifest has none.
pub(super) fn chunks<'a>(
    store: &'a Store,
    value: &'a Value,
    what: String,
    limits: Limits,
) -> Result<impl Iterator<Item = ChunkJob> + 'a> {
    let plan = match &value.stored {
        Stored::Inline(_) => None,
        Stored::Update(update) => Some(plan(value, update, &what, limits)?),
    };
    Ok(plan.into_iter().flat_map(move |(grid, objects)| {
        let what = what.clone();
        objects.into_iter().enumerate().flat_map(move |(part, pointer)| {
            let grid = grid.clone();
            let mut object = open(store, pointer, &grid, &what).map_err(Some);
            let numbers = grid.part(part);
            let first = numbers.start;
            numbers.map(move |number| {
                let object = match &mut object {
                    Ok(object) => Ok(Arc::clone(object)),
                    Err(error) => Err(error.take().unwrap_or(Error::Interrupted)),
                };
                ChunkJob {
                    object,
                    place: (number - first) as usize,
                    chunk: grid.chunk(number),
                    item: grid.item,
                }
            })
        })
    }))
}

fn plan(
    value: &Value,
    update: &Update,
    what: &str,
    limits: Limits,
) -> Result<(Grid, Vec<Pointer>)> {
    if update.kind != DENSE {
        return Err(Error::Newer { what: format!("{what}: update kind '{}'", update.kind) });
    }
    let grid = Grid::new(value.dtype, &value.shape, limits);
    if grid.parts() != update.objects.len() {
        let detail = format!("expected {} objects, found {}", grid.parts(), update.objects.len());
        return Err(Error::Damaged { what: what.into(), detail });
    }
    Ok((grid, update.objects.clone()))
}

fn open(store: &Store, pointer: Pointer, grid: &Grid, what: &str) -> Result<Arc<Object>> {
    let file = store.open(pointer, what)?;
    let reading = |source| Error::Io { context: format!("reading object {}", pointer.oid), source };
    let source = FileSource::new(file).map_err(reading)?;
    let shard = Shard::open(source, grid).map_err(reading)?;
    let shard = shard.map_err(|detail| damaged(what, pointer, &detail))?;
    Ok(Arc::new(Object { what: what.into(), pointer, shard }))
}

/// Decodes one chunk.
pub(super) fn decode(job: ChunkJob, scratch: &mut Scratch) -> Result<Vec<u8>> {
    let object = job.object?;
    let mut bytes = Vec::new();
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
