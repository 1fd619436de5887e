//! One conversation at a time, independent of the transport that carries it: waiting for the turn, holding it,
//! ending it.

mod clock;
mod conversation;
mod relay;
mod settings;
mod shutdown;
mod transport;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::timeout;
use vez_protocol::{ServerEvent, TurnKind};

use crate::ending::Ending;
use crate::queue::{State, Ticket, Turn, Validity};
use crate::record::{Event, Journal, QueueEvent, Record};
use crate::responder::{Backend, Occasion};
use crate::seat::{Seat, Visitor};
use conversation::Conversation;
pub use settings::Settings;
pub(crate) use shutdown::Shutdown;
pub(crate) use transport::{Incoming, Input, Output, To, Waiting};

/// Most bytes that are read and dropped of a peer that does not close: one that goes on sending is reset.
const DISCARDED: usize = 1024 * 1024;

/// Holds the sessions of one server, one at a time.
#[derive(Debug)]
pub(crate) struct Sessions {
    settings: Settings,
    backend: Backend,
    record: Record,
    /// How long a peer may take for what is written to it.
    write_limit: Duration,
    shutdown: Shutdown,
}

/// What is left of a connection whose last words were written: its halves, of which the peer has not closed its own.
pub(crate) type Remains<W> = (<W as Waiting>::Input, <W as Waiting>::Output);

impl Sessions {
    pub(crate) fn new(
        settings: Settings,
        backend: Backend,
        record: Record,
        write_limit: Duration,
        shutdown: Shutdown,
    ) -> Self {
        Self { settings, backend, record, write_limit, shutdown }
    }

    /// Waits for the turn and holds it, from joining the queue to the last words; then the turn is passed on. Gives
    /// back the peer's address, and what is left of the connection.
    ///
    /// Thousands may wait, so that their futures are small: this is no `async fn`, which would hold its arguments
    /// twice, and all but the waiting is boxed.
    pub(crate) fn serve<W: Waiting>(
        self: Arc<Self>,
        mut waiting: W,
        seat: Seat,
    ) -> impl Future<Output = (SocketAddr, Option<Remains<W>>)> {
        let Seat { visitor, mut ticket, presence } = seat;
        async move {
            let remains = match wait(&mut waiting, &mut ticket, &self).await {
                Ok(()) => {
                    let remains = Box::pin(self.begin(waiting, ticket, &visitor)).await;
                    drop(presence);
                    remains
                }
                Err(ending) => {
                    drop((ticket, presence));
                    self.record.queue(&visitor, &QueueEvent::Left(&ending));
                    Box::pin(self.dismiss(waiting, &ending)).await
                }
            };
            (visitor.peer, remains)
        }
    }

    /// What every conversation consists of.
    fn kind(&self) -> TurnKind {
        match self.backend.is_raw() {
            _ if self.backend.is_terminal() => TurnKind::Terminal,
            true => TurnKind::Stream,
            false => TurnKind::Chat,
        }
    }

    /// Ends a connection that never has a turn.
    pub(crate) async fn dismiss<W: Waiting>(&self, waiting: W, ending: &Ending) -> Option<Remains<W>> {
        let (input, mut output) = waiting.into_halves().ok()?;
        self.say_last_words(&mut output, ending).await.then_some((input, output))
    }

    /// Gives the peer a short while to take the last words and close too.
    ///
    /// What still arrives is read and dropped: closing on unread bytes would reset the connection, and with it the
    /// last words on their way.
    pub(crate) async fn linger<I: Input, O: Output>(&self, (mut input, mut output): (I, O)) {
        self.unless_cut(async {
            tokio::select! {
                () = poll_fn(|cx| output.poll_delivered(cx)) => {}
                () = self.shutdown.told() => {}
            }
            let closing = async {
                // The conversation is over; whatever fails now concerns nobody.
                let _ = poll_fn(|cx| output.poll_shutdown(cx)).await;
                let mut dropped = 0;
                while dropped < DISCARDED {
                    match poll_fn(|cx| input.poll_discard(cx)).await {
                        0 => break,
                        bytes => dropped += bytes,
                    }
                }
            };
            timeout(self.settings.linger, closing).await
        })
        .await;
    }

    async fn begin<W: Waiting>(&self, waiting: W, ticket: Ticket, visitor: &Visitor) -> Option<Remains<W>> {
        // Nobody else takes a turn away from a ticket; a shared queue can, and then the ticket is lost.
        let Ok(turn) = ticket.into_turn() else { return self.dismiss(waiting, &Ending::Lost).await };
        match waiting.into_halves() {
            Ok((mut input, mut output)) => {
                let told = self.hold(&mut input, &mut output, turn, visitor).await;
                told.then_some((input, output))
            }
            Err(error) => {
                tracing::error!(%error, "could not take up a waiting connection");
                None
            }
        }
    }

    /// Holds the conversation, from the turn to its last words; whether these were written.
    async fn hold<I: Input, O: Output>(
        &self,
        input: &mut I,
        output: &mut O,
        mut turn: Turn,
        visitor: &Visitor,
    ) -> bool {
        let journal = Journal::new(&self.record, visitor);
        let occasion = Occasion {
            session: visitor.number,
            transport: visitor.transport,
            peer: visitor.peer,
            user: visitor.user.clone(),
            fence: turn.fence(),
            validity: turn.validity().clone(),
        };
        let kind = self.kind();
        let max_message = Some(self.backend.max_message());
        let newline = self.backend.newline().map(Into::into);
        output.event(&ServerEvent::Turn { kind, max_message, newline });
        if self.backend.is_raw() {
            input.become_raw();
            output.become_raw();
        }
        let mut conversation = Conversation::new(
            input,
            output,
            &mut turn,
            &journal,
            &self.settings,
            &self.shutdown,
            self.write_limit,
        );
        let ending = conversation.hold(&self.backend, &occasion).await;
        conversation.record_end(&ending);
        let closing = conversation.close();
        let (told, ()) =
            tokio::join!(self.conclude(output, &journal, &ending, &occasion.validity), self.close(closing));
        if !journal.record(&Event::Closed) {
            // The next session's lines wait for room too.
            self.unless_cut(journal.room()).await;
        }
        told
    }

    /// Closes the responder, and rests if it failed; a server that ends waits for neither.
    async fn close(&self, closing: impl Future<Output = ()>) {
        self.unless_cut(closing).await;
        tokio::select! {
            () = self.backend.rest() => {}
            () = self.shutdown.told() => {}
        }
    }

    /// Writes what was answered, within the time for writing, and then the last words.
    async fn conclude(
        &self,
        output: &mut impl Output,
        journal: &Journal,
        ending: &Ending,
        validity: &Validity,
    ) -> bool {
        if matches!(ending, Ending::Lost) {
            return output.discard() && self.say_last_words(output, ending).await;
        }
        if matches!(ending, Ending::Farewell(_) | Ending::Left | Ending::Ended(_) | Ending::Unavailable(_)) {
            let answers = poll_fn(|cx| match validity.holds() {
                true => output.poll_flush(cx),
                false => Poll::Ready(Err(Ending::Lost)),
            });
            match self.unless_cut(timeout(self.write_limit, answers)).await {
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(ending))) => {
                    journal.record(&Event::Ended(&ending));
                    return false;
                }
                Some(Err(_)) => {
                    journal.record(&Event::Ended(&Ending::Unresponsive(self.write_limit)));
                    return false;
                }
                None => return false,
            }
        }
        self.say_last_words(output, ending).await
    }

    /// What comes of `work`, unless the server's end cuts it.
    async fn unless_cut<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.shutdown.cut() => None,
        }
    }

    /// Writes the last words, if the peer takes them soon: others wait.
    async fn say_last_words(&self, output: &mut impl Output, ending: &Ending) -> bool {
        if !ending.can_be_told() {
            return false;
        }
        output.last_words(ending);
        let written = timeout(self.settings.linger, poll_fn(|cx| output.poll_flush(cx)));
        matches!(self.unless_cut(written).await, Some(Ok(Ok(()))))
    }
}

/// Waits for the turn: tells the peer its place, and notices when it leaves.
async fn wait<W: Waiting>(waiting: &mut W, ticket: &mut Ticket, sessions: &Sessions) -> Result<(), Ending> {
    let shutdown = &sessions.shutdown;
    let mut state = ticket.state();
    loop {
        if shutdown.is_told() {
            return Err(Ending::Shutdown);
        }
        match state {
            State::Turn(_) => break,
            State::Lost => return Err(Ending::Lost),
            State::Waiting { position } => waiting.tell(|| place(position, ticket, sessions.kind())),
            State::Joining => {}
        }
        tokio::select! {
            biased;
            changed = ticket.changed() => state = changed,
            ending = poll_fn(|cx| waiting.poll_watch(cx)) => return Err(ending),
            () = shutdown.told() => return Err(Ending::Shutdown),
        }
    }
    tokio::select! {
        biased;
        begun = poll_fn(|cx| waiting.poll_begin(cx)) => begun,
        () = shutdown.told() => Err(Ending::Shutdown),
    }
}

fn place(position: usize, ticket: &Ticket, kind: TurnKind) -> ServerEvent<'static> {
    let estimate_seconds = ticket.estimate().map(|estimate| estimate.as_secs());
    let holder = ticket.holder().map(|holder| holder.name().to_owned().into());
    ServerEvent::Waiting { position, ahead: Some(position), estimate_seconds, holder, kind }
}

#[cfg(test)]
mod tests;
