//! Standard output.

use std::io::{self, IsTerminal, Write};

use tokio::task::spawn_blocking;
use vez_protocol::escape;

/// Where lines are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// Whether control characters would drive a terminal.
    is_terminal: bool,
}

impl Screen {
    /// Standard output.
    pub(crate) fn stdout() -> Self {
        Self { is_terminal: io::stdout().is_terminal() }
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
        write(&self.render(line))
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
