//! Everything that is known of every client and its session.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::client::{Client, Session};
use super::served::{Held, Served};
use crate::breach::{Breach, Promise};
use crate::digest::Digest;
use crate::observation::{Account, Milestone};
use crate::trouble::Trouble;

/// Everything that is known.
#[derive(Debug, Default)]
pub(super) struct History {
    clients: HashMap<u64, Client>,
    /// Who had an address last.
    numbers: HashMap<SocketAddr, u64>,
    /// Those who had a session, in that order.
    order: Vec<u64>,
}

impl History {
    /// A client tells of itself.
    pub(super) fn client(&mut self, number: u64, milestone: Milestone, at: Instant) -> Result<(), Breach> {
        if let Milestone::Registered { address, transport, polite } = milestone {
            self.numbers.insert(address, number);
            self.clients.insert(number, Client::new(transport, polite));
            return Ok(());
        }
        let Some(client) = self.clients.get_mut(&number) else { return Ok(()) };
        match milestone {
            Milestone::Registered { .. } => {}
            Milestone::Arriving => client.arriving = Some(at),
            Milestone::InLine => client.in_line = Some(at),
            Milestone::Answered(message, times) => {
                client.answered.extend(std::iter::repeat_n(message, times))
            }
            Milestone::Departed => {
                client.departed = Some(at);
                return client.check(number);
            }
            Milestone::Finished(account) => {
                client.account = Some(account);
                return client.check(number);
            }
        }
        Ok(())
    }

    /// The transcript tells that a session began; returns the client's number.
    pub(super) fn begin(&mut self, address: SocketAddr) -> Result<u64, Breach> {
        let number = self.numbers.get(&address).copied();
        let client = number.and_then(|number| Some((number, self.clients.get_mut(&number)?)));
        let Some((number, client)) = client else {
            return Err(Promise::Alive.broken(format!("uma sessão com {address}, que não é cliente")));
        };
        if client.session.is_some() {
            return Err(Promise::FirstCome.broken(format!("o cliente {number} teve duas sessões")));
        }
        client.session = Some(Session { messages: Vec::new(), ended: false });
        self.order.push(number);
        Ok(number)
    }

    /// The transcript tells of a message of the session that is on.
    pub(super) fn message(&mut self, number: u64, message: Digest) {
        if let Some(session) = self.clients.get_mut(&number).and_then(|client| client.session.as_mut()) {
            session.messages.push(message);
        }
    }

    /// The transcript tells that the session is over.
    pub(super) fn end(&mut self, number: u64) -> Result<(), Breach> {
        let Some(client) = self.clients.get_mut(&number) else { return Ok(()) };
        if let Some(session) = client.session.as_mut() {
            session.ended = true;
        }
        client.check(number)
    }

    /// The sessions in their order.
    pub(super) fn served(&self) -> Vec<Served> {
        self.order.iter().filter_map(|number| self.clients.get(number)?.served(*number)).collect()
    }

    /// When clients surely had the turn.
    pub(super) fn held(&self) -> Vec<Held> {
        let held = self.accounts().filter_map(|(number, account)| Some((number, account.held?)));
        held.map(|(number, (from, until))| Held { number, from, until }).collect()
    }

    /// How many polite clients are in line since before `then`, and have not come to an end.
    pub(super) fn waiting_since(&self, then: Instant) -> usize {
        let waits = |client: &&Client| {
            client.polite && client.account.is_none() && client.in_line.is_some_and(|since| since <= then)
        };
        self.clients.values().filter(waits).count()
    }

    /// How many polite clients have come to an end.
    pub(super) fn finished(&self) -> usize {
        self.accounts().count()
    }

    /// The reasons that polite clients were given instead of answers.
    pub(super) fn cut_off(&self) -> Vec<&str> {
        let reasons = self.accounts().filter_map(|(_, account)| match &account.trouble {
            Some(Trouble::CutOff(reason)) => Some(reason.as_str()),
            Some(Trouble::Broken(_)) | None => None,
        });
        reasons.collect()
    }

    /// How many messages were answered, and how many of polite clients were not without a reason.
    pub(super) fn messages(&self) -> (usize, usize) {
        let answered = self.clients.values().map(Client::answered).sum();
        let lost = self.accounts().filter_map(|(_, account)| match account.trouble {
            Some(Trouble::Broken(_)) => Some(account.said.len() - account.answered),
            Some(Trouble::CutOff(_)) | None => None,
        });
        (answered, lost.sum())
    }

    /// The longest that a polite client with the turn waited for an answer.
    pub(super) fn slowest_answer(&self) -> Option<(u64, Duration)> {
        let answers = self.accounts().map(|(number, account)| (number, account.slowest_answer));
        answers.max_by_key(|(_, slowest)| *slowest)
    }

    /// Whether the transcript tells of everybody who was answered.
    pub(super) fn check_told(&self) -> Result<(), Breach> {
        let untold = |client: &Client| {
            client.answered() > 0 && client.session.as_ref().is_none_or(|session| !session.ended)
        };
        match self.clients.iter().find(|(_, client)| untold(client)) {
            Some((number, _)) => {
                Err(Promise::Alive.broken(format!("a transcrição não conta a sessão do cliente {number}")))
            }
            None => Ok(()),
        }
    }

    fn accounts(&self) -> impl Iterator<Item = (u64, &Account)> {
        self.clients.iter().filter_map(|(number, client)| Some((*number, client.account.as_ref()?)))
    }
}
