//! Messages as they are on the wire, made once, so that a client only writes, reads and compares bytes.

use anyhow::Result;
use tokio_tungstenite::tungstenite::Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use vez_protocol::report;

/// Bytes of a flood that one write takes, about.
const FLOOD: usize = 16 * 1024;

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// The report's unframed text.
    Tcp,
    /// RFC 6455, without subprotocol.
    WebSocket,
    /// RFC 6455, without subprotocol, in binary frames.
    Binary,
    /// RFC 6455 with `vez.v1`.
    Events,
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The report's words.
    Report,
    /// The message itself.
    Echo,
}

/// One message and what belongs to it, as bytes.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) request: Vec<u8>,
    pub(crate) reply: Vec<u8>,
    /// `sair`.
    pub(crate) leave: Vec<u8>,
}

impl Wire {
    /// A message of `size` bytes.
    ///
    /// # Errors
    /// None in practice: frames are formatted into memory.
    pub(crate) fn new(transport: Transport, answer: Answer, size: usize) -> Result<Self> {
        let text = "Mensagem de teste. ".repeat(size / 8 + 1)[..size].to_owned();
        let reply = match answer {
            Answer::Report => report::Received(&text).to_string(),
            Answer::Echo => text.clone(),
        };
        Ok(Self {
            request: encode(transport, text, true)?,
            reply: encode(transport, reply, false)?,
            leave: encode(transport, report::LEAVE.to_owned(), true)?,
        })
    }

    /// The same with a newline behind all that goes over TCP, so that messages in flight stay apart.
    pub(crate) fn in_lines(mut self, transport: Transport) -> Self {
        if transport == Transport::Tcp {
            for text in [&mut self.request, &mut self.reply, &mut self.leave] {
                text.push(b'\n');
            }
        }
        self
    }
}

/// What one who waits may send without end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Flood {
    /// Events of `vez.v1` that nobody knows.
    UnknownEvents,
    /// `vez.v1`'s own pings.
    PingEvents,
    /// RFC 6455 §5.5.2.
    Pings,
    /// One message that never ends (RFC 6455 §5.4).
    EmptyFragments,
}

impl Flood {
    /// What it begins with, and what it then sends again and again.
    ///
    /// # Errors
    /// None in practice: frames are formatted into memory.
    pub(crate) fn encode(self) -> Result<(Vec<u8>, Vec<u8>)> {
        let (text, ping) = (OpCode::Data(Data::Text), OpCode::Control(Control::Ping));
        let (first, next) = match self {
            Self::UnknownEvents => (Vec::new(), frame(r#"{"type":"x"}"#, text, true, true)?),
            Self::PingEvents => (Vec::new(), frame(r#"{"type":"ping"}"#, text, true, true)?),
            Self::Pings => (Vec::new(), frame("", ping, true, true)?),
            Self::EmptyFragments => {
                let next = frame("", OpCode::Data(Data::Continue), false, true)?;
                (frame("", text, false, true)?, next)
            }
        };
        Ok((first, next.repeat(FLOOD / next.len())))
    }
}

fn encode(transport: Transport, text: String, masked: bool) -> Result<Vec<u8>> {
    if transport == Transport::Tcp {
        return Ok(text.into_bytes());
    }
    let data = if transport == Transport::Binary { Data::Binary } else { Data::Text };
    frame(text, OpCode::Data(data), true, masked)
}

/// A client's binary frame.
///
/// # Errors
/// None in practice: frames are formatted into memory.
pub(crate) fn binary_frame(bytes: &[u8]) -> Result<Vec<u8>> {
    frame(bytes.to_vec(), OpCode::Data(Data::Binary), true, true)
}

fn frame(payload: impl Into<Bytes>, code: OpCode, last: bool, masked: bool) -> Result<Vec<u8>> {
    let mut frame = Frame::message(payload, code, last);
    frame.header_mut().mask = masked.then_some([0x6d, 0x61, 0x73, 0x6b]);
    let mut bytes = Vec::new();
    frame.format(&mut bytes)?;
    Ok(bytes)
}
