//! A polite conversation over raw TCP.

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::trouble::{Trouble, broken, ended, failed};

/// What each of the server's own lines begins with; its answers begin otherwise.
const LAST_WORDS: &str = "Servidor: ";

/// Most bytes of an unexpected answer that are shown.
const SHOWN: usize = 80;

/// A raw TCP connection.
#[derive(Debug)]
pub(crate) struct TcpTalk {
    stream: TcpStream,
    /// What was said and not sent yet.
    output: BytesMut,
    /// What was read and not expected yet.
    input: BytesMut,
}

impl TcpTalk {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, output: BytesMut::new(), input: BytesMut::new() }
    }

    pub(super) fn say(&mut self, text: &str, newline: &str) {
        self.output.extend_from_slice(text.as_bytes());
        self.output.extend_from_slice(newline.as_bytes());
    }

    pub(super) async fn flush(&mut self) -> Result<(), Trouble> {
        // A server that has ended the conversation says why; that is read first.
        let _ = self.stream.write_all(&self.output).await;
        self.output.clear();
        Ok(())
    }

    pub(super) async fn expect(&mut self, answer: &str) -> Result<(), Trouble> {
        while self.input.len() < answer.len() {
            if self.stream.read_buf(&mut self.input).await.map_err(failed)? == 0 {
                break;
            }
        }
        if self.input.starts_with(answer.as_bytes()) {
            self.input.advance(answer.len());
            return Ok(());
        }
        Err(self.surprise(answer).await)
    }

    pub(super) async fn expect_end(&mut self) -> Result<(), Trouble> {
        if self.input.is_empty() && self.stream.read_buf(&mut self.input).await.map_err(failed)? == 0 {
            return Ok(());
        }
        Err(self.surprise("").await)
    }

    pub(super) fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    pub(super) fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// What it means that something else came than `answer`.
    async fn surprise(&mut self, answer: &str) -> Trouble {
        if !self.input.starts_with(LAST_WORDS.as_bytes()) {
            let came = String::from_utf8_lossy(&self.input);
            return broken(format!("em vez de {:?} veio {:?}", shown(answer), shown(&came)));
        }
        // Behind the last words there is only the end.
        while self.stream.read_buf(&mut self.input).await.is_ok_and(|read| read > 0) {}
        ended(String::from_utf8_lossy(&self.input).trim_end())
    }
}

fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN)]
}
