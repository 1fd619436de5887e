//! Messages by their digests, so that none has to be kept.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Stands for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digest(u64);

impl Digest {
    /// The digest of `text`, the same throughout a run.
    pub(crate) fn of(text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self(hasher.finish())
    }
}
