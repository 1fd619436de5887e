//! Everything that is known of every client and its session.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

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
    session: Option<Session>,
}

/// What the transcript tells of a session.
#[derive(Debug)]
struct Session {
    began: Instant,
    ended: Option<Instant>,
    /// The messages of a polite client.
    told: Vec<Digest>,
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
    /// When its socket was closed.
    pub(super) departed: Option<Instant>,
    pub(super) began: Instant,
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
            let (arriving, in_line, departed, account, session) = (None, None, None, None, None);
            let guest = Guest { transport, polite, arriving, in_line, departed, account, session };
            self.guests.insert(number, guest);
            return Ok(());
        }
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        match stage {
            Stage::Registered { .. } => {}
            Stage::Arriving => guest.arriving = Some(at),
            Stage::InLine => guest.in_line = Some(at),
            Stage::Departed => guest.departed = Some(at),
            Stage::Finished(account) => {
                guest.account = Some(account);
                return guest.check(number);
            }
        }
        Ok(())
    }

    /// The transcript tells that a session began; returns the client's number.
    pub(super) fn begin(&mut self, address: SocketAddr, at: Instant) -> Result<u64, Breach> {
        let number = self.numbers.get(&address).copied();
        let guest = number.and_then(|number| Some((number, self.guests.get_mut(&number)?)));
        let Some((number, guest)) = guest else {
            return Err(Promise::Alive.broken(format!("uma sessão com {address}, que não é cliente")));
        };
        if guest.session.is_some() {
            return Err(Promise::FirstCome.broken(format!("o cliente {number} teve duas sessões")));
        }
        guest.session = Some(Session { began: at, ended: None, told: Vec::new() });
        self.order.push(number);
        Ok(number)
    }

    /// The transcript tells of a message of the session that is on.
    pub(super) fn message(&mut self, number: u64, message: Digest) {
        let guest = self.guests.get_mut(&number).filter(|guest| guest.polite);
        if let Some(session) = guest.and_then(|guest| guest.session.as_mut()) {
            session.told.push(message);
        }
    }

    /// The transcript tells that the session is over.
    pub(super) fn end(&mut self, number: u64, at: Instant) -> Result<(), Breach> {
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        if let Some(session) = guest.session.as_mut() {
            session.ended = Some(at);
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

    /// How many messages of polite clients were answered, and how many were not without a reason.
    pub(super) fn messages(&self) -> (usize, usize) {
        let answered = self.accounts().map(|(_, account)| account.answered).sum();
        let lost = self.accounts().filter_map(|(_, account)| match account.trouble {
            Some(Trouble::Broken(_)) => Some(account.said.len() - account.answered),
            Some(Trouble::CutOff(_)) | None => None,
        });
        (answered, lost.sum())
    }

    /// Whether the transcript tells of everybody who was answered.
    pub(super) fn check_told(&self) -> Result<(), Breach> {
        let untold = |guest: &Guest| {
            let answered = guest.account.as_ref().is_some_and(|account| account.answered > 0);
            answered && guest.session.as_ref().is_none_or(|session| session.ended.is_none())
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
    fn served(&self, number: u64) -> Option<Served> {
        let session = self.session.as_ref()?;
        Some(Served {
            number,
            transport: self.transport,
            arriving: self.arriving?,
            in_line: self.in_line,
            departed: self.departed,
            began: session.began,
            ended: session.ended,
        })
    }

    /// Compares what a client and the transcript tell of its conversation, once both have told all.
    fn check(&self, number: u64) -> Result<(), Breach> {
        let Some(account) = &self.account else { return Ok(()) };
        if let Some(Trouble::Broken(breach)) = &account.trouble {
            let (said, answered, what) = (account.said.len(), account.answered, &breach.what);
            let what = format!("cliente {number}: {what} ({answered} de {said} mensagens respondidas)");
            return Err(breach.promise.broken(what));
        }
        let Some(session) = self.session.as_ref().filter(|session| session.ended.is_some()) else {
            return Ok(());
        };
        let right = match account.trouble {
            None => account.said == session.told,
            // What came too late for an answer may or may not have come at all.
            Some(_) => account.said.starts_with(&session.told) && account.answered <= session.told.len(),
        };
        if right {
            return Ok(());
        }
        let (said, told) = (account.said.len(), session.told.len());
        let what =
            format!("o cliente {number} disse {said} mensagens e a transcrição conta {told}, ou outras");
        Err(Promise::AnsweredOnce.broken(what))
    }
}
