//! The least that a server with tokio-tungstenite can do.

use std::net::SocketAddr;

use anyhow::Result;
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};

use super::is_leave;

/// Serves until killed.
pub(super) async fn serve(address: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        // A client that is gone concerns nobody else.
        let _ = echo(stream).await;
    }
}

async fn echo(stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut websocket = tokio_tungstenite::accept_async(stream).await?;
    while let Some(message) = websocket.next().await {
        let message = message?;
        if !message.is_text() && !message.is_binary() {
            continue;
        }
        let last = is_leave(message.to_text().unwrap_or_default().as_bytes());
        websocket.send(message).await?;
        if last {
            websocket.close(None).await?;
            return Ok(());
        }
    }
    Ok(())
}
