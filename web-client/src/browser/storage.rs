//! What survives: the conversation and the draft a reload, the preferences the visit.
//!
//! A browser may refuse storage, or have no room; the page then works without.

use web_sys::Storage;

use super::window;
use crate::locale::{Language, digits};
use crate::state::{Entry, Preferences};

/// There only between a page and the next in the same tab.
const LEFT: &str = "vez.left";
const DRAFT: &str = "vez.draft";
const LANGUAGE: &str = "vez.language";
const SOUND: &str = "vez.sound";
const OFF: &str = "off";

/// The conversation as it was before a reload.
pub(crate) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    let Some(storage) = for_this_tab() else { return entries };
    while let Ok(Some(record)) = storage.get_item(&entry_key(entries.len())) {
        let Some(entry) = Entry::from_record(&record) else { break };
        entries.push(entry);
    }
    entries
}

/// Keeps one entry, and answers whether there was room.
///
/// Without room all of them are forgotten: with some missing, or as they were before, a reload would show
/// holes and send again what was sent.
pub(crate) fn keep_entry(index: usize, entry: &Entry) -> bool {
    let Some(storage) = for_this_tab() else { return false };
    let is_kept = storage.set_item(&entry_key(index), &entry.to_record()).is_ok();
    if !is_kept {
        (0..=index).for_each(|index| _ = storage.remove_item(&entry_key(index)));
    }
    is_kept
}

/// Notes that the page leaves its tab, or is back in it.
pub(crate) fn note_left(is_left: bool) {
    match for_this_tab() {
        Some(storage) if !is_left => _ = storage.remove_item(LEFT),
        storage => keep(storage, LEFT, LEFT),
    }
}

/// Whether what is kept belongs to a page that did not leave: a duplicated tab has a copy of it.
pub(crate) fn is_copy() -> bool {
    for_this_tab().is_some_and(|storage| storage.get_item(LEFT).is_ok_and(|left| left.is_none()))
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

fn entry_key(index: usize) -> String {
    String::from("vez.entry.") + &digits(index as u64)
}

fn keep(storage: Option<Storage>, key: &str, value: &str) {
    if let Some(storage) = storage {
        // Without room the page goes on, and only a reload would show it.
        _ = storage.set_item(key, value);
    }
}

fn for_this_tab() -> Option<Storage> {
    window().ok()?.session_storage().ok()?
}

fn for_every_visit() -> Option<Storage> {
    window().ok()?.local_storage().ok()?
}
