//! The console of a pipe or a file: what the report's `input` and `print` do.

use std::io;
use std::thread;

use tokio::sync::mpsc;

use super::lines::read_entry;
use super::{Console, Entry, Line, Screen, screen};
use crate::texts;
use crate::transport::MAX_MESSAGE;

/// Lines that are read ahead of the conversation.
const READ_AHEAD: usize = 1;

/// Standard input read by lines, standard output written to the byte.
pub(crate) struct Piped {
    entries: mpsc::Receiver<Entry>,
    screen: Screen,
    /// Whether only replies are written, as they are, for scripts.
    quiet: bool,
}

impl Piped {
    /// Begins to read standard input; a `quiet` one writes nothing but replies.
    pub(crate) fn start(screen: Screen, quiet: bool) -> io::Result<Self> {
        let (sender, entries) = mpsc::channel(READ_AHEAD);
        // A read of standard input cannot be cancelled, so no one may have to wait for this thread.
        thread::Builder::new().name("stdin".to_owned()).spawn(move || read(&sender))?;
        Ok(Self { entries, screen, quiet })
    }
}

fn read(entries: &mpsc::Sender<Entry>) {
    let mut stdin = io::stdin().lock();
    // Input that cannot be read has ended.
    while let Ok(entry @ (Entry::Line(_) | Entry::Unusable(_))) = read_entry(&mut stdin, MAX_MESSAGE) {
        if entries.blocking_send(entry).is_err() {
            return;
        }
    }
}

impl Console for Piped {
    async fn prompt(&mut self) -> io::Result<()> {
        if self.quiet { Ok(()) } else { screen::show(texts::PROMPT.to_owned()).await }
    }

    async fn entry(&mut self) -> Entry {
        self.entries.recv().await.unwrap_or(Entry::End)
    }

    async fn say(&mut self, line: Line<'_>) -> io::Result<()> {
        match line {
            Line::Reply(text) if self.quiet => screen::show(self.screen.render(text)).await,
            Line::Note(_) if self.quiet => Ok(()),
            Line::Alert(text) if self.quiet => Screen::stderr().show(text).await,
            line => screen::show(self.screen.render(&line.text())).await,
        }
    }

    async fn interrupted(&mut self) -> io::Result<()> {
        Ok(())
    }

    async fn end_prompt(&mut self) -> io::Result<()> {
        Ok(())
    }
}
