//! What happened to the lines that had scrolled out of the screen.

use avt::parser::Function;
use avt::{Line, Observation, Observer, Operation};

/// Since the beginning, and since it was last asked.
#[derive(Default)]
pub(super) struct Changes {
    /// How many lines are kept no more.
    pub(super) dropped: usize,
    /// Whether they are others now.
    pub(super) is_rewritten: bool,
}

impl Observer for Changes {
    type Output = ();

    fn resized(&mut self, _: usize, _: usize) {
        self.is_rewritten = true;
    }

    fn before(&mut self, _: &mut Observation<'_>, operation: &Operation) {
        if let Operation::Function(Function::Ris) = operation {
            self.is_rewritten = true;
        }
    }

    fn evicted(&mut self, _: &mut Observation<'_>, _: &Line) {
        self.dropped += 1;
    }

    fn end(&mut self, _: &mut Observation<'_>) {}
}
