//! The thread that writes the transcript, and the bounded buffer before it.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Most bytes that wait for the output; what exceeds them is counted and lost.
const CAPACITY: usize = 4 * 1024 * 1024;

/// Room that is kept between writes.
const KEPT: usize = 1024 * 1024;

/// After a write, lines gather this long for the next, so that a message does not cost a wake-up.
const GATHER: Duration = Duration::from_millis(100);

/// How long [`Writer::finish`] waits for an output that takes nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// A handle on the writing thread; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Rung when the idle thread has something to do.
    work: Condvar,
    /// Rung when the thread has written something.
    progress: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Whole lines that wait to be written.
    buffer: String,
    /// Lines that found no room since the last that did.
    lost: u64,
    /// Whether the thread waits for [`Shared::work`].
    idle: bool,
    /// Whether somebody waits in [`Writer::finish`]: gathering is over.
    hurry: bool,
    /// Whether a write is under way.
    writing: bool,
    /// Counts writes, to see progress.
    writes: u64,
    /// Whether the output has failed for good.
    broken: bool,
}

impl Writer {
    pub(super) fn start(output: impl Write + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let writer = Self { shared: Arc::clone(&shared) };
        std::thread::Builder::new().name("transcript".to_owned()).spawn(move || shared.run(output))?;
        Ok(writer)
    }

    /// Adds a line, its newline excepted, by `write`.
    pub(super) fn append(&self, write: impl FnOnce(&mut String)) {
        let mut state = self.shared.lock();
        state.append(write);
        if state.idle {
            state.idle = false;
            self.shared.work.notify_one();
        }
    }

    pub(super) fn finish(&self) {
        let mut state = self.shared.lock();
        state.hurry = true;
        self.shared.work.notify_one();
        while !state.is_done() {
            let seen = state.writes;
            let waited = self.shared.progress.wait_timeout(state, PATIENCE);
            let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if timeout.timed_out() && state.writes == seen {
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
        let before = self.buffer.len();
        self.tell_lost();
        write(&mut self.buffer);
        self.buffer.push('\n');
        // The first line always has room: a line is no longer than a message.
        if self.buffer.len() > CAPACITY && before > 0 {
            self.buffer.truncate(before);
            self.lost += 1;
        } else {
            self.lost = 0;
        }
    }

    fn tell_lost(&mut self) {
        use std::fmt::Write as _;
        if self.lost > 0 {
            let lost = self.lost;
            writeln!(self.buffer, "[{lost} linhas perdidas: a saída não acompanhou]")
                .expect("writing to a String does not fail");
        }
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

    fn run(&self, mut output: impl Write) {
        let mut lines = String::new();
        while self.take(&mut lines) {
            let written = output.write_all(lines.as_bytes()).and_then(|()| output.flush());
            lines.clear();
            lines.shrink_to(KEPT);
            let mut state = self.lock();
            state.writing = false;
            state.writes += 1;
            if let Err(error) = written {
                tracing::warn!(%error, "the transcript's output failed; the server goes on without it");
                state.broken = true;
                state.buffer = String::new();
            }
            self.progress.notify_all();
        }
    }

    /// Waits for lines and swaps them into `lines`; false when the output is of no more use.
    fn take(&self, lines: &mut String) -> bool {
        let mut state = self.lock();
        if state.broken {
            return false;
        }
        if !state.hurry && state.writes > 0 {
            let gathered = self.work.wait_timeout_while(state, GATHER, |state| !state.hurry);
            state = gathered.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.buffer.is_empty() && state.lost > 0 {
            state.tell_lost();
            state.lost = 0;
        }
        while state.buffer.is_empty() {
            state.idle = true;
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.idle = false;
        state.writing = true;
        std::mem::swap(&mut state.buffer, lines);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

    use super::{CAPACITY, Writer};

    /// An output whose every write says that it has begun and then waits until the test takes it.
    struct Taken {
        begun: Sender<()>,
        taken: SyncSender<String>,
    }

    impl Write for Taken {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let text = String::from_utf8(bytes.to_vec()).expect("the transcript is text");
            self.begun.send(()).map_err(|_| std::io::ErrorKind::BrokenPipe)?;
            self.taken.send(text).map_err(|_| std::io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// The test's side of [`Taken`].
    struct Output {
        begun: Receiver<()>,
        taken: Receiver<String>,
    }

    impl Output {
        /// Awaits the next write, without taking it.
        fn await_write(&self) {
            self.begun.recv().unwrap();
        }

        /// Takes the write that has begun.
        fn take(&self) -> String {
            self.taken.recv().unwrap()
        }
    }

    fn writer() -> (Writer, Output) {
        let (begun, begins) = channel();
        let (taken, takes) = sync_channel(0);
        (Writer::start(Taken { begun, taken }).unwrap(), Output { begun: begins, taken: takes })
    }

    fn append(writer: &Writer, line: &str) {
        writer.append(|buffer| buffer.push_str(line));
    }

    #[test]
    fn lines_come_in_order() {
        let (writer, output) = writer();
        let expected: String = (0..1000).map(|i| format!("linha {i}\n")).collect();
        (0..1000).for_each(|i| append(&writer, &format!("linha {i}")));
        let mut seen = String::new();
        while seen.len() < expected.len() {
            seen.push_str(&output.take());
        }
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_a_stopped_output_cannot_take_is_counted_and_said_in_one_line() {
        let (writer, output) = writer();
        append(&writer, "primeira");
        output.await_write();
        // From here on nothing is taken from the buffer, which has room for three of these.
        let line = "x".repeat(CAPACITY / 4);
        (0..10).for_each(|_| append(&writer, &line));
        assert_eq!(output.take(), "primeira\n");
        output.await_write();
        assert_eq!(output.take(), format!("{line}\n").repeat(3));
        output.await_write();
        assert_eq!(output.take(), "[7 linhas perdidas: a saída não acompanhou]\n");
        append(&writer, "depois");
        output.await_write();
        assert_eq!(output.take(), "depois\n");
    }

    #[test]
    fn a_closed_output_ends_the_writing_and_nothing_else() {
        let (writer, output) = writer();
        drop(output);
        append(&writer, "um");
        writer.finish();
        (0..100).for_each(|_| append(&writer, "dois"));
        writer.finish();
        assert!(writer.shared.lock().buffer.is_empty());
    }
}
