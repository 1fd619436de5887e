//! Where the client's own lines go: standard output, or beside a stream standard error.

use std::io::{self, IsTerminal, Write};

use tokio::task::spawn_blocking;
use vez_protocol::escape;

/// Where lines are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// Whether it is standard error.
    is_stderr: bool,
    /// Whether control characters would drive a terminal.
    is_terminal: bool,
}

impl Screen {
    /// Standard output.
    pub(crate) fn stdout() -> Self {
        Self { is_stderr: false, is_terminal: io::stdout().is_terminal() }
    }

    /// Standard error.
    pub(crate) fn stderr() -> Self {
        Self { is_stderr: true, is_terminal: io::stderr().is_terminal() }
    }

    /// Whether somebody looks at it.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// `line` as it may be shown, with its newline: to the byte in a pipe, harmless and without an empty end on
    /// a terminal.
    pub(super) fn render(&self, line: &str) -> String {
        let line =
            if self.is_terminal { escape::lines(line.trim_end_matches(['\r', '\n'])) } else { line.into() };
        format!("{line}\n")
    }

    /// Writes one line.
    pub(crate) fn line(&self, line: &str) -> io::Result<()> {
        let line = self.render(line);
        if self.is_stderr { io::stderr().write_all(line.as_bytes()) } else { write(&line) }
    }

    /// Writes one line, waiting for who reads it without keeping anybody else waiting.
    pub(crate) async fn show(self, line: &str) -> io::Result<()> {
        let line = line.to_owned();
        spawn_blocking(move || self.line(&line)).await.unwrap_or_else(|panic| Err(io::Error::other(panic)))
    }
}

/// Writes a text that stays open for what follows.
pub(super) fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes a text, waiting for who reads it without keeping anybody else waiting.
pub(super) async fn show(text: String) -> io::Result<()> {
    spawn_blocking(move || write(&text)).await.unwrap_or_else(|panic| Err(io::Error::other(panic)))
}
