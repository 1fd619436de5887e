//! What survives beside the conversation: the seat and the draft a reload, the preferences the visit.
//!
//! A browser may refuse storage, or have no room; the page then works without.

use web_sys::Storage;

use super::window;
use crate::locale::Language;
use crate::state::{Preferences, Seat};

/// There only while a page is in its tab; where there is no room for it, nothing else is kept either.
const HERE: &str = "vez.here";
const DRAFT: &str = "vez.draft";
const SEAT: &str = "vez.seat";
const STREAM: &str = "vez.stream";
const LANGUAGE: &str = "vez.language";
const SOUND: &str = "vez.sound";
const OFF: &str = "off";

/// The seat as it was before a reload.
pub(crate) fn seat() -> Option<Seat> {
    Seat::from_record(&for_this_tab()?.get_item(SEAT).ok()??)
}

/// Keeps the seat, or forgets it.
pub(crate) fn keep_seat(seat: Option<&Seat>) {
    keep_or_forget(SEAT, seat.map(Seat::to_record));
}

/// The newest part of what came in a stream before a reload.
pub(crate) fn stream() -> Option<String> {
    for_this_tab()?.get_item(STREAM).ok()?
}

/// Keeps the newest part of what came in a stream, or forgets it.
pub(crate) fn keep_stream(shown: Option<String>) {
    keep_or_forget(STREAM, shown);
}

/// Notes that the page leaves its tab, or is back in it.
pub(crate) fn note_left(is_left: bool) {
    match for_this_tab() {
        Some(storage) if is_left => _ = storage.remove_item(HERE),
        storage => keep(storage, HERE, HERE),
    }
}

/// Whether what is kept belongs to a page that did not leave: a duplicated tab has a copy of it.
pub(crate) fn is_copy() -> bool {
    for_this_tab().is_some_and(|storage| storage.get_item(HERE).is_ok_and(|here| here.is_some()))
}

/// The draft as it was before a reload.
pub(crate) fn draft() -> Option<String> {
    for_this_tab()?.get_item(DRAFT).ok()?
}

/// Keeps the draft.
pub(crate) fn keep_draft(draft: &str) {
    keep(for_this_tab(), DRAFT, draft);
}

/// The preferences of the last visit, else those of the browser.
pub(crate) fn preferences() -> Preferences {
    let kept = |key: &str| for_every_visit()?.get_item(key).ok()?;
    let language = kept(LANGUAGE).and_then(|tag| Language::from_tag(&tag));
    Preferences {
        language: language.unwrap_or_else(browser_language),
        sound: kept(SOUND).as_deref() != Some(OFF),
    }
}

/// Keeps the preferences.
pub(crate) fn keep_preferences(preferences: Preferences) {
    keep(for_every_visit(), LANGUAGE, preferences.language.tag());
    keep(for_every_visit(), SOUND, if preferences.sound { "on" } else { OFF });
}

fn browser_language() -> Language {
    let Ok(window) = window() else { return Language::default() };
    Language::preferred(window.navigator().languages().iter().filter_map(|tag| tag.as_string()))
}

pub(super) fn keep(storage: Option<Storage>, key: &str, value: &str) {
    if let Some(storage) = storage {
        // Without room the page goes on, and only a reload would show it.
        _ = storage.set_item(key, value);
    }
}

fn keep_or_forget(key: &str, value: Option<String>) {
    match (for_this_tab(), value) {
        (storage, Some(value)) => keep(storage, key, &value),
        (Some(storage), None) => _ = storage.remove_item(key),
        (None, None) => {}
    }
}

pub(super) fn for_this_tab() -> Option<Storage> {
    window().ok()?.session_storage().ok()?
}

fn for_every_visit() -> Option<Storage> {
    window().ok()?.local_storage().ok()?
}
