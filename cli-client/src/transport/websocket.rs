//! A WebSocket: the events of `vez.v1`, or plain text where the server does not speak it.

mod resumption;
mod seat;

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use vez_protocol::report::LEAVE;
use vez_protocol::{ClientEvent, CloseCode, ServerEvent};

use super::handshake::{self, Dialect, LastHeard, Socket};
use super::{Access, Closing, Duplex, Event, Exchanged, Failure, Outgoing, Place, Transport, Turn, text_of};
use seat::{Return, Route, Seat, Way};

/// Longest time for the closing handshake (RFC 6455 §7.1.2).
const CLOSE_TIME: Duration = Duration::from_secs(2);

/// Silence after which the server is asked for a sign of life (RFC 6455 §5.5.2).
const PING_TIME: Duration = Duration::from_secs(20);

/// Longest wait for that sign.
const PONG_TIME: Duration = Duration::from_secs(20);

/// A WebSocket connection.
pub(crate) struct WebSocketTransport {
    socket: Socket,
    dialect: Dialect,
    heard: LastHeard,
    /// When the server was last asked for a sign of life.
    pinged: Option<Instant>,
    /// Whether the question is still to be sent.
    asking: bool,
    /// Whether the server takes nothing more; what it still says tells why.
    deaf: bool,
    /// What goes out before anything else.
    pending: VecDeque<Message>,
    /// How many messages were sent, and so the id of the last.
    sent: u64,
    /// How to come back; `None` where that is not wanted.
    route: Option<Rc<Route>>,
    /// What there is to come back to.
    seat: Option<Seat>,
    way: Way,
    /// Whether the user leaves, and so gives the seat up.
    leaving: bool,
    /// Once the user leaves: how many plain texts come before the farewell.
    before_farewell: Option<usize>,
    /// The code that the client's Close frame will carry.
    close_code: CloseCode,
}

impl WebSocketTransport {
    /// Connects to `url`, and, if it `returns`, again when the connection is lost and the server keeps the seat.
    pub(crate) async fn connect(url: &Uri, access: Access, returns: bool) -> Result<Self, Failure> {
        let heard = Rc::new(Cell::new(Instant::now()));
        let (socket, dialect) = handshake::open(url, &access, &heard).await?;
        let route = returns.then(|| Rc::new(Route { url: url.clone(), access }));
        Ok(Self { route, ..Self::new(socket, dialect, heard) })
    }

    fn new(socket: Socket, dialect: Dialect, heard: LastHeard) -> Self {
        Self {
            socket,
            dialect,
            heard,
            pinged: None,
            asking: false,
            deaf: false,
            pending: VecDeque::new(),
            sent: 0,
            route: None,
            seat: None,
            way: Way::Here,
            leaving: false,
            before_farewell: None,
            close_code: CloseCode::Normal,
        }
    }

    async fn next_event(&mut self) -> Result<Event, Failure> {
        loop {
            match self.next(&mut None, true).await? {
                Next::Lost => return Ok(Event::Lost),
                Next::Frame(frame) => {
                    if let Some(event) = self.event(frame)? {
                        return Ok(event);
                    }
                }
                Next::Sent => {}
            }
        }
    }

    /// The next frame of a server that lives, or that `outgoing` is on its way; a silent server is asked for a sign
    /// of life. Dropped before its end, nothing is lost.
    async fn next(&mut self, outgoing: &mut Option<Outgoing>, listens: bool) -> Result<Next, Failure> {
        loop {
            let heard = self.heard.get();
            let pinged = self.pinged.filter(|pinged| *pinged >= heard);
            let deadline = pinged.map_or(heard + PING_TIME, |pinged| pinged + PONG_TIME);
            let is_away = matches!(self.way, Way::Away(_));
            let next = poll_fn(|cx| self.poll(cx, outgoing, listens));
            // Only who listens knows a silence, and only of a connection.
            if !listens || is_away {
                return next.await;
            }
            match timeout_at(deadline, next).await {
                Ok(next) => return next,
                Err(_) if self.heard.get() > heard => {}
                Err(_) if pinged.is_some() => return self.lose(Err(Failure::Silent)),
                Err(_) => (self.asking, self.pinged) = (true, Some(Instant::now())),
            }
        }
    }

    /// Sends and listens; neither waits for the other.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        outgoing: &mut Option<Outgoing>,
        listens: bool,
    ) -> Poll<Result<Next, Failure>> {
        if let Way::Away(returning) = &mut self.way {
            let socket = ready!(returning.attempts().poll(cx));
            let Way::Away(Return { cause, .. }) = std::mem::replace(&mut self.way, Way::Here) else {
                return Poll::Pending;
            };
            let Some(socket) = socket else { return Poll::Ready(cause.map(Next::Frame)) };
            (self.socket, self.way) = (socket, Way::Back(cause));
            (self.deaf, self.asking, self.pinged) = (false, false, None);
        }
        let sent = match self.poll_send(cx, outgoing) {
            Poll::Ready(Ok(())) => true,
            Poll::Ready(Err(_)) => {
                self.deaf = true;
                false
            }
            Poll::Pending => false,
        };
        if listens && let Poll::Ready(frame) = self.socket.poll_next_unpin(cx) {
            return Poll::Ready(match frame {
                Some(Err(error @ Error::Io(_))) => self.lose(Err(error.into())),
                Some(Err(error)) if !is_end(&error) => Err(error.into()),
                Some(Err(_)) | None => self.lose(Ok(Message::Close(None))),
                Some(Ok(frame)) => Ok(Next::Frame(frame)),
            });
        }
        if sent { Poll::Ready(Ok(Next::Sent)) } else { Poll::Pending }
    }

    /// Ready when `outgoing` was taken.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        outgoing: &mut Option<Outgoing>,
    ) -> Poll<Result<(), Error>> {
        // Before the server has told what arrived, nothing may follow it.
        if self.deaf || matches!(self.way, Way::Back(_)) {
            return Poll::Pending;
        }
        ready!(self.socket.poll_ready_unpin(cx))?;
        while let Some(frame) = self.pending.pop_front() {
            self.socket.start_send_unpin(frame)?;
            ready!(self.socket.poll_ready_unpin(cx))?;
        }
        if std::mem::take(&mut self.asking) {
            self.socket.start_send_unpin(Message::Ping(Bytes::new()))?;
            ready!(self.socket.poll_ready_unpin(cx))?;
        }
        if let Some(frame) = outgoing.take() {
            match (&frame, &mut self.seat) {
                (Outgoing::Bytes(bytes), Some(seat)) => seat.pass(bytes),
                (Outgoing::End, Some(seat)) => seat.ended = true,
                (Outgoing::Leave, _) => self.leaving = true,
                _ => {}
            }
            return Poll::Ready(self.socket.start_send_unpin(frame.into()));
        }
        ready!(self.socket.poll_flush_unpin(cx))?;
        Poll::Pending
    }

    /// What a frame means in a chat, and in a stream all that is no bytes.
    fn event(&mut self, frame: Message) -> Result<Option<Event>, Failure> {
        match frame {
            Message::Text(text) => self.read(&text),
            Message::Binary(bytes) => self.read(text_of(&bytes)?),
            Message::Close(frame) => Ok(Some(Event::Closed(frame.map(closing)))),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(None),
        }
    }

    fn read(&mut self, text: &str) -> Result<Option<Event>, Failure> {
        match self.dialect {
            Dialect::Events => self.take(ServerEvent::from_json(text)?, text.len()),
            Dialect::Plain => Ok(Some(self.plain(text.to_owned()))),
        }
    }

    /// Sends what is pending; where the way back leads on, a connection that is lost is told by what is received.
    async fn flush(&mut self) -> Result<(), Failure> {
        if !matches!(self.way, Way::Here) {
            return Ok(());
        }
        let sent = poll_fn(|cx| self.poll_pending(cx)).await;
        if self.seat.is_some() { Ok(()) } else { Ok(sent?) }
    }

    fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.pending.is_empty() {
            ready!(self.socket.poll_ready_unpin(cx))?;
            if let Some(frame) = self.pending.pop_front() {
                self.socket.start_send_unpin(frame)?;
            }
        }
        self.socket.poll_flush_unpin(cx)
    }

    fn plain(&mut self, text: String) -> Event {
        match &mut self.before_farewell {
            None => Event::Reply(text),
            Some(0) => Event::farewell(text),
            Some(replies) => {
                *replies -= 1;
                Event::Reply(text)
            }
        }
    }
}

impl Transport for WebSocketTransport {
    fn shows_queue(&self) -> bool {
        self.dialect == Dialect::Events
    }

    async fn send(&mut self, text: &str) -> Result<(), Failure> {
        self.sent += 1;
        if let Some(seat) = &mut self.seat {
            seat.say(self.sent, text);
        }
        // What is said while there is no connection is said again over the next.
        if matches!(self.way, Way::Here) {
            let frame = match self.dialect {
                Dialect::Events => message(text, self.sent),
                Dialect::Plain => Message::text(text),
            };
            self.pending.push_back(frame);
        }
        self.flush().await
    }

    async fn receive(&mut self) -> Result<Event, Failure> {
        let event = self.next_event().await;
        if let Err(failure) = &event {
            self.close_code = failure.close_code();
        }
        event
    }

    async fn say_leave(&mut self, word: &str) -> Result<(), Failure> {
        self.before_farewell = Some(0);
        self.send(word).await
    }

    async fn leave(&mut self, reply_due: bool) -> Result<(), Failure> {
        self.before_farewell = Some(usize::from(reply_due));
        match self.dialect {
            Dialect::Events => {
                self.leaving = true;
                self.pending.push_back(Message::text(ClientEvent::Leave.to_json()));
                self.flush().await
            }
            Dialect::Plain => self.send(LEAVE).await,
        }
    }

    async fn close(&mut self) {
        if matches!(self.way, Way::Away(_)) {
            return;
        }
        let frame = CloseFrame { code: u16::from(self.close_code).into(), reason: "".into() };
        let handshake = async {
            self.socket.close(Some(frame)).await?;
            while let Some(message) = self.socket.next().await.transpose()? {
                if message.is_close() {
                    break;
                }
            }
            Ok::<(), Error>(())
        };
        // The conversation is over: a server that does not answer the Close frame is left alone.
        let _ = timeout(CLOSE_TIME, handshake).await;
    }
}

impl Duplex for WebSocketTransport {
    async fn exchange(
        &mut self,
        outgoing: &mut Option<Outgoing>,
        listens: bool,
    ) -> Result<Exchanged, Failure> {
        Ok(match self.next(outgoing, listens).await? {
            Next::Sent => Exchanged::Nothing,
            Next::Lost => Exchanged::Event(Event::Lost),
            Next::Frame(Message::Binary(bytes)) => {
                self.count(bytes.len());
                Exchanged::Bytes(bytes)
            }
            // A frame may have come with the sending: whatever it means, there may be more to send.
            Next::Frame(frame) => self.event(frame)?.map_or(Exchanged::Nothing, Exchanged::Event),
        })
    }
}

impl From<Outgoing> for Message {
    fn from(outgoing: Outgoing) -> Self {
        match outgoing {
            Outgoing::Bytes(bytes) => Self::Binary(bytes),
            Outgoing::Size(cols, rows) => Self::text(ClientEvent::Resize { cols, rows }.to_json()),
            Outgoing::End => Self::text(ClientEvent::End.to_json()),
            Outgoing::Leave => Self::text(ClientEvent::Leave.to_json()),
        }
    }
}

/// What comes next.
enum Next {
    /// What was outgoing is on its way.
    Sent,
    /// The connection is lost, and the way back to the seat is sought.
    Lost,
    /// This came; a Close frame without a code also stands for the end of the connection.
    Frame(Message),
}

fn message(text: &str, id: u64) -> Message {
    Message::text(ClientEvent::Message { text: text.into(), id: Some(id) }.to_json())
}

/// What `event` means to who sent the message `last` last.
fn event_of(event: ServerEvent<'_>, last: u64) -> Option<Event> {
    Some(match event {
        ServerEvent::Waiting { position, ahead, estimate_seconds, holder, kind } => {
            let estimate = estimate_seconds.map(Duration::from_secs);
            let holder = holder.map(Cow::into_owned);
            Event::Waiting(Place { position, ahead, estimate, holder, kind })
        }
        ServerEvent::Turn { kind, max_message, newline } => {
            Event::Turn(Turn { kind, max_message, newline: newline.map(Cow::into_owned) })
        }
        ServerEvent::Reply { text, to } if to.is_none_or(|id| id == last) => Event::Reply(text.into_owned()),
        ServerEvent::Reply { text, .. } | ServerEvent::Output { text } => Event::Output(text.into_owned()),
        ServerEvent::Warning { seconds, reason } => Event::Warning { seconds, reason },
        ServerEvent::Bye { text, reason, status } => Event::Bye { text: text.into_owned(), reason, status },
        ServerEvent::Seat { .. } | ServerEvent::Pong | ServerEvent::Unknown => return None,
    })
}

fn closing(frame: CloseFrame) -> Closing {
    Closing { code: frame.code.into(), reason: frame.reason.as_str().to_owned() }
}

/// The stream ended, with or without a Close frame.
fn is_end(error: &Error) -> bool {
    use ProtocolError::ResetWithoutClosingHandshake;
    matches!(
        error,
        Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(ResetWithoutClosingHandshake)
    )
}

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod liveness_tests;
