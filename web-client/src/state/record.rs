//! A conversation's entry as the line of text in which the browser keeps it over a reload.

use super::conversation::{Delivery, Entry, Note, Speaker};
use crate::locale::digits;

/// Every speaker with its mark in a record.
const MARKS: [(char, Speaker); 11] = [
    ('w', Speaker::Me(Delivery::Waiting)),
    ('o', Speaker::Me(Delivery::Sent)),
    ('a', Speaker::Me(Delivery::Answered)),
    ('p', Speaker::Me(Delivery::Passed)),
    ('n', Speaker::Me(Delivery::Unanswered)),
    ('u', Speaker::Me(Delivery::Unsent)),
    ('s', Speaker::Server),
    ('B', Speaker::Page(Note::Began)),
    ('E', Speaker::Page(Note::Ended)),
    ('L', Speaker::Page(Note::Lost)),
    ('R', Speaker::Page(Note::SeatLost)),
];

impl Entry {
    /// The entry as a record: its speaker's mark, its time, a blank, its text.
    pub(crate) fn to_record(&self) -> String {
        let mark = MARKS.iter().find(|(_, speaker)| *speaker == self.speaker).map_or('s', |(mark, _)| *mark);
        let mut record = String::from(mark);
        record.push_str(&digits(self.millis));
        record.push(' ');
        record.push_str(&self.text);
        record
    }

    /// Reads a record; `None` for anything else.
    pub(crate) fn from_record(record: &str) -> Option<Self> {
        let (head, text) = record.split_once([' '])?;
        let mut head = head.chars();
        let mark = head.next()?;
        let (_, speaker) = MARKS.into_iter().find(|(known, _)| *known == mark)?;
        Some(Self { speaker, millis: head.as_str().parse().ok()?, text: text.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, MARKS};

    #[test]
    fn every_entry_survives() {
        for (_, speaker) in MARKS {
            for text in ["", " ", "olá\n mundo", "a b c"] {
                let entry = Entry { speaker, millis: 1_763_800_000_123, text: text.into() };
                assert_eq!(Entry::from_record(&entry.to_record()), Some(entry));
            }
        }
    }

    #[test]
    fn anything_else_is_no_record() {
        for record in ["", " ", "s", "s12", "x12 olá", "s12x olá", "é12 olá"] {
            assert_eq!(Entry::from_record(record), None, "{record}");
        }
    }
}
