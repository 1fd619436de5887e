//! The thread that writes the transcript, and the bounded buffer before it.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

/// Bytes that may wait for the output before the conversation waits for room.
const CAPACITY: usize = 1024 * 1024;

/// Bytes that are handed to the thread at a time, a line more or less: so room comes in small steps.
const BATCH: usize = 64 * 1024;

/// Room for a batch and its last line, so that it need not grow.
const ROOM: usize = BATCH + BATCH / 8;

/// Batches that are kept to be filled again.
const SPARE: usize = 4;

/// After a write, lines gather so long for the next, so that a message does not cost a wake-up, unless a batch of
/// them waits already.
const GATHER: Duration = Duration::from_millis(100);

/// How long an output may take no byte before it is said to stand still.
const PATIENCE: Duration = Duration::from_secs(1);

/// The output, as its system sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outlet {
    /// Most bytes of one write: small where a write may be taken little by little, so that this shows.
    pub(super) chunk: usize,
    /// How many bytes the reader behind the output has not taken yet, where the system tells.
    pub(super) unread: fn() -> Option<u64>,
}

impl Outlet {
    /// An output of which nothing is known.
    pub(super) const PLAIN: Self = Self { chunk: BATCH, unread: || None };
}

/// How far an output is, to see progress.
type Progress = (u64, Option<u64>);

/// A handle on the writing thread; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Rung when the thread has something to do.
    work: Condvar,
    /// Rung when the thread has written something.
    progress: Notify,
    /// Rung when the buffer has room again.
    room: Notify,
    outlet: Outlet,
}

#[derive(Debug, Default)]
struct State {
    /// Batches of whole lines that wait to be written.
    batches: VecDeque<String>,
    /// Bytes in `batches`.
    bytes: usize,
    /// Batches that were written, and can be filled again.
    spare: Vec<String>,
    /// Lines that found no room since the last that did.
    lost: u64,
    /// Lines that were lost since the start.
    lost_ever: u64,
    /// At how many bytes the thread is to be woken; `None` while it writes.
    wake_at: Option<usize>,
    /// Whether somebody waits in [`Writer::finish`]: gathering is over.
    hurry: bool,
    /// Whether a write is under way.
    writing: bool,
    /// Bytes that the output has taken.
    taken: u64,
    /// Whether the output has taken nothing for a while, so that lines without room are lost.
    still: bool,
    /// Whether the output has failed for good.
    broken: bool,
}

impl Writer {
    pub(super) fn start(output: impl Write + Send + 'static, outlet: Outlet) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            work: Condvar::new(),
            progress: Notify::new(),
            room: Notify::new(),
            outlet,
        });
        let writer = Self { shared: Arc::clone(&shared) };
        std::thread::Builder::new().name("transcript".to_owned()).spawn(move || shared.run(output))?;
        Ok(writer)
    }

    /// Adds a line, its newline excepted, by `write`; false when the next should wait for [room](Self::room).
    pub(super) fn append(&self, write: impl FnOnce(&mut String)) -> bool {
        let mut state = self.shared.lock();
        state.append(write);
        if state.wake_at.is_some_and(|bytes| state.bytes > bytes) {
            state.wake_at = None;
            self.shared.work.notify_one();
        }
        !state.is_full()
    }

    /// How many lines were lost since the start.
    pub(super) fn lost_lines(&self) -> u64 {
        self.shared.lock().lost_ever
    }

    /// Waits until there is room for a line, or the output has stood still for a second. Cancel safe.
    pub(super) async fn room(self) {
        loop {
            let Some(seen) = self.shared.progress_if_full() else { return };
            if timeout(PATIENCE, self.shared.room.notified()).await.is_err() {
                self.shared.judge(seen);
            }
        }
    }

    /// Waits until everything is written, or the output has failed or stood still for a second. Cancel safe.
    pub(super) async fn finish(&self) {
        self.shared.lock().hurry = true;
        self.shared.work.notify_one();
        loop {
            let progress = self.shared.progress.notified();
            let Some(seen) = self.shared.progress_unless_done() else { break };
            if timeout(PATIENCE, progress).await.is_err() && self.shared.judge(seen) {
                break;
            }
        }
        self.shared.lock().hurry = false;
    }
}

impl State {
    fn append(&mut self, write: impl FnOnce(&mut String)) {
        if self.broken {
            self.lost_ever += 1;
            return;
        }
        if self.still && self.bytes >= CAPACITY {
            self.lost += 1;
            self.lost_ever += 1;
            return;
        }
        self.tell_lost();
        self.push(write);
    }

    fn push(&mut self, write: impl FnOnce(&mut String)) {
        if self.batches.back().is_none_or(|batch| batch.len() >= BATCH) {
            let batch = self.spare.pop().unwrap_or_else(|| String::with_capacity(ROOM));
            self.batches.push_back(batch);
        }
        if let Some(batch) = self.batches.back_mut() {
            let before = batch.len();
            write(batch);
            batch.push('\n');
            self.bytes += batch.len() - before;
        }
    }

    fn tell_lost(&mut self) {
        use std::fmt::Write as _;
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            self.push(|line| {
                write!(line, "[{lost} linhas perdidas: a saída ficou parada]")
                    .expect("writing to a String does not fail");
            });
        }
    }

    /// The output failed for good, with these lines not written.
    fn fail(&mut self, unwritten: &[u8]) {
        let waiting: usize = self.batches.iter().map(|batch| lines(batch.as_bytes())).sum();
        let lost_ever = self.lost_ever + (lines(unwritten) + waiting) as u64;
        *self = Self { broken: true, lost_ever, ..Self::default() };
    }

    /// Whether the conversation should wait.
    fn is_full(&self) -> bool {
        self.bytes >= CAPACITY && !self.still && !self.broken
    }

    fn is_done(&self) -> bool {
        self.broken || (self.bytes == 0 && self.lost == 0 && !self.writing)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every critical section leaves the state whole, even one that panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far the output is, if there is no room.
    fn progress_if_full(&self) -> Option<Progress> {
        let state = self.lock();
        state.is_full().then(|| (state.taken, (self.outlet.unread)()))
    }

    /// How far the output is, if something is left to be written.
    fn progress_unless_done(&self) -> Option<Progress> {
        let state = self.lock();
        (!state.is_done()).then(|| (state.taken, (self.outlet.unread)()))
    }

    /// Whether an output stands still: it is where it was `seen` a while ago.
    fn judge(&self, seen: Progress) -> bool {
        let mut state = self.lock();
        state.still = (state.taken, (self.outlet.unread)()) == seen;
        state.still
    }

    fn run(&self, mut output: impl Write) {
        while let Some(mut batch) = self.take() {
            if let Err((error, unwritten)) = self.write(&mut output, batch.as_bytes()) {
                self.lock().fail(unwritten);
                tracing::warn!(%error, "the transcript's output failed; the server goes on without it");
                self.room.notify_one();
            }
            batch.clear();
            batch.shrink_to(ROOM);
            let mut state = self.lock();
            state.writing = false;
            if state.spare.len() < SPARE {
                state.spare.push(batch);
            }
            self.progress.notify_one();
        }
    }

    /// Writes lines; the error has those that were not written.
    fn write<'a>(&self, output: &mut impl Write, mut lines: &'a [u8]) -> Result<(), (io::Error, &'a [u8])> {
        while !lines.is_empty() {
            let (chunk, rest) = lines.split_at(self.outlet.chunk.min(lines.len()));
            output.write_all(chunk).map_err(|error| (error, lines))?;
            lines = rest;
            let mut state = self.lock();
            state.taken += chunk.len() as u64;
            state.still = false;
        }
        output.flush().map_err(|error| (error, lines))
    }

    /// Waits for lines and takes a batch of them; `None` when the output is of no more use.
    fn take(&self) -> Option<String> {
        let mut state = self.lock();
        if state.broken {
            return None;
        }
        if state.taken > 0 {
            state.wake_at = Some(BATCH - 1);
            let more = |state: &mut State| !state.hurry && state.bytes < BATCH;
            let gathered = self.work.wait_timeout_while(state, GATHER, more);
            state = gathered.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.bytes == 0 {
            state.tell_lost();
        }
        loop {
            if let Some(batch) = state.batches.pop_front() {
                state.wake_at = None;
                state.writing = true;
                state.bytes -= batch.len();
                self.room.notify_one();
                return Some(batch);
            }
            state.wake_at = Some(0);
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// How many lines end in these bytes: within a line newlines are escaped.
fn lines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
