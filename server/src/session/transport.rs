//! What a conversation needs of the transport that carries it.

use std::ops::Deref;

use vez_protocol::Message;

use super::clock::Warning;
use super::{Ending, Failure};

/// One connection as the conversation sees it: messages in, replies out.
pub(crate) trait Transport: Send {
    /// The text of its messages.
    type Text: Deref<Target = str> + Send + Sync;

    /// The next message; `None` when the peer has closed its side. Cancel safe.
    ///
    /// Replies gather while messages are at hand; all are written before this waits for the peer.
    fn receive(&mut self) -> impl Future<Output = Result<Option<Message<Self::Text>>, Failure>> + Send;

    /// Replies to a message with one text, whose parts these are, ended as the message was.
    fn reply(
        &mut self,
        to: &Message<Self::Text>,
        parts: &[&str],
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Replies with the message itself.
    fn echo(&mut self, message: Message<Self::Text>) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Tells the peer about its turn, where the transport has words for that.
    fn notify(&mut self, notice: Notice) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Writes the last words; the conversation is over when this returns.
    fn say_goodbye(&mut self, ending: &Ending) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Gives the peer a short while to take the last words and close too.
    fn linger(self) -> impl Future<Output = ()> + Send;
}

/// News about the turn.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Notice {
    /// It began.
    Turn,
    /// It ends soon.
    Warning(Warning),
}
