//! One conversation: what the peer says goes to the responder, what the responder says goes to the peer, and time
//! limits, shutdown and a lost turn are heard meanwhile.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::net::TcpStream;
use tokio::task::coop;
use tokio::time::sleep;
use vez_protocol::{Body, LineEnding, Message, ServerEvent};

use super::clock::{Clock, Deadline};
use super::relay::{Inbound, Relay};
use super::settings::Settings;
use super::shutdown::Shutdown;
use super::transport::{Incoming, Input, Output, To};
use crate::ending::Ending;
use crate::queue::{Turn, Validity};
use crate::record::{Event, Journal};
use crate::responder::{Answer, Backend, Occasion, Open, Said};

/// Most messages that wait for their answers: a peer that says more is not read meanwhile.
const UNANSWERED: usize = 1024;

/// Most bytes that are on their way to a terminal whose peer tells what it has received: what is typed is seen behind
/// them, and both ends' systems would hold megabytes.
const ON_THE_WAY: usize = 128 * 1024;

/// How long what was said before the leave word may take to be answered.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// What comes from neither the peer nor the responder.
enum Alarm {
    /// The conversation is over.
    End(Ending),
    /// It will be, unless the peer says something.
    Warning(Deadline),
}

/// Why the peer is not heard further for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attention {
    /// It has said all so far.
    Listening,
    /// There is no room for answers.
    Full,
    /// It has ended its input, or what it said cannot be taken yet.
    Held,
    /// It is the turn of other tasks.
    Paused,
}

/// A conversation under way.
pub(super) struct Conversation<'a, I, O> {
    input: &'a mut I,
    output: &'a mut O,
    responder: Option<Open>,
    journal: &'a Journal,
    /// Whether the transcript was full after the last line.
    full: bool,
    /// Runs while the transcript is full.
    room: Option<BoxFuture<'static, ()>>,
    /// A message that cannot be taken yet.
    pending: Option<Message>,
    /// Whether the peer has closed its sending side, and the responder goes on nevertheless.
    ended: bool,
    /// Whether the peer has said that no more messages come.
    no_more: bool,
    /// Whether the responder has said all, and may still be told more.
    said_all: bool,
    /// Whether the responder takes no more, and may still say something.
    deaf: bool,
    /// Carries a stream between two sockets, once all that came before is written.
    relay: Option<Relay>,
    write_limit: Duration,
    /// Until when anything may be written.
    validity: Validity,
    /// Bytes of a stream that came, and that were sent.
    came: u64,
    sent: u64,
    /// When the conversation began.
    began: SystemTime,
    /// How the message ended with which the peer leaves, once what it said before is answered.
    leaving: Option<LineEnding>,
    /// Whether the responder was handed something since it was heard.
    asked: bool,
    /// Messages whose answers are still to come, the oldest first.
    unanswered: VecDeque<To>,
    /// Whether bytes pass unchanged.
    raw: bool,
    /// Whether the bytes are those of a terminal.
    terminal: bool,
    /// The message that leaves, in any case.
    leave_word: Option<&'a str>,
    clock: Clock,
    /// Polled only when they are woken, and not whenever a message comes.
    alarms: FuturesUnordered<BoxFuture<'a, Alarm>>,
}

impl<'a, I: Input, O: Output> Conversation<'a, I, O> {
    /// A conversation whose turn begins now.
    pub(super) fn new(
        input: &'a mut I,
        output: &'a mut O,
        turn: &'a mut Turn,
        journal: &'a Journal,
        settings: &Settings,
        shutdown: &'a Shutdown,
        write_limit: Duration,
    ) -> Self {
        let (fence, waited) = (turn.fence(), turn.since_joining());
        let full = !journal.record(&Event::Turn { fence, waited });
        let validity = turn.validity().clone();
        let clock = Clock::new(settings, turn.contended());
        let alarms = FuturesUnordered::from_iter([
            clock.clone().expired().map(Alarm::End).boxed(),
            clock.clone().warning(None).map(Alarm::Warning).boxed(),
            shutdown.over().map(|()| Alarm::End(Ending::Shutdown)).boxed(),
            turn.lost().map(|()| Alarm::End(Ending::Lost)).boxed(),
        ]);
        Self {
            input,
            output,
            responder: None,
            journal,
            full,
            room: None,
            pending: None,
            ended: false,
            no_more: false,
            said_all: false,
            deaf: false,
            relay: None,
            write_limit,
            validity,
            leaving: None,
            asked: false,
            came: 0,
            sent: 0,
            began: SystemTime::now(),
            unanswered: VecDeque::new(),
            raw: false,
            terminal: false,
            leave_word: None,
            clock,
            alarms,
        }
    }

    /// Opens the responder and lets both sides talk, until one of them, the time or the server ends it.
    pub(super) async fn hold(&mut self, backend: &'a Backend, occasion: &Occasion) -> Ending {
        (self.raw, self.leave_word) = (backend.is_raw(), backend.leave_word());
        self.terminal = backend.is_terminal();
        let talk = AssertUnwindSafe(async {
            if let Err(ending) = self.open(backend, occasion).await {
                return ending;
            }
            poll_fn(|cx| self.step(cx).map_or_else(Poll::Ready, |()| Poll::Pending)).await
        });
        let ending = talk.catch_unwind().await.unwrap_or(Ending::Panicked);
        match (ending, self.leaving) {
            // Whatever it looked like: what was said last may not have arrived.
            _ if !self.validity.holds() => Ending::Lost,
            (Ending::Ended(_) | Ending::Left, Some(ending)) => Ending::Farewell(ending),
            // It ended because the peer did, who need not be told.
            (Ending::Ended(None | Some(0)), None) if self.ended && !self.raw => Ending::Left,
            (ending, _) => ending,
        }
    }

    /// Records how the session ends, and of a stream what passed.
    pub(super) fn record_end(&self, ending: &Ending) {
        if self.raw {
            let (began, came, sent) = (self.began, self.came, self.sent);
            self.journal.record(&Event::Stream { began, came, sent });
        }
        self.journal.record(&Event::Ended(ending));
    }

    /// The peer leaves, once what it said before is answered: for that the responder has a while.
    fn leave(&mut self, ending: LineEnding) -> Result<(), Ending> {
        if self.unanswered.is_empty() {
            return Err(Ending::Farewell(ending));
        }
        if let Some(responder) = &mut self.responder {
            responder.end_input();
        }
        (self.leaving, self.ended, self.asked) = (Some(ending), true, true);
        self.alarms.push(sleep(LAST_ANSWERS).map(move |()| Alarm::End(Ending::Farewell(ending))).boxed());
        Ok(())
    }

    /// Closes the responder; whatever it had is free for the next conversation when this returns.
    pub(super) fn close(self) -> impl Future<Output = ()> + use<I, O> {
        let responder = self.responder;
        async {
            if let Some(responder) = responder {
                responder.close().await;
            }
        }
    }

    async fn open(&mut self, backend: &Backend, occasion: &Occasion) -> Result<(), Ending> {
        self.check()?;
        let mut opening = Box::pin(backend.open(occasion));
        poll_fn(|cx| {
            self.step(cx)?;
            opening.as_mut().poll(cx).map_ok(|open| self.responder = Some(open))
        })
        .await?;
        // Of a stream that was said before there was anybody to say it to.
        if self.ended || self.no_more { self.end_input(Ending::Left) } else { Ok(()) }
    }

    /// Looked at before each write: the process may have been stopped since the last.
    fn check(&self) -> Result<(), Ending> {
        if self.validity.holds() { Ok(()) } else { Err(Ending::Lost) }
    }

    /// Does what can be done now; the error is the end. When it returns, whatever could change that wakes the task.
    fn step(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        self.hear_alarms(cx)?;
        loop {
            self.hear_responder(cx)?;
            let full = !self.may_say();
            let attention = self.hear_peer(cx)?;
            self.flush(cx)?;
            let room_again = (full || attention == Attention::Full) && self.may_say();
            if !std::mem::take(&mut self.asked) && !room_again && !self.watch(cx, attention)? {
                return Ok(());
            }
        }
    }

    fn hear_alarms(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        while let Poll::Ready(Some(alarm)) = self.alarms.poll_next_unpin(cx) {
            match alarm {
                Alarm::End(ending) => return Err(ending),
                Alarm::Warning(deadline) => self.warn(deadline),
            }
        }
        Ok(())
    }

    fn warn(&mut self, deadline: Deadline) {
        let (seconds, reason) = (deadline.seconds_left(), deadline.reason());
        self.output.event(&ServerEvent::Warning { seconds, reason });
        self.alarms.push(self.clock.clone().warning(Some(deadline)).map(Alarm::Warning).boxed());
    }

    fn hear_responder(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        if self.relay.is_some() {
            return self.relay_outbound(cx);
        }
        while (self.ended || !self.said_all)
            && self.may_say()
            && let Some(responder) = &mut self.responder
            && let Poll::Ready(said) = responder.poll_said(cx)?
        {
            match said {
                Said::Text(text) => match self.unanswered.pop_front() {
                    Some(to) => {
                        self.output.reply(to, &[&text]);
                        if self.unanswered.is_empty()
                            && let Some(ending) = self.leaving
                        {
                            return Err(Ending::Farewell(ending));
                        }
                    }
                    None => self.output.event(&ServerEvent::Output { text: (&*text).into() }),
                },
                Said::Bytes(bytes) => {
                    self.sent += bytes.len() as u64;
                    self.output.bytes(&bytes);
                }
                Said::End => {
                    self.said_all()?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether more may be said to the peer. What it has received it tells behind what it says: where that waits for the
    /// responder, which may wait for its own words to be taken, nothing waits for what it tells.
    fn may_say(&self) -> bool {
        let is_held = self.ended || self.pending.is_some();
        self.output.has_room() && (is_held || !self.terminal || self.output.on_the_way() < ON_THE_WAY)
    }

    /// Hands on what is said behind, past the server.
    fn relay_outbound(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        if self.ended
            && let Some(responder) = &mut self.responder
        {
            // Tells the end of input.
            let _ = responder.poll_ready(cx);
        }
        while self.validity.holds()
            && (self.ended || !self.said_all)
            && let Some((relay, peer, behind)) = self.relay()
            && let Poll::Ready(said) = relay.poll_outbound(cx, peer, behind)?
        {
            if said == 0 {
                return self.said_all();
            }
            self.sent += said as u64;
            self.output.bytes(&[]);
        }
        Ok(())
    }

    /// Hands on what the peer says, past the server.
    fn relay_inbound(&mut self, cx: &mut Context<'_>) -> Result<Attention, Ending> {
        while self.validity.holds()
            && !self.ended
            && !self.deaf
            && let Some((relay, peer, behind)) = self.relay()
        {
            match relay.poll_inbound(cx, peer, behind) {
                Poll::Ready(Ok(0)) => self.take(Incoming::End)?,
                Poll::Ready(Ok(came)) => {
                    self.came += came as u64;
                    self.clock.heard();
                }
                Poll::Ready(Err(Inbound::Refused)) => self.deafen()?,
                Poll::Ready(Err(Inbound::Ended(ending))) => return Err(ending),
                Poll::Pending if relay.holds() => break,
                Poll::Pending => return Ok(Attention::Listening),
            }
        }
        Ok(Attention::Held)
    }

    /// The relay, the peer's socket and the one behind.
    fn relay(&mut self) -> Option<(&mut Relay, &TcpStream, &TcpStream)> {
        Some((self.relay.as_mut()?, self.input.socket()?, self.responder.as_ref()?.socket()?))
    }

    /// The responder has said all: so has a peer that is told so and goes on.
    fn said_all(&mut self) -> Result<(), Ending> {
        if self.ended || self.deaf || !self.output.end() {
            return Err(Ending::Ended(None));
        }
        self.said_all = true;
        Ok(())
    }

    /// The responder takes no more: the stream is over when it has said all.
    fn deafen(&mut self) -> Result<(), Ending> {
        self.deaf = true;
        if self.said_all { Err(Ending::Ended(None)) } else { Ok(()) }
    }

    /// Hears all that the peer says, up to a message that cannot be taken yet: what comes before it is heard whatever
    /// the responder does.
    fn hear_peer(&mut self, cx: &mut Context<'_>) -> Result<Attention, Ending> {
        if self.relay.is_some() {
            return self.relay_inbound(cx);
        }
        loop {
            if let Some(message) = self.pending.take() {
                if !self.may_take(cx)? {
                    self.pending = Some(message);
                    return Ok(Attention::Held);
                }
                self.take_message(&message)?;
            }
            if self.ended {
                return Ok(Attention::Held);
            }
            if !self.output.has_room() {
                return Ok(Attention::Full);
            }
            // Others have their time too, however much the peer says.
            let Poll::Ready(proceed) = coop::poll_proceed(cx) else { return Ok(Attention::Paused) };
            proceed.made_progress();
            match self.input.decode()? {
                Some(incoming) => self.take(incoming)?,
                None => {
                    // All that is at hand was answered: that is written before the peer is waited for.
                    self.flush(cx)?;
                    if self.relay.is_some() {
                        // What comes now goes past the server.
                        return self.relay_inbound(cx);
                    }
                    if self.input.poll_fill(cx)?.is_pending() {
                        return Ok(Attention::Listening);
                    }
                }
            }
        }
    }

    /// Whether a message may be taken: the transcript has room for its line, and the responder for it.
    fn may_take(&mut self, cx: &mut Context<'_>) -> Result<bool, Ending> {
        if self.unanswered.len() >= UNANSWERED {
            return Ok(false);
        }
        if self.full {
            let room = self.room.get_or_insert_with(|| self.journal.room());
            if room.as_mut().poll(cx).is_pending() {
                return Ok(false);
            }
            (self.full, self.room) = (false, None);
        }
        let Some(responder) = &mut self.responder else { return Ok(false) };
        let ready = responder.poll_ready(cx).is_ready();
        if !ready && responder.is_deaf() {
            // Only a stream goes on with what is still said to the peer: a message without an answer would be held for ever.
            if self.raw { self.deafen()? } else { return Err(Ending::Ended(None)) }
        }
        Ok(ready)
    }

    /// Asks a silent peer for a sign of life; true if it did.
    fn watch(&mut self, cx: &mut Context<'_>, attention: Attention) -> Result<bool, Ending> {
        let listened = attention == Attention::Listening;
        let due = attention != Attention::Paused && self.input.poll_silence(cx, listened)?.is_ready();
        if due {
            self.output.ask();
        }
        Ok(due)
    }

    /// Whether all is written is of no concern here: what is not keeps its waker. A stream that is written so far may
    /// go on past the server.
    fn flush(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        self.check()?;
        let written = self.output.poll_flush(cx)?.is_ready();
        if self.raw
            && written
            && self.relay.is_none()
            && self.pending.is_none()
            && self.input.socket().is_some()
            && self.responder.as_ref().is_some_and(|responder| responder.socket().is_some())
        {
            // Where the system cannot do that, or has no descriptor left, bytes are copied.
            self.relay = Relay::new(self.write_limit).ok();
        }
        Ok(())
    }

    fn take(&mut self, incoming: Incoming) -> Result<(), Ending> {
        match incoming {
            Incoming::Message(_) if self.no_more => {
                return Err(Ending::Protocol("uma mensagem depois do fim".to_owned()));
            }
            Incoming::Message(message) => self.pending = Some(message),
            Incoming::Stay => self.clock.heard(),
            Incoming::Resize(cols, rows) => {
                if let Some(responder) = &self.responder {
                    responder.resize(cols, rows);
                }
            }
            Incoming::Received(_) | Incoming::Ignored => {}
            Incoming::Leave => return Err(Ending::Farewell(LineEnding::None)),
            Incoming::Ping => self.output.event(&ServerEvent::Pong),
            Incoming::Reply(bytes) => self.output.protocol(&bytes, false),
            Incoming::Closed(bytes) => {
                self.output.protocol(&bytes, true);
                return Err(Ending::Left);
            }
            // Said again over another connection: the first may have been lost with its own.
            Incoming::NoMore if self.no_more => {}
            Incoming::NoMore => {
                self.no_more = true;
                // Where nothing is said unprompted, nothing more comes.
                return self.end_input(Ending::Farewell(LineEnding::None));
            }
            Incoming::End => {
                self.ended = true;
                return self.end_input(Ending::Left);
            }
        }
        Ok(())
    }

    /// What the peer said was all; the responder may still have something to say, or this is the end.
    fn end_input(&mut self, ending: Ending) -> Result<(), Ending> {
        self.asked = true;
        let goes_on = self.responder.as_mut().map_or(self.raw, Open::end_input);
        if goes_on { Ok(()) } else { Err(ending) }
    }

    fn take_message(&mut self, message: &Message) -> Result<(), Ending> {
        self.clock.heard();
        let Some(responder) = &mut self.responder else { return Ok(()) };
        if self.raw {
            self.came += message.len() as u64;
            self.asked = true;
            return responder.answer(message).map(drop);
        }
        record(self.journal, message, responder).map(|room| self.full |= !room)?;
        if self.leave_word.is_some_and(|word| message.as_bytes().eq_ignore_ascii_case(word.as_bytes())) {
            return self.leave(message.ending);
        }
        match responder.answer(message)? {
            Answer::Text(parts) => self.output.reply(message.into(), &parts),
            Answer::Itself => self.output.echo(message),
            Answer::Later => {
                self.unanswered.push_back(message.into());
                self.asked = true;
            }
        }
        Ok(())
    }
}

/// Hands a message's line to the transcript, before its reply is pushed; false when there is no room for the next.
fn record(journal: &Journal, message: &Message, responder: &Open) -> Result<bool, Ending> {
    match (&message.body, message.as_text()) {
        (Body::Text(text), _) => Ok(journal.record(&Event::Message(text, responder.recorded()))),
        (_, Ok(text)) => Ok(journal.record(&Event::Message(text, responder.recorded()))),
        (_, Err(error)) if responder.needs_text() => Err(error.into()),
        (_, Err(_)) => Ok(journal.record(&Event::Binary(message.len()))),
    }
}
