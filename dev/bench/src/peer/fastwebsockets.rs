//! The least that a server with fastwebsockets can do.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use fastwebsockets::{FragmentCollector, Frame, OpCode, Role, WebSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

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

async fn echo(mut stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    shake_hands(&mut stream).await?;
    let mut websocket = FragmentCollector::new(WebSocket::after_handshake(stream, Role::Server));
    loop {
        let frame = websocket.read_frame().await?;
        if frame.opcode == OpCode::Close {
            return Ok(());
        }
        let last = is_leave(&frame.payload);
        if matches!(frame.opcode, OpCode::Text | OpCode::Binary) {
            websocket.write_frame(frame).await?;
        }
        if last {
            websocket.write_frame(Frame::close(1000, b"")).await?;
            return Ok(());
        }
    }
}

/// Just enough for this program's own client: without hyper, which would stay below the WebSocket.
async fn shake_hands(stream: &mut TcpStream) -> Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        anyhow::ensure!(stream.read_buf(&mut request).await? > 0, "the client left");
    }
    let request = String::from_utf8(request)?;
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).context("no key")?;
    let accept = derive_accept_key(key.as_bytes());
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    Ok(stream.write_all(response.as_bytes()).await?)
}
