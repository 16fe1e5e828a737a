//! One value on its way into the store: hashed, looked up, and encoded if it is new.

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::clean::hash::{self, Node};
use crate::clean::part::{Closing, Part};
use crate::digest::Digest;
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::known::Known;
use crate::manifest::{DENSE, MOST_INLINE, Stored, Update, Value};
use crate::object::blosc::Encoder;
use crate::object::grid::{Grid, Limits};
use crate::pointer::Pointer;
use crate::source::Source;
use crate::store::Store;

/// Bytes to be stored as one value.
pub(super) struct Target<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) offset: u64,
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<u64>,
}

impl Target<'_> {
    /// Its length in bytes.
    pub(super) fn size(&self) -> u64 {
        self.dtype.size_of(&self.shape).unwrap_or(0)
    }
}

/// What storing needs besides the bytes.
pub(super) struct Context<'a> {
    pub(super) store: &'a Store,
    pub(super) known: &'a Known,
    pub(super) limits: Limits,
    pub(super) threads: usize,
    /// Set by others when the work is of no more use.
    pub(super) stop: &'a AtomicBool,
}

/// A thread's working memory, and where it puts what is done.
pub(super) struct Desk<'a> {
    encoder: Encoder,
    buffer: Vec<u8>,
    closing: Closing<'a>,
}

/// One target and what is known of it so far.
pub(super) struct Work<'a, 't> {
    pub(super) target: &'t Target<'t>,
    nodes: Mutex<Vec<Option<Node>>>,
    plan: OnceLock<(Digest, Plan<'a>)>,
}

/// How a target comes to be stored, once its digest is known.
enum Plan<'a> {
    Done(Stored),
    Encode(Grid, Vec<Part<'a>>),
}

fn reading(source: std::io::Error) -> Error {
    Error::Io { context: "reading the checkpoint".into(), source }
}

impl<'a, 't> Work<'a, 't> {
    pub(super) fn new(target: &'t Target<'t>) -> Self {
        let units = hash::units(target.size()) as usize;
        Self { target, nodes: Mutex::new(vec![None; units]), plan: OnceLock::new() }
    }

    /// Whether one thread does well to handle it alone.
    pub(super) fn is_small(&self) -> bool {
        hash::units(self.target.size()) == 1 && self.target.size() > MOST_INLINE
    }

    /// How many chunks are to be encoded.
    pub(super) fn chunks(&self) -> u64 {
        match self.plan.get() {
            Some((_, Plan::Encode(grid, _))) => grid.chunks(),
            _ => 0,
        }
    }

    /// Hashes one unit; the digest, when it was the last one missing.
    pub(super) fn hash_unit(&self, unit: u64, desk: &mut Desk<'a>) -> Result<Option<Digest>> {
        let (target, size) = (self.target, self.target.size());
        let node = hash::hash_unit(target.source, target.offset, size, unit, &mut desk.buffer);
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        nodes[unit as usize] = Some(node.map_err(reading)?);
        Ok(nodes.iter().all(Option::is_some).then(|| hash::join(size, &nodes)))
    }

    /// Decides how the target is stored; true if chunks must be encoded.
    pub(super) fn plan(&self, digest: Digest, context: &Context<'a>) -> Result<bool> {
        let Target { source, offset, dtype, shape } = self.target;
        let plan = if self.target.size() <= MOST_INLINE {
            let bytes = source.bytes(*offset, self.target.size()).map_err(reading)?;
            Plan::Done(Stored::Inline(bytes))
        } else {
            let (grid, parts) = self.parts(context);
            match context.known.find(digest, *dtype, shape, parts.len())? {
                Some(update) => Plan::Done(Stored::Update(update)),
                None => Plan::Encode(grid, parts),
            }
        };
        let encodes = matches!(plan, Plan::Encode(..));
        let _ = self.plan.set((digest, plan));
        Ok(encodes)
    }

    /// Hashes and encodes in one reading, before anybody knows whether the value is new; true if
    /// it was not. Saves reading twice where nothing is known, as in a new checkpoint.
    pub(super) fn store_at_once(&self, context: &Context<'a>, desk: &mut Desk<'a>) -> Result<bool> {
        let (grid, parts) = self.parts(context);
        let (mut hasher, mut out) = (blake3::Hasher::new(), Vec::new());
        for number in 0..grid.chunks() {
            let length = self.read(&grid, number, desk)?;
            hasher.update(&desk.buffer[..length]);
            let frame = desk.encode(&grid, out);
            out = parts[grid.part_of(number)]
                .put(number, frame, &desk.closing)?
                .pop()
                .unwrap_or_default();
        }
        let digest = Digest::from_hasher(&hasher);
        let Target { dtype, shape, .. } = self.target;
        let known = context.known.find(digest, *dtype, shape, parts.len())?;
        let was_known = known.is_some();
        let plan = match known {
            Some(update) => Plan::Done(Stored::Update(update)),
            None => Plan::Encode(grid, parts),
        };
        let _ = self.plan.set((digest, plan));
        self.tell(context.known);
        Ok(was_known)
    }

    fn parts(&self, context: &Context<'a>) -> (Grid, Vec<Part<'a>>) {
        let grid = Grid::new(self.target.dtype, &self.target.shape, context.limits);
        let new = |part| Part::new(context.store, grid.part(part), grid.slots());
        let parts = (0..grid.parts()).map(new).collect();
        (grid, parts)
    }

    /// Encodes one chunk into `out`; gives back the buffers that are free again.
    pub(super) fn encode(
        &self,
        number: u64,
        desk: &mut Desk<'a>,
        out: Vec<u8>,
        known: &Known,
    ) -> Result<Vec<Vec<u8>>> {
        let Some((_, Plan::Encode(grid, parts))) = self.plan.get() else { return Ok(vec![out]) };
        self.read(grid, number, desk)?;
        let frame = desk.encode(grid, out);
        let part = &parts[grid.part_of(number)];
        let written = part.put(number, frame, &desk.closing)?;
        if part.pointer().is_some() {
            self.tell(known);
        }
        Ok(written)
    }

    /// Lets equal values of the same checkpoint reuse this one, once it is stored whole.
    fn tell(&self, known: &Known) {
        if let Ok(Value { dtype, shape, digest, stored: Stored::Update(update) }) = self.value() {
            known.learn(digest, dtype, shape, update);
        }
    }

    /// Reads a chunk and fills it up with zeros; its length without them.
    fn read(&self, grid: &Grid, number: u64, desk: &mut Desk<'a>) -> Result<usize> {
        let chunk = grid.chunk(number);
        let length = (chunk.bytes.end - chunk.bytes.start) as usize;
        if desk.buffer.len() < chunk.padded {
            desk.buffer.resize(chunk.padded, 0);
        }
        let offset = self.target.offset + chunk.bytes.start;
        self.target.source.read_at(offset, &mut desk.buffer[..length]).map_err(reading)?;
        desk.buffer[length..chunk.padded].fill(0);
        Ok(length)
    }

    /// The stored value, when all is done.
    pub(super) fn value(&self) -> Result<Value> {
        let (digest, plan) = self.plan.get().ok_or(Error::Interrupted)?;
        let stored = match plan {
            Plan::Done(stored) => stored.clone(),
            Plan::Encode(_, parts) => {
                let objects = parts.iter().map(Part::pointer).collect::<Option<Vec<Pointer>>>();
                let objects = objects.ok_or(Error::Interrupted)?;
                Stored::Update(Update { kind: DENSE.into(), objects, base: None })
            }
        };
        let Target { dtype, shape, .. } = self.target;
        Ok(Value { dtype: *dtype, shape: shape.clone(), digest: *digest, stored })
    }
}

impl<'a> Desk<'a> {
    pub(super) fn new(closing: Closing<'a>) -> Self {
        Self { encoder: Encoder::default(), buffer: Vec::new(), closing }
    }

    fn encode(&mut self, grid: &Grid, mut out: Vec<u8>) -> (Vec<u8>, usize) {
        let chunk = &self.buffer[..grid.chunk_size()];
        let length = self.encoder.encode(chunk, grid.item, grid.float, &mut out);
        (out, length)
    }
}
