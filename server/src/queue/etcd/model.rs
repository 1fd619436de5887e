//! The protocol against a model of etcd: servers that pause, clocks that do not go alike, leases that expire, and
//! messages that are delayed, doubled and lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::key::Key;
use super::mirror::{Batch, Entry, Mirror};
use crate::queue::crowd::Network;
use crate::queue::place::{Place, State};
use crate::queue::validity::Validity;

/// A lease's time to live.
const TTL: Duration = Duration::from_secs(10);

/// How many servers there are.
const SERVERS: usize = 3;

/// What etcd holds.
#[derive(Default)]
struct Etcd {
    revision: i64,
    keys: BTreeMap<Key, Entry>,
    /// When the leases expire.
    leases: BTreeMap<i64, Duration>,
    granted: i64,
    /// What changed, one revision after the other.
    history: Vec<Vec<Change>>,
}

#[derive(Clone)]
enum Change {
    Put(Entry),
    Delete(Key),
}

/// What is on its way to etcd, from the server's present or a former connection.
#[derive(Clone)]
struct Request {
    server: usize,
    connection: u32,
    what: Asked,
}

#[derive(Clone)]
enum Asked {
    Write(Batch),
    /// Sent at this time of the server's clock.
    Renew(i64, Duration),
}

/// What is on its way back.
struct Answer {
    connection: u32,
    what: Answered,
}

enum Answered {
    Written(Batch),
    Conflict,
    Renewed(Duration),
    LeaseGone,
}

/// One server and its connection.
struct Server {
    mirror: Mirror,
    /// How fast its clock goes, in percent.
    rate: u32,
    paused: bool,
    connection: u32,
    /// Whether a batch, and a renewal, are on their way.
    writing: bool,
    renewing: bool,
    /// How much of etcd's history it has seen.
    seen: usize,
    answers: Vec<Answer>,
    tickets: BTreeMap<u64, Ticket>,
    /// Whose conversation is under way.
    turn: Option<(u64, u64, Validity)>,
}

struct Ticket {
    place: Arc<Place>,
    /// Etcd's revision when it joined: whose key was there before must have its turn before.
    since: i64,
}

struct World {
    now: Duration,
    etcd: Etcd,
    servers: Vec<Server>,
    requests: Vec<Request>,
    /// The fencing number of the latest byte that went to what is behind, and of the latest turn.
    written: u64,
    begun: u64,
    /// Whether validity is looked at before a byte is written: the point of it all.
    careful: bool,
}

/// Something that happens; numbers pick to whom.
#[derive(Clone, Copy, Debug)]
enum Step {
    Join(usize),
    Leave(usize, usize),
    /// The server writes to etcd, or renews its lease.
    Send(usize),
    Renew(usize),
    /// A request arrives, and is perhaps still to arrive again.
    Arrive(usize, bool),
    /// A request is lost.
    Lose(usize),
    /// The server hears an answer, or what changed.
    Hear(usize),
    Watch(usize),
    Reconnect(usize),
    /// The server looks at its clock.
    Expire(usize),
    /// The session that has a turn writes to what is behind.
    Write(usize),
    Pause(usize),
    Resume(usize),
    Wait(u16),
    /// Etcd has another leader, for which every lease is new.
    Prolong,
}

fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let server = 0..SERVERS;
    let step = prop_oneof![
        3 => server.clone().prop_map(Step::Join),
        2 => (server.clone(), any::<usize>()).prop_map(|(server, who)| Step::Leave(server, who)),
        6 => server.clone().prop_map(Step::Send),
        4 => server.clone().prop_map(Step::Renew),
        10 => (any::<usize>(), prop::bool::weighted(0.2)).prop_map(|(which, again)| Step::Arrive(which, again)),
        1 => any::<usize>().prop_map(Step::Lose),
        8 => server.clone().prop_map(Step::Hear),
        10 => server.clone().prop_map(Step::Watch),
        1 => server.clone().prop_map(Step::Reconnect),
        2 => server.clone().prop_map(Step::Expire),
        8 => server.clone().prop_map(Step::Write),
        1 => server.clone().prop_map(Step::Pause),
        2 => server.prop_map(Step::Resume),
        4 => (0u16..4000).prop_map(Step::Wait),
        1 => Just(Step::Prolong),
    ];
    prop::collection::vec(step, 0..most)
}

/// Clocks that differ by less than the margin, a fifth.
fn rates() -> impl Strategy<Value = [u32; SERVERS]> {
    [85u32..=115, 85u32..=115, 85u32..=115]
}

impl Etcd {
    fn change(&mut self, changes: Vec<Change>) {
        if !changes.is_empty() {
            self.revision += 1;
            self.history.push(changes);
        }
    }

    /// One transaction; whether its conditions held, and its lease was there.
    fn write(&mut self, batch: &Batch) -> Result<bool, ()> {
        let mut changes = Vec::new();
        match batch {
            Batch::Put(keys) => {
                if keys.iter().any(|(key, _)| !self.leases.contains_key(&key.lease)) {
                    return Err(());
                }
                if keys.iter().any(|(key, _)| self.keys.contains_key(key)) {
                    return Ok(false);
                }
                for (key, label) in keys {
                    let create_revision = self.revision + 1;
                    let entry = Entry { key: *key, label: label.clone(), create_revision, lease: key.lease };
                    self.keys.insert(*key, entry.clone());
                    changes.push(Change::Put(entry));
                }
            }
            Batch::Delete(keys) => {
                changes.extend(
                    keys.iter().filter_map(|key| self.keys.remove(key)).map(|e| Change::Delete(e.key)),
                );
            }
        }
        self.change(changes);
        Ok(true)
    }

    fn expire(&mut self, now: Duration) {
        let gone: Vec<i64> = self.leases.iter().filter(|(_, end)| **end <= now).map(|(id, _)| *id).collect();
        for lease in gone {
            self.leases.remove(&lease);
            let keys: Vec<Key> = self.keys.keys().filter(|key| key.lease == lease).copied().collect();
            keys.iter().for_each(|key| drop(self.keys.remove(key)));
            self.change(keys.into_iter().map(Change::Delete).collect());
        }
    }

    fn grant(&mut self, now: Duration) -> i64 {
        self.granted += 1;
        self.leases.insert(self.granted, now + TTL);
        self.granted
    }
}

impl Server {
    fn clock(&self, now: Duration) -> Duration {
        now * self.rate / 100
    }
}

/// As the link does: a fifth less than the lease has, from when the renewal was sent.
fn until(sent: Duration) -> Duration {
    sent + TTL - TTL / 5
}

impl World {
    fn new(rates: [u32; SERVERS], careful: bool) -> Self {
        let server = |rate| Server {
            mirror: Mirror::new("modelo".to_owned()),
            rate,
            paused: false,
            connection: 0,
            writing: false,
            renewing: false,
            seen: 0,
            answers: Vec::new(),
            tickets: BTreeMap::new(),
            turn: None,
        };
        let servers = rates.into_iter().map(server).collect();
        let (etcd, now) = (Etcd::default(), Duration::from_secs(1000));
        let mut world = Self { now, etcd, servers, requests: Vec::new(), written: 0, begun: 0, careful };
        (0..SERVERS).for_each(|server| world.connect(server));
        world
    }

    fn connect(&mut self, server: usize) {
        let Self { now, etcd, servers, .. } = self;
        let server = &mut servers[server];
        server.connection += 1;
        (server.writing, server.renewing) = (false, false);
        server.answers.clear();
        let clock = server.clock(*now);
        if server.mirror.lease().is_none() {
            server.mirror.granted(etcd.grant(*now));
            server.mirror.renewed(until(clock), clock);
        }
        server.seen = etcd.history.len();
        server.mirror.snapshot(etcd.keys.values().cloned().collect(), clock);
    }

    fn step(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Wait(milliseconds) => {
                self.now += Duration::from_millis(milliseconds.into());
                self.etcd.expire(self.now);
            }
            Step::Prolong => {
                let end = self.now + TTL;
                self.etcd.leases.values_mut().for_each(|lease| *lease = end);
            }
            Step::Arrive(which, again) => self.arrive(which, again),
            Step::Lose(which) if !self.requests.is_empty() => {
                drop(self.requests.remove(which % self.requests.len()));
            }
            Step::Lose(_) => {}
            Step::Resume(server) => self.servers[server].paused = false,
            Step::Join(server)
            | Step::Leave(server, _)
            | Step::Send(server)
            | Step::Renew(server)
            | Step::Hear(server)
            | Step::Watch(server)
            | Step::Reconnect(server)
            | Step::Expire(server)
            | Step::Write(server)
            | Step::Pause(server) => {
                if !self.servers[server].paused {
                    return self.act(server, step);
                }
            }
        }
        Ok(())
    }

    fn act(&mut self, index: usize, step: Step) -> Result<(), String> {
        let clock = self.servers[index].clock(self.now);
        let server = &mut self.servers[index];
        match step {
            Step::Join(_) => {
                let (number, place) =
                    server.mirror.join(Network::from(std::net::IpAddr::from([127, 0, 0, 1])), 0, None);
                server.tickets.insert(number, Ticket { place, since: self.etcd.revision });
            }
            Step::Leave(_, who) => self.leave(index, who),
            Step::Send(_) if !server.writing => {
                if let Some(batch) = server.mirror.batch() {
                    server.writing = true;
                    let what = Asked::Write(batch);
                    self.requests.push(Request { server: index, connection: server.connection, what });
                }
            }
            Step::Renew(_) if !server.renewing => {
                if let Some(lease) = server.mirror.lease() {
                    server.renewing = true;
                    let what = Asked::Renew(lease.id, clock);
                    self.requests.push(Request { server: index, connection: server.connection, what });
                }
            }
            Step::Hear(_) if !server.answers.is_empty() => self.hear(index),
            Step::Watch(_) => {
                if let Some(changes) = self.etcd.history.get(server.seen) {
                    server.seen += 1;
                    for change in changes.clone() {
                        match change {
                            Change::Put(entry) => server.mirror.put(entry),
                            Change::Delete(key) => server.mirror.deleted(key),
                        }
                    }
                    server.mirror.settle(clock, 0);
                }
            }
            Step::Reconnect(_) => self.connect(index),
            Step::Expire(_) => {
                let turns = |server: &Server| {
                    server
                        .tickets
                        .values()
                        .filter(|ticket| matches!(ticket.place.state(), State::Turn(_)))
                        .count()
                };
                let before = turns(server);
                server.mirror.expire(clock);
                let valid = server.mirror.lease().is_some_and(|lease| lease.validity.holds_at(clock));
                let expected = if valid { before } else { 0 };
                if turns(server) != expected {
                    return Err(format!("{} turns, {expected} expected: valid is {valid}", turns(server)));
                }
            }
            Step::Write(_) => return self.write(index),
            Step::Pause(_) => server.paused = true,
            _ => {}
        }
        Ok(())
    }

    fn leave(&mut self, index: usize, who: usize) {
        let server = &mut self.servers[index];
        if let Some(number) = server.tickets.keys().nth(who % server.tickets.len().max(1)).copied() {
            server.tickets.remove(&number);
            server.turn.take_if(|(holder, ..)| *holder == number);
            server.mirror.leave(number);
        }
    }

    fn arrive(&mut self, which: usize, again: bool) {
        if self.requests.is_empty() {
            return;
        }
        let which = which % self.requests.len();
        let request = if again { self.requests[which].clone() } else { self.requests.remove(which) };
        let what = match request.what {
            Asked::Write(batch) => match self.etcd.write(&batch) {
                Ok(true) => Answered::Written(batch),
                Ok(false) => Answered::Conflict,
                Err(()) => Answered::LeaseGone,
            },
            Asked::Renew(lease, sent) => match self.etcd.leases.get_mut(&lease) {
                Some(end) => {
                    *end = self.now + TTL;
                    Answered::Renewed(sent)
                }
                None => Answered::LeaseGone,
            },
        };
        self.servers[request.server].answers.push(Answer { connection: request.connection, what });
    }

    fn hear(&mut self, index: usize) {
        let server = &mut self.servers[index];
        let clock = server.clock(self.now);
        let Answer { connection, what } = server.answers.remove(0);
        if connection != server.connection {
            return;
        }
        match what {
            Answered::Written(batch) if server.writing => {
                server.writing = false;
                server.mirror.written(&batch);
            }
            Answered::Renewed(sent) if server.renewing => {
                server.renewing = false;
                server.mirror.renewed(until(sent), clock);
            }
            // The answer to a request that arrived twice: nobody waits for it.
            Answered::Written(_) | Answered::Renewed(_) => {}
            Answered::Conflict => self.connect(index),
            Answered::LeaseGone => {
                server.mirror.lease_lost();
                self.connect(index);
            }
        }
    }

    /// The session that has the turn, or begins it, writes a byte.
    fn write(&mut self, index: usize) -> Result<(), String> {
        let server = &mut self.servers[index];
        let clock = server.clock(self.now);
        if server.turn.is_none() {
            let turn = server.tickets.iter().find_map(|(number, ticket)| match ticket.place.state() {
                State::Turn(fence) => {
                    server.mirror.validity(fence).map(|validity| (*number, fence, validity))
                }
                _ => None,
            });
            // What is over already begins nothing, and ends below.
            if let Some((_, fence, validity)) = &turn
                && validity.holds_at(clock)
            {
                if *fence <= self.begun && self.careful {
                    return Err(format!("turn {fence} begins after turn {}", self.begun));
                }
                self.begun = *fence;
            }
            server.turn = turn;
            self.check_order(index)?;
        }
        let server = &mut self.servers[index];
        let Some((number, fence, validity)) = &server.turn else { return Ok(()) };
        if !self.careful || validity.holds_at(clock) {
            if *fence < self.written {
                return Err(format!("a byte of turn {fence} after one of turn {}", self.written));
            }
            self.written = *fence;
        } else {
            // The conversation ends with a lost turn.
            let number = *number;
            server.turn = None;
            server.tickets.remove(&number);
            server.mirror.leave(number);
        }
        Ok(())
    }

    /// Nobody who was there before waits still.
    fn check_order(&self, index: usize) -> Result<(), String> {
        let Some((number, fence, _)) = &self.servers[index].turn else { return Ok(()) };
        let waits = |ticket: &Ticket| !matches!(ticket.place.state(), State::Turn(_) | State::Lost);
        let mut before = self.servers[index].tickets.range(..number);
        if let Some((overtaken, _)) = before.find(|(_, ticket)| waits(ticket)) {
            return Err(format!("turn {fence}, of ticket {number}, overtakes ticket {overtaken}"));
        }
        let since = self.servers[index].tickets[number].since;
        for Entry { key, create_revision, .. } in
            self.etcd.keys.values().filter(|e| e.create_revision <= since)
        {
            let server =
                self.servers.iter().find(|server| server.mirror.lease().is_some_and(|l| l.id == key.lease));
            if server.and_then(|server| server.tickets.get(&key.number)).is_some_and(waits) {
                return Err(format!(
                    "turn {fence}, of who came after {since}, overtakes one of {create_revision}"
                ));
            }
        }
        Ok(())
    }

    /// Lets everything happen without faults: everybody has a turn, and nothing is left.
    fn finish(&mut self) -> Result<(), String> {
        self.servers.iter_mut().for_each(|server| server.paused = false);
        self.requests.retain(|request| matches!(request.what, Asked::Write(_)));
        (0..SERVERS).for_each(|server| self.connect(server));
        for _ in 0..2000 {
            if self.servers.iter().all(|server| server.tickets.is_empty()) && self.etcd.keys.is_empty() {
                return Ok(());
            }
            self.step(Step::Wait(100))?;
            while !self.requests.is_empty() {
                self.step(Step::Arrive(0, false))?;
            }
            for server in 0..SERVERS {
                while !self.servers[server].answers.is_empty() {
                    self.step(Step::Hear(server))?;
                }
                while self.servers[server].seen < self.etcd.history.len() {
                    self.step(Step::Watch(server))?;
                }
                for step in
                    [Step::Expire(server), Step::Renew(server), Step::Send(server), Step::Write(server)]
                {
                    self.step(step)?;
                }
                let server = &mut self.servers[server];
                let ends = |ticket: &Ticket| matches!(ticket.place.state(), State::Turn(_) | State::Lost);
                if let Some(number) = server.tickets.iter().find(|(_, ticket)| ends(ticket)).map(|(n, _)| *n)
                {
                    server.tickets.remove(&number);
                    server.turn.take_if(|(holder, ..)| *holder == number);
                    server.mirror.leave(number);
                }
            }
        }
        let waiting: Vec<usize> = self.servers.iter().map(|server| server.tickets.len()).collect();
        Err(format!("still there: {waiting:?}, in etcd {:?}", self.etcd.keys.keys()))
    }
}

fn run(rates: [u32; SERVERS], steps: &[Step], careful: bool) -> Result<(), String> {
    let mut world = World::new(rates, careful);
    for step in steps {
        world.step(*step)?;
    }
    world.finish()
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 1000, ..Config::default() })]

    #[test]
    fn there_are_no_two_turns_no_overtaking_and_no_lost_ticket(rates in rates(), steps in steps(200)) {
        run(rates, &steps, true).map_err(TestCaseError::fail)?;
    }
}

/// The model sees what it is for: a server that does not look at its clock before it writes.
#[test]
fn without_the_deadline_the_model_finds_two_turns() {
    let config =
        Config { failure_persistence: None, cases: 20_000, max_shrink_iters: 0, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let outcome = runner
        .run(&(rates(), steps(200)), |(rates, steps)| run(rates, &steps, false).map_err(TestCaseError::fail));
    let failure = outcome.expect_err("a stopped server writes after its successor").to_string();
    assert!(failure.contains("a byte of turn"), "{failure}");
}

/// A server that is slow to begin a turn finds it over.
#[test]
fn a_turn_that_is_over_before_it_begins_does_not_begin() {
    let arrive = Step::Arrive(0, false);
    let steps = [
        &[Step::Join(0), Step::Join(0), Step::Send(0), arrive, Step::Watch(0), Step::Join(0)][..],
        &[Step::Wait(1974), Step::Renew(1), Step::Wait(8026), Step::Join(1), arrive, Step::Hear(1)],
        &[Step::Send(1), arrive, Step::Watch(1), Step::Write(1), Step::Write(0)],
    ];
    run([85; SERVERS], &steps.concat(), true).unwrap();
}

/// A turn that was lost with its lease is not had again under the next one.
#[test]
fn a_turn_does_not_come_to_life_with_a_new_lease() {
    let arrive = Step::Arrive(0, false);
    let begin = |server| [Step::Join(server), Step::Send(server), arrive, Step::Hear(server)];
    let renew = |server| [Step::Renew(server), arrive, Step::Hear(server)];
    let steps = [
        &begin(0)[..],
        &[Step::Watch(0), Step::Write(0)],
        &begin(1),
        &[Step::Watch(1), Step::Watch(1), Step::Wait(4000)],
        &renew(1),
        &[Step::Wait(4000)],
        &renew(1),
        // Now the first server's lease is gone, and the second one's is not.
        &[Step::Wait(3000), Step::Watch(1), Step::Write(1)],
        &renew(0),
        &[Step::Write(0)],
    ];
    let mut world = World::new([100; SERVERS], true);
    steps.concat().into_iter().for_each(|step| world.step(step).unwrap());
    assert_eq!(world.begun, world.written);
    assert!(world.servers[1].turn.is_some() && world.servers[0].turn.is_none());
    world.finish().unwrap();
}
