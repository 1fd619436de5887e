//! Everything that is known of every client and its session.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::breach::{Breach, Promise};
use crate::plan::Transport;
use crate::sighting::{Account, Stage, Trouble};
use crate::transcript::Digest;

/// Everything that is known.
#[derive(Debug, Default)]
pub(super) struct History {
    guests: HashMap<u64, Guest>,
    /// Who had an address last.
    numbers: HashMap<SocketAddr, u64>,
    /// Those who had a session, in that order.
    order: Vec<u64>,
}

/// What is known of one client.
#[derive(Debug)]
struct Guest {
    transport: Transport,
    polite: bool,
    arriving: Option<Instant>,
    in_line: Option<Instant>,
    departed: Option<Instant>,
    account: Option<Account>,
    /// The answers that one got that is not polite.
    answered: Vec<Digest>,
    session: Option<Session>,
}

/// What the transcript tells of a session.
#[derive(Debug)]
struct Session {
    /// The messages that were received.
    messages: Vec<Digest>,
    ended: bool,
}

/// A session and its client's way to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Served {
    pub(super) number: u64,
    pub(super) transport: Transport,
    /// When the client had surely no place in line yet.
    pub(super) arriving: Instant,
    /// When it surely had connected, or its handshake was surely done.
    pub(super) in_line: Option<Instant>,
    /// When its turn could be seen as soon as it came.
    pub(super) ready: Option<Instant>,
    /// When it saw that it had the turn.
    pub(super) began: Option<Instant>,
    /// When it saw that it had the turn no more, or had closed its socket.
    pub(super) ended: Option<Instant>,
}

/// A time during which a client surely had the turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) number: u64,
    pub(super) from: Instant,
    pub(super) until: Instant,
}

impl History {
    /// A client tells of itself.
    pub(super) fn client(&mut self, number: u64, stage: Stage, at: Instant) -> Result<(), Breach> {
        if let Stage::Registered { address, transport, polite } = stage {
            self.numbers.insert(address, number);
            self.guests.insert(number, Guest::new(transport, polite));
            return Ok(());
        }
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        match stage {
            Stage::Registered { .. } => {}
            Stage::Arriving => guest.arriving = Some(at),
            Stage::InLine => guest.in_line = Some(at),
            Stage::Answered(message, times) => guest.answered.extend(std::iter::repeat_n(message, times)),
            Stage::Departed => {
                guest.departed = Some(at);
                return guest.check(number);
            }
            Stage::Finished(account) => {
                guest.account = Some(account);
                return guest.check(number);
            }
        }
        Ok(())
    }

    /// The transcript tells that a session began; returns the client's number.
    pub(super) fn begin(&mut self, address: SocketAddr) -> Result<u64, Breach> {
        let number = self.numbers.get(&address).copied();
        let guest = number.and_then(|number| Some((number, self.guests.get_mut(&number)?)));
        let Some((number, guest)) = guest else {
            return Err(Promise::Alive.broken(format!("uma sessão com {address}, que não é cliente")));
        };
        if guest.session.is_some() {
            return Err(Promise::FirstCome.broken(format!("o cliente {number} teve duas sessões")));
        }
        guest.session = Some(Session { messages: Vec::new(), ended: false });
        self.order.push(number);
        Ok(number)
    }

    /// The transcript tells of a message of the session that is on.
    pub(super) fn message(&mut self, number: u64, message: Digest) {
        if let Some(session) = self.guests.get_mut(&number).and_then(|guest| guest.session.as_mut()) {
            session.messages.push(message);
        }
    }

    /// The transcript tells that the session is over.
    pub(super) fn end(&mut self, number: u64) -> Result<(), Breach> {
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        if let Some(session) = guest.session.as_mut() {
            session.ended = true;
        }
        guest.check(number)
    }

    /// The sessions in their order.
    pub(super) fn served(&self) -> Vec<Served> {
        self.order.iter().filter_map(|number| self.guests.get(number)?.served(*number)).collect()
    }

    /// When clients surely had the turn.
    pub(super) fn held(&self) -> Vec<Held> {
        let held = self.accounts().filter_map(|(number, account)| Some((number, account.held?)));
        held.map(|(number, (from, until))| Held { number, from, until }).collect()
    }

    /// How many polite clients are in line since before `then`, and have not come to an end.
    pub(super) fn waiting_since(&self, then: Instant) -> usize {
        let waits = |guest: &&Guest| {
            guest.polite && guest.account.is_none() && guest.in_line.is_some_and(|since| since <= then)
        };
        self.guests.values().filter(waits).count()
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
        let answered = self.guests.values().map(Guest::answered).sum();
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
        let untold = |guest: &Guest| {
            guest.answered() > 0 && guest.session.as_ref().is_none_or(|session| !session.ended)
        };
        match self.guests.iter().find(|(_, guest)| untold(guest)) {
            Some((number, _)) => {
                Err(Promise::Alive.broken(format!("a transcrição não conta a sessão do cliente {number}")))
            }
            None => Ok(()),
        }
    }

    fn accounts(&self) -> impl Iterator<Item = (u64, &Account)> {
        self.guests.iter().filter_map(|(number, guest)| Some((*number, guest.account.as_ref()?)))
    }
}

impl Guest {
    fn new(transport: Transport, polite: bool) -> Self {
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
    fn answered(&self) -> usize {
        self.account.as_ref().map_or(self.answered.len(), |account| account.answered)
    }

    fn served(&self, number: u64) -> Option<Served> {
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
    fn check(&self, number: u64) -> Result<(), Breach> {
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
