//! The thread that writes the transcript, and the bounded buffer before it.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

/// Bytes that may wait for the output before the conversation waits for room.
const CAPACITY: usize = 1024 * 1024;

/// Most bytes of one write: what a pipe holds, so that a reader that takes some is soon seen to do so.
const CHUNK: usize = 64 * 1024;

/// After a write, lines gather so long for the next, so that a message does not cost a wake-up …
const GATHER: Duration = Duration::from_millis(100);

/// … unless so many bytes wait already.
const ENOUGH: usize = 64 * 1024;

/// How long an output may take no byte before it is said to stand still.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many bytes the reader behind the output has not taken yet, where the system tells.
pub(super) type Unread = fn() -> Option<u64>;

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
    progress: Condvar,
    /// Rung when the buffer has room again.
    room: Notify,
    unread: Unread,
}

#[derive(Debug, Default)]
struct State {
    /// Whole lines that wait to be written.
    buffer: String,
    /// Lines that found no room since the last that did.
    lost: u64,
    /// At how many bytes the thread is to be woken; `None` while it writes.
    wake_at: Option<usize>,
    /// Whether somebody waits in [`Writer::finish`]: gathering is over.
    hurry: bool,
    /// Whether a write is under way.
    writing: bool,
    /// Bytes that the output has taken, to see progress.
    taken: u64,
    /// Whether the output has taken nothing for a while, so that lines without room are lost.
    still: bool,
    /// Whether the output has failed for good.
    broken: bool,
}

impl Writer {
    pub(super) fn start(output: impl Write + Send + 'static, unread: Unread) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            work: Condvar::new(),
            progress: Condvar::new(),
            room: Notify::new(),
            unread,
        });
        let writer = Self { shared: Arc::clone(&shared) };
        std::thread::Builder::new().name("transcript".to_owned()).spawn(move || shared.run(output))?;
        Ok(writer)
    }

    /// Adds a line, its newline excepted, by `write`; false when the next should wait for [room](Self::room).
    pub(super) fn append(&self, write: impl FnOnce(&mut String)) -> bool {
        let mut state = self.shared.lock();
        state.append(write);
        if state.wake_at.is_some_and(|bytes| state.buffer.len() > bytes) {
            state.wake_at = None;
            self.shared.work.notify_one();
        }
        !state.is_full()
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

    pub(super) fn finish(&self) {
        let mut state = self.shared.lock();
        state.hurry = true;
        self.shared.work.notify_one();
        while !state.is_done() {
            let seen = (state.taken, (self.shared.unread)());
            let waited = self.shared.progress.wait_timeout(state, PATIENCE);
            let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if timeout.timed_out() && (state.taken, (self.shared.unread)()) == seen {
                break;
            }
        }
        state.hurry = false;
    }
}

impl State {
    fn append(&mut self, write: impl FnOnce(&mut String)) {
        if self.broken {
            return;
        }
        if self.still && self.buffer.len() >= CAPACITY {
            self.lost += 1;
            return;
        }
        self.tell_lost();
        write(&mut self.buffer);
        self.buffer.push('\n');
    }

    fn tell_lost(&mut self) {
        use std::fmt::Write as _;
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            writeln!(self.buffer, "[{lost} linhas perdidas: a saída ficou parada]")
                .expect("writing to a String does not fail");
        }
    }

    /// Whether the conversation should wait.
    fn is_full(&self) -> bool {
        self.buffer.len() >= CAPACITY && !self.still && !self.broken
    }

    fn is_done(&self) -> bool {
        self.broken || (self.buffer.is_empty() && self.lost == 0 && !self.writing)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every critical section leaves the state whole, even one that panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far the output is, if there is no room.
    fn progress_if_full(&self) -> Option<(u64, Option<u64>)> {
        let state = self.lock();
        state.is_full().then(|| (state.taken, (self.unread)()))
    }

    /// An output that is still where it was `seen` stands still.
    fn judge(&self, seen: (u64, Option<u64>)) {
        let mut state = self.lock();
        state.still = (state.taken, (self.unread)()) == seen;
    }

    fn run(&self, mut output: impl Write) {
        let mut lines = String::new();
        while self.take(&mut lines) {
            let written = self.write(&mut output, lines.as_bytes());
            lines.clear();
            lines.shrink_to(CAPACITY);
            let mut state = self.lock();
            state.writing = false;
            if let Err(error) = written {
                tracing::warn!(%error, "the transcript's output failed; the server goes on without it");
                state.broken = true;
                state.buffer = String::new();
                self.room.notify_one();
            }
            self.progress.notify_all();
        }
    }

    fn write(&self, output: &mut impl Write, lines: &[u8]) -> std::io::Result<()> {
        for chunk in lines.chunks(CHUNK) {
            output.write_all(chunk)?;
            let mut state = self.lock();
            state.taken += chunk.len() as u64;
            state.still = false;
            self.progress.notify_all();
        }
        output.flush()
    }

    /// Waits for lines and swaps them into `lines`; false when the output is of no more use.
    fn take(&self, lines: &mut String) -> bool {
        let mut state = self.lock();
        if state.broken {
            return false;
        }
        if state.taken > 0 {
            state.wake_at = Some(ENOUGH);
            let more = |state: &mut State| !state.hurry && state.buffer.len() <= ENOUGH;
            let gathered = self.work.wait_timeout_while(state, GATHER, more);
            state = gathered.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.buffer.is_empty() {
            state.tell_lost();
        }
        while state.buffer.is_empty() {
            state.wake_at = Some(0);
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.wake_at = None;
        state.writing = true;
        std::mem::swap(&mut state.buffer, lines);
        self.room.notify_one();
        true
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
