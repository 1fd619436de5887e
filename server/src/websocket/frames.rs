//! The frames of one WebSocket: reading, gathering replies, pings.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{FutureExt, Sink, SinkExt, StreamExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};

use super::heartbeat::{Beat, Heartbeat};
use super::socket::Socket;
use super::style::Style;
use crate::config::Config;
use crate::http::Stream;
use crate::session::Failure;

/// Bytes that a WebSocket reads at a time; its [`Socket`] reads larger chunks when much is expected.
const READ_BUFFER: usize = 1024;

/// Bytes of replies that gather before they are written.
const WRITE_BUFFER: usize = 64 * 1024;

/// The frames of one WebSocket.
#[derive(Debug)]
pub(super) struct Frames {
    stream: WebSocketStream<Socket>,
    /// Whether frames gather that are not written yet.
    dirty: bool,
    /// Whether the peer has sent a Close frame.
    closed: bool,
    heartbeat: Heartbeat,
    write_limit: Duration,
}

impl Frames {
    pub(super) fn new(socket: Socket, style: Style, config: &Config) -> Self {
        let limit = style.frame_limit(config.limits.max_message);
        let websocket = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(2 * WRITE_BUFFER + 2 * limit)
            .max_message_size(Some(limit))
            .max_frame_size(Some(limit));
        let stream = WebSocketStream::from_raw_socket(socket, Role::Server, Some(websocket));
        Self {
            stream: stream.now_or_never().expect("there is no handshake to wait for"),
            dirty: false,
            closed: false,
            heartbeat: Heartbeat::new(config.times.ping, config.times.pong_wait),
            write_limit: config.times.write_limit,
        }
    }

    /// Makes room for a conversation.
    pub(super) fn expect_much(&mut self) {
        self.stream.get_mut().expect_much();
    }

    /// Whether the peer has sent a Close frame.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// The next text or binary message; `None` when the peer has closed its side. Cancel safe.
    ///
    /// Frames that gathered are written before this waits for the peer.
    pub(super) async fn next(&mut self) -> Result<Option<Message>, Failure> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Writes what gathers and probes the peer, without reading; returns only when the peer is gone.
    pub(super) async fn hold_off(&mut self) -> Failure {
        poll_fn(|cx| self.poll_hold_off(cx)).await
    }

    /// Adds a frame to those that gather.
    pub(super) async fn feed(&mut self, message: Message) -> Result<(), Failure> {
        self.dirty = true;
        let fed = self.stream.feed(message).await;
        fed.map_err(|error| self.failure(error))
    }

    /// Adds a frame to those that gather if there is room without waiting.
    pub(super) fn try_feed(&mut self, message: Message) -> Result<(), Failure> {
        self.dirty = true;
        match std::pin::Pin::new(&mut self.stream).start_send(message) {
            Err(Error::WriteBufferFull(_)) => {
                Err(Failure::Unread(self.stream.get_config().max_write_buffer_size))
            }
            sent => sent.map_err(|error| self.failure(error)),
        }
    }

    /// Writes what has gathered.
    pub(super) async fn flush(&mut self) -> Result<(), Failure> {
        self.dirty = false;
        let flushed = self.stream.flush().await;
        flushed.map_err(|error| self.failure(error))
    }

    /// The stream below, when the WebSocket is over.
    pub(super) fn into_stream(self) -> Stream {
        self.stream.into_inner().into_stream()
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Failure>> {
        loop {
            match self.stream.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(message))) => {
                    self.heartbeat.heard();
                    match message {
                        Message::Text(_) | Message::Binary(_) => return Poll::Ready(Ok(Some(message))),
                        Message::Close(_) => self.closed = true,
                        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(self.failure(error))),
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Pending => {
                    ready!(self.poll_idle(cx))?;
                    return Poll::Ready(Ok(None));
                }
            }
        }
    }

    /// What there is to do while nothing arrives; ready at the end of input.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let written = self.poll_flush(cx)?;
        if written.is_ready() && self.stream.get_ref().has_ended() {
            return Poll::Ready(Ok(()));
        }
        while let Poll::Ready(beat) = self.heartbeat.poll(cx) {
            self.beat(beat)?;
            // A write that is blocked has a limit of its own.
            let _ = self.poll_flush(cx)?;
        }
        Poll::Pending
    }

    fn poll_hold_off(&mut self, cx: &mut Context<'_>) -> Poll<Failure> {
        loop {
            if let Err(failure) = self.poll_flush(cx) {
                return Poll::Ready(failure);
            }
            let ended = self.stream.get_ref().has_ended();
            let beat = ready!(self.heartbeat.poll_deaf(cx, ended));
            if let Err(failure) = self.beat(beat) {
                return Poll::Ready(failure);
            }
        }
    }

    fn beat(&mut self, beat: Beat) -> Result<(), Failure> {
        match beat {
            Beat::Ping => self.try_feed(Message::Ping(Default::default())),
            Beat::Gone(since) => Err(Failure::Unresponsive(since)),
        }
    }

    /// Writes what has gathered; pending while the peer does not take it.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, Failure> {
        if self.dirty {
            match self.stream.poll_flush_unpin(cx) {
                Poll::Ready(Ok(())) => self.dirty = false,
                Poll::Ready(Err(error)) => return Err(self.failure(error)),
                Poll::Pending => return Ok(Poll::Pending),
            }
        }
        Ok(Poll::Ready(()))
    }

    fn failure(&self, error: Error) -> Failure {
        match error {
            Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                Failure::Unresponsive(self.write_limit)
            }
            Error::Io(error) => error.into(),
            Error::ConnectionClosed | Error::AlreadyClosed => Failure::Reset,
            Error::Utf8(error) => Failure::NotText(format!("a mensagem não é UTF-8: {error}")),
            Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
                Failure::message_too_big(size, max_size)
            }
            error => Failure::Protocol(error.to_string()),
        }
    }
}
