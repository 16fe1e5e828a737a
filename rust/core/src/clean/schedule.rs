//! Values into the store: hash each, and encode those that are not known, on all cores.
//!
//! Threads take jobs from one list: a unit to hash, or a chunk to encode. Encoding
//! comes first, so that memory is bounded by the chunks in flight and not by the file.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::clean::hash::{self, Node};
use crate::clean::part::Part;
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
    fn size(&self) -> u64 {
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

/// Stores every target and gives their values, in order.
pub(super) fn store_all(targets: &[Target<'_>], context: &Context<'_>) -> Result<Vec<Value>> {
    let works: Vec<Work> = targets.iter().map(Work::new).collect();
    let schedule =
        Schedule { works: &works, context, state: Mutex::default(), wake: Condvar::new() };
    std::thread::scope(|scope| {
        for _ in 1..context.threads {
            scope.spawn(|| schedule.work());
        }
        schedule.work();
    });
    if let Some(error) = schedule.lock().failed.take() {
        return Err(error);
    }
    works.iter().map(Work::value).collect()
}

/// One target and what is known of it so far.
struct Work<'a, 't> {
    target: &'t Target<'t>,
    nodes: Mutex<Vec<Option<Node>>>,
    plan: OnceLock<(crate::digest::Digest, Plan<'a>)>,
}

/// How a target comes to be stored, once its digest is known.
enum Plan<'a> {
    Done(Stored),
    Encode(Grid, Vec<Part<'a>>),
}

enum Job {
    Hash { work: usize, unit: u64 },
    Encode { work: usize, chunk: u64 },
}

#[derive(Default)]
struct State {
    /// The next unit to hash: its target, and its number there.
    hash: (usize, u64),
    hashing: usize,
    /// Targets with chunks left to hand out: the target, the next chunk, the chunks in flight.
    open: Vec<(usize, u64)>,
    in_flight: usize,
    buffers: Vec<Vec<u8>>,
    failed: Option<Error>,
}

struct Schedule<'a, 't> {
    works: &'t [Work<'a, 't>],
    context: &'t Context<'a>,
    state: Mutex<State>,
    wake: Condvar,
}

/// Chunks in flight for each thread.
const AHEAD: usize = 4;

impl Schedule<'_, '_> {
    fn work(&self) {
        let mut encoder = Encoder::default();
        let mut buffer = Vec::new();
        while let Some(job) = self.next() {
            let done = match job {
                Job::Hash { work, unit } => self.hash(work, unit, &mut buffer),
                Job::Encode { work, chunk } => self.encode(work, chunk, &mut encoder, &mut buffer),
            };
            if let Err(error) = done {
                self.lock().failed.get_or_insert(error);
            }
            self.wake.notify_all();
        }
        self.wake.notify_all();
    }

    /// The next job; waits when there is none yet, and ends when there will be none.
    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if self.context.stop.load(Ordering::Relaxed) {
                state.failed.get_or_insert(Error::Interrupted);
            }
            if state.failed.is_some() {
                return None;
            }
            if let Some(job) = self.next_chunk(&mut state).or_else(|| self.next_unit(&mut state)) {
                return Some(job);
            }
            if state.hashing == 0 && state.in_flight == 0 && state.open.is_empty() {
                return None;
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn next_chunk(&self, state: &mut State) -> Option<Job> {
        if state.in_flight >= AHEAD * self.context.threads {
            return None;
        }
        // Threads spread over the open targets, because an object is hashed by one at a time.
        let turn = state.in_flight % state.open.len().max(1);
        let (work, chunk) = *state.open.get(turn)?;
        state.in_flight += 1;
        if chunk + 1 < self.works[work].chunks() {
            state.open[turn].1 += 1;
        } else {
            state.open.remove(turn);
        }
        Some(Job::Encode { work, chunk })
    }

    fn next_unit(&self, state: &mut State) -> Option<Job> {
        let (work, unit) = state.hash;
        if work == self.works.len() || state.open.len() >= self.context.threads {
            return None;
        }
        let last = unit + 1 == hash::units(self.works[work].target.size());
        state.hash = if last { (work + 1, 0) } else { (work, unit + 1) };
        state.hashing += 1;
        Some(Job::Hash { work, unit })
    }

    fn hash(&self, at: usize, unit: u64, buffer: &mut Vec<u8>) -> Result<()> {
        let work = &self.works[at];
        let opened = work.hash_unit(unit, buffer).and_then(|digest| match digest {
            Some(digest) => work.plan(digest, self.context),
            None => Ok(false),
        });
        let mut state = self.lock();
        state.hashing -= 1;
        if opened? {
            state.open.push((at, 0));
        }
        Ok(())
    }

    fn encode(
        &self,
        at: usize,
        number: u64,
        encoder: &mut Encoder,
        buffer: &mut Vec<u8>,
    ) -> Result<()> {
        let out = self.lock().buffers.pop().unwrap_or_default();
        let written = self.works[at].encode(number, encoder, buffer, out);
        let mut state = self.lock();
        let buffers = written?;
        state.in_flight -= buffers.len();
        state.buffers.extend(buffers);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reading(source: std::io::Error) -> Error {
    Error::Io { context: "reading the checkpoint".into(), source }
}

impl<'a, 't> Work<'a, 't> {
    fn new(target: &'t Target<'t>) -> Self {
        let units = hash::units(target.size()) as usize;
        Self { target, nodes: Mutex::new(vec![None; units]), plan: OnceLock::new() }
    }

    fn chunks(&self) -> u64 {
        match self.plan.get() {
            Some((_, Plan::Encode(grid, _))) => grid.chunks(),
            _ => 0,
        }
    }

    /// Hashes one unit; the digest, when it was the last one missing.
    fn hash_unit(&self, unit: u64, buffer: &mut Vec<u8>) -> Result<Option<crate::digest::Digest>> {
        let (target, size) = (self.target, self.target.size());
        let node =
            hash::hash_unit(target.source, target.offset, size, unit, buffer).map_err(reading)?;
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        nodes[unit as usize] = Some(node);
        Ok(nodes.iter().all(Option::is_some).then(|| hash::join(size, &nodes)))
    }

    /// Decides how the target is stored; true if chunks must be encoded.
    fn plan(&self, digest: crate::digest::Digest, context: &Context<'a>) -> Result<bool> {
        let Target { source, offset, dtype, shape } = self.target;
        let plan = if self.target.size() <= MOST_INLINE {
            let bytes = source.bytes(*offset, self.target.size()).map_err(reading)?;
            Plan::Done(Stored::Inline(bytes))
        } else if let Some(update) = context.known.find(digest, *dtype, shape)? {
            Plan::Done(Stored::Update(update))
        } else {
            let grid = Grid::new(*dtype, shape, context.limits);
            let parts = (0..grid.parts())
                .map(|part| Part::new(context.store, grid.part(part), grid.slots()));
            let parts = parts.collect::<Result<Vec<_>>>()?;
            Plan::Encode(grid, parts)
        };
        let encodes = matches!(plan, Plan::Encode(..));
        let _ = self.plan.set((digest, plan));
        Ok(encodes)
    }

    fn encode(
        &self,
        number: u64,
        encoder: &mut Encoder,
        buffer: &mut Vec<u8>,
        mut out: Vec<u8>,
    ) -> Result<Vec<Vec<u8>>> {
        let Some((_, Plan::Encode(grid, parts))) = self.plan.get() else { return Ok(vec![out]) };
        let chunk = grid.chunk(number);
        let length = (chunk.bytes.end - chunk.bytes.start) as usize;
        buffer.resize(chunk.padded.max(length), 0);
        let read = self
            .target
            .source
            .read_at(self.target.offset + chunk.bytes.start, &mut buffer[..length]);
        read.map_err(reading)?;
        buffer[length..].fill(0);
        let length = encoder.encode(&buffer[..chunk.padded], grid.item, grid.float, &mut out);
        parts[grid.part_of(number)].put(number, (out, length))
    }

    fn value(&self) -> Result<Value> {
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
