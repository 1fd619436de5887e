//! What the person does to the state.

use vez_protocol::{ClientEvent, report};

use super::{Conversation, Delivery, Effect, Ending, Moment, Phase, Speaker, State, Talk};

/// How long the server may take to say goodbye, in milliseconds.
const FAREWELL: u64 = 5_000;

impl State {
    pub(super) fn edited(&mut self, draft: String) {
        self.draft = draft;
        self.is_empty_refused = false;
        self.ask(Effect::KeepDraft);
    }

    pub(super) fn submitted(&mut self, now: u64) {
        if !self.can_submit() {
            return;
        }
        if let Some(stream) = self.streaming() {
            let line = stream.line(&self.draft).into_bytes();
            self.take_draft();
            return self.send_bytes(line);
        }
        if self.draft.chars().all(char::is_whitespace) {
            self.is_empty_refused = true;
            return;
        }
        let text = self.take_draft();
        // In a conversation the word is a message, and means what the responder makes of it.
        let is_talking = self.phase.talk().is_some();
        if report::is_leave(&text) && !is_talking { self.leave(now) } else { self.speak(text, now) }
    }

    fn take_draft(&mut self) -> String {
        self.ask(Effect::ShowDraft);
        self.ask(Effect::KeepDraft);
        std::mem::take(&mut self.draft)
    }

    /// Sends bytes of a stream.
    pub(super) fn send_bytes(&mut self, bytes: Vec<u8>) {
        if self.streaming().is_some() && !self.is_leaving() && !bytes.is_empty() {
            self.said_something();
            self.pass(bytes);
        }
    }

    /// Whoever says something is still there.
    fn said_something(&mut self) {
        if let Some(talk) = self.phase.talk_mut() {
            talk.warning = talk.warning.filter(|warning| !warning.can_stay());
        }
    }

    /// Says it now, or keeps it for the turn.
    fn speak(&mut self, text: String, now: u64) {
        let index = self.conversation.push(Speaker::Me(Delivery::Waiting), text, now);
        if self.phase.talk().is_some() {
            self.said_something();
            self.send(index);
        } else {
            self.ask(Effect::KeepEntry(index));
        }
    }

    pub(super) fn stay(&mut self) {
        if let Phase::Talking(talk) = &mut self.phase
            && talk.leaving.is_none()
            && talk.warning.take_if(|warning| warning.can_stay()).is_some()
        {
            self.ask(Effect::Send(ClientEvent::Stay));
        }
    }

    /// A conversation is left with the server's farewell; a queue is just left.
    pub(super) fn leave(&mut self, now: u64) {
        match &mut self.phase {
            Phase::Talking(Talk { leaving: Some(_), .. }) | Phase::Ended(_) | Phase::Asleep => return,
            Phase::Talking(talk) => *talk = Talk { warning: None, leaving: Some(now + FAREWELL) },
            Phase::Connecting | Phase::Retrying(_) => return self.left_queue(now),
            Phase::Waiting(_) => {}
        }
        self.ask(Effect::Send(ClientEvent::Leave));
        self.forget_seat();
        if self.phase.talk().is_none() {
            self.left_queue(now);
        }
    }

    fn left_queue(&mut self, now: u64) {
        self.end(Ending::LeftQueue, Moment { millis: now, chance: 0.0 });
    }

    pub(super) fn reconnect(&mut self, now: u64) {
        if matches!(self.phase, Phase::Retrying(_) | Phase::Ended(_)) {
            self.connect(now);
        }
    }

    /// Leaves nothing of the conversation on this device.
    pub(super) fn clear(&mut self) {
        if matches!(self.phase, Phase::Ended(_)) {
            self.conversation = Conversation::default();
            self.stream = None;
            self.take_draft();
            self.forget_seat();
            self.ask(Effect::Clear);
            self.ask(Effect::Focus);
        }
    }

    pub(super) fn switch_language(&mut self) {
        self.preferences.language = self.preferences.language.other();
        self.ask(Effect::KeepPreferences);
    }

    pub(super) fn switch_sound(&mut self) {
        self.preferences.sound = !self.preferences.sound;
        self.ask(Effect::KeepPreferences);
    }
}
