//! Who has the turn and who waits for it, in order, under one lock.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use super::crowd::{Crowd, Network};
use super::line::Line;
use super::pace::Pace;
use super::place::{Place, State};
use crate::units::{OptionalCount, optional_count};

/// How many of the first in line are told at once that they moved up; the others less often,
/// so that one who leaves does not cost a write to everybody.
pub(super) const TOLD_AT_ONCE: usize = 100;

/// How often those further back are told of their places, at the most.
const TELL_OTHERS_EVERY: Duration = Duration::from_secs(1);

/// How many of those further back are told in a second, at the most: a long queue hears less often.
const TOLD_A_SECOND: u32 = 2000;

/// How many may wait.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Queue")]
pub struct Settings {
    /// How many may wait
    #[arg(long, env = "VEZ_QUEUE_LENGTH", value_name = "COUNT", default_value_t = 1024)]
    pub queue_length: usize,

    /// How many may wait from one address (of IPv6, one /64 network); off for as many as may wait
    #[arg(long, env = "VEZ_PER_ADDRESS", value_name = "COUNT|off", default_value = "off", value_parser = optional_count)]
    pub per_address: OptionalCount,
}

/// What the tickets of one queue have in common.
#[derive(Debug)]
pub(super) struct Shared {
    settings: Settings,
    order: Mutex<Order>,
    /// Since when anybody waits; the time limits run only then.
    contended: watch::Sender<Option<Instant>>,
    /// Rung when places further back have changed.
    stale: Notify,
}

#[derive(Debug, Default)]
struct Order {
    line: Line<Member>,
    /// Those who wait, by address, where that is limited.
    crowd: Option<Crowd>,
    pace: Pace,
    /// The fencing number of the latest turn.
    fence: u64,
}

#[derive(Debug)]
struct Member {
    place: Arc<Place>,
    from: Network,
}

/// Why nobody more can join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// As many wait as may.
    #[error("the queue is full: {0} are waiting")]
    Full(usize),
    /// As many wait from this address as may.
    #[error("{1} wait from {0}, as many as may (--per-address)")]
    PerAddress(IpAddr, usize),
}

impl Order {
    /// Whether one more from `address` may come; who gets the turn at once does not wait.
    fn check(&self, settings: &Settings, address: IpAddr) -> Result<(), JoinError> {
        if self.line.len() > settings.queue_length {
            return Err(JoinError::Full(settings.queue_length));
        }
        match settings.per_address {
            Some(most) if self.line.len() > 0 && self.count(address.into()) >= most => {
                Err(JoinError::PerAddress(address, most))
            }
            _ => Ok(()),
        }
    }

    fn join(&mut self, from: Network) -> (u64, Arc<Place>) {
        let position = self.line.len();
        let state = match position {
            0 => self.begin_turn(),
            position => {
                self.crowd.iter_mut().for_each(|crowd| crowd.enter(from));
                State::Waiting { position }
            }
        };
        let place = Arc::new(Place::new(state));
        let id = self.line.join(Member { place: Arc::clone(&place), from });
        (id, place)
    }

    fn begin_turn(&mut self) -> State {
        self.pace.begin(Instant::now());
        self.fence += 1;
        State::Turn(self.fence)
    }

    fn count(&self, from: Network) -> usize {
        self.crowd.as_ref().map_or(0, |crowd| crowd.count(from))
    }

    fn wait_no_more(&mut self, from: Network) {
        self.crowd.iter_mut().for_each(|crowd| crowd.leave(from));
    }

    /// Takes somebody out of the line, and tells those near the front who move up.
    fn leave(&mut self, id: u64) {
        let Some(member) = self.line.leave(id) else { return };
        match member.place.state() {
            State::Waiting { position } => {
                self.wait_no_more(member.from);
                self.tell(position, TOLD_AT_ONCE);
            }
            State::Turn(_) => self.pass_the_turn_on(),
            State::Joining | State::Lost => {}
        }
    }

    fn pass_the_turn_on(&mut self) {
        self.pace.end(Instant::now());
        if let Some(next) = self.line.first() {
            let (place, from) = (Arc::clone(&next.place), next.from);
            self.wait_no_more(from);
            place.set(self.begin_turn());
            self.tell(1, TOLD_AT_ONCE);
        }
    }

    /// Tells those who wait at these positions where they stand.
    fn tell(&self, from: usize, to: usize) {
        if from < to {
            let places = self.line.iter().enumerate().skip(from).take_while(|(position, _)| *position < to);
            places.for_each(|(position, member)| member.place.set(State::Waiting { position }));
        }
    }

    /// How long those further back go without news: the longer, the more they are.
    fn rest(&self) -> Duration {
        let others = u32::try_from(self.line.len()).unwrap_or(u32::MAX);
        TELL_OTHERS_EVERY.max(TELL_OTHERS_EVERY * others / TOLD_A_SECOND)
    }
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        let order = Order { crowd: settings.per_address.map(|_| Crowd::default()), ..Order::default() };
        Self { settings, order: Mutex::new(order), contended: watch::Sender::new(None), stale: Notify::new() }
    }

    pub(super) fn join(&self, address: IpAddr) -> Result<(u64, Arc<Place>), JoinError> {
        let mut order = self.lock();
        order.check(&self.settings, address)?;
        let joined = order.join(address.into());
        self.tell_contended(&order);
        Ok(joined)
    }

    /// How many stand in line, the one who has the turn included.
    pub(super) fn len(&self) -> usize {
        self.lock().line.len()
    }

    /// How long the first of those who wait has waited.
    pub(super) fn longest_wait(&self) -> Option<Duration> {
        self.lock().line.iter().nth(1).map(|member| member.place.joined.elapsed())
    }

    pub(super) fn capacity(&self) -> usize {
        self.settings.queue_length
    }

    /// Waits until those further back have news, rests, and tells them.
    pub(super) async fn tell_others(&self) {
        self.stale.notified().await;
        let rest = self.lock().rest();
        sleep(rest).await;
        self.lock().tell(TOLD_AT_ONCE, usize::MAX);
    }

    fn lock(&self) -> MutexGuard<'_, Order> {
        // Every critical section leaves the order whole, even one that panics.
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn estimate(&self, position: usize) -> Option<Duration> {
        self.lock().pace.estimate(position, Instant::now())
    }

    pub(super) fn contended(&self) -> watch::Receiver<Option<Instant>> {
        self.contended.subscribe()
    }

    fn tell_contended(&self, order: &Order) {
        let contended = order.line.len() > 1;
        self.contended.send_if_modified(|since| {
            let changed = since.is_some() != contended;
            if changed {
                *since = contended.then(Instant::now);
            }
            changed
        });
    }

    pub(super) fn leave(&self, id: u64) {
        let mut order = self.lock();
        order.leave(id);
        self.tell_contended(&order);
        if order.line.len() > TOLD_AT_ONCE {
            self.stale.notify_one();
        }
    }
}
