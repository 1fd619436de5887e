//! A conversation that outlives its connections: both halves share what there is of a connection, and what was not yet
//! received.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep};
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use vez_protocol::{Body, ByeReason, Message, ServerEvent};

use super::away::Away;
use super::retained::Retained;
use super::seats::{Arrival, Attachment, Keep, Replaced, Slots};
use crate::ending::Ending;
use crate::session::{Incoming, Input, Output, To};
use crate::transport::websocket::input::WebSocketInput;
use crate::transport::websocket::output::{self, WebSocketOutput};
use crate::transport::websocket::said::Said;

/// One connection of several.
#[derive(Debug)]
pub(super) struct Connection<S> {
    pub(super) input: WebSocketInput<S>,
    pub(super) output: WebSocketOutput<S>,
    pub(super) slots: Slots,
}

/// Tells a connection that another one has its seat, as far as it takes that at once.
pub(super) fn replace<S>(mut old: Connection<S>, replaced: oneshot::Sender<Replaced<S>>)
where
    S: AsyncRead + AsyncWrite + Send,
{
    old.output.last_words(&Ending::TakenOver);
    let _ = old.output.poll_flush(&mut Context::from_waker(Waker::noop()));
    // Nobody waits for it where the server ends.
    let _ = replaced.send((old.input, old.output, old.slots));
}

/// What both halves share.
#[derive(Debug)]
pub(super) struct Conversation<S> {
    here: Option<Connection<S>>,
    /// Runs from the loss of a connection to the next.
    away: Option<Away>,
    /// What was said, while there is no connection.
    said: Said,
    keep: Keep<S>,
    /// What the peer may not have received.
    retained: Retained,
    /// What was told of the turn.
    turn: Option<ServerEvent<'static>>,
    /// What threatens to end it, and when.
    warning: Option<(ByeReason, Instant)>,
    /// The Close frame that ends it all.
    close: Option<Bytes>,
    /// Whether nobody comes back any more.
    is_over: bool,
    /// Runs while the last words are on their way.
    delivery: Option<Pin<Box<Sleep>>>,
    raw: bool,
    /// Whether the peer came back without having received what is retained no more.
    has_hole: bool,
}

/// What comes in.
#[derive(Debug)]
pub(crate) struct KeptInput<S>(Arc<Mutex<Conversation<S>>>);

/// What goes out.
#[derive(Debug)]
pub(crate) struct KeptOutput<S>(Arc<Mutex<Conversation<S>>>);

impl<S> Conversation<S> {
    pub(super) fn new(here: Option<Connection<S>>, away: Option<Away>, said: Said, keep: Keep<S>) -> Self {
        let confirms = here.as_ref().is_some_and(|here| here.input.confirms);
        Self {
            here,
            away,
            said,
            keep,
            retained: Retained::new(confirms),
            turn: None,
            warning: None,
            close: None,
            is_over: false,
            delivery: None,
            raw: false,
            has_hole: false,
        }
    }

    pub(super) fn into_halves(self) -> (KeptInput<S>, KeptOutput<S>) {
        let shared = Arc::new(Mutex::new(self));
        (KeptInput(Arc::clone(&shared)), KeptOutput(shared))
    }
}

impl<S: AsyncRead + AsyncWrite + Send> Conversation<S> {
    /// Goes on over another connection.
    fn attach(&mut self, attachment: Attachment<S>) {
        let (arrival, replaced) = attachment;
        let Arrival { socket, received, slots } = *arrival;
        if let Some(mut old) = self.here.take() {
            self.said = std::mem::take(&mut old.input.said);
            replace(old, replaced);
        }
        let (mut input, mut output) = socket.into_conversation();
        output.event(&self.keep.event(&self.said, false));
        self.turn.iter().for_each(|turn| output.event(turn));
        self.has_hole = self.retained.has_hole(received);
        self.retained.forget(received);
        if !self.has_hole {
            output.frames(self.retained.bytes(), false);
        }
        if let Some(warning) = self.warning() {
            output.event(&warning);
        }
        if let Some(close) = &self.close {
            output.frames(close, true);
        }
        input.said = std::mem::take(&mut self.said);
        if self.raw {
            input.become_raw();
        }
        (self.here, self.away) = (Some(Connection { input, output, slots }), None);
    }

    /// The warning that still holds.
    fn warning(&self) -> Option<ServerEvent<'static>> {
        let (reason, at) = self.warning?;
        let left = at.checked_duration_since(Instant::now())?;
        Some(ServerEvent::Warning { seconds: left.as_secs_f64().ceil() as u64, reason })
    }

    /// The connection ended, and the visitor has not left.
    fn detach(&mut self, ending: Ending) {
        if let Some(mut old) = self.here.take() {
            self.said = std::mem::take(&mut old.input.said);
            // The answer to a Close frame.
            let _ = old.output.poll_flush(&mut Context::from_waker(Waker::noop()));
        }
        self.await_return(ending);
    }

    fn await_return(&mut self, ending: Ending) {
        if self.is_over {
            return;
        }
        let keep = &self.keep;
        self.away.get_or_insert_with(|| Away::new(ending, keep.absence()));
    }

    /// Nobody comes back any more.
    fn give_up(&mut self) {
        self.keep.give_up();
        self.is_over = true;
    }

    fn said(&mut self) -> &mut Said {
        self.here.as_mut().map_or(&mut self.said, |here| &mut here.input.said)
    }

    /// The next of what was said.
    fn next(&mut self) -> Result<Option<Incoming>, Ending> {
        let kept = self.said().next();
        let incoming = if kept.is_some() { kept } else { self.decode()? };
        if matches!(incoming, Some(Incoming::Message(_) | Incoming::Stay)) {
            self.warning = None;
        }
        Ok(incoming)
    }

    /// The next of what arrived; what concerns the connection alone is done.
    fn decode(&mut self) -> Result<Option<Incoming>, Ending> {
        while let Some(here) = &mut self.here {
            match here.input.decode_next() {
                Ok(Some(Incoming::Received(count))) => self.retained.confirm(count),
                // The peer may be gone, and may have closed its sending side only: it is told what it can be told.
                Ok(Some(Incoming::End)) => {
                    self.await_return(Ending::Left);
                    return Ok(None);
                }
                Ok(Some(Incoming::Closed(answer))) if !here.input.is_done() && self.close.is_none() => {
                    here.output.protocol(&answer, true);
                    self.detach(Ending::Left);
                }
                Err(ending) if ending.is_loss() => self.detach(ending),
                other => return other,
            }
        }
        Ok(None)
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        let Some(here) = &mut self.here else { return Poll::Pending };
        match here.input.poll_fill(cx) {
            Poll::Ready(Err(ending)) if ending.is_loss() => {
                self.detach(ending);
                Poll::Ready(Ok(()))
            }
            filled => filled,
        }
    }

    fn poll_silence(&mut self, cx: &mut Context<'_>, listened: bool) -> Poll<Result<(), Ending>> {
        let Some(here) = &mut self.here else { return Poll::Pending };
        match here.input.poll_silence(cx, listened) {
            Poll::Ready(Err(ending)) if ending.is_loss() => {
                self.detach(ending);
                // The time without a connection is to be waited for.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            silence => silence,
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        if self.is_over && self.here.is_none() {
            return Poll::Ready(Ok(()));
        }
        if let Poll::Ready(attachment) = self.keep.poll_arrival(cx) {
            self.attach(attachment);
        }
        let mut flushed = Poll::Ready(Ok(()));
        if let Some(here) = &mut self.here {
            flushed = here.output.poll_flush(cx);
            if let Poll::Ready(Err(ending)) = flushed {
                self.detach(ending);
                flushed = Poll::Ready(Ok(()));
            }
        }
        if self.has_hole && flushed.is_ready() {
            return Poll::Ready(Err(Ending::Lost));
        }
        if let Poll::Ready(ending) = Away::poll(&mut self.away, cx) {
            // A peer that has closed its sending side only still hears the last words.
            self.give_up();
            return Poll::Ready(Err(ending));
        }
        flushed
    }

    fn poll_delivered(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let grace = self.keep.grace();
        let delivery = self.delivery.get_or_insert_with(|| Box::pin(sleep(grace)));
        if delivery.as_mut().poll(cx).is_ready() {
            self.give_up();
        }
        loop {
            // Whether all is written is of no concern here: what is not keeps its waker.
            let _ = self.poll_flush(cx);
            if self.is_over {
                return Poll::Ready(());
            }
            match self.decode() {
                Ok(Some(Incoming::Closed(_))) | Err(_) => self.give_up(),
                Ok(Some(_)) => {}
                Ok(None) => match self.poll_fill(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => self.give_up(),
                    Poll::Pending if self.here.is_none() && self.away.is_none() => self.give_up(),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }

    /// Says something that is said again to who may not have received it.
    fn say(&mut self, data: Data, payload: &[u8]) {
        let frame = |bytes: &mut BytesMut| output::push_frame(bytes, OpCode::Data(data), &[payload]);
        let frame = self.retained.push(self.here.is_some(), frame);
        if let Some(here) = &mut self.here {
            here.output.frames(frame, false);
        }
    }

    fn say_event(&mut self, event: &ServerEvent<'_>) {
        self.say(Data::Text, event.to_json().as_bytes());
    }
}

impl<S> KeptInput<S> {
    fn lock(&self) -> MutexGuard<'_, Conversation<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> KeptOutput<S> {
    fn lock(&self) -> MutexGuard<'_, Conversation<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + AsyncWrite + Send> Input for KeptInput<S> {
    fn decode(&mut self) -> Result<Option<Incoming>, Ending> {
        self.lock().next()
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        self.lock().poll_fill(cx)
    }

    fn poll_silence(&mut self, cx: &mut Context<'_>, listened: bool) -> Poll<Result<(), Ending>> {
        self.lock().poll_silence(cx, listened)
    }

    fn become_raw(&mut self) {
        let mut conversation = self.lock();
        conversation.raw = true;
        if let Some(here) = &mut conversation.here {
            here.input.become_raw();
        }
    }

    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        self.lock().here.as_mut().map_or(Poll::Ready(0), |here| here.input.poll_discard(cx))
    }
}

impl<S: AsyncRead + AsyncWrite + Send> Output for KeptOutput<S> {
    fn has_room(&self) -> bool {
        let conversation = self.lock();
        let here = conversation.here.as_ref();
        conversation.retained.has_room(here.is_some()) && here.is_none_or(|here| here.output.has_room())
    }

    fn on_the_way(&self) -> usize {
        let conversation = self.lock();
        if conversation.here.is_some() { conversation.retained.on_the_way() } else { 0 }
    }

    fn reply(&mut self, to: To, parts: &[&str]) {
        self.lock().say_event(&ServerEvent::Reply { text: parts.concat().into(), to: to.id });
    }

    fn echo(&mut self, message: &Message) {
        // Events hold text only, so that no binary message can have come.
        if let Body::Text(text) = &message.body {
            self.reply(message.into(), &[text]);
        }
    }

    fn event(&mut self, event: &ServerEvent<'_>) {
        let mut conversation = self.lock();
        match event {
            ServerEvent::Output { .. } => return conversation.say_event(event),
            ServerEvent::Turn { kind, max_message, newline } => {
                let newline = newline.as_ref().map(|newline| newline.to_string().into());
                conversation.turn =
                    Some(ServerEvent::Turn { kind: *kind, max_message: *max_message, newline });
            }
            ServerEvent::Warning { seconds, reason } => {
                let at = Instant::now().checked_add(Duration::from_secs(*seconds));
                conversation.warning = at.map(|at| (*reason, at));
            }
            _ => {}
        }
        if let Some(here) = &mut conversation.here {
            here.output.event(event);
        }
    }

    fn become_raw(&mut self) {}

    fn bytes(&mut self, bytes: &[u8]) {
        self.lock().say(Data::Binary, bytes);
    }

    fn end(&mut self) -> bool {
        false
    }

    fn ask(&mut self) {
        if let Some(here) = &mut self.lock().here {
            here.output.ask();
        }
    }

    fn protocol(&mut self, bytes: &Bytes, last: bool) {
        if let Some(here) = &mut self.lock().here {
            here.output.protocol(bytes, last);
        }
    }

    fn discard(&mut self) -> bool {
        let mut conversation = self.lock();
        conversation.retained.clear();
        conversation.here.as_mut().is_none_or(|here| here.output.discard())
    }

    fn last_words(&mut self, ending: &Ending) {
        let mut conversation = self.lock();
        if matches!(ending, Ending::Farewell(_) | Ending::Left | Ending::Shutdown) {
            conversation.give_up();
        }
        let text = ending.text();
        if let Some(bye) = output::goodbye(ending, &text) {
            conversation.say(Data::Text, bye.as_bytes());
        }
        let mut close = BytesMut::new();
        output::push_close(&mut close, ending.codes().0, &output::close_reason(ending, &text));
        let close = close.freeze();
        if let Some(here) = &mut conversation.here {
            here.output.frames(&close, true);
        }
        conversation.close = Some(close);
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        self.lock().poll_flush(cx)
    }

    fn poll_delivered(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.lock().poll_delivered(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.lock().here.as_mut().map_or(Poll::Ready(Ok(())), |here| here.output.poll_shutdown(cx))
    }
}
