//! Frames that the peer may not have received: they are said again over the connection that comes next.

use std::collections::VecDeque;

use bytes::{Buf, BytesMut};

/// Most bytes that are retained for a peer that does not tell what it received, and before the responder has to wait
/// for one that is away.
const MOST: usize = 256 * 1024;

/// Most bytes that are retained for a peer that does, and is here: more than both ends' systems hold on the way. Nothing
/// waits for what it tells, which may be stuck behind all that it says to what waits.
const UNCONFIRMED: usize = 16 * 1024 * 1024;

/// Frames in the order in which they were said, numbered from 0.
#[derive(Debug, Default)]
pub(super) struct Retained {
    /// All of them, the oldest first.
    bytes: BytesMut,
    /// How long each is.
    lens: VecDeque<usize>,
    /// The number of the oldest.
    first: u64,
    /// Whether the peer tells what it has received.
    is_confirmed: bool,
}

impl Retained {
    /// Nothing yet, for a peer that `confirms` what it receives, or is not known to.
    pub(super) fn new(confirms: bool) -> Self {
        Self { is_confirmed: confirms, ..Self::default() }
    }

    /// Retains what `frame` appends, and gives it back.
    ///
    /// Of a peer that is `here`, the oldest are dropped.
    pub(super) fn push(&mut self, here: bool, frame: impl FnOnce(&mut BytesMut)) -> &[u8] {
        let start = self.bytes.len();
        frame(&mut self.bytes);
        let len = self.bytes.len() - start;
        self.lens.push_back(len);
        let most = if self.is_confirmed { UNCONFIRMED } else { MOST };
        while here && self.bytes.len() > most && self.lens.len() > 1 {
            self.drop_oldest();
        }
        &self.bytes[self.bytes.len() - len..]
    }

    /// Whether the peer may be told more.
    pub(super) fn has_room(&self, here: bool) -> bool {
        here || self.bytes.len() < MOST
    }

    /// How many bytes a peer that tells has not told that it received.
    pub(super) fn on_the_way(&self) -> usize {
        if self.is_confirmed { self.bytes.len() } else { 0 }
    }

    /// The peer tells that it has received all before the one with this number.
    pub(super) fn confirm(&mut self, count: u64) {
        self.is_confirmed = true;
        self.forget(count);
    }

    /// Whether something is missing for a peer that has received all before this number, and tells what it received; of
    /// another it is not known whether it cares.
    pub(super) fn has_hole(&self, count: u64) -> bool {
        self.is_confirmed && count < self.first
    }

    /// All before this number need not be said again.
    pub(super) fn forget(&mut self, count: u64) {
        while self.first < count && !self.lens.is_empty() {
            self.drop_oldest();
        }
    }

    /// Nothing is said again.
    pub(super) fn clear(&mut self) {
        self.first += self.lens.len() as u64;
        self.lens.clear();
        self.bytes.clear();
    }

    /// What is said again.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn drop_oldest(&mut self) {
        self.bytes.advance(self.lens.pop_front().unwrap_or(0));
        self.first += 1;
        if self.bytes.is_empty() {
            // Keeps the room, where advancing to the end would give it up.
            self.bytes.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(retained: &mut Retained, here: bool, len: usize) {
        let pushed = retained.push(here, |bytes| bytes.extend(std::iter::repeat_n(b'x', len)));
        assert_eq!(pushed.len(), len);
    }

    #[test]
    fn what_was_received_is_not_said_again() {
        let mut retained = Retained::default();
        (1..=3).for_each(|len| push(&mut retained, true, len));
        retained.forget(1);
        assert_eq!(retained.bytes().len(), 5);
        retained.forget(1);
        assert_eq!(retained.bytes().len(), 5);
        // A peer may say any number.
        retained.forget(u64::MAX);
        assert_eq!((retained.bytes().len(), retained.first), (0, 3));
        push(&mut retained, true, 4);
        retained.forget(3);
        assert_eq!(retained.bytes().len(), 4);
    }

    #[test]
    fn more_is_retained_for_a_peer_that_tells_what_it_received() {
        let mut retained = Retained::default();
        (0..3).for_each(|_| push(&mut retained, true, MOST / 2));
        assert!(retained.has_room(true) && !retained.has_room(false));
        assert_eq!((retained.first, retained.bytes().len()), (1, MOST));
        assert!(!retained.has_hole(0));
        retained.confirm(1);
        assert!(retained.has_hole(0) && !retained.has_hole(1));
        push(&mut retained, true, UNCONFIRMED - MOST);
        assert_eq!((retained.first, retained.bytes().len()), (1, UNCONFIRMED));
        push(&mut retained, true, 1);
        assert_eq!(retained.first, 2);
        retained.confirm(5);
        assert!(retained.has_room(false) && retained.bytes().is_empty());
    }

    #[test]
    fn nothing_is_dropped_for_who_is_away() {
        let mut retained = Retained::default();
        (0..3).for_each(|_| push(&mut retained, false, MOST));
        assert_eq!((retained.first, retained.has_room(false)), (0, false));
    }
}
