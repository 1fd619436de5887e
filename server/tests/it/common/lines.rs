//! A transcript that tests can wait for.

use std::io::Write;
use std::sync::Arc;

use tokio::sync::watch;

use super::within;

/// What was written so far; clones share it.
#[derive(Clone)]
pub(crate) struct Lines(Arc<watch::Sender<String>>);

impl Default for Lines {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(String::new())))
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = str::from_utf8(bytes).expect("the transcript is text");
        self.0.send_modify(|written| written.push_str(text));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// All that was written so far.
    pub(crate) fn text(&self) -> String {
        self.0.borrow().clone()
    }

    /// Waits until `part` was written.
    pub(crate) async fn wait_for(&self, part: &str) {
        self.wait_until(part, |text| text.contains(part)).await;
    }

    /// Waits until the text is as `done` wants it.
    pub(crate) async fn wait_until(&self, what: &str, done: impl Fn(&str) -> bool) {
        let mut written = self.0.subscribe();
        let seen = tokio::time::timeout(super::PATIENCE, written.wait_for(|text| done(text))).await;
        if seen.is_err() {
            panic!("waited for {what:?} in the transcript:\n{}", self.text());
        }
    }

    /// Waits for `count` ended sessions and returns what was written about them.
    pub(crate) async fn sessions(&self, count: usize) -> Vec<String> {
        let done = |text: &str| text.lines().filter(|line| line.ends_with(" encerrada.")).count() >= count;
        within("ended sessions", self.wait_until("encerrada.", done)).await;
        self.text().lines().filter(|line| line.contains("('")).map(str::to_owned).collect()
    }
}
