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

    /// Ends the work of all threads, for want of a consumer or of a result that will never come.
    fn abandon(&self) {
        let mut state = self.lock();
        (state.abandoned, state.exhausted) = (true, true);
        self.wake.notify_all();
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
            if state.abandoned || (state.exhausted && state.taken == state.started) {
                return None;
            }
            state = self.wait(state);
        }
    }
}

/// Abandons the queue when its thread ends by a panic, so that nobody waits for it.
struct Watch<'a, J, T, I: Iterator<Item = J>>(&'a Queue<I, T>);

impl<J, T, I: Iterator<Item = J>> Drop for Watch<'_, J, T, I> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.abandon();
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
                let _watch = Watch(&queue);
                let mut scratch = S::default();
                while let Some((number, job)) = queue.next_job() {
                    queue.put(number, work(job, &mut scratch));
                }
            });
        }
        let _watch = Watch(&queue);
        let result = consume(&mut || queue.take());
        queue.abandon();
        result
    })
}

#[cfg(test)]
#[allow(clippy::panic, reason = "panics are what is tested")]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn doubled(count: u64, consume: impl FnOnce(&mut dyn FnMut() -> Option<u64>) -> u64) -> u64 {
        let work = |job: u64, _: &mut u8| {
            assert!(job != 50, "the worker's own");
            2 * job
        };
        ordered(0..count, 3, 4, work, consume)
    }

    #[test]
    fn results_come_in_order() {
        let all = |next: &mut dyn FnMut() -> Option<u64>| {
            let results: Vec<u64> = std::iter::from_fn(next).collect();
            assert!(results.iter().enumerate().all(|(at, &result)| result == 2 * at as u64));
            results.len() as u64
        };
        assert_eq!(doubled(40, all), 40);
        assert_eq!(doubled(0, all), 0);
    }

    #[test]
    fn a_consumer_that_stops_or_panics_stops_the_work() {
        assert_eq!(doubled(40, |next| next().unwrap_or(9)), 0);
        let panicking = || doubled(40, |_| panic!("the consumer's own"));
        assert!(catch_unwind(AssertUnwindSafe(panicking)).is_err());
    }

    #[test]
    fn a_worker_that_panics_leaves_nobody_waiting() {
        let all = |next: &mut dyn FnMut() -> Option<u64>| std::iter::from_fn(next).count() as u64;
        assert!(catch_unwind(AssertUnwindSafe(|| doubled(100, all))).is_err());
    }

    #[test]
    fn jobs_that_panic_leave_nobody_waiting() {
        let jobs = (0..9u64).inspect(|&job| assert!(job != 5, "the jobs' own"));
        let all = |next: &mut dyn FnMut() -> Option<u64>| std::iter::from_fn(next).count();
        let run = || ordered(jobs, 3, 4, |job, _: &mut u8| job, all);
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    }
}
