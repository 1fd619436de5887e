//! Lines that come while the user types: the line editor draws them above its prompt.
//!
//! rustyline tells nobody when it has drawn, but asks its highlighter for the prompt each time that it draws.
//! So the lines wait here and are handed over as a part of the prompt, on the editor's own thread: what has
//! been taken is written before that thread does anything else, and what has not been taken is still here.

use std::borrow::Cow;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use tokio::sync::Notify;

/// Lines that may wait to be drawn.
const UNDRAWN_LINES: usize = 64;

/// What the conversation and the editor's thread share.
#[derive(Default)]
pub(super) struct Above {
    state: Mutex<State>,
    /// Wakes the conversation when the state has changed.
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// Not yet drawn, each with its newline.
    lines: Vec<String>,
    /// Whether the editor may draw.
    editing: bool,
    /// Whether the editor must stop instead of drawing again.
    closing: bool,
}

impl Above {
    /// Gives the terminal to the editor.
    pub(super) fn begin(&self) {
        self.lock().editing = true;
    }

    /// Gives the terminal back, by the editor's thread.
    pub(super) fn leave(&self) {
        self.lock().editing = false;
        self.changed.notify_one();
    }

    /// Whether the editor may draw.
    pub(super) fn is_editing(&self) -> bool {
        self.lock().editing
    }

    /// Keeps a line for the editor, waiting for room; returns it where the editor has left.
    pub(super) async fn push(&self, line: String) -> Option<String> {
        loop {
            {
                let mut state = self.lock();
                if !state.editing {
                    return Some(line);
                }
                if state.lines.len() < UNDRAWN_LINES {
                    state.lines.push(line);
                    return None;
                }
            }
            self.changed.notified().await;
        }
    }

    /// Has the editor stop the next time that it draws.
    pub(super) fn close(&self) {
        self.lock().closing = true;
    }

    /// Waits until the editor has left.
    pub(super) async fn left(&self) {
        while self.is_editing() {
            self.changed.notified().await;
        }
    }

    /// What was not drawn.
    pub(super) fn take(&self) -> String {
        mem::take(&mut self.lock().lines).concat()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Draws the lines; the rest of what rustyline asks of a helper is as without one.
pub(super) struct Drawing(pub(super) Arc<Above>);

impl Highlighter for Drawing {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _default: bool) -> Cow<'b, str> {
        if self.0.lock().closing {
            self.0.leave();
            loop {
                thread::park();
            }
        }
        let lines = self.0.take();
        self.0.changed.notify_one();
        if lines.is_empty() { Cow::Borrowed(prompt) } else { Cow::Owned(lines + prompt) }
    }
}

impl Completer for Drawing {
    type Candidate = String;
}

impl Hinter for Drawing {
    type Hint = String;
}

impl Validator for Drawing {}

impl rustyline::Helper for Drawing {}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use futures_util::FutureExt;
    use rustyline::highlight::Highlighter;

    use super::{Above, Drawing, UNDRAWN_LINES};

    fn editing() -> (Arc<Above>, Drawing) {
        let above = Arc::new(Above::default());
        above.begin();
        (above.clone(), Drawing(above))
    }

    fn line(number: usize) -> String {
        format!("{number}\n")
    }

    #[tokio::test]
    async fn lines_are_drawn_once_and_in_order_above_the_prompt() {
        let (above, drawing) = editing();
        assert_eq!(above.push(line(1)).await, None);
        assert_eq!(above.push(line(2)).await, None);
        assert_eq!(drawing.highlight_prompt("> ", true), "1\n2\n> ");
        assert_eq!(drawing.highlight_prompt("> ", true), "> ");
    }

    #[tokio::test]
    async fn what_the_editor_leaves_undrawn_comes_before_what_follows() {
        let (above, _) = editing();
        assert_eq!(above.push(line(1)).await, None);
        above.leave();
        assert_eq!(above.push(line(2)).await, Some(line(2)));
        assert_eq!(above.take(), line(1));
    }

    #[tokio::test]
    async fn a_full_editor_is_waited_for() {
        for drawn in [true, false] {
            let (above, drawing) = editing();
            for number in 0..UNDRAWN_LINES {
                assert_eq!(above.push(line(number)).await, None);
            }
            assert_eq!(above.push(line(UNDRAWN_LINES)).now_or_never(), None);
            let next = above.push(line(UNDRAWN_LINES));
            let makes_room =
                async { if drawn { drop(drawing.highlight_prompt("> ", true)) } else { above.leave() } };
            let (left, ()) = tokio::join!(next, makes_room);
            assert_eq!(left.is_none(), drawn);
        }
    }

    #[tokio::test]
    async fn a_closed_editor_draws_nothing_more() {
        let (above, drawing) = editing();
        assert_eq!(above.push(line(1)).await, None);
        above.close();
        // It never returns.
        thread::spawn(move || drawing.highlight_prompt("> ", true).into_owned());
        above.left().await;
        assert_eq!(above.take(), line(1));
    }
}
