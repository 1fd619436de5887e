//! The console of a terminal: line editing, history, and lines from the server above the line being edited.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::thread;
use std::time::Duration;

use rustyline::error::ReadlineError;
use rustyline::{Config, DefaultEditor, ExternalPrinter};
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

use super::prompt::Prompt;
use super::{Console, Entry, Screen, screen};
use crate::platform::{Interrupts, TerminalMode};

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
    /// Whether the editor has the terminal.
    prompting: bool,
    interrupts: Interrupts,
    screen: Screen,
    /// The mode to restore if the editor is still reading at the end.
    mode: TerminalMode,
}

impl Terminal {
    /// Takes the terminal; `None` where there is none that can edit lines.
    pub(crate) fn start() -> io::Result<Option<Self>> {
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
        let prompt = Prompt { drawn: drawn.clone() };
        // Neither reading a terminal nor handing a line to rustyline can be cancelled: no one waits for these.
        spawn("editor", move || edit(editor, &prompt, &requested, &sender))?;
        spawn("printer", move || print(printer, &lines))?;
        let (interrupts, screen) = (Interrupts::listen()?, Screen::stdout());
        Ok(Some(Self { requests, entries, above, drawn, prompting: false, interrupts, screen, mode }))
    }

    /// Hands a line to the editor, and waits a little until it is seen.
    async fn say_above(&mut self, line: &str) -> io::Result<()> {
        let drawn = self.drawn.notified();
        tokio::pin!(drawn);
        drawn.as_mut().enable();
        if self.above.try_send(format!("{}\n", self.screen.render(line))).is_err() {
            return self.screen.line(line);
        }
        // Whether seen or not, the conversation goes on.
        if timeout(SHOW_TIME, drawn).await.is_ok() {
            sleep(DRAW_TIME).await;
        }
        Ok(())
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

fn edit(
    mut editor: DefaultEditor,
    prompt: &Prompt,
    requested: &blocking::Receiver<()>,
    entries: &mpsc::Sender<Entry>,
) {
    for () in requested {
        let entry = match editor.readline(prompt) {
            Ok(line) => Entry::Line(line),
            Err(ReadlineError::Interrupted) => Entry::Interrupted,
            #[cfg(unix)]
            Err(ReadlineError::Signal(rustyline::error::Signal::Interrupt)) => Entry::Interrupted,
            // A terminal that cannot be read is gone.
            Err(_) => Entry::End,
        };
        if entries.blocking_send(entry).is_err() {
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
    fn prompt(&mut self) -> io::Result<()> {
        if !self.prompting {
            let asked = self.requests.try_send(());
            asked.map_err(|_| io::Error::other("o editor de linhas parou"))?;
            self.prompting = true;
        }
        Ok(())
    }

    async fn entry(&mut self) -> Entry {
        tokio::select! {
            biased;
            () = self.interrupts.next() => Entry::Interrupted,
            entry = self.entries.recv() => {
                self.prompting = false;
                entry.unwrap_or(Entry::End)
            }
        }
    }

    async fn interrupted(&mut self) {
        self.interrupts.next().await;
        // The terminal has written `^C` into the current line.
        let _ = screen::write("\n");
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        if self.prompting { self.say_above(line).await } else { self.screen.line(line) }
    }

    fn end_prompt(&mut self) -> io::Result<()> {
        if !self.prompting {
            return Ok(());
        }
        self.prompting = false;
        self.mode.restore()?;
        screen::write("\n")
    }
}
