//! A server behind Vez that is connected to for each turn.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::pipe::{Reader, Sink, Source, Writer};
use super::target::Target;
use crate::ending::Ending;

impl Source for tokio::net::tcp::OwnedReadHalf {
    fn socket(&self) -> Option<&TcpStream> {
        Some(self.as_ref())
    }
}

impl Sink for tokio::net::tcp::OwnedWriteHalf {}

#[cfg(unix)]
impl Source for tokio::net::unix::OwnedReadHalf {}

#[cfg(unix)]
impl Sink for tokio::net::unix::OwnedWriteHalf {}

/// Connects within `limit`.
pub(super) async fn connect(target: &Target, limit: Duration) -> Result<(Reader, Writer), Ending> {
    match timeout(limit, try_connect(target)).await {
        Ok(Ok(halves)) => Ok(halves),
        Ok(Err(error)) => Err(Ending::Unavailable(format!("não foi possível conectar a {target}: {error}"))),
        Err(_) => Err(Ending::Unavailable(format!("{target} não respondeu a tempo"))),
    }
}

async fn try_connect(target: &Target) -> io::Result<(Reader, Writer)> {
    match target {
        Target::Tcp(place) => {
            let stream = TcpStream::connect(place.as_str()).await?;
            stream.set_nodelay(true)?;
            let (reader, writer) = stream.into_split();
            Ok((Box::new(reader), Box::new(writer)))
        }
        #[cfg(unix)]
        Target::Unix(path) => {
            let (reader, writer) = tokio::net::UnixStream::connect(path).await?.into_split();
            Ok((Box::new(reader), Box::new(writer)))
        }
        // It is not connected to, but lent.
        Target::Serial(_) => Err(io::ErrorKind::Unsupported.into()),
        #[cfg(not(unix))]
        Target::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
    }
}
