//! What every connection of one server shares.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::http::Guard;
use crate::queue::Queue;
use crate::tls::Tls;
use crate::transcript::Transcript;
use crate::visitors::Visitors;

/// What every connection of one server shares.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) guard: Guard,
    pub(crate) queue: Queue,
    pub(crate) transcript: Transcript,
    pub(crate) tls: Option<Tls>,
    pub(crate) visitors: Visitors,
    /// Every connection's task, so that none outlives the server.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the server is told to end.
    pub(crate) shutdown: CancellationToken,
}

impl Context {
    /// Waits until the server was told to end and the running session's time after that is over.
    pub(crate) async fn drained(&self) {
        self.shutdown.cancelled().await;
        tokio::time::sleep(self.config.times.drain).await;
    }
}
