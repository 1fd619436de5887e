//! What the client needs of a connection, whatever carries it.

mod access;
mod dial;
mod failure;
mod handshake;
mod tcp;
mod tls;
mod websocket;

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use vez_protocol::{ByeReason, NotUtf8, TurnKind};

pub(crate) use access::Access;
pub(crate) use failure::Failure;
pub(crate) use tcp::TcpTransport;
pub(crate) use websocket::WebSocketTransport;

/// Longest message that is sent or shown, in bytes: the most that a server can be told to take.
pub(crate) const MAX_MESSAGE: usize = 64 * 1024 * 1024;

/// One connection to the server.
pub(crate) trait Transport {
    /// Whether the server tells the place in the queue and the turn before anything else.
    fn shows_queue(&self) -> bool;

    /// Sends one message; dropped before its end, the connection can only be closed.
    fn send(&mut self, message: &str) -> impl Future<Output = Result<(), Failure>>;

    /// What the server says next; dropped before its end, nothing is lost.
    fn receive(&mut self) -> impl Future<Output = Result<Event, Failure>>;

    /// Says the `word` that the report leaves by; the answer is the server's last word, or with events a reply.
    fn say_leave(&mut self, word: &str) -> impl Future<Output = Result<(), Failure>>;

    /// Leaves, whatever answers; `reply_due` says that the server still owes an answer.
    fn leave(&mut self, reply_due: bool) -> impl Future<Output = Result<(), Failure>>;

    /// Ends the connection properly, within a bounded time.
    fn close(&mut self) -> impl Future<Output = ()>;
}

/// A connection that can carry bytes both ways at once.
pub(crate) trait Duplex: Transport {
    /// Sends what is `outgoing`, which is then `None`, and listens to the server meanwhile if it `listens`; dropped
    /// before its end, nothing is lost.
    fn exchange(
        &mut self,
        outgoing: &mut Option<Outgoing>,
        listens: bool,
    ) -> impl Future<Output = Result<Exchanged, Failure>>;
}

/// What a stream's client sends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// Bytes, at most as many as the [`Turn`] says.
    Bytes(Bytes),
    /// The size of the window in which a terminal is shown: columns and rows.
    Size(u16, u16),
    /// There will be no more bytes.
    End,
    /// The wish to leave, whatever answers.
    Leave,
}

/// What came of an [exchange](Duplex::exchange).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Exchanged {
    /// Nothing came for the user. What was outgoing is on its way if it is `None` now.
    Nothing,
    /// Bytes came.
    Bytes(Bytes),
    /// The server said something.
    Event(Event),
}

/// What the server says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The place in the queue.
    Waiting(Place),
    /// The conversation is the user's.
    Turn(Turn),
    /// The answer to the last message; where answers are not told apart, any text.
    Reply(String),
    /// What the server says besides: it answers nothing.
    Output(String),
    /// The connection is lost; the transport seeks the way back.
    Lost,
    /// It is back, and nothing is lost.
    Back,
    /// The turn ends soon.
    Warning {
        /// Seconds that are left.
        seconds: u64,
        /// What ends it.
        reason: ByeReason,
    },
    /// The last word; only the end of the connection follows.
    Bye {
        /// What is said.
        text: String,
        /// Why the connection ends.
        reason: ByeReason,
        /// The exit status of the program that answered, if it has ended.
        status: Option<i32>,
    },
    /// The server ended the connection, over a WebSocket by this Close frame.
    Closed(Option<Closing>),
}

/// A place in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// 1 is next in line.
    pub(crate) position: usize,
    /// How many have to leave before.
    pub(crate) ahead: Option<usize>,
    /// Until the turn, where the server can guess.
    pub(crate) estimate: Option<Duration>,
    /// The name of who has the turn, where the server asks for names.
    pub(crate) holder: Option<String>,
    /// What the conversation will consist of.
    pub(crate) kind: TurnKind,
}

/// What the turn consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Messages, or bytes.
    pub(crate) kind: TurnKind,
    /// The longest message in bytes, if the server says.
    pub(crate) max_message: Option<usize>,
    /// What ends a line that is typed, where it matters.
    pub(crate) newline: Option<String>,
}

impl Event {
    /// The answer to a wish to leave.
    fn farewell(text: String) -> Self {
        Self::Bye { text, reason: ByeReason::Farewell, status: None }
    }
}

/// A WebSocket's Close frame (RFC 6455 §5.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Closing {
    /// The status code.
    pub(crate) code: u16,
    /// Why, in the server's words; may be empty.
    pub(crate) reason: String,
}

fn text_of(bytes: &[u8]) -> Result<&str, NotUtf8> {
    std::str::from_utf8(bytes).map_err(|error| {
        let position = error.valid_up_to();
        NotUtf8 { byte: bytes[position], position }
    })
}
