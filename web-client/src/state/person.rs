//! What the person does to the state.

use vez_protocol::{ClientEvent, report};

use super::{Delivery, Effect, Ending, Moment, Phase, Speaker, State, Talk};

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
        if self.draft.chars().all(char::is_whitespace) {
            self.is_empty_refused = true;
            return;
        }
        let text = std::mem::take(&mut self.draft);
        self.ask(Effect::ShowDraft);
        self.ask(Effect::KeepDraft);
        // In a conversation the word is a message, and means what the responder makes of it.
        let is_talking = self.phase.talk().is_some();
        if report::is_leave(&text) && !is_talking { self.leave(now) } else { self.speak(text, now) }
    }

    /// Says it now, or keeps it for the turn.
    fn speak(&mut self, text: String, now: u64) {
        let index = self.conversation.push(Speaker::Me(Delivery::Waiting), text, now);
        match self.phase.talk_mut() {
            Some(talk) => {
                talk.warning = talk.warning.filter(|warning| !warning.can_stay());
                self.send(index);
            }
            None => self.ask(Effect::KeepEntry(index)),
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

    pub(super) fn switch_language(&mut self) {
        self.preferences.language = self.preferences.language.other();
        self.ask(Effect::KeepPreferences);
    }

    pub(super) fn switch_sound(&mut self) {
        self.preferences.sound = !self.preferences.sound;
        self.ask(Effect::KeepPreferences);
    }
}
