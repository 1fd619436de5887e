//! A stream: standard input to the server and the server's bytes to standard output, both at once and unchanged.
//! What the client itself has to say goes to standard error.

use std::convert::Infallible;
use std::io;

use tokio::time::{Instant, timeout, timeout_at};
use vez_protocol::ByeReason;

use super::end::End;
use super::{First, LAST_LINES_TIME, LEAVE_TIME, Outcome, Step};
use crate::console::{BytesIn, BytesOut, Line, Screen};
use crate::interrupts::Interrupts;
use crate::texts;
use crate::transport::{Duplex, Event, Exchanged, Failure, Outgoing, Turn};

/// Passes bytes both ways until the server, or the user, ends it.
pub(crate) async fn stream<T: Duplex>(
    transport: T,
    interrupts: Interrupts,
    first: First,
    quiet: bool,
) -> io::Result<Outcome> {
    Stream { transport, interrupts, position: None, output: BytesOut::start()?, quiet }.run(first).await
}

struct Stream<T> {
    transport: T,
    interrupts: Interrupts,
    /// The place in the queue as last shown; `None` out of the queue.
    position: Option<usize>,
    output: BytesOut,
    /// Whether only what goes wrong is said.
    quiet: bool,
}

impl<T: Duplex> Stream<T> {
    async fn run(mut self, first: First) -> io::Result<Outcome> {
        let Err(mut end) = self.pass(first).await;
        match &end {
            // What is still on its way is nobody's any more.
            End::Interrupted(_) | End::Console(_) => self.leave().await,
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
        let outcome = end.outcome(None);
        let last_lines = async {
            if let Some(line) = end.line() {
                Screen::stderr().show(&line).await?;
            }
            if self.quiet { Ok(()) } else { Screen::stderr().show(texts::LEFT).await }
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
        let mut input = BytesIn::start(&turn)?;
        let (mut outgoing, mut arrived, mut input_ended) = (None, None, false);
        loop {
            let listens = arrived.is_none();
            tokio::select! {
                biased;
                signal = self.interrupts.recv() => return Err(signal.into()),
                written = self.output.write(&mut arrived), if !listens => written?,
                read = input.next(), if outgoing.is_none() && !input_ended => {
                    let read = read?;
                    input_ended = read.is_none();
                    outgoing = Some(read.map_or(Outgoing::End, Outgoing::Bytes));
                }
                exchanged = self.transport.exchange(&mut outgoing, listens) => match exchanged? {
                    Exchanged::Nothing => {}
                    Exchanged::Bytes(bytes) => arrived = Some(bytes),
                    Exchanged::Event(event) => self.show(event).await?,
                },
            }
        }
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
            Event::Back => self.say(Line::Note(texts::BACK)).await?,
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
        if self.quiet && matches!(line, Line::Note(_)) {
            return Ok(());
        }
        let line = line.text();
        tokio::select! {
            biased;
            signal = self.interrupts.recv() => Err(signal.into()),
            said = Screen::stderr().show(&line) => Ok(said?),
        }
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
