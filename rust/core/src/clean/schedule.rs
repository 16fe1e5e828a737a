//! Values into the store: hash each, and encode those that are not known, on all cores.
//!
//! Threads take jobs from one list: a unit to hash, or a chunk to encode. Encoding
//! comes first, so that memory is bounded by the chunks in flight and not by the file.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::clean::hash;
use crate::clean::part::Closing;
use crate::clean::work::{Context, Desk, Target, Work};
use crate::error::{Error, Result};
use crate::manifest::Value;
use crate::store::Sealed;

/// Stores every target and gives their values, in order.
pub(super) fn store_all(targets: &[Target<'_>], context: &Context<'_>) -> Result<Vec<Value>> {
    let works: Vec<Work> = targets.iter().map(Work::new).collect();
    let schedule = Schedule {
        works: &works,
        context,
        state: Mutex::default(),
        wake: Condvar::new(),
        fresh: AtomicBool::new(!context.known.has_bases()),
    };
    let (closing, sealed) = sync_channel(CLOSERS);
    let sealed = Mutex::new(sealed);
    std::thread::scope(|scope| {
        for _ in 0..CLOSERS {
            scope.spawn(|| schedule.close(&sealed));
        }
        for _ in 1..context.threads {
            let closing = closing.clone();
            scope.spawn(|| schedule.work(closing));
        }
        schedule.work(closing);
    });
    if let Some(error) = schedule.lock().failed.take() {
        return Err(error);
    }
    works.iter().map(Work::value).collect()
}

/// Fails all of the work when a thread ends by a panic, so that nobody waits for its job.
struct Watch<'a, 'b, 't>(&'b Schedule<'a, 't>);

impl Drop for Watch<'_, '_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().failed.get_or_insert(Error::Interrupted);
            self.0.wake.notify_all();
        }
    }
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
    /// Whether the next value is expected to be new, because the one before was.
    fresh: AtomicBool,
}

/// Chunks in flight for each thread.
const AHEAD: usize = 4;
/// Threads that wait for the disk. File systems make durable together what is asked together.
const CLOSERS: usize = 8;

impl<'a> Schedule<'a, '_> {
    /// Makes objects durable until there are no more.
    fn close(&self, sealed: &Mutex<Receiver<Sealed<'_>>>) {
        let _watch = Watch(self);
        loop {
            let next = sealed.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(object) = next else { return };
            if self.lock().failed.is_some() {
                continue;
            }
            if let Err(error) = object.finish() {
                self.lock().failed.get_or_insert(error);
                self.wake.notify_all();
            }
        }
    }

    fn work(&self, closing: Closing<'a>) {
        let _watch = Watch(self);
        let mut desk = Desk::new(closing);
        while let Some(job) = self.next() {
            let done = match job {
                Job::Hash { work, unit } => self.hash(work, unit, &mut desk),
                Job::Encode { work, chunk } => self.encode(work, chunk, &mut desk),
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

    fn hash(&self, at: usize, unit: u64, desk: &mut Desk<'a>) -> Result<()> {
        let opened = self.hash_or_store(at, unit, desk);
        let mut state = self.lock();
        state.hashing -= 1;
        if opened? {
            state.open.push((at, 0));
        }
        Ok(())
    }

    /// True if the target's chunks must be encoded now.
    fn hash_or_store(&self, at: usize, unit: u64, desk: &mut Desk<'a>) -> Result<bool> {
        let work = &self.works[at];
        if self.fresh.load(Ordering::Relaxed) && work.is_small() {
            let was_known = work.store_at_once(self.context, desk)?;
            self.fresh.store(!was_known, Ordering::Relaxed);
            return Ok(false);
        }
        let Some(digest) = work.hash_unit(unit, desk)? else { return Ok(false) };
        let is_new = work.plan(digest, self.context)?;
        if is_new && !self.context.known.has_bases() {
            self.fresh.store(true, Ordering::Relaxed);
        }
        Ok(is_new)
    }

    fn encode(&self, at: usize, number: u64, desk: &mut Desk<'a>) -> Result<()> {
        let out = self.lock().buffers.pop().unwrap_or_default();
        let written = self.works[at].encode(number, desk, out, self.context.known);
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
