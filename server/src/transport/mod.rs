//! Raw TCP and WebSockets, each in two halves.

mod outbox;
pub(crate) mod tcp;
pub(crate) mod websocket;

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::AsyncRead;

use crate::units::{count, interval, keepalive, size_within, time};

/// How many bytes one read of a conversation asks for: twice as many after a read that took them all, so that short
/// conversations are spared the room that long ones fill.
#[derive(Clone, Copy, Debug)]
struct Chunk(usize);

impl Chunk {
    const FIRST: Self = Self(8 * 1024);
    const MOST: usize = 256 * 1024;

    /// So many bytes were read at once.
    fn read(&mut self, len: usize) {
        if len >= self.0 {
            self.0 = Self::MOST.min(self.0 * 2);
        }
    }
}

/// Bytes of replies that may gather before they are written.
const GATHER: usize = 256 * 1024;

/// How long peers may be silent, and how much they may send.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Connections (500ms, 30s, 5m; 2048, 64KiB, 32MiB)")]
pub struct Settings {
    /// Sends a WebSocket ping after so long without a byte
    #[arg(long, env = "VEZ_PING", value_name = "TIME", default_value = "20s", value_parser = interval)]
    pub ping: Duration,

    /// Gives up on a WebSocket from which nothing came for so long after a ping
    #[arg(long, env = "VEZ_PONG_WAIT", value_name = "TIME", default_value = "20s", value_parser = interval)]
    pub pong_wait: Duration,

    /// Gives up on a TCP peer whose network has been silent for so long (keepalive, TCP_USER_TIMEOUT)
    #[arg(long, env = "VEZ_GONE", value_name = "TIME", default_value = "60s", value_parser = keepalive)]
    pub gone: Duration,

    /// Gives up on a peer that does not take what is written to it for so long
    #[arg(long, env = "VEZ_WRITE_LIMIT", value_name = "TIME", default_value = "30s", value_parser = interval)]
    pub write_limit: Duration,

    /// Keeps the seat of a `vez.v1` client, in the queue or in a turn, for so long without a connection; 0s for never
    #[arg(long, env = "VEZ_GRACE", value_name = "TIME", default_value = "15s", value_parser = time)]
    pub grace: Duration,

    /// The longest message
    #[arg(long, env = "VEZ_MAX_MESSAGE", value_name = "SIZE", default_value = "64KiB", value_parser = message_size)]
    pub max_message: usize,

    /// How much is kept of what a WebSocket client sends while it waits; then it is not read further
    #[arg(long, env = "VEZ_KEPT_BYTES", value_name = "SIZE", default_value = "128KiB", value_parser = kept_size)]
    pub kept_bytes: usize,

    /// How many messages are kept of what a WebSocket client sends while it waits
    #[arg(long, env = "VEZ_KEPT_MESSAGES", value_name = "COUNT", default_value = "64", value_parser = count)]
    pub kept_messages: usize,

    /// Sends raw bytes to plain WebSocket tools in binary frames always, and not in text frames while they are UTF-8
    #[arg(long, env = "VEZ_BINARY")]
    pub binary: bool,

    /// Lets HTTP through to what answers raw TCP: without it, a web page cannot talk to it
    #[arg(long, env = "VEZ_ALLOW_HTTP_ON_TCP")]
    pub allow_http_on_tcp: bool,
}

fn kept_size(text: &str) -> Result<usize, String> {
    size_within(text, 1..=64 * 1024 * 1024)
}

fn message_size(text: &str) -> Result<usize, String> {
    size_within(text, 4..=64 * 1024 * 1024)
}

/// Reads into `buffer`'s spare room; ready with 0 at the end of input.
fn poll_read(
    stream: &mut (impl AsyncRead + Unpin),
    cx: &mut Context<'_>,
    buffer: &mut impl bytes::BufMut,
) -> Poll<io::Result<usize>> {
    let read = std::pin::pin!(tokio::io::AsyncReadExt::read_buf(stream, buffer));
    let read = std::task::ready!(read.poll(cx));
    Poll::Ready(match read {
        // A TLS peer that dies without its close_notify has ended its input all the same.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
        read => read,
    })
}

/// Reads and drops; ready with how many bytes, 0 when the peer has closed.
fn poll_discard(stream: &mut (impl AsyncRead + Unpin), cx: &mut Context<'_>) -> Poll<usize> {
    let mut dropped = [0; 8 * 1024];
    poll_read(stream, cx, &mut &mut dropped[..]).map(|read| read.unwrap_or(0))
}
