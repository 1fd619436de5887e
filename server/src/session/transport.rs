//! What a session needs of the transport that carries it: two halves, and a way to wait.
//!
//! Reading never writes, and writing never reads. Each half has a bound of its own: what comes in is decoded only
//! when there is room for what goes out.

use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::net::TcpStream;
use vez_protocol::{LineEnding, Message, ServerEvent};

use crate::ending::Ending;

/// What comes in from a peer.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A message of the conversation.
    Message(Message),
    /// The peer is still there.
    Stay,
    /// The peer says no more, and may still leave or ask.
    NoMore,
    /// The peer asks to leave, whatever answers.
    Leave,
    /// The peer asks for [`ServerEvent::Pong`].
    Ping,
    /// The peer's window has so many columns and rows.
    Resize(u16, u16),
    /// The peer has received so much of what need not be kept for it any more.
    Received(u64),
    /// Something that this version does not know, or that asks for nothing.
    Ignored,
    /// The transport's own protocol wants these bytes written.
    Reply(Bytes),
    /// The peer closed the conversation; the transport's protocol wants these bytes written last.
    Closed(Bytes),
    /// The peer closed its sending side.
    End,
}

/// What a reply is an answer to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct To {
    /// How the message ended; its reply ends the same way.
    pub(crate) ending: LineEnding,
    /// What the client calls the message.
    pub(crate) id: Option<u64>,
}

impl From<&Message> for To {
    fn from(message: &Message) -> Self {
        Self { ending: message.ending, id: message.id }
    }
}

/// The half that comes in.
pub(crate) trait Input: Send {
    /// The next of what has arrived; `None` asks for [more](Self::poll_fill). After [`Incoming::End`], always that.
    fn decode(&mut self) -> Result<Option<Incoming>, Ending>;

    /// Ready when more has arrived, or the end of input.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>>;

    /// Ready when a silent peer should be asked for a sign of life, an error when it gave none. It can be heard only
    /// while it is `listened` to.
    fn poll_silence(&mut self, cx: &mut Context<'_>, listened: bool) -> Poll<Result<(), Ending>>;

    /// From now on what comes in are bytes, and no messages.
    fn become_raw(&mut self);

    /// The socket whose bytes are the stream's, both ways, once none of them waits here.
    fn socket(&self) -> Option<&TcpStream> {
        None
    }

    /// Reads and drops some of what still comes; ready with how many bytes, 0 when the peer has closed.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<usize>;
}

/// The half that goes out. What is pushed gathers until it is flushed.
pub(crate) trait Output: Send {
    /// Whether more may be pushed.
    fn has_room(&self) -> bool;

    /// How many bytes the peer, which tells, has not told that it received.
    fn on_the_way(&self) -> usize {
        0
    }

    /// Replies to a message with one text, whose parts these are, ended as the message was.
    fn reply(&mut self, to: To, parts: &[&str]);

    /// Replies with the message itself.
    fn echo(&mut self, message: &Message);

    /// Tells the peer something about its turn, where the transport has words for that.
    fn event(&mut self, event: &ServerEvent<'_>);

    /// From now on what goes out are bytes, and no messages.
    fn become_raw(&mut self);

    /// Bytes of a stream; none, when they went by the [socket](Input::socket).
    fn bytes(&mut self, bytes: &[u8]);

    /// Closes this half for a peer that may go on sending; false where the transport cannot.
    fn end(&mut self) -> bool;

    /// Asks a silent peer for a sign of life.
    fn ask(&mut self);

    /// What the transport's own protocol answers; after the `last` nothing more is pushed.
    fn protocol(&mut self, bytes: &Bytes, last: bool);

    /// Drops what gathered and was not written; false when a part of it was, after which no words can follow.
    fn discard(&mut self) -> bool;

    /// The last words.
    fn last_words(&mut self, ending: &Ending);

    /// Writes what gathered; ready when all is written, an error when the peer takes nothing for too long.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>>;

    /// Ready when the last words have arrived, or the peer does not come back for them.
    fn poll_delivered(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    /// Closes this half.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// A connection that waits for its turn, in little memory.
pub(crate) trait Waiting: Send {
    type Input: Input;
    type Output: Output;

    /// Tells the peer where it stands, where the transport has words for that.
    fn tell(&mut self, place: impl FnOnce() -> ServerEvent<'static>);

    /// Watches the peer; ready when its connection ends before its turn.
    fn poll_watch(&mut self, cx: &mut Context<'_>) -> Poll<Ending>;

    /// Ready when a turn may begin, whose turn it is, or the connection ends instead.
    fn poll_begin(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>>;

    /// The halves with which a conversation is held.
    ///
    /// # Errors
    /// When the system refuses to take the connection up.
    fn into_halves(self) -> io::Result<(Self::Input, Self::Output)>;
}
