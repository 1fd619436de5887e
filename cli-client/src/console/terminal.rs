//! The console of a terminal: line editing, history, and lines from the server above the line being edited.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::thread;
use std::time::Duration;

use rustyline::config::Configurer;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{ColorMode, Config, Editor, ExternalPrinter};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::above::{Above, Drawing};
use super::{Console, Entry, Line, Screen, screen};
use crate::platform::{Signal, TerminalMode};
use crate::texts;

/// Has rustyline draw: a line that ends where it began, one up and one down.
const DRAW: &str = "\x1b[A\n";

/// Erases from the start of the row.
const ERASE: &str = "\r\x1b[J";

/// Longest wait for an editor that draws only at the next key, as amid a key sequence or a search.
const NEXT_KEY_TIME: Duration = Duration::from_millis(500);

type LineEditor = Editor<Drawing, DefaultHistory>;

/// A terminal with line editing.
pub(crate) struct Terminal {
    /// Asks the editor's thread for a line.
    requests: blocking::SyncSender<()>,
    entries: mpsc::Receiver<Entry>,
    /// Lines for the editor to draw above the line being edited.
    above: Arc<Above>,
    /// Has the editor draw.
    draw: blocking::SyncSender<()>,
    /// Whether the editor was asked for a line that was not yet taken.
    asked: bool,
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
        let Ok(mut editor) = LineEditor::with_config(config()) else { return Ok(None) };
        let Ok(printer) = editor.create_external_printer() else { return Ok(None) };
        let above = Arc::new(Above::default());
        editor.set_helper(Some(Drawing(above.clone())));

        let (requests, requested) = blocking::sync_channel(1);
        let (sender, entries) = mpsc::channel(1);
        let (draw, wishes) = blocking::sync_channel(1);
        let typed = Typed { entries: sender, interrupts: interrupts.clone(), above: above.clone() };
        // Neither reading a terminal nor waking rustyline can be cancelled: no one waits for these.
        spawn("editor", move || edit(editor, &requested, &typed))?;
        spawn("printer", move || print(printer, &wishes))?;
        let screen = Screen::stdout();
        Ok(Some(Self { requests, entries, above, draw, asked: false, screen, mode }))
    }

    fn draw(&self) {
        // A wish that still waits is as good as this one.
        let _ = self.draw.try_send(());
    }
}

fn config() -> Config {
    // Without colors rustyline asks no highlighter; `Drawing` uses none.
    let builder = Config::builder().color_mode(ColorMode::Forced);
    let mut builder = builder.auto_add_history(true).bracketed_paste(false);
    // An editor that is stopped could not end an update.
    builder.enable_synchronized_output(false);
    builder.build()
}

/// Where the editor's thread tells what the user does.
struct Typed {
    entries: mpsc::Sender<Entry>,
    interrupts: mpsc::Sender<Signal>,
    above: Arc<Above>,
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

fn edit(mut editor: LineEditor, requested: &blocking::Receiver<()>, typed: &Typed) {
    for () in requested {
        let line = editor.readline(texts::PROMPT);
        typed.above.leave();
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

fn print(mut printer: impl ExternalPrinter, wishes: &blocking::Receiver<()>) {
    for () in wishes {
        if printer.print(DRAW.to_owned()).is_err() {
            return;
        }
    }
}

impl Console for Terminal {
    async fn prompt(&mut self) -> io::Result<()> {
        if !self.asked {
            self.above.begin();
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

    async fn say(&mut self, line: Line<'_>) -> io::Result<()> {
        match self.above.push(self.screen.render(&line.text())).await {
            None => self.draw(),
            Some(line) => screen::show(self.above.take() + &line).await?,
        }
        Ok(())
    }

    async fn interrupted(&mut self) -> io::Result<()> {
        // The editor has left its line; without it, the terminal has written `^C` into the current one.
        if self.asked { self.end_prompt().await } else { screen::write("\n") }
    }

    async fn end_prompt(&mut self) -> io::Result<()> {
        if !self.above.is_editing() {
            return Ok(());
        }
        self.above.close();
        self.draw();
        // An editor that waits for a key has nothing half drawn, and will find itself closed.
        if timeout(NEXT_KEY_TIME, self.above.left()).await.is_err() {
            self.above.leave();
        }
        self.mode.restore()?;
        screen::write(ERASE)
    }
}
