//! What the connection, the network and the page's comings and goings do to the state.

use std::borrow::Cow;

use vez_protocol::{ByeReason, ClientEvent, ServerEvent, TurnKind, report};

use super::{
    Delivery, Effect, Ending, LIMIT, Moment, Note, Phase, Place, Retry, Seat, Speaker, State, Stream, Talk,
    Warning,
};

/// The close code that stands for a connection that was lost (RFC 6455 §7.1.5).
const LOST: u16 = 1006;
/// The first back-off on the way back to a seat, which is not kept for long, in milliseconds.
const FIRST_RETURN: u64 = 200;
/// How long a countdown that ran out stays in sight, in milliseconds.
const OVERDUE: u64 = 2_000;

impl State {
    pub(super) fn started(&mut self, now: u64) {
        self.restore_terminal();
        if matches!(self.phase, Phase::Connecting | Phase::Asleep) {
            self.connect(now);
        }
    }

    pub(super) fn connect(&mut self, now: u64) {
        self.phase = Phase::Connecting;
        self.link.open(now);
        self.ask(Effect::Connect(self.seat.as_ref().map(Seat::offer)));
    }

    pub(super) fn received(&mut self, event: ServerEvent<'static>, now: u64) {
        if !self.phase.is_connected() {
            return;
        }
        self.link.hear(now);
        match event {
            ServerEvent::Seat { token, last_id, bytes, user, .. } => {
                self.user = user.map(Cow::into_owned);
                self.seated(token.into_owned(), last_id, bytes, now);
            }
            ServerEvent::Waiting { position, ahead, estimate_seconds, holder, .. } => {
                self.holder = holder.map(Cow::into_owned);
                let expected = estimate_seconds.map(|seconds| later(now, seconds));
                self.phase = Phase::Waiting(Place { position, ahead: ahead.unwrap_or(position), expected });
            }
            ServerEvent::Turn { kind, max_message, newline } if self.phase.talk().is_none() => {
                self.limit = max_message.unwrap_or(LIMIT);
                self.turn_came(kind, newline, now);
            }
            ServerEvent::Reply { text, to } => {
                self.count(text.len());
                self.settle(to);
                self.say(Speaker::Server, text.into_owned(), now);
            }
            ServerEvent::Output { text } => {
                self.count(text.len());
                self.say(Speaker::Server, text.into_owned(), now);
            }
            ServerEvent::Warning { seconds, reason } => self.warned(later(now, seconds), reason),
            ServerEvent::Bye { reason, text, .. } => {
                // The goodbye of a connection whose seat goes on is not the seat's.
                if reason != ByeReason::TakenOver {
                    self.count(text.len());
                }
                self.bye(reason, text.into_owned(), now);
            }
            ServerEvent::Turn { .. } | ServerEvent::Pong | ServerEvent::Unknown => {}
        }
    }

    pub(super) fn streamed(&mut self, bytes: &[u8], now: u64) {
        if !self.phase.is_connected() {
            return;
        }
        self.link.hear(now);
        self.receive(bytes.len());
        match &mut self.stream {
            Some(stream) if self.phase.talk().is_some() => match stream.is_terminal {
                true => self.ask(Effect::Feed(bytes.to_vec())),
                false => stream.push(bytes, now),
            },
            _ => {}
        }
    }

    fn turn_came(&mut self, kind: TurnKind, newline: Option<Cow<'static, str>>, now: u64) {
        let goes_on = self.seat.is_some() && self.conversation.is_begun();
        match kind {
            TurnKind::Stream | TurnKind::Terminal => {
                let stream = self.stream.get_or_insert_with(Stream::new);
                stream.is_terminal = kind == TurnKind::Terminal;
                if goes_on { stream.go_on(newline) } else { stream.begin(newline) }
            }
            TurnKind::Chat | TurnKind::Unknown => {
                if self.stream.take().is_some() {
                    self.ask(Effect::KeepStream);
                }
            }
        }
        self.phase = Phase::Talking(Talk::default());
        if kind == TurnKind::Terminal {
            self.terminal_came(goes_on);
        }
        if !goes_on {
            self.say(Speaker::Page(Note::Began), String::new(), now);
        }
        self.ask(Effect::Focus);
        if !goes_on {
            self.call();
        }
        while let Some(index) = self.conversation.oldest(Delivery::Waiting) {
            self.send(index);
        }
    }

    /// A reply answers the message that it names; the oldest, where it names none.
    fn settle(&mut self, to: Option<u64>) {
        let sent = match to {
            Some(id) => {
                self.conversation.index(id as usize).filter(|index| self.conversation.is_sent(*index))
            }
            None => self.conversation.oldest(Delivery::Sent),
        };
        if let Some(index) = sent {
            self.turn(index, Delivery::Answered);
        }
    }

    /// Whoever looks elsewhere is called.
    fn call(&mut self) {
        if !self.is_visible {
            self.ask(Effect::Call);
        }
    }

    fn warned(&mut self, deadline: u64, reason: ByeReason) {
        let Some(talk) = self.phase.talk_mut().filter(|talk| talk.leaving.is_none()) else { return };
        let is_new = talk.warning.is_none();
        talk.warning = Some(Warning { deadline, reason });
        if is_new {
            self.call();
        }
    }

    fn bye(&mut self, reason: ByeReason, text: String, now: u64) {
        self.link.bye = Some(reason);
        if self.phase.talk().is_none() || text.is_empty() {
            return;
        }
        if reason == ByeReason::Farewell {
            self.settle(None);
        }
        self.say(Speaker::Server, text, now);
    }

    pub(super) fn closed(&mut self, code: u16, moment: Moment) {
        if !self.phase.is_connected() {
            return;
        }
        let sent = self.conversation.oldest(Delivery::Sent);
        let is_leaving = self.phase.talk().is_some_and(|talk| talk.leaving.is_some())
            || sent.is_some_and(|index| report::is_leave(self.conversation.text(index)));
        let ending = match Ending::of(self.link.bye.take(), code, self.link.was_open()) {
            Ending::Network if is_leaving => Ending::Farewell,
            Ending::Unreachable => {
                self.ask(Effect::Probe);
                Ending::Unreachable
            }
            ending => ending,
        };
        self.end(ending, moment);
    }

    /// Leaves the connection behind, with what was on its way.
    pub(super) fn end(&mut self, ending: Ending, moment: Moment) {
        let keeps_seat = self.seat.is_some() && ending.keeps_seat();
        if keeps_seat {
            self.ask(Effect::Suspend);
        } else {
            self.let_go(if ending == Ending::Network { Note::Lost } else { Note::Ended }, moment.millis);
            self.forget_seat();
        }
        if ending.is_wanted() {
            self.give_up(Delivery::Waiting, Delivery::Unsent);
        }
        self.phase = match ending.backoff() {
            Some(first) => {
                let first = if keeps_seat { FIRST_RETURN } else { first };
                let wait = self.link.back_off(first, moment);
                Phase::Retrying(Retry { ending, at: moment.millis + wait })
            }
            None => Phase::Ended(ending),
        };
    }

    pub(super) fn let_go(&mut self, note: Note, now: u64) {
        self.ask(Effect::Disconnect);
        self.let_go_of_talk(note, now);
    }

    /// Nothing more comes of the conversation, if there is one.
    pub(super) fn let_go_of_talk(&mut self, note: Note, now: u64) {
        self.give_up(Delivery::Sent, Delivery::Unanswered);
        if self.phase.talk().is_some() || self.seat.is_some() && self.conversation.is_begun() {
            self.say(Speaker::Page(note), String::new(), now);
        }
    }

    fn give_up(&mut self, from: Delivery, to: Delivery) {
        while let Some(index) = self.conversation.oldest(from) {
            self.turn(index, to);
        }
    }

    pub(super) fn turn(&mut self, index: usize, delivery: Delivery) {
        self.conversation.turn(index, delivery);
        self.ask(Effect::KeepEntry(index));
    }

    /// The server is there although the handshake failed; time and again, that is a refusal.
    pub(super) fn reachable(&mut self, moment: Moment) {
        if let Phase::Retrying(Retry { ending: Ending::Unreachable, .. }) = self.phase
            && self.link.found()
        {
            self.end(Ending::HandshakeRefused, moment);
        }
    }

    pub(super) fn say(&mut self, speaker: Speaker, text: String, now: u64) {
        let index = self.conversation.push(speaker, text, now);
        self.ask(Effect::KeepEntry(index));
    }

    /// Sends a message that waited, unless it is too long for what the turn turned out to be.
    pub(super) fn send(&mut self, index: usize) {
        let text = self.conversation.text(index);
        let line = self.streaming().map(|stream| stream.line(text));
        let is_too_long = line.as_deref().unwrap_or(text).len() > self.limit;
        let delivery = match line {
            _ if is_too_long => Delivery::Unsent,
            Some(line) => {
                self.pass(line.into_bytes());
                Delivery::Passed
            }
            None => {
                self.ask(Effect::Send(self.message(index)));
                Delivery::Sent
            }
        };
        self.turn(index, delivery);
    }

    pub(super) fn tick(&mut self, moment: Moment) {
        let now = moment.millis;
        if let Phase::Retrying(Retry { at, .. }) = self.phase
            && now >= at
        {
            self.connect(now);
        }
        if !self.phase.is_connected() {
            return;
        }
        if self.link.is_dead(now) {
            return self.closed(LOST, moment);
        }
        if self.phase.talk().and_then(|talk| talk.leaving).is_some_and(|deadline| now >= deadline) {
            return self.end(Ending::NoFarewell, moment);
        }
        self.drop_overdue_warning(now);
        if self.link.is_quiet(now) {
            self.probe(now);
        }
    }

    /// The limit may have been lifted: nobody waits any more.
    fn drop_overdue_warning(&mut self, now: u64) {
        if let Some(talk) = self.phase.talk_mut() {
            talk.warning = talk.warning.filter(|warning| now < warning.deadline.saturating_add(OVERDUE));
        }
    }

    /// Finds out whether a socket that looks open is.
    fn probe(&mut self, now: u64) {
        // What a stream leads to may take its time with what was sent, and a ping waits behind that.
        let is_busy = self.streaming().is_some() || self.conversation.oldest(Delivery::Sent).is_some();
        if self.phase.is_connected() && self.link.probe(now, is_busy) {
            self.ask(Effect::Send(ClientEvent::Ping));
        }
    }

    pub(super) fn online(&mut self, now: u64) {
        self.is_online = true;
        match self.phase {
            Phase::Retrying(_) => self.connect(now),
            _ => self.probe(now),
        }
    }

    pub(super) fn offline(&mut self, now: u64) {
        self.is_online = false;
        self.probe(now);
    }

    pub(super) fn shown(&mut self, now: u64) {
        self.is_visible = true;
        self.probe(now);
    }

    pub(super) fn hidden(&mut self) {
        self.is_visible = false;
        // It may be the last that the page hears of before the browser discards it.
        self.keep_all();
    }

    fn keep_all(&mut self) {
        self.ask(Effect::KeepDraft);
        if self.seat.is_some() {
            self.ask(Effect::KeepSeat);
        }
        if self.stream.is_some() {
            self.ask(Effect::KeepStream);
        }
    }

    /// Lets the browser keep the page for the way back; without a seat, the place in the queue is freed.
    pub(super) fn page_left(&mut self, now: u64) {
        self.keep_all();
        if !matches!(self.phase, Phase::Ended(_)) {
            if self.seat.is_some() {
                self.ask(Effect::Suspend)
            } else {
                self.let_go(Note::Ended, now)
            }
            self.phase = Phase::Asleep;
        }
    }
}

/// So many seconds after a time in milliseconds; a peer may name any number.
fn later(now: u64, seconds: u64) -> u64 {
    now.saturating_add(seconds.saturating_mul(1000))
}
