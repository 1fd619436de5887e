//! The least that a TCP server on tokio can do.

use std::io;
use std::net::SocketAddr;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{CHUNK, is_leave};

/// Serves until killed.
pub(super) async fn serve(address: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        // A client that is gone concerns nobody else.
        let _ = echo(stream).await;
    }
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; CHUNK];
    loop {
        let len = stream.read(&mut buffer).await?;
        stream.write_all(&buffer[..len]).await?;
        if len == 0 || is_leave(&buffer[..len]) {
            return Ok(());
        }
    }
}
