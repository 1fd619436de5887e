//! What comes in over a WebSocket: tungstenite reads the frames, over bytes that are read here.

use std::io::{self, Cursor, Read, Write};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, ReadHalf};
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Message as Frame, Role, WebSocketConfig, WebSocketContext};

use super::heartbeat::Heartbeat;
use super::said::Said;
use super::style::Style;
use crate::ending::Ending;
use crate::session::{Incoming, Input};
use crate::transport::{Chunk, Settings, poll_discard, poll_read};

/// Bytes that tungstenite takes at a time from what was read, and most that one read asks for while waiting.
const SMALL: usize = 1024;

/// The half of a WebSocket that comes in.
#[derive(Debug)]
pub(crate) struct WebSocketInput<S> {
    stream: ReadHalf<S>,
    /// Made when the first frame comes.
    context: Option<Box<WebSocketContext>>,
    style: Style,
    /// What was read and not yet taken by `context`.
    bytes: BytesMut,
    pub(super) said: Said,
    /// What the protocol wants written.
    replies: Vec<u8>,
    /// Whether the peer has sent a Close frame.
    closed: bool,
    /// Whether that frame says that all was done, as who leaves says (RFC 6455 §7.4.1).
    done: bool,
    /// Whether the peer has closed its sending side.
    ended: bool,
    heartbeat: Heartbeat,
    /// Longest message in bytes.
    max_message: usize,
    /// How much a read asks for in a conversation; `None` while waiting.
    chunk: Option<Chunk>,
    /// Whether binary frames are a stream's bytes.
    raw: bool,
    /// Whether the peer tells what it receives, as it may before there is anything.
    pub(super) confirms: bool,
}

impl<S: AsyncRead> WebSocketInput<S> {
    /// What comes in over `stream`, whose peer has already sent `early`.
    pub(super) fn new(stream: ReadHalf<S>, early: &[u8], style: Style, settings: &Settings) -> Self {
        Self {
            stream,
            context: None,
            style,
            bytes: early.into(),
            said: Said::default(),
            replies: Vec::new(),
            closed: false,
            done: false,
            ended: false,
            heartbeat: Heartbeat::new(settings),
            max_message: settings.max_message,
            chunk: None,
            raw: false,
            confirms: false,
        }
    }

    /// Makes room for a conversation.
    pub(super) fn read_in_large_chunks(&mut self) {
        self.chunk = Some(Chunk::FIRST);
    }

    /// Reads what there is; ready with 0 at the end of input. Who waits holds no memory for what does not come.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Some(chunk) = &mut self.chunk {
            self.bytes.reserve(chunk.0);
            return poll_read(&mut self.stream, cx, &mut self.bytes).map_ok(|len| {
                chunk.read(len);
                len
            });
        }
        let mut read = [0; SMALL];
        let mut buffer = &mut read[..];
        let len = ready!(poll_read(&mut self.stream, cx, &mut buffer))?;
        if self.bytes.is_empty() {
            self.bytes = BytesMut::new();
        }
        self.bytes.extend_from_slice(&read[..len]);
        Poll::Ready(Ok(len))
    }

    /// How many bytes wait for the rest of their frame.
    pub(super) fn unread(&self) -> usize {
        self.bytes.len()
    }

    /// Whether the peer has closed its sending side.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// How long the next frame is, if all of it is here: then [`decode_frame`](Self::decode_frame) takes it.
    pub(super) fn next_frame(&self) -> Option<usize> {
        let mut cursor = Cursor::new(&self.bytes[..]);
        // What is no header is tungstenite's to refuse.
        let Ok(header) = FrameHeader::parse(&mut cursor) else { return Some(self.bytes.len()) };
        let (_, payload) = header?;
        let len = cursor.position().saturating_add(payload);
        usize::try_from(len).ok().filter(|len| *len <= self.bytes.len())
    }

    /// Takes at most `most` bytes for the next of what has arrived; `None` when that is no whole message.
    pub(super) fn decode_frame(&mut self, most: usize) -> Result<Option<Incoming>, Ending> {
        let mut wire = Wire { input: &mut self.bytes, most, output: &mut self.replies };
        let context = self.context.get_or_insert_with(|| new_context(self.style, self.max_message));
        match context.read(&mut wire) {
            Ok(frame @ (Frame::Text(_) | Frame::Binary(_))) => {
                let incoming = self.style.read(frame, self.max_message, self.raw)?;
                self.note(&incoming);
                Ok(Some(incoming))
            }
            Ok(frame @ (Frame::Ping(_) | Frame::Close(_))) => {
                self.closed |= frame.is_close();
                self.done |= matches!(&frame, Frame::Close(Some(close)) if close.code == CloseCode::Normal);
                self.take_replies().map(Some)
            }
            Ok(Frame::Pong(_) | Frame::Frame(_)) => Ok(Some(Incoming::Ignored)),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }

    /// The next of what has arrived, behind what is kept.
    pub(super) fn decode_next(&mut self) -> Result<Option<Incoming>, Ending> {
        match self.decode_frame(usize::MAX)? {
            None if self.ended => Ok(Some(Incoming::End)),
            incoming => Ok(incoming),
        }
    }

    /// Notes how far what was said has arrived.
    fn note(&mut self, incoming: &Incoming) {
        match incoming {
            Incoming::Message(message) if message.id.is_some() => self.said.last_id = message.id,
            Incoming::Message(message) if self.raw => self.said.streamed += message.len() as u64,
            _ => {}
        }
    }

    /// Whether the peer has closed the connection as one who leaves does.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// What tungstenite answers to the last frame.
    fn take_replies(&mut self) -> Result<Incoming, Ending> {
        let mut wire = Wire { input: &mut self.bytes, most: 0, output: &mut self.replies };
        match self.context.as_mut().map_or(Ok(()), |context| context.flush(&mut wire)) {
            // The answer to a Close frame is the last.
            Ok(()) | Err(Error::ConnectionClosed) => {}
            Err(error) => return Err(failure(error)),
        }
        let replies = std::mem::take(&mut self.replies).into();
        Ok(if self.closed { Incoming::Closed(replies) } else { Incoming::Reply(replies) })
    }
}

impl<S: AsyncRead + Send> Input for WebSocketInput<S> {
    fn decode(&mut self) -> Result<Option<Incoming>, Ending> {
        match self.said.next() {
            None => self.decode_next(),
            kept => Ok(kept),
        }
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        if self.ended {
            return Poll::Pending;
        }
        let read = ready!(self.poll_read(cx))?;
        self.ended = read == 0;
        self.heartbeat.heard();
        Poll::Ready(Ok(()))
    }

    fn poll_silence(&mut self, cx: &mut Context<'_>, listened: bool) -> Poll<Result<(), Ending>> {
        if listened && !self.ended { self.heartbeat.poll(cx) } else { self.heartbeat.poll_deaf(cx).map(Ok) }
    }

    fn become_raw(&mut self) {
        self.raw = true;
    }

    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        poll_discard(&mut self.stream, cx)
    }
}

fn new_context(style: Style, max_message: usize) -> Box<WebSocketContext> {
    let limit = style.frame_limit(max_message);
    let config = WebSocketConfig::default()
        .read_buffer_size(SMALL)
        .write_buffer_size(0)
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit));
    Box::new(WebSocketContext::new(Role::Server, Some(config)))
}

/// The bytes that tungstenite reads from and writes to, none of which is a socket.
struct Wire<'a> {
    input: &'a mut BytesMut,
    /// How many bytes of `input` may be taken.
    most: usize,
    output: &'a mut Vec<u8>,
}

impl Read for Wire<'_> {
    /// Never reads the end of input: tungstenite would refuse to answer what came before it.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.input.len().min(buffer.len()).min(self.most);
        if len == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        buffer[..len].copy_from_slice(&self.input[..len]);
        if len == self.input.len() {
            // Keeps the room, where advancing to the end would give it up.
            self.input.clear();
        } else {
            self.input.advance(len);
        }
        self.most -= len;
        Ok(len)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn failure(error: Error) -> Ending {
    match error {
        Error::Io(error) => error.into(),
        Error::ConnectionClosed | Error::AlreadyClosed => Ending::Left,
        Error::Utf8(error) => Ending::NotText(format!("a mensagem não é UTF-8: {error}")),
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            Ending::message_too_big(size, max_size)
        }
        error => Ending::Protocol(error.to_string()),
    }
}
