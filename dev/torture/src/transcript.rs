//! Reads the server's transcript.

use std::io::BufRead;
use std::time::Instant;

use tokio::sync::mpsc;

use crate::line::Line;
use crate::observation::{Observation, What};

/// Reads lines to the end of the output, as fast as they come.
pub(crate) fn read(mut output: impl BufRead, observations: &mpsc::Sender<Observation>) {
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let what = What::Transcript(Line::parse(String::from_utf8_lossy(&line).trim_end_matches('\n')));
        if observations.blocking_send(Observation { at: Instant::now(), what }).is_err() {
            return;
        }
        line.clear();
    }
}
