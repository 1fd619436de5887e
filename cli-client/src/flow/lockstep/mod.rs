//! The report's lock-step: a message, its reply, the next message.

mod leaving;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io;

use tokio::time::Instant;
use vez_protocol::report::is_leave;

use super::end::End;
use super::{First, LAST_LINES_TIME, Outcome, Step, until};
use crate::console::{Console, Entry, Line};
use crate::interrupts::Interrupts;
use crate::platform::Signal;
use crate::texts;
use crate::transport::{Event, Failure, Transport};

/// Holds the conversation to its end; `first` is what the server has already said, where it speaks first: then the
/// first prompt stands below the place in the queue, or the turn.
pub(crate) async fn converse<T: Transport, C: Console>(
    transport: T,
    console: C,
    interrupts: Interrupts,
    first: Option<First>,
) -> io::Result<Outcome> {
    let progress = Progress::Idle;
    let flow =
        Flow { transport, console, interrupts, position: None, progress, signal: None, deadline: None };
    flow.run(first).await
}

/// How much the server may say in a row before the user is looked at first.
const IN_A_ROW: u64 = 100;

struct Flow<T, C> {
    transport: T,
    console: C,
    interrupts: Interrupts,
    /// The place in the queue as last shown; `None` out of the queue.
    position: Option<usize>,
    progress: Progress,
    /// What interrupted the conversation.
    signal: Option<Signal>,
    /// When the server's answer to the wish to leave is given up.
    deadline: Option<Instant>,
}

/// What is under way between the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Idle,
    /// A part of a message may be on its way: nothing can follow it.
    Sending,
    /// The server owes a reply.
    Unanswered,
    /// The server was asked to end the conversation.
    Leaving,
}

impl<T: Transport, C: Console> Flow<T, C> {
    async fn run(mut self, first: Option<First>) -> io::Result<Outcome> {
        let Err(mut end) = self.talk(first).await;
        if let End::Interrupted(signal) = end {
            self.signal = Some(signal);
            self.console.interrupted().await?;
            if matches!(self.progress, Progress::Idle | Progress::Unanswered) {
                let Err(left) = self.leave().await;
                end = left;
            }
        }
        self.console.end_prompt().await?;
        self.deadline = Some(Instant::now() + LAST_LINES_TIME);
        let outcome = end.outcome(self.signal);
        match self.say_end(end).await {
            Err(End::Console(error)) => return Err(error),
            Ok(()) | Err(_) => self.transport.close().await,
        }
        Ok(outcome)
    }

    async fn say_end(&mut self, end: End) -> Step<()> {
        if let Some(line) = end.line() {
            self.say(Line::Alert(&line)).await?;
        }
        match end {
            End::Console(error) => Err(End::Console(error)),
            _ => self.say(Line::Note(texts::LEFT)).await,
        }
    }

    async fn talk(&mut self, first: Option<First>) -> Step<Infallible> {
        if let Some(First(event)) = first {
            self.show(event?).await?;
        }
        loop {
            match self.entry().await? {
                Entry::Line(line) if line.trim().is_empty() => self.say(Line::Alert(texts::BLANK)).await?,
                Entry::Line(line) if is_leave(&line) && self.position.is_none() => {
                    return self.leave_by_word(&line).await;
                }
                Entry::Line(line) if !is_leave(&line) => self.exchange(&line).await?,
                Entry::Unusable(error) => self.say(Line::Alert(&texts::unusable(&error))).await?,
                Entry::Line(_) | Entry::End => return self.leave().await,
            }
        }
    }

    /// What the user types next; what the server says meanwhile is shown, and looked at first, unless it never ends.
    async fn entry(&mut self) -> Step<Entry> {
        let mut shown = 0_u64;
        loop {
            tokio::select! {
                biased;
                signal = self.interrupts.recv() => return Err(signal.into()),
                prompted = self.console.prompt() => prompted?,
            }
            let event = if shown < IN_A_ROW {
                tokio::select! {
                    biased;
                    signal = self.interrupts.recv() => return Err(signal.into()),
                    event = self.transport.receive() => event?,
                    entry = self.console.entry() => return Ok(entry),
                }
            } else {
                tokio::select! {
                    biased;
                    signal = self.interrupts.recv() => return Err(signal.into()),
                    entry = self.console.entry() => return Ok(entry),
                    event = self.transport.receive() => event?,
                }
            };
            self.show(event).await?;
            shown += 1;
        }
    }

    /// Sends a message and shows its reply.
    async fn exchange(&mut self, message: &str) -> Step<()> {
        self.progress = Progress::Sending;
        tokio::select! {
            biased;
            signal = self.interrupts.recv() => return Err(signal.into()),
            sent = self.transport.send(message) => sent?,
        }
        self.progress = Progress::Unanswered;
        loop {
            let event = self.next().await?;
            if self.show(event).await? {
                self.progress = Progress::Idle;
                return Ok(());
            }
        }
    }

    /// What the server says next.
    async fn next(&mut self) -> Step<Event> {
        tokio::select! {
            biased;
            signal = self.interrupts.recv() => Err(signal.into()),
            event = self.transport.receive() => Ok(event?),
            () = until(self.deadline) => Err(End::NoFarewell(Failure::TimedOut)),
        }
    }

    /// Shows what the server says, and whether it was a reply.
    async fn show(&mut self, event: Event) -> Step<bool> {
        match event {
            Event::Reply(text) => {
                self.say(Line::Reply(&text)).await?;
                return Ok(true);
            }
            Event::Output(text) => self.say(Line::Reply(&text)).await?,
            Event::Waiting(place) => {
                if self.position.replace(place.position) != Some(place.position) {
                    self.say(Line::Note(&texts::waiting(&place))).await?;
                }
            }
            Event::Turn(_) => {
                self.position = None;
                self.say(Line::Note(texts::TURN)).await?;
            }
            Event::Lost => self.say(Line::Note(texts::LOST)).await?,
            Event::Back => self.say(Line::Note(texts::BACK)).await?,
            Event::Warning { seconds, reason } => {
                self.say(Line::Alert(&texts::warning(seconds, reason))).await?
            }
            Event::Bye { text, .. } => return self.be_dismissed(&text).await,
            Event::Closed(closing) => return Err(End::Closed(closing)),
        }
        Ok(false)
    }

    /// Shows a line, however long the output takes it; once interrupted, only until the deadline.
    async fn say(&mut self, line: Line<'_>) -> Step<()> {
        let deadline = self.signal.and(self.deadline);
        tokio::select! {
            biased;
            signal = self.interrupts.recv() => Err(signal.into()),
            said = self.console.say(line) => Ok(said?),
            () = until(deadline) => Err(End::NoFarewell(Failure::TimedOut)),
        }
    }
}
