//! A client that says its part and expects every answer, once and in order.

use std::time::Instant;

use super::entrance::Entrance;
use super::talk::Talk;
use crate::digest::Digest;
use crate::observation::Account;
use crate::plan::{End, Script};
use crate::responder::Responder;
use crate::trouble::{Trouble, failed};

/// Holds the conversation of `script` to its end.
pub(super) async fn converse(script: &Script, entrance: &Entrance<'_>) -> Account {
    let talk = match entrance.talk(script.way).await {
        Ok(talk) => talk,
        Err(error) => return Account { trouble: Some(failed(error)), ..Account::default() },
    };
    let said = script.said().collect();
    let (responder, account) = (entrance.arena.responder, Account::default());
    let mut conversation = Conversation { script, responder, talk, said, sent: Vec::new(), account };
    let held = conversation.hold().await;
    conversation.account.ended.get_or_insert_with(Instant::now);
    Account { trouble: held.err(), ..conversation.account }
}

/// A conversation under way.
struct Conversation<'a> {
    script: &'a Script,
    responder: Responder,
    talk: Talk,
    /// All that there is to say, a word that leaves included.
    said: Vec<&'a str>,
    /// When each message was sent, so far.
    sent: Vec<Instant>,
    account: Account,
}

impl Conversation<'_> {
    async fn hold(&mut self) -> Result<(), Trouble> {
        if self.script.awaits_turn {
            self.account.ready = Some(Instant::now());
            self.talk.await_turn().await?;
            self.account.began = Some(Instant::now());
        }
        if self.script.drips {
            self.drip().await?;
        }
        for index in 0..self.said.len() {
            self.speak(index + self.script.window).await?;
            self.receive(index).await?;
        }
        match self.script.end {
            End::Close => return self.talk.close().await,
            End::Leave => {
                self.talk.leave().await?;
                self.talk.expect_farewell("").await?;
            }
            End::Farewell(_) | End::HalfClose => {}
        }
        if self.script.end != End::HalfClose {
            self.account.ended = Some(Instant::now());
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
        self.account.ready = Some(Instant::now());
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
        self.account.ready.get_or_insert_with(Instant::now);
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
    async fn receive(&mut self, index: usize) -> Result<(), Trouble> {
        let (message, newline) = (self.said[index], self.script.newline(index));
        if index < self.script.messages.len() {
            self.talk.expect(&self.responder.answer(message), newline).await?;
        } else {
            self.talk.expect_farewell(newline).await?;
        }
        self.account.answered += 1;
        let (now, sent) = (Instant::now(), self.sent[index]);
        let began = *self.account.began.get_or_insert(now);
        if sent > began {
            // It had the turn when it received the first answer, and still when it said this.
            self.account.held = Some((began, sent));
            self.account.slowest_answer = self.account.slowest_answer.max(now - sent);
        }
        Ok(())
    }
}
