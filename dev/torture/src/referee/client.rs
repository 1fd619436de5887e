//! Everything that is known of one client and its session.

use std::time::Instant;

use super::served::Served;
use crate::breach::{Breach, Promise};
use crate::digest::Digest;
use crate::observation::Account;
use crate::plan::Transport;
use crate::trouble::Trouble;

/// What is known of one client.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) transport: Transport,
    pub(super) polite: bool,
    pub(super) arriving: Option<Instant>,
    pub(super) in_line: Option<Instant>,
    pub(super) departed: Option<Instant>,
    pub(super) account: Option<Account>,
    /// The answers that one got that is not polite.
    pub(super) answered: Vec<Digest>,
    pub(super) session: Option<Session>,
}

/// What the transcript tells of a session.
#[derive(Debug)]
pub(super) struct Session {
    /// The messages that were received.
    pub(super) messages: Vec<Digest>,
    pub(super) ended: bool,
}

impl Client {
    /// A client that has registered, and nothing more.
    pub(super) fn new(transport: Transport, polite: bool) -> Self {
        Self {
            transport,
            polite,
            arriving: None,
            in_line: None,
            departed: None,
            account: None,
            answered: Vec::new(),
            session: None,
        }
    }

    /// How many of its messages were answered.
    pub(super) fn answered(&self) -> usize {
        self.account.as_ref().map_or(self.answered.len(), |account| account.answered)
    }

    /// Its session and its way to it, once the transcript tells of one.
    pub(super) fn served(&self, number: u64) -> Option<Served> {
        self.session.as_ref()?;
        let account = self.account.as_ref();
        Some(Served {
            number,
            transport: self.transport,
            arriving: self.arriving?,
            in_line: self.in_line,
            ready: account.and_then(|account| account.ready),
            began: account.and_then(|account| account.began),
            ended: account.and_then(|account| account.ended).or(self.departed.filter(|_| !self.polite)),
        })
    }

    /// Compares what a client and the transcript tell of its conversation, once both have told all.
    pub(super) fn check(&self, number: u64) -> Result<(), Breach> {
        if let Some(account) = &self.account
            && let Some(Trouble::Broken(breach)) = &account.trouble
        {
            let (said, answered, what) = (account.said.len(), account.answered, &breach.what);
            let what = format!("cliente {number}: {what} ({answered} de {said} mensagens respondidas)");
            return Err(breach.promise.broken(what));
        }
        let Some(Session { messages, ended: true }) = &self.session else { return Ok(()) };
        let right = match &self.account {
            None if self.polite || self.departed.is_none() => return Ok(()),
            // It may have said more that was answered when it had left.
            None => messages.starts_with(&self.answered),
            Some(Account { said, trouble: None, .. }) => said == messages,
            // What came too late for an answer may or may not have come at all.
            Some(Account { said, answered, .. }) => said.starts_with(messages) && *answered <= messages.len(),
        };
        if right {
            return Ok(());
        }
        let (answered, lines) = (self.answered(), messages.len());
        let what = format!(
            "o cliente {number} teve {answered} respostas e a transcrição conta {lines} mensagens, ou outras"
        );
        Err(Promise::AnsweredOnce.broken(what))
    }
}
