//! The newest part of the conversation, which survives a reload: the oldest entries go where there is no room.

use web_sys::Storage;

use super::storage::{for_this_tab, keep};
use crate::locale::digits;
use crate::state::Entry;

/// Most bytes of it: a fifth of what browsers have room for, as the seat and the draft are kept beside it.
const ROOM: usize = 1_000_000;

/// The number of the oldest entry.
const FIRST: &str = "vez.first";

/// Which entries are kept, by number, without a gap.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    first: usize,
    bytes: usize,
}

impl Ring {
    /// What was kept before a reload.
    pub(crate) fn open() -> (Self, Vec<Entry>) {
        let (mut ring, mut entries) = (Self::default(), Vec::new());
        let Some(storage) = for_this_tab() else { return (ring, entries) };
        ring.first = item(&storage, FIRST).and_then(|first| first.parse().ok()).unwrap_or_default();
        while let Some(record) = item(&storage, &key(ring.first + entries.len())) {
            let Some(entry) = Entry::from_record(&record) else { break };
            ring.bytes += record.len();
            entries.push(entry);
        }
        (ring, entries)
    }

    /// The number of the oldest entry.
    pub(crate) fn first(&self) -> usize {
        self.first
    }

    /// Keeps an entry, new or changed; if there is no room even so, not as it was before.
    pub(crate) fn keep(&mut self, number: usize, entry: &Entry) {
        let Some(storage) = for_this_tab() else { return };
        if self.bytes == 0 {
            self.begin(&storage, number);
        }
        let (key, record) = (key(number), entry.to_record());
        if number < self.first {
            return;
        }
        self.bytes = self.bytes + record.len() - size(&storage, &key);
        while self.bytes > ROOM || storage.set_item(&key, &record).is_err() {
            let oldest = self::key(self.first);
            let is_this = self.first == number;
            self.bytes -= if is_this { record.len() } else { size(&storage, &oldest) };
            _ = storage.remove_item(&oldest);
            self.begin(&storage, self.first + 1);
            if is_this {
                break;
            }
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        if let Some(storage) = for_this_tab() {
            let mut number = self.first;
            while size(&storage, &key(number)) > 0 {
                _ = storage.remove_item(&key(number));
                number += 1;
            }
            _ = storage.remove_item(FIRST);
        }
        *self = Self::default();
    }

    fn begin(&mut self, storage: &Storage, first: usize) {
        self.first = first;
        keep(Some(storage.clone()), FIRST, &digits(first as u64));
    }
}

fn item(storage: &Storage, key: &str) -> Option<String> {
    storage.get_item(key).ok()?
}

/// How many bytes the record has that is kept there, if one is.
fn size(storage: &Storage, key: &str) -> usize {
    item(storage, key).map_or(0, |record| record.len())
}

fn key(number: usize) -> String {
    String::from("vez.entry.") + &digits(number as u64)
}
