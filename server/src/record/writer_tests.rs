//! The transcript's writer over outputs that the test takes from, or does not.

use std::io::Write;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use futures_util::FutureExt;

use super::{BATCH, CAPACITY, Outlet, Writer};

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

    /// Takes writes until as many lines have come.
    fn take_lines(&self, count: usize) -> Vec<String> {
        let mut text = String::new();
        while text.matches('\n').count() < count {
            text.push_str(&self.take());
        }
        text.lines().map(str::to_owned).collect()
    }
}

fn writer() -> (Writer, Output) {
    let (begun, begins) = channel();
    let (taken, takes) = sync_channel(0);
    (Writer::start(Taken { begun, taken }, Outlet::PLAIN).unwrap(), Output { begun: begins, taken: takes })
}

fn append(writer: &Writer, line: &str) -> bool {
    writer.append(|buffer| buffer.push_str(line))
}

#[test]
fn lines_come_in_order() {
    let (writer, output) = writer();
    let expected: Vec<String> = (0..1000).map(|i| format!("linha {i}")).collect();
    expected.iter().for_each(|line| assert!(append(&writer, line)));
    assert_eq!(output.take_lines(1000), expected);
}

/// Much more than the buffer holds, handed over as fast as there is room: every line is written.
#[tokio::test]
async fn an_output_that_moves_loses_nothing() {
    let (writer, output) = writer();
    let reader = std::thread::spawn(move || output.take_lines(2000));
    let line = "x".repeat(CAPACITY / 100);
    for i in 0..2000 {
        if !append(&writer, &format!("{i} {line}")) {
            writer.clone().room().await;
        }
    }
    let lines = tokio::task::spawn_blocking(|| reader.join().unwrap()).await.unwrap();
    assert!(lines.iter().enumerate().all(|(i, read)| *read == format!("{i} {line}")));
}

/// The buffer is written when it has filled, without waiting for the time to gather to pass.
#[tokio::test(start_paused = true)]
async fn the_writer_wakes_by_fill_level() {
    let (writer, output) = writer();
    append(&writer, "primeira");
    output.await_write();
    assert_eq!(output.take(), "primeira\n");
    let started = std::time::Instant::now();
    let line = "x".repeat(BATCH - 1);
    for _ in 0..50 {
        append(&writer, &line);
        append(&writer, &line);
        output.take_lines(2);
    }
    // 50 times a tenth of a second would be five seconds.
    assert!(started.elapsed().as_secs() < 4, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_an_output_that_stands_still_cannot_take_is_counted_and_said() {
    let (writer, output) = writer();
    append(&writer, "primeira");
    output.await_write();
    // From here on nothing is taken from the buffer.
    let line = "x".repeat(CAPACITY / 2);
    assert!(append(&writer, &line));
    assert!(!append(&writer, &line), "the buffer is full");
    assert!(writer.clone().room().now_or_never().is_none(), "the conversation waits for room");
    writer.clone().room().await;
    (0..7).for_each(|_| assert!(append(&writer, &line), "nothing waits for an output that stands still"));
    assert_eq!(writer.lost_lines(), 7);
    assert_eq!(output.take(), "primeira\n");
    assert_eq!(output.take_lines(2), [line.clone(), line.clone()]);
    assert_eq!(output.take(), "[7 linhas perdidas: a saída ficou parada]\n");
    assert!(append(&writer, "depois"));
    assert_eq!(output.take(), "depois\n");
    assert_eq!(writer.lost_lines(), 7, "what was said stays counted");
}

/// A reader that takes little, but takes, is waited for: what it has not read yet tells.
#[tokio::test(start_paused = true)]
async fn a_slow_reader_does_not_stand_still() {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    static UNREAD: AtomicU64 = AtomicU64::new(1 << 20);
    let (begun, begins) = channel();
    let (taken, _takes) = sync_channel::<String>(0);
    let unread: fn() -> Option<u64> = || Some(UNREAD.fetch_sub(1, Relaxed));
    let writer = Writer::start(Taken { begun, taken }, Outlet { unread, ..Outlet::PLAIN }).unwrap();
    append(&writer, "primeira");
    begins.recv().unwrap();
    append(&writer, &"x".repeat(CAPACITY));
    let waited = tokio::time::timeout(std::time::Duration::from_secs(60), writer.room()).await;
    assert!(waited.is_err(), "the conversation waits as long as the reader reads");
}

#[tokio::test]
async fn a_closed_output_ends_the_writing_and_nothing_else() {
    let (writer, output) = writer();
    drop(output);
    append(&writer, "um");
    writer.finish().await;
    (0..100).for_each(|_| assert!(append(&writer, &"dois".repeat(CAPACITY))));
    writer.finish().await;
    assert!(writer.shared.lock().batches.is_empty());
    assert_eq!(writer.lost_lines(), 101);
}
