//! Judges a history: pure, so that it can be shown histories that are wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::history::{Event, Fault, Record, Why};

/// What a history shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) turns: usize,
    pub(super) lines: usize,
    pub(super) lost: usize,
    pub(super) faults: BTreeMap<Fault, Faults>,
    pub(super) breaches: Vec<String>,
}

/// Faults of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    pub(super) count: usize,
    /// The longest time without a line to what is behind, from a fault to some time after it.
    pub(super) longest_gap: Duration,
}

/// What is known of a client.
struct Client {
    came: Duration,
    server: usize,
    placed: Option<Duration>,
    talked: bool,
    gone: bool,
    /// Whether its server, or what it needs, has had a fault since it came.
    hit: bool,
}

#[derive(Default)]
struct Judge {
    verdict: Verdict,
    clients: BTreeMap<u32, Client>,
    /// Whose lines come, and whose came before.
    talks: Option<u32>,
    over: BTreeSet<u32>,
    /// The same of the answers.
    answered: Option<u32>,
    answered_before: BTreeSet<u32>,
    open: BTreeSet<u32>,
    /// The fault under way or over, until when it counts, and the latest line.
    fault: Option<Fault>,
    until: Option<Duration>,
    latest: Duration,
}

/// Judges a whole history; `ttl` is how long a fault has consequences after it is over, twice.
pub(super) fn judge(records: &[Record], ttl: Duration) -> Verdict {
    let mut judge = Judge::default();
    for (at, event) in records {
        judge.see(*at, event, ttl);
    }
    for (number, _) in judge.clients.iter().filter(|(_, client)| !client.gone) {
        judge.verdict.breaches.push(format!("o cliente {number} nunca terminou"));
    }
    judge.verdict
}

impl Judge {
    fn see(&mut self, at: Duration, event: &Event, ttl: Duration) {
        match event {
            Event::Coming { client, server } => {
                let (came, server) = (at, *server);
                let new = Client {
                    came,
                    server,
                    placed: None,
                    talked: false,
                    gone: false,
                    hit: self.is_faulty(at),
                };
                self.clients.insert(*client, new);
            }
            Event::Placed { client } => {
                if let Some(client) = self.clients.get_mut(client) {
                    client.placed.get_or_insert(at);
                }
            }
            Event::Line { client } => self.line(at, *client),
            Event::Reply { client } => {
                if self.answered != Some(*client) {
                    if self.answered_before.contains(client) {
                        self.breach(at, format!("o cliente {client} foi respondido depois de seu sucessor"));
                    }
                    self.answered_before.extend(self.answered.replace(*client));
                }
            }
            Event::Gone { client, why } => self.gone(at, *client, why),
            Event::Opened { connection } => {
                if !self.open.is_empty() && !self.is_faulty(at) {
                    let open = self.open.clone();
                    self.breach(at, format!("a conexão {connection} abriu com {open:?} abertas"));
                }
                self.open.insert(*connection);
            }
            Event::Closed { connection } => drop(self.open.remove(connection)),
            Event::Fault { fault, servers } => {
                (self.fault, self.until, self.latest) = (Some(*fault), None, at);
                self.verdict.faults.entry(*fault).or_default().count += 1;
                for client in self.clients.values_mut().filter(|client| servers.contains(&client.server)) {
                    client.hit = true;
                }
            }
            Event::Mended => self.until = Some(at + 2 * ttl),
        }
    }

    /// Whether a fault is under way, or was a short while ago.
    fn is_faulty(&self, at: Duration) -> bool {
        self.fault.is_some() && self.until.is_none_or(|until| at < until)
    }

    fn line(&mut self, at: Duration, number: u32) {
        self.verdict.lines += 1;
        if let Some(fault) = self.fault.filter(|_| self.is_faulty(at)) {
            let faults = self.verdict.faults.entry(fault).or_default();
            faults.longest_gap = faults.longest_gap.max(at.saturating_sub(self.latest));
        }
        self.latest = at;
        if self.talks == Some(number) {
            return;
        }
        if self.over.contains(&number) {
            self.breach(at, format!("um byte do cliente {number} depois do primeiro de seu sucessor"));
        }
        self.verdict.turns += 1;
        self.over.extend(self.talks.replace(number));
        let Some(came) = self.clients.get_mut(&number).map(|client| {
            client.talked = true;
            client.came
        }) else {
            return self.breach(at, format!("um byte de ninguém: {number}"));
        };
        let waits = |client: &Client| !client.talked && !client.gone && !client.hit;
        let before = |client: &Client| client.placed.is_some_and(|placed| placed < came);
        let overtaken = self.clients.iter().find(|(_, client)| waits(client) && before(client));
        if let Some(overtaken) = overtaken.map(|(overtaken, _)| *overtaken) {
            self.breach(at, format!("o cliente {number} ultrapassou o cliente {overtaken}"));
        }
    }

    fn gone(&mut self, at: Duration, number: u32, why: &Why) {
        let Some(client) = self.clients.get_mut(&number) else { return };
        client.gone = true;
        let hit = client.hit;
        match why {
            Why::Left => {}
            Why::Lost if hit || self.is_faulty(at) => self.verdict.lost += 1,
            Why::Cut if hit => {}
            Why::Lost => self.breach(at, format!("o cliente {number} perdeu a vez sem falha")),
            Why::Cut => self.breach(at, format!("o cliente {number} foi cortado sem falha")),
            Why::Stuck => self.breach(at, format!("o cliente {number} ficou preso")),
            Why::Told(text) => self.breach(at, format!("o cliente {number} terminou com {text:?}")),
        }
    }

    fn breach(&mut self, at: Duration, text: String) {
        self.verdict.breaches.push(format!("{:.3} s: {text}", at.as_secs_f64()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(2);

    /// The breaches of a history of one event a second.
    fn breaches(events: &[Event]) -> Vec<String> {
        let records: Vec<Record> = (0..).map(Duration::from_secs).zip(events.iter().cloned()).collect();
        judge(&records, TTL).breaches
    }

    fn coming(client: u32) -> Event {
        Event::Coming { client, server: client as usize % 3 }
    }

    fn placed(client: u32) -> Event {
        Event::Placed { client }
    }

    fn line(client: u32) -> Event {
        Event::Line { client }
    }

    fn reply(client: u32) -> Event {
        Event::Reply { client }
    }

    fn gone(client: u32, why: Why) -> Event {
        Event::Gone { client, why }
    }

    fn opened(connection: u32) -> Event {
        Event::Opened { connection }
    }

    fn closed(connection: u32) -> Event {
        Event::Closed { connection }
    }

    fn fault(servers: &[usize]) -> Event {
        Event::Fault { fault: Fault::ServerStopped, servers: servers.to_vec() }
    }

    /// Two turns as they should be.
    fn fine() -> Vec<Event> {
        vec![
            coming(1),
            placed(1),
            coming(2),
            placed(2),
            opened(0),
            line(1),
            reply(1),
            line(1),
            reply(1),
            gone(1, Why::Left),
            closed(0),
            opened(1),
            line(2),
            reply(2),
            gone(2, Why::Left),
            closed(1),
        ]
    }

    #[test]
    fn what_is_right_is_not_blamed() {
        assert_eq!(breaches(&fine()), Vec::<String>::new());
    }

    #[test]
    fn a_byte_of_a_stale_turn_is_seen() {
        let mut events = fine();
        events.push(line(1));
        assert!(breaches(&events)[0].contains("depois do primeiro de seu sucessor"));
    }

    #[test]
    fn an_answer_of_a_stale_turn_is_seen() {
        let mut events = fine();
        events.push(reply(1));
        assert!(breaches(&events)[0].contains("respondido depois de seu sucessor"));
    }

    #[test]
    fn two_connections_at_a_time_are_seen_unless_there_was_a_fault() {
        let mut events = vec![opened(0), opened(1)];
        assert!(breaches(&events)[0].contains("a conexão 1 abriu"));
        events.insert(1, fault(&[0]));
        assert_eq!(breaches(&events), Vec::<String>::new());
        events.splice(2..2, [Event::Mended, closed(9), closed(9), closed(9), closed(9)]);
        assert_eq!(breaches(&events).len(), 1, "the fault has been over for long");
    }

    #[test]
    fn overtaking_is_seen_unless_the_ticket_was_lost() {
        let tail = [line(2), gone(2, Why::Left), line(1), gone(1, Why::Left)];
        let events = [&[coming(1), placed(1), coming(2)], &tail[..]].concat();
        assert!(breaches(&events)[0].contains("ultrapassou o cliente 1"));
        let together = [&[coming(1), coming(2), placed(1)], &tail[..]].concat();
        assert_eq!(breaches(&together), Vec::<String>::new());
        let hit = [&[coming(1), placed(1), coming(2), fault(&[1])], &tail[..]].concat();
        assert_eq!(breaches(&hit), Vec::<String>::new());
        let other = [&[coming(1), placed(1), coming(2), fault(&[0])], &tail[..]].concat();
        assert_eq!(breaches(&other).len(), 1, "the fault was another server's");
    }

    #[test]
    fn ends_without_a_fault_are_seen() {
        for why in [Why::Lost, Why::Cut, Why::Stuck, Why::Told("erro".into())] {
            assert_eq!(breaches(&[coming(1), gone(1, why)]).len(), 1);
        }
        assert_eq!(breaches(&[coming(1), fault(&[1]), gone(1, Why::Cut)]), Vec::<String>::new());
        assert_eq!(breaches(&[coming(1)]), ["o cliente 1 nunca terminou"]);
    }

    #[test]
    fn faults_are_counted_with_the_longest_gap() {
        let events = [line(1), fault(&[1]), Event::Mended, line(1), closed(9), line(1)];
        let records: Vec<Record> = (0..).map(Duration::from_secs).zip(events).collect();
        let faults = judge(&records, TTL).faults[&Fault::ServerStopped];
        assert_eq!(faults, Faults { count: 1, longest_gap: Duration::from_secs(2) });
    }
}
