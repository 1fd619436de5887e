//! The terminal of a program behind Vez, as a pseudo-terminal (pty(7)).

use std::ffi::OsString;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pty_process::{Command, OwnedReadPty, OwnedWritePty, Size};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::process::Child;

use super::pipe::{Reader, Sink, Source, Writer};
use crate::platform;

/// The terminal that programs are told they have: what browsers, xterm and most others can do.
const TERM: &str = "xterm-256color";

/// The size until the client says another, as terminals always had: rows and columns.
const SIZE: (u16, u16) = (24, 80);

/// What ends the input of a program that reads lines, at the beginning of one (termios(3), VEOF); elsewhere it hands over
/// what was typed of the line.
const END: u8 = 0x04;

/// Starts a program in a session of its own, whose terminal is new.
pub(super) fn start(
    program: &[OsString],
    environment: Vec<(&'static str, String)>,
) -> io::Result<(Child, Reader, Writer)> {
    platform::start_with_default_signals()?;
    let (pty, terminal) = pty_process::open().map_err(into_io)?;
    pty.resize(Size::new(SIZE.0, SIZE.1)).map_err(into_io)?;
    let command = Command::new(&program[0]).args(&program[1..]).envs(environment).env("TERM", TERM);
    let child = command.kill_on_drop(true).spawn(terminal).map_err(into_io)?;
    let (reader, writer) = pty.into_split();
    Ok((child, Box::new(Output(reader)), Box::new(Input { pty: writer, ends: 0, in_line: false })))
}

fn into_io(error: pty_process::Error) -> io::Error {
    match error {
        pty_process::Error::Io(error) => error,
        error => io::Error::other(error),
    }
}

/// What a program writes to its terminal.
struct Output(OwnedReadPty);

impl AsyncRead for Output {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.0).poll_read(cx, buffer)) {
            // Linux says so when nobody has the terminal open any more.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
                Poll::Ready(Ok(()))
            }
            read => Poll::Ready(read),
        }
    }
}

impl Source for Output {}

/// What is typed at a program's terminal.
struct Input {
    pty: OwnedWritePty,
    /// How many times [`END`] was typed.
    ends: u8,
    /// Whether a line was begun.
    in_line: bool,
}

impl AsyncWrite for Input {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.pty).poll_write(cx, bytes))?;
        if let Some(last) = bytes[..written].last() {
            self.in_line = !matches!(last, b'\n' | b'\r');
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pty).poll_flush(cx)
    }

    /// A terminal's input has no end but what is typed.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.ends < 1 + u8::from(self.in_line) {
            ready!(Pin::new(&mut self.pty).poll_write(cx, &[END]))?;
            self.ends += 1;
        }
        Poll::Ready(Ok(()))
    }
}

impl Sink for Input {
    fn resize(&self, cols: u16, rows: u16) {
        // A program that has gone sees no more of it.
        let _ = self.pty.resize(Size::new(rows, cols));
    }
}
