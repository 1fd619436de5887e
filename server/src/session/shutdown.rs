//! The server's end, in its three moments.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// When a server ends: it is told to, the running conversation must end, and whatever is left is cut.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shutdown {
    told: CancellationToken,
    over: CancellationToken,
    cut: CancellationToken,
}

impl Shutdown {
    /// Whether the server was told to end.
    pub(crate) fn is_told(&self) -> bool {
        self.told.is_cancelled()
    }

    /// Waits until the server is told to end.
    pub(crate) async fn told(&self) {
        self.told.cancelled().await;
    }

    /// Waits until the running conversation must end.
    pub(crate) async fn over(&self) {
        self.over.cancelled().await;
    }

    /// Waits until whatever is left must stop where it is.
    pub(crate) async fn cut(&self) {
        self.cut.cancelled().await;
    }

    /// Ends the server within `drain`, of which at most `last` is for last words.
    pub(crate) async fn run(&self, drain: Duration, last: Duration) {
        let last = last.min(drain / 4);
        self.told.cancel();
        sleep(drain - last).await;
        self.over.cancel();
        sleep(last).await;
        self.cut.cancel();
    }
}
