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

    /// Holds no memory while there is nothing to say, where that is for long.
    pub(super) fn give_room_back(&mut self) {
        self.outbox.give_room_back();
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
        push_frame(&mut self.outbox.bytes, opcode, parts);
    }

    /// Whole frames that were made elsewhere; after the `last` nothing more is pushed.
    pub(super) fn frames(&mut self, frames: &[u8], last: bool) {
        if !self.closed {
            self.outbox.push(frames);
        }
        self.closed |= last;
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
        if !self.closed {
            push_close(&mut self.outbox.bytes, code, reason);
        }
        self.closed = true;
    }
}

/// Appends a frame whose payload are these parts (RFC 6455 §5.2).
pub(super) fn push_frame(bytes: &mut BytesMut, opcode: OpCode, parts: &[&[u8]]) {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let header = FrameHeader { opcode, ..FrameHeader::default() };
    bytes.reserve(header.len(len as u64) + len);
    header.format(len as u64, &mut bytes.writer()).expect("writing to memory does not fail");
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
}

/// Appends a Close frame (RFC 6455 §5.5.1).
pub(super) fn push_close(bytes: &mut BytesMut, code: CloseCode, reason: &str) {
    let reason = &reason[..reason.floor_char_boundary(limits::MAX_CLOSE_REASON)];
    let code = u16::from(code).to_be_bytes();
    push_frame(bytes, OpCode::Control(Control::Close), &[&code, reason.as_bytes()]);
}

/// The last words of `vez.v1`; who left by itself is told none.
pub(super) fn goodbye(ending: &Ending, text: &str) -> Option<String> {
    let (_, reason) = ending.codes();
    let bye = ServerEvent::Bye { reason, text: text.into(), status: ending.status() };
    (!matches!(ending, Ending::Left)).then(|| bye.to_json())
}

/// What the Close frame says of an ending, whose words are `text`.
pub(super) fn close_reason(ending: &Ending, text: &str) -> String {
    let is_farewell = ending.codes().1 == ByeReason::Farewell;
    if is_farewell { String::new() } else { text.to_owned() }
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
        self.frames(bytes, last);
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
        let text = ending.text();
        match self.style {
            Style::Events => goodbye(ending, &text).iter().for_each(|bye| self.push_text(&[bye.as_bytes()])),
            Style::Plain if matches!(ending, Ending::Farewell(_)) => self.push_text(&[text.as_bytes()]),
            Style::Plain => {}
        }
        self.push_close(ending.codes().0, &close_reason(ending, &text));
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        self.outbox.poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outbox.poll_shutdown(cx)
    }
}
