//! A client over raw TCP.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::PATIENCE;

/// A connection that speaks the report's protocol.
pub(crate) struct Terminal {
    stream: TcpStream,
}

impl Terminal {
    pub(super) async fn connect(address: SocketAddr) -> Result<Self> {
        Ok(Self { stream: TcpStream::connect(address).await? })
    }

    /// Sends bytes as they are.
    pub(crate) async fn say(&mut self, text: &str) -> Result<()> {
        Ok(self.stream.write_all(text.as_bytes()).await?)
    }

    /// Waits for exactly this text.
    pub(crate) async fn hear(&mut self, expected: &str) -> Result<()> {
        let mut heard = vec![0; expected.len()];
        tokio::time::timeout(PATIENCE, self.stream.read_exact(&mut heard)).await??;
        if heard != expected.as_bytes() {
            bail!("heard {:?} instead of {expected:?}", String::from_utf8_lossy(&heard));
        }
        Ok(())
    }
}
