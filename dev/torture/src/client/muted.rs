//! A TCP stream whose sending side can be closed under a WebSocket.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A TCP stream that, once muted, takes what is written to it and sends none of it: a WebSocket that still reads
/// would otherwise fail on the pongs that it cannot send any more.
#[derive(Debug)]
pub(super) struct Muted {
    stream: TcpStream,
    muted: bool,
}

impl Muted {
    /// A stream that is not muted yet.
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, muted: false }
    }

    /// Closes the sending side.
    pub(super) fn mute(&mut self) -> io::Result<()> {
        self.muted = true;
        SockRef::from(&self.stream).shutdown(Shutdown::Write)
    }

    /// The stream, to write to it past the WebSocket.
    pub(super) fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    pub(super) fn into_stream(self) -> TcpStream {
        self.stream
    }
}

impl AsyncRead for Muted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Muted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.muted {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.muted {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
