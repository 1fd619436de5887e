//! How a conversation is left: by the user, or at the server's word.

use std::convert::Infallible;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{Flow, Progress};
use crate::console::{Console, Line};
use crate::flow::end::End;
use crate::flow::{LEAVE_TIME, Step, until};
use crate::texts;
use crate::transport::{Closing, Event, Failure, Transport};

/// Longest wait for the end of the connection after the server's last word.
pub(super) const CLOSING_TIME: Duration = Duration::from_secs(5);

impl<T: Transport, C: Console> Flow<T, C> {
    /// Leaves as the report does: by a word that the server answers with its farewell. Where that ends
    /// nothing, and the transport has a better way, leaves by that.
    pub(super) async fn leave_by_word(&mut self, word: &str) -> Step<Infallible> {
        self.start_leaving();
        tokio::select! {
            biased;
            signal = self.interrupts.recv() => return Err(signal.into()),
            asked = self.transport.say_leave(word) => asked?,
            () = until(self.deadline) => return Err(End::NoFarewell(Failure::TimedOut)),
        }
        self.say(Line::Note(texts::LEAVING)).await?;
        match self.farewell().await {
            Err(End::NoFarewell(Failure::TimedOut)) if self.transport.shows_queue() => {}
            other => other?,
        }
        self.ask_to_leave(false).await?;
        self.end().await
    }

    /// Leaves, whatever answers.
    pub(super) async fn leave(&mut self) -> Step<Infallible> {
        let reply_due = self.progress == Progress::Unanswered;
        self.ask_to_leave(reply_due).await?;
        self.say(Line::Note(texts::LEAVING)).await?;
        self.end().await
    }

    async fn ask_to_leave(&mut self, reply_due: bool) -> Step<()> {
        self.start_leaving();
        tokio::select! {
            biased;
            signal = self.interrupts.recv() => Err(signal.into()),
            asked = self.transport.leave(reply_due) => Ok(asked?),
            () = until(self.deadline) => Err(End::NoFarewell(Failure::TimedOut)),
        }
    }

    fn start_leaving(&mut self) {
        self.progress = Progress::Leaving;
        self.deadline = Some(Instant::now() + LEAVE_TIME);
    }

    /// The end of the conversation; replies may come before it.
    async fn end(&mut self) -> Step<Infallible> {
        loop {
            self.farewell().await?;
        }
    }

    /// The server's answer to the wish to leave: the end, or only a reply.
    async fn farewell(&mut self) -> Step<()> {
        loop {
            match self.next().await {
                Err(End::Failed(failure)) => return Err(End::NoFarewell(failure)),
                Ok(Event::Closed(_)) => return Err(End::Left),
                Ok(Event::Bye { text, .. }) => {
                    self.say(Line::Note(&texts::reply(&text))).await?;
                    return Err(End::Left);
                }
                event => {
                    if self.show(event?).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// The server ends the conversation of its own accord.
    pub(super) async fn be_dismissed(&mut self, text: &str) -> Step<bool> {
        self.progress = Progress::Leaving;
        self.say(Line::Alert(&texts::reply(text))).await?;
        // The farewell has said why: the Close frame's reason would only repeat it.
        let closing = match timeout(CLOSING_TIME, self.next()).await {
            Ok(Ok(Event::Closed(Some(Closing { code, .. })))) => {
                Some(Closing { code, reason: String::new() })
            }
            _ => None,
        };
        Err(End::Closed(closing))
    }
}
