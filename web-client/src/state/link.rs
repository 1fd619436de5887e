//! The connection's bookkeeping: when to give it up, when to test it, how long to wait before the next.

use vez_protocol::ByeReason;

use super::event::Moment;

/// Longest back-off in milliseconds.
const MAX_BACKOFF: u64 = 60_000;
/// How long a connection may take to open, in milliseconds.
const OPENING: u64 = 15_000;
/// How long a silent server may take to answer a ping, in milliseconds.
const PATIENCE: u64 = 5_000;
/// The same while an answer is due, when the server may be busy with it.
const BUSY_PATIENCE: u64 = 60_000;
/// How long the server may be silent before it is asked, in milliseconds.
const QUIET: u64 = 30_000;
/// How many handshakes in a row a server that is there has to refuse.
const REFUSED: u32 = 2;
/// A connection that lasted this long counts as a good one, in milliseconds.
const STEADY: u64 = 10_000;

/// What is known about the connection of the moment.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// How many connections in a row failed.
    failures: u32,
    /// When it opened.
    opened: Option<u64>,
    /// When the server was last heard.
    heard: u64,
    /// When it is given up, unless the server is heard before.
    deadline: Option<u64>,
    /// How many handshakes in a row failed although the server was found there after it.
    refusals: u32,
    /// Whether it was found there after the last.
    is_there: bool,
    /// The server's last word.
    pub(crate) bye: Option<ByeReason>,
}

impl Link {
    /// A new connection is being opened.
    pub(crate) fn open(&mut self, now: u64) {
        let (failures, refusals) = (self.failures, if self.is_there { self.refusals } else { 0 });
        *self = Self { failures, refusals, deadline: Some(now + OPENING), heard: now, ..Self::default() };
    }

    /// It stands.
    pub(crate) fn opened(&mut self, now: u64) {
        self.opened = Some(now);
        self.hear(now);
    }

    /// The handshake failed, and the server was found there. Whether it refuses: once, it may have come back only after.
    pub(crate) fn found(&mut self) -> bool {
        if !self.is_there {
            (self.is_there, self.refusals) = (true, self.refusals + 1);
        }
        self.refusals >= REFUSED
    }

    /// Whether it ever stood.
    pub(crate) fn was_open(&self) -> bool {
        self.opened.is_some()
    }

    /// The server was heard.
    pub(crate) fn hear(&mut self, now: u64) {
        self.heard = now;
        self.deadline = None;
    }

    /// Whether to ping now: it stands, and no earlier ping is on its way.
    pub(crate) fn probe(&mut self, now: u64, busy: bool) -> bool {
        if self.opened.is_none() || self.deadline.is_some() {
            return false;
        }
        self.deadline = Some(now + if busy { BUSY_PATIENCE } else { PATIENCE });
        true
    }

    /// Whether the server has been silent for so long that it should be asked.
    pub(crate) fn is_quiet(&self, now: u64) -> bool {
        self.opened.is_some() && now >= self.heard + QUIET
    }

    /// Whether to give it up.
    pub(crate) fn is_dead(&self, now: u64) -> bool {
        self.deadline.is_some_and(|deadline| now >= deadline)
    }

    /// When it next needs a look.
    pub(crate) fn alarm(&self) -> u64 {
        self.deadline.unwrap_or(self.heard + QUIET)
    }

    /// It is over; how long to wait in milliseconds: exponential back-off with full jitter.
    pub(crate) fn back_off(&mut self, first: u64, moment: Moment) -> u64 {
        if self.opened.is_some_and(|opened| moment.millis >= opened + STEADY) {
            self.failures = 0;
        }
        let most = first.saturating_mul(1 << self.failures.min(16)).min(MAX_BACKOFF);
        self.failures += 1;
        (most as f64 * moment.chance) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::{Link, MAX_BACKOFF, Moment, STEADY};

    fn at(millis: u64, chance: f64) -> Moment {
        Moment { millis, chance }
    }

    #[test]
    fn back_off_doubles_up_to_its_bound() {
        let mut link = Link::default();
        let waits: Vec<u64> = (0..8).map(|_| link.back_off(1_000, at(0, 1.0))).collect();
        assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, MAX_BACKOFF, MAX_BACKOFF]);
        for _ in 0..100 {
            assert_eq!(link.back_off(1_000, at(0, 1.0)), MAX_BACKOFF);
        }
    }

    #[test]
    fn jitter_is_full() {
        let mut link = Link::default();
        assert_eq!(link.back_off(1_000, at(0, 0.0)), 0);
        assert_eq!(link.back_off(1_000, at(0, 0.5)), 1_000);
    }

    #[test]
    fn only_a_connection_that_lasted_forgets_failures() {
        let mut link = Link::default();
        for _ in 0..3 {
            link.open(0);
            link.opened(0);
            link.back_off(1_000, at(STEADY - 1, 1.0));
        }
        link.open(0);
        link.opened(0);
        assert_eq!(link.back_off(1_000, at(STEADY - 1, 1.0)), 8_000);
        link.open(0);
        link.opened(0);
        assert_eq!(link.back_off(1_000, at(STEADY, 1.0)), 1_000);
    }

    #[test]
    fn one_ping_is_on_its_way_at_a_time_and_any_word_answers_it() {
        let mut link = Link::default();
        link.open(0);
        assert!(!link.probe(1, false), "nothing to ping through yet");
        link.opened(10);
        assert!(link.probe(20, false) && !link.probe(30, false));
        assert!(!link.is_dead(5_019) && link.is_dead(5_020));
        link.hear(5_000);
        assert!(!link.is_dead(9_000) && link.probe(9_000, false));
    }

    #[test]
    fn a_busy_server_gets_more_time() {
        let mut link = Link::default();
        link.open(0);
        link.opened(0);
        link.probe(0, true);
        assert!(!link.is_dead(59_999) && link.is_dead(60_000));
    }
}
