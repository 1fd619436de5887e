//! A `vez.v1` client that loses its connection keeps its seat for a while, and comes back over another connection: to
//! its place, its turn, and all that was not yet said or heard.

mod away;
mod conversation;
mod retained;
mod seats;

use std::io;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite};
use vez_protocol::ServerEvent;

use super::said::Said;
use super::waiting::WaitingWebSocket;
use crate::ending::Ending;
use crate::session::{Output, Waiting};
use away::Away;
use conversation::{Connection, Conversation, KeptInput, KeptOutput};
pub(crate) use seats::{Arrival, Offer, SeatHandle, Seats, Slots};
use seats::{Attachment, Keep};

/// One who waits, whether its connection stands or not.
#[derive(Debug)]
pub(crate) struct KeptWebSocket<S> {
    link: Link<S>,
    keep: Keep<S>,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all who wait are here")]
enum Link<S> {
    Here(WaitingWebSocket<S>, Slots),
    Gone(Box<Gone>),
}

/// What there is of one whose connection is lost.
#[derive(Debug)]
struct Gone {
    away: Option<Away>,
    said: Said,
    /// The place that was told last.
    place: Option<Box<ServerEvent<'static>>>,
}

impl<S: AsyncRead + AsyncWrite + Send> KeptWebSocket<S> {
    /// A newcomer, which may have `lost` another seat; `slots` are its connection's right to be open.
    pub(crate) fn new(mut socket: WaitingWebSocket<S>, keep: Keep<S>, lost: bool, slots: Slots) -> Self {
        socket.event(&keep.event(&Said::default(), lost));
        Self { link: Link::Here(socket, slots), keep }
    }

    /// Goes on over another connection.
    fn attach(&mut self, attachment: Attachment<S>) {
        let (arrival, replaced) = attachment;
        let Arrival { mut socket, slots, .. } = *arrival;
        let (said, place) = match &mut self.link {
            Link::Here(old, _) => (old.take_said(), old.take_place()),
            Link::Gone(gone) => (std::mem::take(&mut gone.said), gone.place.take()),
        };
        socket.event(&self.keep.event(&said, false));
        socket.set_said(said);
        if let Some(place) = place {
            socket.tell(|| *place);
        }
        if let Link::Here(old, slots) = std::mem::replace(&mut self.link, Link::Here(socket, slots)) {
            let (input, output) = old.into_conversation();
            conversation::replace(Connection { input, output, slots }, replaced);
        }
    }

    /// The connection ended, and the visitor has not left.
    fn detach(&mut self, ending: Ending) {
        let Link::Here(old, _) = &mut self.link else { return };
        let away = Some(Away::new(ending, self.keep.absence()));
        let gone = Gone { away, said: old.take_said(), place: old.take_place() };
        if let Link::Here(old, _slots) = std::mem::replace(&mut self.link, Link::Gone(Box::new(gone))) {
            let (_, mut output) = old.into_conversation();
            // The answer to a Close frame.
            let _ = output.poll_flush(&mut Context::from_waker(Waker::noop()));
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Send> Waiting for KeptWebSocket<S> {
    type Input = KeptInput<S>;
    type Output = KeptOutput<S>;

    fn tell(&mut self, place: impl FnOnce() -> ServerEvent<'static>) {
        match &mut self.link {
            Link::Here(socket, _) => socket.tell(place),
            Link::Gone(gone) => gone.place = Some(Box::new(place())),
        }
    }

    fn poll_watch(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        loop {
            if let Poll::Ready(attachment) = self.keep.poll_arrival(cx) {
                self.attach(attachment);
            }
            match &mut self.link {
                Link::Here(socket, _) => {
                    let ending = ready!(socket.poll_watch(cx));
                    if !ending.is_loss() || socket.is_done() {
                        return Poll::Ready(ending);
                    }
                    self.detach(ending);
                }
                Link::Gone(gone) => return Away::poll(&mut gone.away, cx),
            }
        }
    }

    fn poll_begin(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        Poll::Ready(Ok(()))
    }

    fn into_halves(self) -> io::Result<(Self::Input, Self::Output)> {
        let conversation = match self.link {
            Link::Here(socket, slots) => {
                let (input, output) = socket.into_conversation();
                let here = Connection { input, output, slots };
                Conversation::new(Some(here), None, Said::default(), self.keep)
            }
            Link::Gone(gone) => Conversation::new(None, gone.away, gone.said, self.keep),
        };
        Ok(conversation.into_halves())
    }
}
