//! The seats that are kept, by the tokens with which their visitors come back.

use std::any::Any;
use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::task::AtomicWaker;
use tokio::sync::oneshot;
use tokio::time::timeout;
use vez_protocol::{SEAT, ServerEvent};

use crate::door::User;
use crate::session::Shutdown;
use crate::transport::websocket::input::WebSocketInput;
use crate::transport::websocket::output::WebSocketOutput;
use crate::transport::websocket::said::Said;
use crate::transport::websocket::waiting::WaitingWebSocket;

/// The right of a connection to be open, whatever it consists of.
pub(crate) type Slots = Box<dyn Any + Send>;

/// What names a seat: 128 random bits. Never shown where it could be read.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Token([u8; 16]);

impl Token {
    /// # Errors
    /// When the system has no random numbers.
    fn new() -> Result<Self, getrandom::Error> {
        let mut bits = [0; 16];
        getrandom::fill(&mut bits)?;
        Ok(Self(bits))
    }

    /// As the client offers it.
    fn to_text(self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What a client offers that comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Its seat; none for a text that names none.
    token: Option<Token>,
    /// How many frames that are numbered it has received.
    pub(crate) received: u64,
}

impl Offer {
    /// Reads an offered subprotocol; `None` when it is about no seat.
    pub(crate) fn read(protocol: &str) -> Option<Self> {
        let text = protocol.strip_prefix(SEAT)?;
        let (token, received) = text.split_once('.').unwrap_or((text, "0"));
        let mut bits = [0; 16];
        // One more than there is room for is an error too.
        let token = match BASE64_URL_SAFE_NO_PAD.decode_slice(token, &mut bits) {
            Ok(16) => Some(Token(bits)),
            _ => None,
        };
        Some(Self { token, received: received.parse().unwrap_or(0) })
    }
}

/// A connection with which a visitor comes back.
#[derive(Debug)]
pub(crate) struct Arrival<S> {
    pub(crate) socket: WaitingWebSocket<S>,
    /// How many frames that are numbered it has received.
    pub(crate) received: u64,
    pub(crate) slots: Slots,
}

/// A connection that another one followed, and which was told so.
pub(crate) type Replaced<S> = (WebSocketInput<S>, WebSocketOutput<S>, Slots);

/// All that are kept.
#[derive(Debug)]
pub(crate) struct Seats<S> {
    /// How long a seat is kept without a connection.
    pub(super) grace: Duration,
    /// From then on nobody comes in, and so nobody comes back.
    shutdown: Shutdown,
    kept: Mutex<HashSet<Kept<S>>>,
}

/// A seat among all, found by its token.
#[derive(Debug)]
struct Kept<S>(Arc<SeatHandle<S>>);

impl<S> Borrow<Token> for Kept<S> {
    fn borrow(&self) -> &Token {
        &self.0.token
    }
}

impl<S> Hash for Kept<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.token.hash(state);
    }
}

impl<S> PartialEq for Kept<S> {
    fn eq(&self, other: &Self) -> bool {
        self.0.token == other.0.token
    }
}

impl<S> Eq for Kept<S> {}

/// What a connection needs of a seat to attach to it.
#[derive(Debug)]
pub(crate) struct SeatHandle<S> {
    token: Token,
    /// How the log names the visitor.
    pub(crate) number: u64,
    user: Option<User>,
    handover: Mutex<Handover<S>>,
    /// Whether a connection is offered: a look that costs the conversation next to nothing.
    is_offered: AtomicBool,
    waker: AtomicWaker,
}

/// A connection, and who is told of the one that was before.
pub(super) type Attachment<S> = (Box<Arrival<S>>, oneshot::Sender<Replaced<S>>);

/// How a connection gets from its own task to the one that has the seat.
#[derive(Debug)]
enum Handover<S> {
    /// None is there.
    Awaited,
    Offered(Attachment<S>),
    /// The seat is given up.
    Closed,
}

impl<S> Seats<S> {
    /// None where seats are not kept.
    pub(crate) fn new(grace: Duration, shutdown: Shutdown) -> Option<Arc<Self>> {
        (!grace.is_zero()).then(|| Arc::new(Self { grace, shutdown, kept: Mutex::default() }))
    }

    /// The seat that is offered, if it is this user's.
    pub(crate) fn find(&self, offer: &Offer, user: Option<&User>) -> Option<Arc<SeatHandle<S>>> {
        let kept = lock(&self.kept);
        kept.get(&offer.token?).map(|kept| &kept.0).filter(|handle| handle.user.as_ref() == user).cloned()
    }

    /// Keeps a visitor's seat for as long as what is returned exists.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(crate) fn keep(
        self: &Arc<Self>,
        number: u64,
        user: Option<User>,
    ) -> Result<Keep<S>, getrandom::Error> {
        let handle = Arc::new(SeatHandle {
            token: Token::new()?,
            number,
            user,
            handover: Mutex::new(Handover::Awaited),
            is_offered: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        });
        lock(&self.kept).insert(Kept(Arc::clone(&handle)));
        Ok(Keep { seats: Arc::clone(self), handle })
    }
}

impl<S> Handover<S> {
    /// The connection that is offered.
    fn take(&mut self) -> Option<Attachment<S>> {
        match std::mem::replace(self, Self::Awaited) {
            Self::Offered(attachment) => Some(attachment),
            other => {
                *self = other;
                None
            }
        }
    }
}

impl<S> SeatHandle<S> {
    /// Takes the seat over. What is returned tells of the connection that had it before, and of one that was offered
    /// before and not attached yet.
    ///
    /// # Errors
    /// When the seat is given up meanwhile.
    pub(crate) fn attach(&self, arrival: Box<Arrival<S>>) -> Result<Displaced<S>, Box<Arrival<S>>> {
        let (sender, replaced) = oneshot::channel();
        let earlier = {
            let mut handover = lock(&self.handover);
            if matches!(*handover, Handover::Closed) {
                return Err(arrival);
            }
            let earlier = handover.take();
            *handover = Handover::Offered((arrival, sender));
            earlier
        };
        self.is_offered.store(true, Release);
        self.waker.wake();
        Ok(Displaced { replaced, earlier: earlier.map(|(arrival, _)| arrival) })
    }
}

/// Who has to be told that another connection has the seat.
#[derive(Debug)]
pub(crate) struct Displaced<S> {
    pub(crate) replaced: oneshot::Receiver<Replaced<S>>,
    pub(crate) earlier: Option<Box<Arrival<S>>>,
}

/// Keeps one seat; it is given up on drop.
#[derive(Debug)]
pub(crate) struct Keep<S> {
    seats: Arc<Seats<S>>,
    handle: Arc<SeatHandle<S>>,
}

impl<S> Keep<S> {
    /// What the visitor is told of its seat; `lost` says that it had asked for another.
    pub(super) fn event(&self, said: &Said, lost: bool) -> ServerEvent<'static> {
        ServerEvent::Seat {
            token: self.handle.token.to_text().into(),
            grace_seconds: self.grace().as_secs_f64().ceil() as u64,
            lost,
            last_id: said.last_id,
            bytes: said.streamed,
            user: self.handle.user.as_ref().map(|user| user.name().to_owned().into()),
        }
    }

    /// How long the seat is kept without a connection.
    pub(super) fn grace(&self) -> Duration {
        self.seats.grace
    }

    /// Waits, from now on, until a visitor without a connection is awaited no longer.
    pub(super) fn absence(&self) -> BoxFuture<'static, ()> {
        let (grace, shutdown) = (self.seats.grace, self.seats.shutdown.clone());
        async move {
            let _ = timeout(grace, shutdown.told()).await;
        }
        .boxed()
    }

    /// Ready when the visitor comes over another connection.
    pub(super) fn poll_arrival(&self, cx: &mut Context<'_>) -> Poll<Attachment<S>> {
        self.handle.waker.register(cx.waker());
        if !self.handle.is_offered.swap(false, Acquire) {
            return Poll::Pending;
        }
        lock(&self.handle.handover).take().map_or(Poll::Pending, Poll::Ready)
    }

    /// Nobody comes back to this seat any more.
    pub(super) fn give_up(&self) {
        lock(&self.seats.kept).remove(&self.handle.token);
        *lock(&self.handle.handover) = Handover::Closed;
    }
}

impl<S> Drop for Keep<S> {
    fn drop(&mut self) {
        self.give_up();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
