//! What the person does to the state.

use vez_protocol::report;

use super::{Delivery, Effect, Ending, Moment, Phase, Speaker, State, Talk};
use crate::locale::Text;

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
        if report::is_leave(&text) { self.leave_with(text, now) } else { self.speak(text, now) }
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

    pub(super) fn stay(&mut self, now: u64) {
        if let Phase::Talking(Talk { warning: Some(_), leaving: false }) = self.phase {
            self.speak(Text::StillHere.in_language(self.preferences.language).into(), now);
        }
    }

    pub(super) fn leave(&mut self, now: u64) {
        self.leave_with(report::LEAVE.into(), now);
    }

    /// A conversation is left with the server's farewell; a queue is just left.
    fn leave_with(&mut self, word: String, now: u64) {
        match &mut self.phase {
            Phase::Talking(Talk { leaving: true, .. }) | Phase::Ended(_) | Phase::Asleep => {}
            Phase::Talking(talk) => {
                *talk = Talk { warning: None, leaving: true };
                let index = self.conversation.push(Speaker::Me(Delivery::Waiting), word, now);
                self.send(index);
            }
            _ => self.end(Ending::LeftQueue, Moment { millis: now, chance: 0.0 }),
        }
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
