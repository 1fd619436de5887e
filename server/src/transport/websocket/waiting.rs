//! A WebSocket that waits for its turn: little of what it sends is read, less is kept.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, split};
use vez_protocol::{LineEnding, ServerEvent};

use super::budget::Budget;
use super::input::WebSocketInput;
use super::output::WebSocketOutput;
use super::said::Said;
use super::style::Style;
use crate::ending::Ending;
use crate::session::{Incoming, Input, Output, Waiting};
use crate::transport::Settings;

/// A WebSocket that waits.
#[derive(Debug)]
pub(crate) struct WaitingWebSocket<S> {
    input: WebSocketInput<S>,
    output: WebSocketOutput<S>,
    style: Style,
    settings: Arc<Settings>,
    /// The message that leaves instead of being kept, where nothing was said before it.
    leave_word: Option<Arc<str>>,
    /// The place that the peer was told last, or is still to be told, if it is told places.
    place: Option<Box<ServerEvent<'static>>>,
    is_told: bool,
    /// Bytes of the message that is not complete.
    fragments: usize,
    budget: Budget,
}

impl<S: AsyncRead + AsyncWrite> WaitingWebSocket<S> {
    /// A WebSocket whose handshake is done, and whose peer has already sent `early`.
    pub(crate) fn new(
        stream: S,
        early: &[u8],
        style: Style,
        leave_word: Option<Arc<str>>,
        settings: Arc<Settings>,
    ) -> Self {
        let (read, write) = split(stream);
        Self {
            input: WebSocketInput::new(read, early, style, &settings),
            output: WebSocketOutput::new(write, style, &settings),
            style,
            settings,
            leave_word,
            place: None,
            is_told: false,
            fragments: 0,
            budget: Budget::new(),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Send> WaitingWebSocket<S> {
    /// Tells the peer something about its place.
    pub(super) fn event(&mut self, event: &ServerEvent<'_>) {
        self.output.event(event);
    }

    /// What the peer said, for the connection over which it comes back.
    pub(super) fn take_said(&mut self) -> Said {
        std::mem::take(&mut self.input.said)
    }

    /// What the peer said over the connection that this one follows.
    pub(super) fn set_said(&mut self, said: Said) {
        self.input.said = said;
    }

    /// Its place, for the connection over which it comes back.
    pub(super) fn take_place(&mut self) -> Option<Box<ServerEvent<'static>>> {
        self.place.take()
    }

    /// Whether the peer has closed the connection as one who leaves does.
    pub(super) fn is_done(&self) -> bool {
        self.input.is_done()
    }

    /// The halves with which a conversation is held.
    pub(super) fn into_conversation(mut self) -> (WebSocketInput<S>, WebSocketOutput<S>) {
        self.input.read_in_large_chunks();
        self.output.gather_much();
        (self.input, self.output)
    }

    /// Does what can be done now; the error is the end.
    fn step(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        self.tell_place();
        self.flush(cx)?;
        while self.may_read(cx) {
            match self.input.next_frame() {
                Some(len) => self.take_frame(len)?,
                None if self.input.has_ended() => return self.take_end(cx),
                None if self.input.poll_fill(cx)?.is_ready() => self.budget.spend(0),
                None => return self.watch(cx, true),
            }
            self.flush(cx)?;
        }
        self.watch(cx, false)
    }

    /// Whether the peer may be read further: neither what is kept, nor what is read, nor what it does not take is
    /// too much.
    fn may_read(&mut self, cx: &mut Context<'_>) -> bool {
        let said = &self.input.said;
        let full = said.count() >= self.settings.kept_messages
            || said.bytes() + self.fragments + self.input.unread() >= self.settings.kept_bytes;
        !full && self.output.has_room() && self.budget.poll(cx).is_ready()
    }

    fn take_frame(&mut self, len: usize) -> Result<(), Ending> {
        self.budget.spend(len);
        match self.input.decode_frame(len)? {
            None => self.fragments += len,
            Some(Incoming::Message(message)) => {
                let leaves = self.leave_word.as_ref().is_some_and(|word| {
                    self.style == Style::Events && message.as_bytes().eq_ignore_ascii_case(word.as_bytes())
                });
                if leaves && self.input.said.count() == 0 {
                    return Err(Ending::Farewell(LineEnding::None));
                }
                self.fragments = 0;
                self.input.said.keep(Incoming::Message(message));
            }
            Some(Incoming::NoMore) => self.input.said.keep(Incoming::NoMore),
            Some(Incoming::Ping) => self.output.event(&ServerEvent::Pong),
            Some(Incoming::Reply(bytes)) => self.output.protocol(&bytes, false),
            Some(Incoming::Leave) => return Err(Ending::Farewell(LineEnding::None)),
            Some(Incoming::Closed(bytes)) => {
                self.output.protocol(&bytes, true);
                return Err(Ending::Left);
            }
            Some(Incoming::Received(_)) => self.input.confirms = true,
            Some(Incoming::Stay | Incoming::Resize(..) | Incoming::Ignored | Incoming::End) => {}
        }
        Ok(())
    }

    /// A peer that has said something can still be answered: it keeps its place.
    fn take_end(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        if self.input.said.count() == 0 { Err(Ending::Left) } else { self.watch(cx, false) }
    }

    fn watch(&mut self, cx: &mut Context<'_>, listened: bool) -> Result<(), Ending> {
        while self.input.poll_silence(cx, listened)?.is_ready() {
            self.output.ask();
            self.flush(cx)?;
        }
        Ok(())
    }

    /// Whether all is written is of no concern here: what is not keeps its waker.
    fn flush(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        let _ = self.output.poll_flush(cx)?;
        self.tell_place();
        if self.output.poll_flush(cx)?.is_ready() {
            self.output.give_room_back();
        }
        Ok(())
    }

    /// Places that change while the peer does not read are told once: only where it stands now counts.
    fn tell_place(&mut self) {
        if self.output.has_room()
            && !self.is_told
            && let Some(place) = &self.place
        {
            self.output.event(place);
            self.is_told = true;
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Send> Waiting for WaitingWebSocket<S> {
    type Input = WebSocketInput<S>;
    type Output = WebSocketOutput<S>;

    fn tell(&mut self, place: impl FnOnce() -> ServerEvent<'static>) {
        if self.style == Style::Events {
            self.place = Some(Box::new(place()));
            self.is_told = false;
        }
    }

    fn poll_watch(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        self.step(cx).map_or_else(Poll::Ready, |()| Poll::Pending)
    }

    fn poll_begin(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        Poll::Ready(Ok(()))
    }

    fn into_halves(self) -> io::Result<(Self::Input, Self::Output)> {
        Ok(self.into_conversation())
    }
}
