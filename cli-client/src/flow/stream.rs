//! A stream: standard input to the server and the server's bytes to standard output, both at once and unchanged.
//! What the client itself has to say goes to standard error.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;

use tokio::time::{Instant, timeout, timeout_at};
use vez_protocol::{ByeReason, TurnKind};

use super::end::End;
use super::{First, LAST_LINES_TIME, LEAVE_TIME, Outcome, Step};
use crate::console::{BytesIn, BytesOut, Keys, Line, RawTerminal, Screen};
use crate::interrupts::Interrupts;
use crate::texts;
use crate::transport::{Duplex, Event, Exchanged, Failure, Outgoing, Turn};

/// The size of the window, and each other one that it has then.
async fn window_size(terminal: &mut Option<RawTerminal>) -> (u16, u16) {
    match terminal {
        Some(terminal) => terminal.size.next().await,
        None => std::future::pending().await,
    }
}

/// Passes bytes both ways until the server, or the user, ends it.
pub(crate) async fn stream<T: Duplex>(
    transport: T,
    interrupts: Interrupts,
    first: First,
    options: Options,
) -> io::Result<Outcome> {
    let output = BytesOut::start()?;
    Stream { transport, interrupts, position: None, output, terminal: None, options }.run(first).await
}

/// How a stream is shown, and typed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Whether only what goes wrong is said.
    pub(crate) quiet: bool,
    /// Whether keys go one by one, whatever the stream is.
    pub(crate) raw: bool,
}

struct Stream<T> {
    transport: T,
    interrupts: Interrupts,
    /// The place in the queue as last shown; `None` out of the queue.
    position: Option<usize>,
    output: BytesOut,
    /// Where keys go one by one, from the turn on.
    terminal: Option<RawTerminal>,
    options: Options,
}

impl<T: Duplex> Stream<T> {
    async fn run(mut self, first: First) -> io::Result<Outcome> {
        let Err(mut end) = self.pass(first).await;
        match &end {
            // What is still on its way is nobody's any more.
            End::Interrupted(_) | End::Console(_) | End::Left => self.leave().await,
            _ => {
                self.transport.close().await;
                // Everything that came is written first.
                tokio::select! {
                    biased;
                    signal = self.interrupts.recv() => end = signal.into(),
                    written = self.output.finish() => if let Err(error) = written { end = error.into() },
                }
            }
        }
        // The last lines are for a terminal as it was.
        self.terminal = None;
        let outcome = end.outcome(None);
        let last_lines = async {
            if let Some(line) = end.line() {
                Screen::stderr().show(&line).await?;
            }
            if self.options.quiet { Ok(()) } else { Screen::stderr().show(texts::LEFT).await }
        };
        // Whoever does not read them need not be waited for.
        let _ = timeout(LAST_LINES_TIME, last_lines).await;
        match end {
            End::Console(error) => Err(error),
            _ => Ok(outcome),
        }
    }

    async fn pass(&mut self, first: First) -> Step<Infallible> {
        let turn = self.turn(first).await?;
        if self.options.raw || turn.kind == TurnKind::Terminal {
            self.terminal = RawTerminal::enter()?;
        }
        let mut input = BytesIn::start(&turn, self.terminal.is_some())?;
        let (mut outgoing, mut arrived, mut input_ended) = (None, None, false);
        loop {
            let listens = arrived.is_none();
            tokio::select! {
                biased;
                signal = self.interrupts.recv() => return Err(signal.into()),
                written = self.output.write(&mut arrived), if !listens => written?,
                (cols, rows) = window_size(&mut self.terminal), if outgoing.is_none() => {
                    outgoing = Some(Outgoing::Size(cols, rows));
                }
                read = input.next(), if outgoing.is_none() && !input_ended => {
                    let read = read?;
                    input_ended = read.is_none();
                    outgoing = self.outgoing(read)?;
                }
                exchanged = self.transport.exchange(&mut outgoing, listens) => match exchanged? {
                    Exchanged::Nothing => {}
                    Exchanged::Bytes(bytes) => arrived = Some(bytes),
                    Exchanged::Event(event) => self.show(event).await?,
                },
            }
        }
    }

    /// What goes out of what was read: keys may leave.
    fn outgoing(&mut self, read: Option<Bytes>) -> Step<Option<Outgoing>> {
        let bytes = match (read, &mut self.terminal) {
            (None, _) => return Ok(Some(Outgoing::End)),
            (Some(bytes), None) => bytes,
            (Some(keys), Some(terminal)) => match terminal.press(&keys) {
                Keys::Pass(bytes) => bytes,
                Keys::Leave => return Err(End::Left),
            },
        };
        Ok(if bytes.is_empty() { None } else { Some(Outgoing::Bytes(bytes)) })
    }

    /// Waits for the turn.
    async fn turn(&mut self, first: First) -> Step<Turn> {
        let mut event = first.0?;
        loop {
            if let Event::Turn(turn) = event {
                self.position = None;
                self.say(Line::Note(texts::TURN)).await?;
                return Ok(turn);
            }
            self.show(event).await?;
            event = tokio::select! {
                biased;
                signal = self.interrupts.recv() => return Err(signal.into()),
                event = self.transport.receive() => event?,
            };
        }
    }

    async fn show(&mut self, event: Event) -> Step<()> {
        match event {
            Event::Waiting(place) => {
                if self.position.replace(place.position) != Some(place.position) {
                    self.say(Line::Note(&texts::waiting(&place))).await?;
                }
            }
            Event::Turn(_) => {}
            Event::Reply(text) | Event::Output(text) => self.say(Line::Alert(&text)).await?,
            Event::Lost => self.say(Line::Note(texts::LOST)).await?,
            Event::Back => {
                self.say(Line::Note(texts::BACK)).await?;
                self.terminal.iter_mut().for_each(|terminal| terminal.size.repeat());
            }
            Event::Warning { seconds, reason } => {
                self.say(Line::Alert(&texts::warning(seconds, reason))).await?
            }
            Event::Bye { text, reason, status } => {
                self.say(Line::Alert(&text)).await?;
                return Err(match reason {
                    ByeReason::Ended => End::Ended(status.unwrap_or(0)),
                    _ => End::Closed(None),
                });
            }
            Event::Closed(closing) => return Err(End::Closed(closing)),
        }
        Ok(())
    }

    async fn say(&mut self, line: Line<'_>) -> Step<()> {
        if self.options.quiet && matches!(line, Line::Note(_)) {
            return Ok(());
        }
        let line = line.text();
        self.terminal.as_ref().map_or(Ok(()), RawTerminal::pause)?;
        tokio::select! {
            biased;
            signal = self.interrupts.recv() => return Err(signal.into()),
            said = Screen::stderr().show(&line) => said?,
        }
        Ok(self.terminal.as_ref().map_or(Ok(()), RawTerminal::resume)?)
    }

    /// Leaves, while what still comes is dropped; a second interrupt, or time, cuts it short.
    async fn leave(&mut self) {
        let deadline = Instant::now() + LEAVE_TIME;
        let farewell = async {
            let mut outgoing = Some(Outgoing::Leave);
            loop {
                match self.transport.exchange(&mut outgoing, true).await? {
                    Exchanged::Event(Event::Bye { .. } | Event::Closed(_)) => break,
                    Exchanged::Nothing | Exchanged::Bytes(_) | Exchanged::Event(_) => {}
                }
            }
            self.transport.close().await;
            Ok::<(), Failure>(())
        };
        tokio::select! {
            biased;
            _ = self.interrupts.recv() => {}
            // A server that does not answer, or is gone, is left all the same.
            _ = timeout_at(deadline, farewell) => {}
        }
    }
}
