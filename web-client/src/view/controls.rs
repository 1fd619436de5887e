//! The panel and the buttons.

use super::elements::{enable, find, say, set, show};
use crate::locale::{Sentences, Text};
use crate::panel::Panel;
use crate::state::{Permission, Phase, State};

/// Draws the panel's words and what it offers.
pub(super) fn draw_panel(panel: &Panel) {
    say("headline", &panel.headline);
    say("detail", &panel.detail);
    say("countdown", &panel.countdown);
    show("countdown", !panel.countdown.is_empty());
    show("reconnect", panel.connecting.is_some());
    say("reconnect", panel.connecting.unwrap_or_default());
    show("stay", panel.offers_staying);
}

/// Draws what can be pressed in a state.
pub(super) fn draw_buttons(state: &State, words: Sentences) {
    let talk = state.phase.talk();
    let leave = if talk.is_some() { Text::LeaveConversation } else { Text::LeaveQueue };
    let is_waiting = matches!(state.phase, Phase::Waiting(_));
    enable("send", state.can_submit());
    say("leave", words.text(leave));
    show("leave", !matches!(state.phase, Phase::Ended(_)));
    enable("leave", talk.is_none_or(|talk| talk.leaving.is_none()));
    show("notify", is_waiting && state.notifications == Permission::Askable);
    let is_something = !state.conversation.entries().is_empty() || state.stream.is_some();
    show("clear", is_something && matches!(state.phase, Phase::Ended(_)));
    show("save", !state.conversation.entries().is_empty());
    show("account", state.user.is_some());
    say("account", state.user.as_deref().unwrap_or_default());
    let sound = if state.preferences.sound { "true" } else { "false" };
    if let Some(button) = find("sound") {
        set(&button, "aria-pressed", sound);
    }
}
