//! What goes out over a WebSocket.

use std::io;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncWrite, WriteHalf};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use vez_protocol::{Body, ByeReason, CloseCode, Message, ServerEvent, limits};

use super::style::Style;
use crate::ending::Ending;
use crate::session::{Output, To};
use crate::transport::outbox::Outbox;
use crate::transport::{GATHER, Settings};

/// Bytes that may gather for somebody who waits.
const WAITING_GATHER: usize = 1024;

/// The half of a WebSocket that goes out.
#[derive(Debug)]
pub(crate) struct WebSocketOutput<S> {
    outbox: Outbox<WriteHalf<S>>,
    style: Style,
    /// Whether bytes of a stream are never sent as text.
    binary: bool,
    /// Whether the last frame was pushed.
    closed: bool,
    /// Bytes that may gather.
    room: usize,
    /// The beginning of a character that was cut.
    cut: BytesMut,
}

impl<S: AsyncWrite> WebSocketOutput<S> {
    pub(super) fn new(stream: WriteHalf<S>, style: Style, settings: &Settings) -> Self {
        let outbox = Outbox::new(stream, settings.write_limit);
        Self {
            outbox,
            style,
            binary: settings.binary,
            closed: false,
            room: WAITING_GATHER,
            cut: BytesMut::new(),
        }
    }

    /// Makes room for a conversation.
    pub(super) fn gather_much(&mut self) {
        self.room = GATHER;
    }

    /// A frame whose payload are these parts (RFC 6455 §5.2).
    fn push_frame(&mut self, opcode: OpCode, parts: &[&[u8]]) {
        if self.closed {
            return;
        }
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let header = FrameHeader { opcode, ..FrameHeader::default() };
        let bytes = &mut self.outbox.bytes;
        bytes.reserve(header.len(len as u64) + len);
        header.format(len as u64, &mut bytes.writer()).expect("writing to memory does not fail");
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
    }

    fn push_text(&mut self, parts: &[&[u8]]) {
        self.push_frame(OpCode::Data(Data::Text), parts);
    }

    fn push_event(&mut self, event: &ServerEvent<'_>) {
        self.push_text(&[event.to_json().as_bytes()]);
    }

    /// Bytes as a text frame if they spell text, else as a binary one. Characters are not cut: the beginning of one
    /// waits for its end.
    fn push_characters(&mut self, bytes: &[u8]) {
        let mut all = std::mem::take(&mut self.cut);
        all.extend_from_slice(bytes);
        let (opcode, len) = match std::str::from_utf8(&all) {
            Ok(_) => (Data::Text, all.len()),
            Err(error) if error.error_len().is_none() => (Data::Text, error.valid_up_to()),
            Err(_) => (Data::Binary, all.len()),
        };
        if len > 0 {
            self.push_frame(OpCode::Data(opcode), &[&all[..len]]);
        }
        self.cut = all.split_off(len);
    }

    fn push_close(&mut self, code: CloseCode, reason: &str) {
        let reason = &reason[..reason.floor_char_boundary(limits::MAX_CLOSE_REASON)];
        let code = u16::from(code).to_be_bytes();
        self.push_frame(OpCode::Control(Control::Close), &[&code, reason.as_bytes()]);
        self.closed = true;
    }
}

impl<S: AsyncWrite + Send> Output for WebSocketOutput<S> {
    fn has_room(&self) -> bool {
        self.outbox.bytes.len() < self.room
    }

    fn reply(&mut self, to: To, parts: &[&str]) {
        match self.style {
            Style::Plain if let [a, b, c] = parts => {
                self.push_text(&[a.as_bytes(), b.as_bytes(), c.as_bytes()]);
            }
            Style::Plain => self.push_text(&[parts.concat().as_bytes()]),
            Style::Events => self.push_event(&ServerEvent::Reply { text: parts.concat().into(), to: to.id }),
        }
    }

    fn echo(&mut self, message: &Message) {
        match (self.style, &message.body) {
            (Style::Plain, Body::Text(text)) => self.push_text(&[text.as_bytes()]),
            (Style::Plain, Body::Binary(bytes)) => self.push_frame(OpCode::Data(Data::Binary), &[bytes]),
            (Style::Events, Body::Text(text)) => self.reply(message.into(), &[text]),
            // Events hold text only, so that no binary message can have come.
            (Style::Events, Body::Binary(_)) => {}
        }
    }

    fn event(&mut self, event: &ServerEvent<'_>) {
        match (self.style, event) {
            (Style::Events, event) => self.push_event(event),
            (Style::Plain, ServerEvent::Output { text }) => self.push_text(&[text.as_bytes()]),
            (Style::Plain, _) => {}
        }
    }

    fn become_raw(&mut self) {}

    fn bytes(&mut self, bytes: &[u8]) {
        match self.style {
            Style::Plain if !self.binary => self.push_characters(bytes),
            _ => self.push_frame(OpCode::Data(Data::Binary), &[bytes]),
        }
    }

    fn end(&mut self) -> bool {
        false
    }

    fn ask(&mut self) {
        self.push_frame(OpCode::Control(Control::Ping), &[]);
    }

    fn protocol(&mut self, bytes: &Bytes, last: bool) {
        if !self.closed {
            self.outbox.push(bytes);
        }
        self.closed |= last;
    }

    fn discard(&mut self) -> bool {
        self.cut.clear();
        self.outbox.discard()
    }

    fn last_words(&mut self, ending: &Ending) {
        let cut = std::mem::take(&mut self.cut);
        if !cut.is_empty() {
            self.push_frame(OpCode::Data(Data::Binary), &[&cut]);
        }
        let (code, reason) = ending.codes();
        let text = ending.text();
        match self.style {
            _ if matches!(ending, Ending::Left) => {}
            Style::Plain if reason == ByeReason::Farewell => self.push_text(&[text.as_bytes()]),
            Style::Plain => {}
            Style::Events => {
                self.push_event(&ServerEvent::Bye { reason, text: (&*text).into(), status: ending.status() })
            }
        }
        self.push_close(code, if reason == ByeReason::Farewell { "" } else { &text });
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        self.outbox.poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outbox.poll_shutdown(cx)
    }
}
