//! The server at rest: what is left in it when every client is gone.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::breach::{Breach, Promise};
use crate::platform::{self, Memory};
use crate::server::Server;

/// How long what lingers has to end; the longest of the server's times here is 5 s.
const SETTLING: Duration = Duration::from_secs(15);

/// What `/healthz` says when nobody has the turn and nobody waits.
const NOBODY: &str = r#""serving":false,"waiting":0"#;

/// Memory may grow by this part of itself, counted from the warm-up's end.
const GROWTH: u64 = 5;

/// Bytes that the server may keep for what comes next, however small it is: the transcript's two buffers and those
/// of the conversation.
const KEPT: u64 = 4 * 1024 * 1024;

/// The most memory that the server may ever take, and for each client: two messages of the longest kind.
const PEAK: u64 = 32 * 1024 * 1024;
const PEAK_EACH: u64 = 2 * 64 * 1024;

/// What was found in the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rest {
    /// Open descriptors, where the system tells.
    pub(crate) descriptors: Option<usize>,
    /// Its memory, where the system tells.
    pub(crate) memory: Option<Memory>,
    /// Whether its queue is empty and the turn free.
    pub(crate) nobody: bool,
}

/// The server at rest, as far as the run came.
#[derive(Debug, Default)]
pub(crate) struct Rests {
    /// Before the first client.
    pub(crate) before: Option<Rest>,
    /// After the warm-up.
    pub(crate) warm: Option<Rest>,
    /// After the storm.
    pub(crate) after: Option<Rest>,
}

impl Rests {
    /// How many more descriptors are open than before the first client.
    pub(crate) fn descriptors_left(&self) -> Option<usize> {
        let (before, after) = (self.before?.descriptors?, self.after?.descriptors?);
        Some(after.saturating_sub(before))
    }

    /// Checks what is left after so many clients at a time.
    pub(crate) fn check(&self, clients: u32) -> Result<(), Breach> {
        if let Some(left) = self.descriptors_left().filter(|left| *left > 0) {
            return Err(Promise::Bounded.broken(format!("{left} descritores sobraram")));
        }
        if self.after.is_some_and(|after| !after.nobody) {
            return Err(Promise::MoveUp.broken("todos saíram e /healthz ainda conta com alguém"));
        }
        let memory = |rest: Option<Rest>| rest.and_then(|rest| rest.memory);
        let (Some(warm), Some(after)) = (memory(self.warm), memory(self.after)) else { return Ok(()) };
        if after.resident > warm.resident + (warm.resident / GROWTH).max(KEPT) {
            return Err(
                Promise::Bounded.broken("a memória cresceu mais de 20 %, e de 4 MiB, desde o aquecimento")
            );
        }
        if after.peak > PEAK + PEAK_EACH * u64::from(clients) {
            return Err(Promise::Bounded.broken(format!("o pico de memória foi de {} bytes", after.peak)));
        }
        Ok(())
    }
}

/// Waits until the queue is empty and no more descriptors are open than `baseline`, as long as that may take.
pub(crate) async fn settle(server: &Server, baseline: Option<usize>) -> Rest {
    let end = Instant::now() + SETTLING;
    loop {
        let nobody = is_empty(server).await.unwrap_or(false);
        sleep(Duration::from_millis(100)).await;
        let descriptors = platform::descriptors(server.id());
        let left = descriptors.zip(baseline).is_some_and(|(now, before)| now > before);
        if (nobody && !left) || Instant::now() >= end {
            return Rest { descriptors, memory: platform::memory(server.id()), nobody };
        }
    }
}

async fn is_empty(server: &Server) -> io::Result<bool> {
    let mut health = String::new();
    let asked = async {
        let mut stream = TcpStream::connect(server.http).await?;
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.http);
        stream.write_all(request.as_bytes()).await?;
        stream.read_to_string(&mut health).await
    };
    timeout(SETTLING, asked).await??;
    Ok(health.contains(NOBODY))
}
