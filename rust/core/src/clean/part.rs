//! One object being made: chunks arrive in any order from any thread, and leave in order.

use std::collections::BTreeMap;
use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::object::shard::Table;
use crate::pointer::Pointer;
use crate::store::{Sealed, Store, Writer};

/// Where objects go to be made durable.
pub(super) type Closing<'a> = SyncSender<Sealed<'a>>;

/// A part of a value on its way into the store.
///
/// Whoever brings the chunk that is due next writes it and all that follow it; the
/// others leave theirs and go on coding. So no thread waits for another's hashing.
pub(super) struct Part<'a> {
    store: &'a Store,
    slots: usize,
    state: Mutex<State<'a>>,
}

/// A buffer that begins with an encoded chunk, and that chunk's length.
pub(super) type Frame = (Vec<u8>, usize);

struct State<'a> {
    /// Encoded chunks that wait for their turn.
    waiting: BTreeMap<u64, Frame>,
    due: u64,
    end: u64,
    sink: Sink<'a>,
    pointer: Option<Pointer>,
}

enum Sink<'a> {
    /// Not begun: a parameter of a thousand parts must not need a thousand open files.
    Unopened,
    /// Nobody is writing.
    Idle(Box<(Writer<'a>, Table)>),
    /// A thread is writing, or has ended it.
    Taken,
}

impl<'a> Part<'a> {
    /// An object for the chunks `chunks`, whose table has `slots` places.
    pub(super) fn new(store: &'a Store, chunks: std::ops::Range<u64>, slots: usize) -> Self {
        let state = State {
            waiting: BTreeMap::new(),
            due: chunks.start,
            end: chunks.end,
            sink: Sink::Unopened,
            pointer: None,
        };
        Self { store, slots, state: Mutex::new(state) }
    }

    /// Takes the encoded chunk `number`; gives back the buffers of the chunks written meanwhile.
    pub(super) fn put(
        &self,
        number: u64,
        frame: Frame,
        closing: &Closing<'a>,
    ) -> Result<Vec<Vec<u8>>> {
        let mut written = Vec::new();
        let mut state = self.lock();
        state.waiting.insert(number, frame);
        if !state.waiting.contains_key(&state.due) {
            return Ok(written);
        }
        let mut open = match std::mem::replace(&mut state.sink, Sink::Taken) {
            Sink::Unopened => Box::new((self.store.create()?, Table::default())),
            Sink::Idle(open) => open,
            Sink::Taken => return Ok(written),
        };
        loop {
            let due = state.due;
            let Some((buffer, length)) = state.waiting.remove(&due) else { break };
            drop(state);
            open.0.write(&buffer[..length])?;
            open.1.push(length);
            written.push(buffer);
            state = self.lock();
            state.due += 1;
        }
        if state.due < state.end {
            state.sink = Sink::Idle(open);
            return Ok(written);
        }
        drop(state);
        self.seal(*open, closing).map(|()| written)
    }

    fn seal(&self, open: (Writer<'a>, Table), closing: &Closing<'a>) -> Result<()> {
        let (mut writer, table) = open;
        writer.write(&table.finish(self.slots))?;
        let sealed = writer.seal()?;
        self.lock().pointer = Some(sealed.pointer());
        closing.send(sealed).map_err(|_| Error::Interrupted)
    }

    /// The sealed object; `None` while chunks are missing.
    pub(super) fn pointer(&self) -> Option<Pointer> {
        self.lock().pointer
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<'a>> {
        // A thread that panics here leaves no half state: every change is a single step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
