//! A WebSocket in conversation.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::BytesMut;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message as Frame};
use vez_protocol::{ByeReason, ServerEvent, TurnKind, limits};

use super::frames::Frames;
use super::style::{Heard, Message, Style, event};
use crate::config::{Config, Limits};
use crate::session::{Ending, Failure, Notice, Transport};
use crate::tcp;

/// A WebSocket, before and while it has the turn.
#[derive(Debug)]
pub(super) struct WebSocketTransport {
    frames: Frames,
    style: Style,
    /// What was said before the turn came.
    kept: VecDeque<Message>,
    /// Bytes in `kept`.
    kept_bytes: usize,
    /// Where replies are put together.
    scratch: BytesMut,
    /// Longest message in bytes.
    max_message: usize,
    linger: Duration,
}

impl WebSocketTransport {
    pub(super) fn new(frames: Frames, style: Style, config: &Config) -> Self {
        Self {
            frames,
            style,
            kept: VecDeque::new(),
            kept_bytes: 0,
            scratch: BytesMut::new(),
            max_message: config.limits.max_message,
            linger: config.times.linger,
        }
    }

    /// Makes room for a conversation.
    pub(super) fn expect_much(&mut self) {
        self.frames.expect_much();
    }

    /// The next message from the wire; `None` when the peer has closed its side. Cancel safe.
    pub(super) async fn hear(&mut self) -> Result<Option<Message>, Failure> {
        while let Some(frame) = self.frames.next().await? {
            match self.style.hear(frame)? {
                Heard::Message(message) => return self.within_limit(message).map(Some),
                Heard::Pong => self.frames.try_feed(event(&ServerEvent::Pong))?,
                Heard::Nothing => {}
            }
        }
        Ok(None)
    }

    /// Frames of events may be longer than their messages, so that these are measured here.
    fn within_limit(&self, message: Message) -> Result<Message, Failure> {
        let (size, limit) = (message.len(), self.max_message);
        if size <= limit { Ok(message) } else { Err(Failure::message_too_big(size, limit)) }
    }

    /// Writes what gathers and probes the peer, without reading; returns only when the peer is gone.
    pub(super) async fn hold_off(&mut self) -> Failure {
        self.frames.hold_off().await
    }

    /// Tells a `vez.v1` peer something, if there is room without waiting.
    pub(super) fn tell(&mut self, news: &ServerEvent<'_>) -> Result<(), Failure> {
        match self.style {
            Style::Plain => Ok(()),
            Style::Events => self.frames.try_feed(event(news)),
        }
    }

    /// Keeps a message until the turn comes.
    pub(super) fn keep(&mut self, message: Message) {
        self.kept_bytes += message.len();
        self.kept.push_back(message);
    }

    /// Whether nothing was said yet.
    pub(super) fn has_kept_nothing(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether as much is kept as may be.
    pub(super) fn is_full(&self, limits: &Limits) -> bool {
        self.kept.len() >= limits.kept_messages || self.kept_bytes >= limits.kept_bytes
    }

    /// Whether the peer speaks `vez.v1`.
    pub(super) fn speaks_events(&self) -> bool {
        self.style == Style::Events
    }

    /// Whether the peer has sent a Close frame.
    pub(super) fn is_closed(&self) -> bool {
        self.frames.is_closed()
    }
}

impl Transport for WebSocketTransport {
    type Text = Utf8Bytes;

    async fn receive(&mut self) -> Result<Option<Message>, Failure> {
        match self.kept.pop_front() {
            Some(message) => Ok(Some(message)),
            None => self.hear().await,
        }
    }

    async fn reply(&mut self, _to: &Message, parts: &[&str]) -> Result<(), Failure> {
        self.frames.feed(self.style.reply(parts, &mut self.scratch)).await
    }

    async fn echo(&mut self, message: Message) -> Result<(), Failure> {
        self.frames.feed(self.style.echo(message)).await
    }

    async fn notify(&mut self, notice: Notice) -> Result<(), Failure> {
        match notice {
            Notice::Turn => {
                self.tell(&ServerEvent::Turn { kind: TurnKind::Chat, max_message: None, newline: None })
            }
            Notice::Warning(warning) => {
                let left = warning.end.saturating_duration_since(Instant::now());
                let seconds = left.as_secs_f64().ceil() as u64;
                self.tell(&ServerEvent::Warning { seconds, reason: warning.limit.reason() })
            }
        }
    }

    async fn say_goodbye(&mut self, ending: &Ending) -> Result<(), Failure> {
        if matches!(ending, Ending::Failure(Failure::Reset | Failure::Io(_))) {
            return Err(Failure::Reset);
        }
        if self.is_closed() {
            // The answer to the peer's Close frame is queued; it is the last frame.
            return self.frames.flush().await;
        }
        let (code, reason) = ending.codes();
        let text = ending.text();
        match self.style {
            _ if matches!(ending, Ending::Left) => {}
            Style::Plain if reason == ByeReason::Farewell => self.frames.feed(Frame::text(&*text)).await?,
            Style::Plain => {}
            Style::Events => {
                self.frames
                    .feed(event(&ServerEvent::Bye { reason, text: text.as_str().into(), status: None }))
                    .await?;
            }
        }
        let short = if reason == ByeReason::Farewell { "" } else { shorten(&text) };
        let close = CloseFrame { code: u16::from(code).into(), reason: short.into() };
        self.frames.feed(Frame::Close(Some(close))).await?;
        self.frames.flush().await
    }

    async fn linger(self) {
        tcp::linger(self.frames.into_stream(), self.linger).await;
    }
}

/// As much of `text` as a Close frame can carry.
fn shorten(text: &str) -> &str {
    &text[..text.floor_char_boundary(limits::MAX_CLOSE_REASON)]
}
