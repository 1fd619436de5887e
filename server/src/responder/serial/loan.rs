//! A device as bytes both ways, for one turn: given back when it is dropped.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::device::Device;
use super::keeper::Serial;

/// A device that somebody's turn has.
#[derive(Debug)]
pub(super) struct Loan {
    serial: Arc<Serial>,
    /// `None` when it is gone.
    device: Option<Device>,
    /// Who is to learn that it is gone, when writing tells.
    reader: Option<Waker>,
    /// Makes a line feed of what ends the device's lines, where that is a carriage return.
    feeds: Option<Feeds>,
}

impl Loan {
    pub(super) fn new(serial: Arc<Serial>, device: Device, feeds: Option<Feeds>) -> Self {
        Self { serial, device: Some(device), reader: None, feeds }
    }

    /// The device is gone: it is closed at once, because the system gives one that is plugged in again another number
    /// while its old one is open.
    fn lose(&mut self, error: Option<&io::Error>) {
        self.device = None;
        self.serial.lost(error);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl AsyncRead for Loan {
    /// The end of input is the end of the device.
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        while let Some(device) = &mut self.device {
            match Pin::new(&mut device.port).poll_read(cx, buffer) {
                Poll::Ready(Ok(())) if buffer.filled().len() > before => {}
                Poll::Ready(read) => {
                    self.lose(read.err().as_ref());
                    break;
                }
                Poll::Pending => {
                    self.reader = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
            if let Some(feeds) = &mut self.feeds {
                let kept = feeds.apply(&mut buffer.filled_mut()[before..]);
                buffer.set_filled(before + kept);
            }
            if buffer.filled().len() > before {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Loan {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some(device) = &mut self.device else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let written = ready!(Pin::new(&mut device.port).poll_write(cx, bytes));
        if let Err(error) = &written {
            self.lose(Some(error));
        }
        Poll::Ready(written)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// A serial line has no end of input.
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(device) = self.device.take() {
            self.serial.give_back(device);
        }
    }
}

/// Makes `\n` of `\r`, and of a `\r\n` too: devices that are told `\r` often say that.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    /// Whether the last byte was a `\r`.
    returned: bool,
}

impl Feeds {
    /// Changes `bytes` in place; how many are left at their front.
    pub(super) fn apply(&mut self, bytes: &mut [u8]) -> usize {
        let mut kept = 0;
        for at in 0..bytes.len() {
            let byte = bytes[at];
            if byte == b'\n' && self.returned {
                self.returned = false;
                continue;
            }
            self.returned = byte == b'\r';
            bytes[kept] = if self.returned { b'\n' } else { byte };
            kept += 1;
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::Feeds;

    #[test]
    fn whatever_ends_a_line_is_one_line_feed_even_in_two_reads() {
        let mut feeds = Feeds::default();
        let mut all = Vec::new();
        for read in [&b"a\rb\r"[..], b"\n", b"c\nd\r\n\r\n", b"\r\re"] {
            let mut bytes = read.to_vec();
            let kept = feeds.apply(&mut bytes);
            all.extend_from_slice(&bytes[..kept]);
        }
        assert_eq!(String::from_utf8(all).unwrap(), "a\nb\nc\nd\n\n\n\ne");
    }
}
