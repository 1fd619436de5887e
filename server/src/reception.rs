//! The way from an accepted connection to its seat, for every transport: a place in the queue, a task, and the
//! short time that a connection has when it is over.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio_util::task::TaskTracker;

use crate::door::{Connections, Slot, Users};
use crate::ending::Ending;
use crate::queue::{JoinError, Queue};
use crate::record::{QueueEvent, Record};
use crate::seat::{Seat, Visitor};
use crate::session::{Remains, Sessions, Waiting};
use crate::transport;

/// Receives the visitors of one server.
#[derive(Debug)]
pub(crate) struct Reception {
    queue: Queue,
    record: Record,
    sessions: Arc<Sessions>,
    connections: Connections,
    users: Users,
    transports: Arc<transport::Settings>,
    /// Every connection's task, so that none outlives the server.
    tasks: TaskTracker,
}

/// A seat, or why there is none for the peer at this address.
pub(crate) type Admission = Result<Seat, (SocketAddr, Ending)>;

impl Reception {
    pub(crate) fn new(
        queue: Queue,
        record: Record,
        sessions: Arc<Sessions>,
        connections: Connections,
        users: Users,
        transports: Arc<transport::Settings>,
        tasks: TaskTracker,
    ) -> Self {
        Self { queue, record, sessions, connections, users, transports, tasks }
    }

    /// How transports behave.
    pub(crate) fn transports(&self) -> Arc<transport::Settings> {
        Arc::clone(&self.transports)
    }

    /// The right of an HTTP connection to become a `visitor`'s, if one more may.
    pub(crate) fn upgrade(&self, visitor: &Visitor) -> Option<Slot> {
        let slot = self.connections.upgrade();
        if slot.is_none() {
            self.record.queue(visitor, &QueueEvent::NoSlot);
        }
        slot
    }

    /// Runs a task that ends with the server.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Joins the queue for a visitor whose address is `client`.
    pub(crate) fn join(&self, visitor: Visitor, client: IpAddr) -> Admission {
        let presence = match self.users.enter(visitor.user.as_ref()) {
            Ok(presence) => presence,
            Err(most) => {
                self.record.queue(&visitor, &QueueEvent::PerUser(most));
                return Err((visitor.peer, Ending::PerUser));
            }
        };
        match self.queue.join(client, visitor.number, visitor.user.clone()) {
            Ok(ticket) => {
                self.record.queue(&visitor, &QueueEvent::Joined);
                Ok(Seat { visitor: Box::new(visitor), ticket, presence })
            }
            Err(error) => {
                self.record.queue(&visitor, &QueueEvent::Refused(&error));
                Err((visitor.peer, refusal(error)))
            }
        }
    }

    /// Serves a connection to its end; `slots` are its right to be open.
    ///
    /// Thousands may wait, so that their futures are small: combinators hold what they wait for once, an `async`
    /// block that is given it holds it twice.
    pub(crate) fn attend<W: Waiting + 'static>(
        self: Arc<Self>,
        waiting: W,
        admission: Admission,
        slots: impl Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        match admission {
            Ok(seat) => {
                let serving = Arc::clone(&self.sessions).serve(waiting, seat);
                serving.then(move |(peer, remains)| self.see_off::<W>(peer, remains, slots)).left_future()
            }
            Err((peer, ending)) => Box::pin(async move {
                let Some(beside) = self.connections.beside(peer.ip()) else { return };
                let remains = self.sessions.dismiss(waiting, &ending).await;
                drop(beside);
                self.see_off::<W>(peer, remains, slots).await;
            })
            .right_future(),
        }
    }

    /// Lets a peer take the last words and close, if its address has few such connections.
    pub(crate) fn see_off<W: Waiting + 'static>(
        self: Arc<Self>,
        peer: SocketAddr,
        remains: Option<Remains<W>>,
        slots: impl Send + 'static,
    ) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            if let Some(remains) = remains
                && let Some(_beside) = self.connections.beside(peer.ip())
            {
                self.sessions.linger(remains).await;
            }
            drop(slots);
        })
    }
}

fn refusal(error: JoinError) -> Ending {
    match error {
        JoinError::Full(_) => Ending::QueueFull,
        JoinError::PerAddress(..) => Ending::PerAddress,
        JoinError::Away => Ending::QueueAway,
    }
}
