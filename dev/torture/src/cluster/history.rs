//! What happened, as those outside of the servers saw it, by one clock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A client is about to connect to a server.
    Coming {
        client: u32,
        server: usize,
    },
    /// It was told its place.
    Placed {
        client: u32,
    },
    /// It got an answer.
    Reply {
        client: u32,
    },
    /// It is gone.
    Gone {
        client: u32,
        why: Why,
    },
    /// What is behind got a connection, a line of a client, or the end of a connection.
    Opened {
        connection: u32,
    },
    Line {
        client: u32,
    },
    Closed {
        connection: u32,
    },
    /// A fault begins, by which the tickets or the turn of these servers may be lost, and is over.
    Fault {
        fault: Fault,
        servers: Vec<usize>,
    },
    Mended,
}

/// Why a client is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It had said all, or wanted no more.
    Left,
    /// It was told that its turn is lost.
    Lost,
    /// It was told something else.
    Told(String),
    /// The connection ended without a word.
    Cut,
    /// Nothing came for too long.
    Stuck,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// The member of etcd that leads is killed, and started again.
    LeaderKilled,
    /// The server that has the turn is killed, and another started.
    ServerKilled,
    /// The server that has the turn is stopped for three times the TTL, and goes on.
    ServerStopped,
    /// A server is cut off from etcd: nothing passes, and what was on its way arrives when it is over.
    ServerCutOff,
    /// All members of etcd are killed, and started again after the TTL.
    EtcdAway,
    /// What etcd writes takes long to reach the disk.
    SlowDisk,
}

impl Fault {
    pub(super) const ALL: [Self; 6] = [
        Self::LeaderKilled,
        Self::ServerKilled,
        Self::ServerStopped,
        Self::ServerCutOff,
        Self::EtcdAway,
        Self::SlowDisk,
    ];

    /// What it is called in the report.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::LeaderKilled => "líder de etcd morto",
            Self::ServerKilled => "servidor com a vez morto",
            Self::ServerStopped => "servidor com a vez parado por 3 TTL",
            Self::ServerCutOff => "servidor isolado de etcd",
            Self::EtcdAway => "etcd inteiro fora",
            Self::SlowDisk => "disco de etcd lento",
        }
    }
}

/// An event, and when it happened since the start.
pub(super) type Record = (Duration, Event);

/// What happened so far; clones share it.
#[derive(Clone, Debug)]
pub(super) struct History {
    start: Instant,
    records: Arc<Mutex<Vec<Record>>>,
}

impl History {
    pub(super) fn begin() -> Self {
        Self { start: Instant::now(), records: Arc::default() }
    }

    /// Writes down what happens now.
    pub(super) fn saw(&self, event: Event) {
        let mut records = self.lock();
        records.push((self.start.elapsed(), event));
    }

    /// The client whose line came last to what is behind.
    pub(super) fn talks(&self) -> Option<u32> {
        self.lock().iter().rev().find_map(|(_, event)| match event {
            Event::Line { client } => Some(*client),
            _ => None,
        })
    }

    /// The server to which a client came.
    pub(super) fn server_of(&self, client: u32) -> Option<usize> {
        self.lock().iter().rev().find_map(|(_, event)| match event {
            Event::Coming { client: who, server } if *who == client => Some(*server),
            _ => None,
        })
    }

    pub(super) fn records(&self) -> Vec<Record> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
