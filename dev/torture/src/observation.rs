//! What is seen during the storm, on its way to the referee.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::digest::Digest;
use crate::line::Line;
use crate::plan::Transport;
use crate::trouble::Trouble;

/// How many observations may be under way; then those who saw something wait.
const CAPACITY: usize = 64 * 1024;

/// One thing that was seen.
#[derive(Debug)]
pub(crate) struct Observation {
    /// When, on the storm's one clock.
    pub(crate) at: Instant,
    pub(crate) what: What,
}

/// What was seen.
#[derive(Debug)]
pub(crate) enum What {
    /// Something happened to the client with this number.
    Client(u64, Milestone),
    /// The transcript has a new line.
    Transcript(Line),
}

/// A milestone in a client's life, reported before or after as its name says.
#[derive(Debug)]
pub(crate) enum Milestone {
    /// It has an address, and no connection yet.
    Registered {
        /// Its end of the connection to come.
        address: SocketAddr,
        transport: Transport,
        /// Whether it deserves an answer to everything.
        polite: bool,
    },
    /// It is about to connect or to ask for the WebSocket: it has no place in line yet.
    Arriving,
    /// It is connected, or its WebSocket handshake is done.
    InLine,
    /// It was answered so often to this message; a polite client tells that at its end.
    Answered(Digest, usize),
    /// It has closed its socket.
    Departed,
    /// A polite client's conversation is over.
    Finished(Account),
}

/// What a polite client has to tell.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// What it said, in order.
    pub(crate) said: Vec<Digest>,
    /// How much of that was answered.
    pub(crate) answered: usize,
    /// From when until when it surely had the turn: from the first sign of it to the last message that was
    /// answered later.
    pub(crate) held: Option<(Instant, Instant)>,
    /// When all was done for its turn to be seen as soon as it comes: it had said something, or waits for that.
    pub(crate) ready: Option<Instant>,
    /// The first sign of its turn: that it came, or an answer.
    pub(crate) began: Option<Instant>,
    /// When it was dismissed, or saw the end.
    pub(crate) ended: Option<Instant>,
    /// The longest that it waited for an answer to what it said during its turn.
    pub(crate) slowest_answer: Duration,
    /// Why it did not get to the end.
    pub(crate) trouble: Option<Trouble>,
}

/// Tells the referee about one client.
#[derive(Clone, Debug)]
pub(crate) struct Witness {
    number: u64,
    observations: mpsc::Sender<Observation>,
}

impl Witness {
    pub(crate) fn new(number: u64, observations: mpsc::Sender<Observation>) -> Self {
        Self { number, observations }
    }

    /// A witness for one more client.
    pub(crate) fn beside(&self, number: u64) -> Self {
        Self { number, observations: self.observations.clone() }
    }

    /// Reports what happens now.
    pub(crate) async fn saw(&self, milestone: Milestone) {
        let observation = Observation { at: Instant::now(), what: What::Client(self.number, milestone) };
        // Without a referee the run is over, and this client with it.
        let _ = self.observations.send(observation).await;
    }
}

/// The way to the referee.
pub(crate) fn channel() -> (mpsc::Sender<Observation>, mpsc::Receiver<Observation>) {
    mpsc::channel(CAPACITY)
}
