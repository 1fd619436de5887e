//! One server's part in a queue that several servers share: what it wants to have in etcd, and what it knows to be
//! there.
//!
//! It changes by what its tickets do, by what etcd tells and by time, does nothing by itself, and reads no clock. A
//! ticket is a key; the order is that of the keys' `create_revision`. Keys that were written together have the same,
//! and then their numbers decide, of which a batch never has two that are the same in their lowest bits: see [`rank`].
//!
//! A mirror that lags behind is no danger. A key that is seen as the first has nobody before it, as all that was
//! written earlier was seen earlier, and nobody comes before it later. It is the first as long as it exists, which the
//! lease decides: hence a turn is one only as long as the lease surely lives ([`Validity`]).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::key::{Key, Label};
use crate::door::User;
use crate::platform::since_boot;
use crate::queue::crowd::{Crowd, Network};
use crate::queue::order::{Member, Order, TOLD_AT_ONCE};
use crate::queue::place::{Place, State};
use crate::queue::status::{Head, SharedState};
use crate::queue::validity::Validity;

/// Most keys that are written together: etcd takes 128 operations in one transaction (--max-txn-ops).
const BATCH: u64 = 128;

/// One server's part in a shared queue.
#[derive(Debug, Default)]
pub(in crate::queue) struct Mirror {
    order: Order,
    /// What the server is called.
    server: String,
    lease: Option<Lease>,
    /// The number of the latest ticket.
    latest: u64,
    /// Tickets of this server that have no key that was seen, by number.
    joining: BTreeMap<u64, Own>,
    /// The first number that was not sent yet, of those who are joining.
    unsent: u64,
    /// Tickets of this server that have one.
    ranks: BTreeMap<u64, Ranked>,
    /// Keys of this server that nobody wants, by number.
    unwanted: BTreeSet<u64>,
    /// All keys that were seen.
    keys: HashMap<Key, u64>,
    /// Whose they are, by rank.
    seen: BTreeMap<u64, Seen>,
    counts: Counts,
    /// Rung when there is something to write.
    changed: Arc<Notify>,
}

/// The lease of all the keys of one server.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) id: i64,
    pub(super) validity: Validity,
}

/// A ticket of this server.
#[derive(Debug)]
struct Own {
    member: Member,
    /// The session's number in the log.
    session: u64,
}

/// A ticket of this server in line.
#[derive(Debug)]
struct Ranked {
    rank: u64,
    session: u64,
}

/// A key of any server.
#[derive(Debug)]
struct Seen {
    key: Key,
    label: Label,
    since: Instant,
}

/// What was done so far.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    writes: u64,
    events: u64,
    failures: u64,
}

/// What to write next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Batch {
    /// New keys, in order, none of which exists.
    Put(Vec<(Key, Label)>),
    /// Keys that go.
    Delete(Vec<Key>),
}

/// A key in etcd.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) label: Label,
    pub(super) create_revision: i64,
    /// The lease that it really goes with, whatever its name says.
    pub(super) lease: i64,
}

/// A key's rank: the first in line has the smallest.
fn rank(create_revision: i64, number: u64) -> u64 {
    create_revision.unsigned_abs() * BATCH + number % BATCH
}

impl Mirror {
    pub(super) fn new(server: String) -> Self {
        Self { server, ..Self::default() }
    }

    pub(in crate::queue) fn limit(&mut self, crowd: Option<Crowd>) {
        self.order.crowd = crowd;
    }

    pub(in crate::queue) fn order(&self) -> &Order {
        &self.order
    }

    /// How many stand in line, or are about to.
    pub(in crate::queue) fn len(&self) -> usize {
        self.order.line.len() + self.joining.len()
    }

    /// Rung when there is something to write.
    pub(super) fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    pub(super) fn lease(&self) -> Option<Lease> {
        self.lease.clone()
    }

    /// How it is, for operators.
    pub(in crate::queue) fn state(&self) -> SharedState {
        let Counts { writes, events, failures } = self.counts;
        let until = self.lease.as_ref().and_then(|lease| lease.validity.end()).unwrap_or_default();
        SharedState { valid_for: until.saturating_sub(since_boot()), writes, events, failures }
    }

    pub(super) fn failed(&mut self) {
        self.counts.failures += 1;
    }

    /// Whether the lease surely lives.
    pub(in crate::queue) fn is_valid(&self) -> bool {
        self.is_valid_at(since_boot())
    }

    fn is_valid_at(&self, now: Duration) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.validity.holds_at(now))
    }

    /// When the lease is not sure any more; `None` without one.
    pub(super) fn valid_until(&self) -> Option<Duration> {
        self.lease.as_ref()?.validity.end()
    }

    /// Until when the turn of this rank is had, if it is one.
    pub(in crate::queue) fn validity(&self, rank: u64) -> Option<Validity> {
        let (_, member) = self.order.line.first().filter(|(first, _)| *first == rank)?;
        let turn = member.as_ref()?.place.state() == State::Turn(rank);
        turn.then(|| self.lease.as_ref().map(|lease| lease.validity.clone()))?
    }

    /// Who is at the head of the queue.
    pub(in crate::queue) fn head(&self) -> Option<Head> {
        let (_, seen) = self.seen.first_key_value()?;
        Some(Head { server: seen.label.server.clone(), session: seen.label.session })
    }

    /// Who has the turn, if that has a name.
    pub(in crate::queue) fn holder(&self) -> Option<User> {
        self.seen.first_key_value()?.1.label.user.clone()
    }

    /// How long the first of those who wait has waited, as far as this server saw it.
    pub(in crate::queue) fn longest_wait(&self) -> Option<Duration> {
        let in_line = self.order.line.members().zip(self.seen.values()).nth(1);
        let joining = || self.joining.first_key_value().map(|(_, own)| own.member.place.joined.elapsed());
        in_line
            .map(|(member, seen)| member.as_ref().map_or(seen.since, |member| member.place.joined).elapsed())
            .or_else(joining)
    }

    // What tickets do.

    pub(in crate::queue) fn join(
        &mut self,
        from: Network,
        session: u64,
        user: Option<User>,
    ) -> (u64, Arc<Place>) {
        self.latest += 1;
        let place = Arc::new(Place::new(State::Joining));
        self.order.wait(from);
        let member = Member { place: Arc::clone(&place), from, user };
        self.joining.insert(self.latest, Own { member, session });
        self.changed.notify_one();
        (self.latest, place)
    }

    pub(in crate::queue) fn leave(&mut self, number: u64) {
        if let Some(own) = self.joining.remove(&number) {
            // If its key comes nevertheless, nobody will want it.
            self.order.wait_no_more(own.member.from);
        } else if let Some(Ranked { rank, .. }) = self.ranks.remove(&number) {
            let member = self.order.line.get_mut(rank).and_then(Option::take);
            if let Some(member) = member.filter(|member| !matches!(member.place.state(), State::Turn(_))) {
                self.order.wait_no_more(member.from);
            }
            self.unwanted.insert(number);
            self.changed.notify_one();
        }
    }

    // What the lease does.

    /// There is a new lease, under which everybody joins.
    pub(super) fn granted(&mut self, id: i64) {
        self.lease = Some(Lease { id, validity: Validity::over() });
        (self.unsent, self.unwanted) = (0, BTreeSet::new());
        self.changed.notify_one();
    }

    /// The lease surely lives until then.
    pub(super) fn renewed(&mut self, until: Duration, now: Duration) {
        if let Some(lease) = &self.lease {
            lease.validity.prolong(until);
        }
        self.order.advance(self.is_valid_at(now));
    }

    /// The lease is gone, and with it all keys of this server: its turn is lost, and everybody else joins anew.
    pub(super) fn lease_lost(&mut self) {
        self.lease = None;
        for (number, Ranked { rank, session }) in std::mem::take(&mut self.ranks) {
            if let Some(member) = self.order.line.get_mut(rank).and_then(Option::take) {
                self.displace(number, member, session);
            }
        }
        (self.unsent, self.unwanted) = (0, BTreeSet::new());
    }

    /// Takes the turn away if the lease may be gone.
    pub(super) fn expire(&mut self, now: Duration) {
        if self.is_valid_at(now) {
            return;
        }
        let Some((rank, Some(member))) = self.order.line.first() else { return };
        if matches!(member.place.state(), State::Turn(_))
            && let Some(seen) = self.seen.get(&rank)
        {
            member.place.set(State::Lost);
            let number = seen.key.number;
            self.ranks.remove(&number);
            self.order.line.get_mut(rank).and_then(Option::take);
            self.unwanted.insert(number);
            self.changed.notify_one();
        }
    }

    // What etcd tells.

    /// These are all keys.
    pub(super) fn snapshot(&mut self, mut entries: Vec<Entry>, now: Duration) {
        entries.sort_by_key(|entry| rank(entry.create_revision, entry.key.number));
        let mut before = std::mem::take(&mut self.order.line);
        let seen = std::mem::take(&mut self.seen);
        let since: HashMap<Key, Instant> = seen.values().map(|seen| (seen.key, seen.since)).collect();
        self.keys.clear();
        (self.unsent, self.unwanted) = (0, BTreeSet::new());
        for entry in entries {
            let Some(Entry { key, label, create_revision, .. }) = self.ticket(entry) else { continue };
            let rank = rank(create_revision, key.number);
            let kept = self.is_own(key) && self.ranks.get(&key.number).is_some_and(|kept| kept.rank == rank);
            let member = if kept { before.remove(rank).flatten() } else { None };
            self.enter(key, label, rank, member, since.get(&key).copied());
        }
        for (rank, Seen { key, .. }) in seen {
            // Its key has gone meanwhile.
            if let Some(member) = before.remove(rank).flatten()
                && let Some(Ranked { session, .. }) = self.ranks.remove(&key.number)
            {
                self.displace(key.number, member, session);
            }
        }
        self.settle(now, usize::MAX);
    }

    /// A key was written.
    pub(super) fn put(&mut self, entry: Entry) {
        self.counts.events += 1;
        if let Some(Entry { key, label, create_revision, .. }) = self.ticket(entry)
            && !self.keys.contains_key(&key)
        {
            self.enter(key, label, rank(create_revision, key.number), None, None);
        }
    }

    /// A key, if it is a ticket: one without its lease would stand in line for ever, and goes if it is in the way of this
    /// server's own.
    fn ticket(&mut self, entry: Entry) -> Option<Entry> {
        if entry.lease == entry.key.lease {
            return Some(entry);
        }
        if self.is_own(entry.key) {
            self.unwanted.insert(entry.key.number);
            self.changed.notify_one();
        }
        None
    }

    /// A key has gone.
    pub(super) fn deleted(&mut self, key: Key) {
        self.counts.events += 1;
        let Some(rank) = self.keys.remove(&key) else { return };
        self.seen.remove(&rank);
        let member = self.order.line.remove(rank).flatten();
        if self.is_own(key) {
            self.unwanted.remove(&key.number);
            if let Some(Ranked { session, .. }) = self.ranks.remove(&key.number)
                && let Some(member) = member
            {
                self.displace(key.number, member, session);
            }
        }
    }

    /// All that was told has been taken in.
    pub(super) fn settle(&mut self, now: Duration, tell: usize) {
        self.order.advance(self.is_valid_at(now));
        self.order.tell(1, tell.max(TOLD_AT_ONCE));
    }

    /// What to write next.
    pub(super) fn batch(&self) -> Option<Batch> {
        let lease = self.lease.as_ref()?.id;
        let key = |number| Key { lease, number };
        if !self.unwanted.is_empty() {
            return Some(Batch::Delete(
                self.unwanted.iter().take(BATCH as usize).copied().map(key).collect(),
            ));
        }
        let mut unsent = self.joining.range(self.unsent..).peekable();
        let block = **unsent.peek().map(|(number, _)| number)? / BATCH;
        let batch = unsent.take_while(|(number, _)| **number / BATCH == block);
        let label = |own: &Own| Label {
            session: own.session,
            server: self.server.clone(),
            user: own.member.user.clone(),
        };
        Some(Batch::Put(batch.map(|(number, own)| (key(*number), label(own))).collect()))
    }

    /// A batch is written.
    pub(super) fn written(&mut self, batch: &Batch) {
        self.counts.writes += 1;
        match batch {
            Batch::Put(keys) => {
                if let Some((last, _)) = keys.last().filter(|(key, _)| self.is_own(*key)) {
                    self.unsent = last.number + 1;
                }
            }
            Batch::Delete(keys) => {
                for key in keys.iter().filter(|key| self.lease.as_ref().is_some_and(|l| l.id == key.lease)) {
                    self.unwanted.remove(&key.number);
                }
            }
        }
    }

    fn is_own(&self, key: Key) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.id == key.lease)
    }

    /// Takes a key into the line; `member` is whose it was before, if it was.
    fn enter(&mut self, key: Key, label: Label, rank: u64, member: Option<Member>, since: Option<Instant>) {
        let mut member = member;
        if self.is_own(key) && member.is_none() {
            match self.joining.remove(&key.number) {
                Some(own) => {
                    let position = self.order.line.len();
                    if position > 0 {
                        own.member.place.set(State::Waiting { position });
                    }
                    self.ranks.insert(key.number, Ranked { rank, session: own.session });
                    member = Some(own.member);
                }
                None => {
                    // It was written late, or again.
                    self.unwanted.insert(key.number);
                    self.changed.notify_one();
                }
            }
        }
        if self.order.line.insert(rank, member) {
            self.keys.insert(key, rank);
            self.seen.insert(rank, Seen { key, label, since: since.unwrap_or_else(Instant::now) });
        }
    }

    /// A ticket's key has gone: a turn is lost by that, a place taken anew.
    fn displace(&mut self, number: u64, member: Member, session: u64) {
        if matches!(member.place.state(), State::Turn(_)) {
            member.place.set(State::Lost);
        } else {
            member.place.set(State::Joining);
            self.joining.insert(number, Own { member, session });
            self.unsent = self.unsent.min(number);
            self.changed.notify_one();
        }
    }
}
