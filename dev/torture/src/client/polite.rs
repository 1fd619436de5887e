//! A client that says its part and expects every answer, once and in order.

use std::time::Instant;

use vez_protocol::report::Received;

use super::entrance::Entrance;
use super::talk::{Talk, failed};
use crate::plan::{End, Script};
use crate::sighting::{Account, Trouble};
use crate::transcript::Digest;

/// Holds the conversation of `script` to its end.
pub(super) async fn converse(script: &Script, entrance: &Entrance<'_>) -> Account {
    let talk = match entrance.talk(script.way).await {
        Ok(talk) => talk,
        Err(error) => return Account { trouble: Some(failed(error)), ..Account::default() },
    };
    let said = script.said().collect();
    let mut conversation =
        Conversation { script, talk, said, sent: Vec::new(), account: Account::default(), since: None };
    let held = conversation.hold().await;
    Account { trouble: held.err(), ..conversation.account }
}

/// A conversation under way.
struct Conversation<'a> {
    script: &'a Script,
    talk: Talk,
    /// All that there is to say, `sair` included.
    said: Vec<&'a str>,
    /// When each message was sent, so far.
    sent: Vec<Instant>,
    account: Account,
    /// The first sign of the turn.
    since: Option<Instant>,
}

impl Conversation<'_> {
    async fn hold(&mut self) -> Result<(), Trouble> {
        if self.script.awaits_turn {
            self.talk.await_turn().await?;
            self.since = Some(Instant::now());
        }
        if self.script.drips {
            self.drip().await?;
        }
        for index in 0..self.said.len() {
            self.speak(index + self.script.window).await?;
            self.hear(index).await?;
        }
        if self.script.end == End::Close {
            return self.talk.close().await;
        }
        self.talk.expect_end().await
    }

    /// Says everything, byte by byte.
    async fn drip(&mut self) -> Result<(), Trouble> {
        let mut bytes = Vec::new();
        for index in 0..self.said.len() {
            bytes.extend(self.talk.encode(self.said[index], self.script.newline(index)));
            self.note();
        }
        // A server that has ended the conversation says why; that is read first.
        let _ = self.talk.drip(&bytes).await;
        self.half_close_if_done().await
    }

    /// Says what is left of the first `until` messages.
    async fn speak(&mut self, until: usize) -> Result<(), Trouble> {
        let from = self.sent.len();
        let until = until.min(self.said.len());
        if from == until {
            return Ok(());
        }
        for index in from..until {
            self.talk.say(self.said[index], self.script.newline(index)).await?;
            self.note();
        }
        self.talk.flush().await?;
        self.half_close_if_done().await
    }

    fn note(&mut self) {
        self.account.said.push(Digest::of(self.said[self.sent.len()]));
        self.sent.push(Instant::now());
    }

    async fn half_close_if_done(&mut self) -> Result<(), Trouble> {
        if self.script.end == End::HalfClose && self.sent.len() == self.said.len() {
            // As above: where this fails, the server has something to say.
            let _ = self.talk.half_close().await;
        }
        Ok(())
    }

    /// Expects the answer to the message at `index`.
    async fn hear(&mut self, index: usize) -> Result<(), Trouble> {
        let (message, newline) = (self.said[index], self.script.newline(index));
        if index < self.script.messages.len() {
            self.talk.expect(&Received(message).to_string(), newline).await?;
        } else {
            self.talk.expect_farewell(newline).await?;
        }
        self.account.answered += 1;
        let since = *self.since.get_or_insert_with(Instant::now);
        if self.sent[index] > since {
            // It had the turn when it heard the first answer, and still when it said this.
            self.account.held = Some((since, self.sent[index]));
        }
        Ok(())
    }
}
