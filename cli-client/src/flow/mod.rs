//! The report's conversation, whatever carries it and wherever it is shown.

mod end;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::future;
use std::io;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};
use vez_protocol::report::{LEAVE, is_leave};

use crate::console::{Console, Entry};
use crate::texts;
use crate::transport::{Closing, Event, Failure, Transport};
use end::End;
pub use end::Outcome;

/// Longest wait for the farewell after Ctrl-C.
const PATIENCE: Duration = Duration::from_secs(3);

/// Longest wait for the end of the connection after the server's last word.
const CLOSING_TIME: Duration = Duration::from_secs(5);

/// Holds the conversation to its end.
pub(crate) async fn converse<T: Transport, C: Console>(transport: T, console: C) -> io::Result<Outcome> {
    Flow { transport, console, position: None }.run().await
}

struct Flow<T, C> {
    transport: T,
    console: C,
    /// The place in the queue as last shown; `None` out of the queue.
    position: Option<usize>,
}

type Step<T> = Result<T, End>;

impl<T: Transport, C: Console> Flow<T, C> {
    async fn run(mut self) -> io::Result<Outcome> {
        let end = match self.talk().await {
            Err(End::Console(error)) => return Err(error),
            Err(end) => end,
            Ok(never) => match never {},
        };
        self.console.end_prompt()?;
        if let Some(line) = end.line() {
            self.console.say(&line).await?;
        }
        self.console.say(texts::LEFT).await?;
        self.transport.close().await;
        Ok(end.outcome())
    }

    async fn talk(&mut self) -> Step<Infallible> {
        if self.transport.shows_queue() {
            self.enter_queue().await?;
        }
        loop {
            match self.entry().await? {
                Entry::Line(line) if line.trim().is_empty() => self.console.say(texts::BLANK).await?,
                Entry::Line(line) if is_leave(&line) => self.leave(&line, false, None).await?,
                Entry::Line(line) => self.exchange(&line).await?,
                Entry::Unusable(error) => self.console.say(&texts::unusable(&error)).await?,
                Entry::End => self.leave(LEAVE, false, None).await?,
                Entry::Interrupted => {
                    self.console.end_prompt()?;
                    self.leave(LEAVE, false, Some(PATIENCE)).await?;
                }
            }
        }
    }

    /// The first prompt stands below the place in the queue, or the turn.
    async fn enter_queue(&mut self) -> Step<()> {
        match self.next(None).await {
            Some(event) => self.show(event?).await.map(drop),
            None => self.leave(LEAVE, false, Some(PATIENCE)).await,
        }
    }

    /// What the user types next; what the server says meanwhile is shown, and looked at first.
    async fn entry(&mut self) -> Step<Entry> {
        loop {
            self.console.prompt()?;
            let event = tokio::select! {
                biased;
                event = self.transport.receive() => event?,
                entry = self.console.entry() => return Ok(entry),
            };
            self.show(event).await?;
        }
    }

    /// Sends a message and shows its reply.
    async fn exchange(&mut self, message: &str) -> Step<()> {
        tokio::select! {
            biased;
            sent = self.transport.send(message) => sent?,
            // Nothing can follow half a message.
            () = self.console.interrupted() => return Err(End::Left),
        }
        loop {
            match self.next(None).await {
                Some(event) => {
                    if self.show(event?).await? {
                        return Ok(());
                    }
                }
                None => return self.leave(LEAVE, true, Some(PATIENCE)).await,
            }
        }
    }

    /// Leaves as the report does: asks, shows the farewell, and ends. Whoever only waits just goes.
    async fn leave(&mut self, word: &str, reply_due: bool, patience: Option<Duration>) -> Step<()> {
        if self.position.is_some() {
            self.console.say(texts::LEAVING).await?;
            return Err(End::Left);
        }
        let deadline = patience.map(|patience| Instant::now() + patience);
        tokio::select! {
            biased;
            asked = self.transport.leave(word, reply_due) => asked?,
            () = self.console.interrupted() => return Err(End::Left),
            () = until(deadline) => return Err(End::Left),
        }
        self.console.say(texts::LEAVING).await?;
        loop {
            match self.next(deadline).await {
                None | Some(Ok(Event::Closed(_))) => return Err(End::Left),
                Some(Ok(Event::Bye(text))) => {
                    self.say_reply(&text).await?;
                    return Err(End::Left);
                }
                Some(Ok(event)) => self.show(event).await.map(drop)?,
                Some(Err(failure)) => return Err(End::NoFarewell(failure)),
            }
        }
    }

    /// What the server says next; `None` when the user or the deadline comes first.
    async fn next(&mut self, deadline: Option<Instant>) -> Option<Result<Event, Failure>> {
        tokio::select! {
            biased;
            event = self.transport.receive() => Some(event),
            () = self.console.interrupted() => None,
            () = until(deadline) => None,
        }
    }

    /// Shows what the server says, and whether it was a reply.
    async fn show(&mut self, event: Event) -> Step<bool> {
        match event {
            Event::Reply(text) => {
                self.say_reply(&text).await?;
                return Ok(true);
            }
            Event::Waiting(place) => {
                if self.position.replace(place.position) != Some(place.position) {
                    self.console.say(&texts::waiting(&place)).await?;
                }
            }
            Event::Turn => {
                self.position = None;
                self.console.say(texts::TURN).await?;
            }
            Event::Warning { seconds, reason } => self.console.say(&texts::warning(seconds, reason)).await?,
            Event::Bye(text) => return self.be_dismissed(&text).await,
            Event::Closed(closing) => return Err(End::Closed(closing)),
        }
        Ok(false)
    }

    async fn say_reply(&mut self, text: &str) -> io::Result<()> {
        self.console.say(&texts::reply(text)).await
    }

    /// The server ends the conversation of its own accord.
    async fn be_dismissed(&mut self, text: &str) -> Step<bool> {
        self.say_reply(text).await?;
        let end = timeout(CLOSING_TIME, self.transport.receive()).await;
        // The farewell has said why: the Close frame's reason would only repeat it.
        let closing = match end {
            Ok(Ok(Event::Closed(Some(Closing { code, .. })))) => {
                Some(Closing { code, reason: String::new() })
            }
            _ => None,
        };
        Err(End::Closed(closing))
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => future::pending().await,
    }
}
