//! The order of the tickets, without sockets or time.

use std::collections::BTreeMap;

/// Who stands in line; the first has the turn.
#[derive(Debug)]
pub(super) struct Line<T> {
    /// The number that the next to join gets.
    next: u64,
    /// By number, hence in the order of joining.
    members: BTreeMap<u64, T>,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { next: 0, members: BTreeMap::new() }
    }
}

impl<T> Line<T> {
    /// Adds a member at the end and returns its number.
    pub(super) fn join(&mut self, member: T) -> u64 {
        let id = self.next;
        self.next += 1;
        self.members.insert(id, member);
        id
    }

    /// Removes a member, wherever it stands.
    pub(super) fn leave(&mut self, id: u64) -> Option<T> {
        self.members.remove(&id)
    }

    /// Who has the turn.
    pub(super) fn first(&self) -> Option<&T> {
        self.members.first_key_value().map(|(_, member)| member)
    }

    /// How many stand in line, the first included.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The members in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.members.values()
    }
}
