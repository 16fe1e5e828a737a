//! Work done by many threads, handed over in order, in bounded memory.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

struct State<I, T> {
    jobs: I,
    /// Jobs handed out, and results handed over.
    started: u64,
    taken: u64,
    ready: BTreeMap<u64, T>,
    exhausted: bool,
    abandoned: bool,
}

/// The jobs and results that workers and the consumer share.
struct Queue<I, T> {
    state: Mutex<State<I, T>>,
    wake: Condvar,
    ahead: u64,
}

impl<J, T, I: Iterator<Item = J>> Queue<I, T> {
    fn lock(&self) -> MutexGuard<'_, State<I, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&'a self, state: MutexGuard<'a, State<I, T>>) -> MutexGuard<'a, State<I, T>> {
        self.wake.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn next_job(&self) -> Option<(u64, J)> {
        let mut state = self.lock();
        while state.started >= state.taken + self.ahead && !state.abandoned {
            state = self.wait(state);
        }
        let job = if state.abandoned { None } else { state.jobs.next() };
        if job.is_none() {
            state.exhausted = true;
            self.wake.notify_all();
        }
        let number = state.started;
        state.started += u64::from(job.is_some());
        job.map(|job| (number, job))
    }

    fn put(&self, number: u64, result: T) {
        self.lock().ready.insert(number, result);
        self.wake.notify_all();
    }

    fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            let number = state.taken;
            if let Some(result) = state.ready.remove(&number) {
                state.taken += 1;
                self.wake.notify_all();
                return Some(result);
            }
            if state.exhausted && state.taken == state.started {
                return None;
            }
            state = self.wait(state);
        }
    }
}

/// Runs `work` on every job in `threads` threads, at most `ahead` jobs before `consume`, which
/// is given a function that yields the results in the order of the jobs.
pub(super) fn ordered<J: Send, T: Send, S: Default, R>(
    jobs: impl Iterator<Item = J> + Send,
    threads: usize,
    ahead: usize,
    work: impl Fn(J, &mut S) -> T + Sync,
    consume: impl FnOnce(&mut dyn FnMut() -> Option<T>) -> R,
) -> R {
    let state = State {
        jobs,
        started: 0,
        taken: 0,
        ready: BTreeMap::new(),
        exhausted: false,
        abandoned: false,
    };
    let queue = Queue { state: Mutex::new(state), wake: Condvar::new(), ahead: ahead as u64 };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut scratch = S::default();
                while let Some((number, job)) = queue.next_job() {
                    queue.put(number, work(job, &mut scratch));
                }
            });
        }
        let result = consume(&mut || queue.take());
        queue.lock().abandoned = true;
        queue.wake.notify_all();
        result
    })
}
