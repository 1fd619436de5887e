//! What was said, by whom and when, and what became of it.

/// One thing in the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Who said it.
    pub(crate) speaker: Speaker,
    /// When, in milliseconds since the epoch.
    pub(crate) millis: u64,
    /// The words; empty for a note, whose words depend on the language.
    pub(crate) text: String,
}

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// The person.
    Me(Delivery),
    /// The server.
    Server,
    /// The page, about the conversation.
    Page(Note),
}

/// What became of a message of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It waits for the turn.
    Waiting,
    /// It is with the server.
    Sent,
    /// The server answered it.
    Answered,
    /// It went into a stream, which has no answers.
    Passed,
    /// The connection ended before the answer.
    Unanswered,
    /// We left before it went out.
    Unsent,
}

/// What the page notes between the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// The turn came.
    Began,
    /// The conversation ended.
    Ended,
    /// The connection was lost during the conversation.
    Lost,
    /// The seat was not kept long enough, and the queue is joined anew.
    SeatLost,
}

/// The conversation, oldest first; it only grows, and only what became of a message changes.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// The first entry's number: those before it were forgotten with a reload.
    first: usize,
    entries: Vec<Entry>,
    /// Every entry before this one is as it will stay.
    settled: usize,
}

impl Conversation {
    /// The words of the entry with this index.
    pub(crate) fn text(&self, index: usize) -> &str {
        self.entries.get(index).map_or("", |entry| &entry.text)
    }

    /// The number of the entry with this index, over all reloads; a message's `id`.
    pub(crate) fn number(&self, index: usize) -> usize {
        self.first + index
    }

    /// The index of the entry with this number, if it is not forgotten.
    pub(crate) fn index(&self, number: usize) -> Option<usize> {
        number.checked_sub(self.first)
    }

    /// Has an empty conversation go on after this number.
    pub(crate) fn go_on_after(&mut self, number: usize) {
        if self.entries.is_empty() {
            self.first = self.first.max(number.saturating_add(1));
        }
    }

    /// All of it.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Takes up a conversation that was kept over a reload, with the seat if there `is_seat` one.
    ///
    /// Without a seat, what was on its way is lost; in a copy without one, what waits is the original's to send.
    pub(crate) fn restore(first: usize, entries: Vec<Entry>, is_seat: bool, is_copy: bool) -> Self {
        let mut conversation = Self { first, entries, settled: 0 };
        if is_seat {
            return conversation;
        }
        let lost = [(Delivery::Sent, Delivery::Unanswered), (Delivery::Waiting, Delivery::Unsent)];
        for (from, to) in lost.into_iter().take(1 + usize::from(is_copy)) {
            while let Some(index) = conversation.oldest(from) {
                conversation.turn(index, to);
            }
        }
        conversation
    }

    /// Adds an entry and answers its index.
    pub(crate) fn push(&mut self, speaker: Speaker, text: String, millis: u64) -> usize {
        self.entries.push(Entry { speaker, millis, text });
        self.entries.len() - 1
    }

    /// The oldest message that is waiting, or sent and without an answer.
    pub(crate) fn oldest(&self, delivery: Delivery) -> Option<usize> {
        let found = self.open().iter().position(|entry| entry.speaker == Speaker::Me(delivery));
        found.map(|offset| self.settled + offset)
    }

    /// The oldest message from this index on that is sent and without an answer.
    pub(crate) fn sent_from(&self, index: usize) -> Option<usize> {
        (index.max(self.settled)..self.entries.len()).find(|index| self.is_sent(*index))
    }

    /// Whether a turn has begun, and nothing says that it is over.
    pub(crate) fn is_begun(&self) -> bool {
        let last = self.entries.iter().rev().find(|entry| matches!(entry.speaker, Speaker::Page(_)));
        // What is forgotten is so long ago that a turn began in it.
        last.map_or(self.first > 0, |entry| entry.speaker == Speaker::Page(Note::Began))
    }

    /// Whether the message with this index is sent and without an answer.
    pub(crate) fn is_sent(&self, index: usize) -> bool {
        self.entries.get(index).is_some_and(|entry| entry.speaker == Speaker::Me(Delivery::Sent))
    }

    /// Says what became of a message.
    pub(crate) fn turn(&mut self, index: usize, delivery: Delivery) {
        if let Some(entry) = self.entries.get_mut(index) {
            entry.speaker = Speaker::Me(delivery);
        }
        self.settle();
    }

    /// The entries from the first that can still change.
    fn open(&self) -> &[Entry] {
        self.entries.get(self.settled..).unwrap_or_default()
    }

    /// Steps over what will not change, so that a long conversation is not searched from its start.
    fn settle(&mut self) {
        let open = self.open().iter().position(|entry| entry.speaker.is_open());
        self.settled = open.map_or(self.entries.len(), |offset| self.settled + offset);
    }
}

impl Speaker {
    /// Whether what became of it can still change.
    fn is_open(self) -> bool {
        matches!(self, Self::Me(Delivery::Waiting | Delivery::Sent))
    }
}

#[cfg(test)]
mod tests {
    use super::{Conversation, Delivery, Note, Speaker};

    fn say(conversation: &mut Conversation, delivery: Delivery) -> usize {
        conversation.push(Speaker::Me(delivery), "oi".into(), 0)
    }

    #[test]
    fn answers_go_to_the_oldest_message_without_one() {
        let mut conversation = Conversation::default();
        let first = say(&mut conversation, Delivery::Sent);
        conversation.push(Speaker::Page(Note::Began), String::new(), 0);
        let second = say(&mut conversation, Delivery::Sent);
        assert_eq!(conversation.oldest(Delivery::Sent), Some(first));
        conversation.turn(first, Delivery::Answered);
        assert_eq!(conversation.oldest(Delivery::Sent), Some(second));
        conversation.turn(second, Delivery::Answered);
        assert_eq!(conversation.oldest(Delivery::Sent), None);
        let third = say(&mut conversation, Delivery::Sent);
        assert_eq!(conversation.oldest(Delivery::Sent), Some(third));
    }

    #[test]
    fn what_was_on_its_way_before_a_reload_is_lost_and_what_waited_still_waits() {
        let mut before = Conversation::default();
        let sent = say(&mut before, Delivery::Sent);
        let waiting = say(&mut before, Delivery::Waiting);
        let after = Conversation::restore(0, before.entries().to_vec(), false, false);
        assert_eq!(after.entries()[sent].speaker, Speaker::Me(Delivery::Unanswered));
        assert_eq!(after.oldest(Delivery::Waiting), Some(waiting));
        let copy = Conversation::restore(0, before.entries().to_vec(), false, true);
        assert_eq!(copy.entries()[waiting].speaker, Speaker::Me(Delivery::Unsent));
        let seated = Conversation::restore(0, before.entries().to_vec(), true, false);
        assert_eq!((seated.sent_from(0), seated.sent_from(sent + 1)), (Some(sent), None));
    }
}
