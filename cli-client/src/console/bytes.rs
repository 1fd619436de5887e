//! Standard input and output as they are: the console of a stream.
//!
//! Neither a read nor a write can be cancelled, so each has a thread that nobody waits for.

use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::thread;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use vez_protocol::limits;

use crate::platform;
use crate::transport::Turn;

/// Most bytes that are read at a time.
const CHUNK: usize = 128 * 1024;

/// Reads, or writes, that may wait: one is under way while the other is made ready.
const AHEAD: usize = 2;

/// Standard input.
pub(crate) struct BytesIn {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
}

impl BytesIn {
    /// Begins to read standard input, in chunks that the `turn` allows; keys one by one, or what it is.
    pub(crate) fn start(turn: &Turn, keys: bool) -> io::Result<Self> {
        let (sender, chunks) = mpsc::channel(AHEAD);
        let chunk = turn.max_message.unwrap_or(limits::MAX_MESSAGE).clamp(1, CHUNK);
        let newline = turn.newline.clone().filter(|_| !keys && io::stdin().is_terminal());
        thread::Builder::new()
            .name("stdin".to_owned())
            .spawn(move || read(&sender, chunk, newline.as_deref(), keys))?;
        Ok(Self { chunks })
    }

    /// What comes next; `None` at its end.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        self.chunks.recv().await.transpose()
    }
}

fn read(chunks: &mpsc::Sender<io::Result<Bytes>>, chunk: usize, newline: Option<&str>, keys: bool) {
    let mut stdin = io::stdin().lock();
    let mut buffer = vec![0; chunk];
    loop {
        let read = match stdin.read(&mut buffer) {
            Ok(0) => match platform::END_KEY.filter(|_| keys) {
                Some(key) => Ok(Bytes::from_static(key)),
                None => return,
            },
            Ok(len) => Ok(with_newlines(&buffer[..len], newline)),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let over = read.is_err();
        if chunks.blocking_send(read).is_err() || over {
            return;
        }
    }
}

/// `bytes` with lines that end as the turn wants it, where it does.
fn with_newlines(bytes: &[u8], newline: Option<&str>) -> Bytes {
    let Some(newline) = newline else { return Bytes::copy_from_slice(bytes) };
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    lines.join(newline.as_bytes()).into()
}

/// Standard output.
pub(crate) struct BytesOut {
    chunks: mpsc::Sender<Bytes>,
    /// How the writing ended.
    written: oneshot::Receiver<io::Result<()>>,
}

impl BytesOut {
    /// Begins to write to standard output.
    pub(crate) fn start() -> io::Result<Self> {
        let mut stdout = platform::stdout()?;
        let (chunks, mut receiver) = mpsc::channel::<Bytes>(AHEAD);
        let (ended, written) = oneshot::channel();
        let write = move || {
            let mut written = Ok(());
            while let (Ok(()), Some(bytes)) = (&written, receiver.blocking_recv()) {
                written = stdout.write_all(&bytes).and_then(|()| stdout.flush());
            }
            drop(receiver);
            // Nobody may be left to be told.
            let _ = ended.send(written);
        };
        thread::Builder::new().name("stdout".to_owned()).spawn(write)?;
        Ok(Self { chunks, written })
    }

    /// Hands over `bytes`, which are then `None`, as soon as there is room; dropped before its end, nothing is lost.
    pub(crate) async fn write(&mut self, bytes: &mut Option<Bytes>) -> io::Result<()> {
        match self.chunks.reserve().await {
            Ok(room) => {
                if let Some(bytes) = bytes.take() {
                    room.send(bytes);
                }
                Ok(())
            }
            // Only a failure stops the thread while there is a sender.
            Err(_) => Err(outcome((&mut self.written).await).err().unwrap_or(ErrorKind::BrokenPipe.into())),
        }
    }

    /// Waits until all is written.
    pub(crate) async fn finish(self) -> io::Result<()> {
        drop(self.chunks);
        outcome(self.written.await)
    }
}

fn outcome(written: Result<io::Result<()>, oneshot::error::RecvError>) -> io::Result<()> {
    written.unwrap_or_else(|_| Err(ErrorKind::BrokenPipe.into()))
}

#[cfg(test)]
mod tests {
    use super::with_newlines;

    #[test]
    fn only_a_turn_that_wants_it_changes_newlines() {
        assert_eq!(with_newlines(b"\xffum\r\n\n", None), b"\xffum\r\n\n".as_slice());
        assert_eq!(with_newlines(b"um\n\ndois", Some("\r\n")), b"um\r\n\r\ndois".as_slice());
        assert_eq!(with_newlines(b"um\n", Some("\r")), b"um\r".as_slice());
    }
}
