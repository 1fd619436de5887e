//! The console of a terminal: line editing, history, and lines from the server above the line being edited.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as blocking;
use std::thread;
use std::time::Duration;

use rustyline::error::ReadlineError;
use rustyline::{Config, DefaultEditor, ExternalPrinter};
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

use super::prompt::Prompt;
use super::{Console, Entry, Screen, screen};
use crate::platform::{Signal, TerminalMode};

/// Longest wait for rustyline to show a line; it shows none while the user searches the history.
const SHOW_TIME: Duration = Duration::from_millis(200);

/// From the moment that the prompt begins to be drawn until it stands there.
const DRAW_TIME: Duration = Duration::from_millis(10);

/// Lines that may wait for rustyline.
const UNSHOWN_LINES: usize = 64;

/// A terminal with line editing.
pub(crate) struct Terminal {
    /// Asks the editor's thread for a line.
    requests: blocking::SyncSender<()>,
    entries: mpsc::Receiver<Entry>,
    /// Lines for the editor to show above the line being edited.
    above: blocking::SyncSender<String>,
    /// Wakes when the prompt is drawn.
    drawn: Arc<Notify>,
    /// Whether the editor was asked for a line that was not yet taken.
    asked: bool,
    /// Whether the editor has the terminal.
    editing: Arc<AtomicBool>,
    screen: Screen,
    /// The mode to restore if the editor is still reading at the end.
    mode: TerminalMode,
}

impl Terminal {
    /// Takes the terminal, and tells `interrupts` of Ctrl-C; `None` where there is none that can edit lines.
    pub(crate) fn start(interrupts: &mpsc::Sender<Signal>) -> io::Result<Option<Self>> {
        if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
            return Ok(None);
        }
        let mode = TerminalMode::save()?;
        let config = Config::builder().auto_add_history(true).bracketed_paste(false).build();
        let Ok(mut editor) = DefaultEditor::with_config(config) else { return Ok(None) };
        let Ok(printer) = editor.create_external_printer() else { return Ok(None) };

        let drawn = Arc::new(Notify::new());
        let (requests, requested) = blocking::sync_channel(1);
        let (sender, entries) = mpsc::channel(1);
        let (above, lines) = blocking::sync_channel(UNSHOWN_LINES);
        let editing = Arc::new(AtomicBool::new(false));
        let prompt = Prompt { drawn: drawn.clone() };
        let typed = Typed { entries: sender, interrupts: interrupts.clone(), editing: editing.clone() };
        // Neither reading a terminal nor handing a line to rustyline can be cancelled: no one waits for these.
        spawn("editor", move || edit(editor, &prompt, &requested, &typed))?;
        spawn("printer", move || print(printer, &lines))?;
        let screen = Screen::stdout();
        Ok(Some(Self { requests, entries, above, drawn, asked: false, editing, screen, mode }))
    }

    /// Hands a line to the editor, and waits a little until it is seen.
    async fn say_above(&mut self, line: &str) -> io::Result<()> {
        let drawn = self.drawn.notified();
        tokio::pin!(drawn);
        drawn.as_mut().enable();
        if self.above.try_send(self.screen.render(line)).is_err() {
            return self.screen.line(line);
        }
        // Whether seen or not, the conversation goes on.
        if timeout(SHOW_TIME, drawn).await.is_ok() {
            sleep(DRAW_TIME).await;
        }
        Ok(())
    }
}

/// Where the editor's thread tells what the user does.
struct Typed {
    entries: mpsc::Sender<Entry>,
    interrupts: mpsc::Sender<Signal>,
    editing: Arc<AtomicBool>,
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

fn edit(mut editor: DefaultEditor, prompt: &Prompt, requested: &blocking::Receiver<()>, typed: &Typed) {
    for () in requested {
        let line = editor.readline(prompt);
        typed.editing.store(false, Ordering::SeqCst);
        let sent = match line {
            Ok(line) => typed.entries.blocking_send(Entry::Line(line)).is_ok(),
            Err(ReadlineError::Interrupted) => typed.interrupts.blocking_send(Signal::Interrupt).is_ok(),
            // Who listens to signals hears this one too.
            #[cfg(unix)]
            Err(ReadlineError::Signal(rustyline::error::Signal::Interrupt)) => true,
            // A terminal that cannot be read is gone.
            Err(_) => typed.entries.blocking_send(Entry::End).is_ok(),
        };
        if !sent {
            return;
        }
    }
}

fn print(mut printer: impl ExternalPrinter, lines: &blocking::Receiver<String>) {
    for line in lines {
        if printer.print(line).is_err() {
            return;
        }
    }
}

impl Console for Terminal {
    async fn prompt(&mut self) -> io::Result<()> {
        if !self.asked {
            self.editing.store(true, Ordering::SeqCst);
            let asked = self.requests.try_send(());
            asked.map_err(|_| io::Error::other("o editor de linhas parou"))?;
            self.asked = true;
        }
        Ok(())
    }

    async fn entry(&mut self) -> Entry {
        let entry = self.entries.recv().await;
        self.asked = false;
        entry.unwrap_or(Entry::End)
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        if self.editing.load(Ordering::SeqCst) {
            self.say_above(line).await
        } else {
            screen::show(self.screen.render(line)).await
        }
    }

    fn interrupted(&mut self) -> io::Result<()> {
        // The editor has left its line; without it, the terminal has written `^C` into the current one.
        if self.asked { self.end_prompt() } else { screen::write("\n") }
    }

    fn end_prompt(&mut self) -> io::Result<()> {
        if !self.editing.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        self.mode.restore()?;
        screen::write("\n")
    }
}
