//! A prompt that tells when it is drawn.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::texts;

/// The report's prompt for rustyline.
///
/// rustyline shows a line that comes from outside and then draws the prompt again: drawing is the sign that
/// the line is on the screen.
pub(super) struct Prompt {
    /// Wakes who waits for the prompt to be drawn.
    pub(super) drawn: Arc<Notify>,
}

impl rustyline::Prompt for Prompt {
    fn raw(&self) -> &str {
        self.drawn.notify_waiters();
        texts::PROMPT
    }
}
