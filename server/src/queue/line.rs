//! The order of the tickets, without sockets or time.

use std::collections::BTreeMap;

/// Who stands in line, by rank; the first has the turn.
#[derive(Debug)]
pub(super) struct Line<T> {
    members: BTreeMap<u64, T>,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { members: BTreeMap::new() }
    }
}

impl<T> Line<T> {
    /// Adds a member at its rank; false if somebody has that.
    pub(super) fn insert(&mut self, rank: u64, member: T) -> bool {
        use std::collections::btree_map::Entry;
        match self.members.entry(rank) {
            Entry::Vacant(entry) => {
                entry.insert(member);
                true
            }
            Entry::Occupied(_) => false,
        }
    }

    /// Removes a member, wherever it stands.
    pub(super) fn remove(&mut self, rank: u64) -> Option<T> {
        self.members.remove(&rank)
    }

    /// The member at a rank.
    #[cfg(feature = "etcd")]
    pub(super) fn get_mut(&mut self, rank: u64) -> Option<&mut T> {
        self.members.get_mut(&rank)
    }

    /// Who has the turn, with its rank.
    pub(super) fn first(&self) -> Option<(u64, &T)> {
        self.members.first_key_value().map(|(rank, member)| (*rank, member))
    }

    /// How many stand in line, the first included.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The members in order.
    pub(super) fn members(&self) -> impl Iterator<Item = &T> {
        self.members.values()
    }
}
