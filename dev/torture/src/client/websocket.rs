//! A polite conversation over a WebSocket, plain or in `vez.v1`.

use std::io;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::Message as Frame;
use vez_protocol::{ByeReason, ClientEvent, CloseCode, ServerEvent, report};

use super::frames;
use super::muted::Muted;
use super::talk::{broken, ended, failed};
use crate::referee::Promise;
use crate::sighting::Trouble;

/// A WebSocket after its handshake.
#[derive(Debug)]
pub(crate) struct WebSocketTalk {
    stream: WebSocketStream<Muted>,
    /// Whether `vez.v1` is spoken.
    events: bool,
    /// The place in the queue that was told last.
    position: Option<usize>,
    /// Whether the turn was told.
    turned: bool,
}

/// What the server said.
enum Heard {
    Answer(String),
    LastWords(ByeReason, String),
    Turn,
    /// Something that needs no reaction.
    News,
}

impl WebSocketTalk {
    pub(super) fn new(stream: WebSocketStream<Muted>, events: bool) -> Self {
        Self { stream, events, position: None, turned: false }
    }

    pub(super) async fn say(&mut self, text: &str) -> Result<(), Trouble> {
        let frame = Frame::text(self.payload(text));
        // A server that has ended the conversation says why; that is read first.
        let _ = self.stream.feed(frame).await;
        Ok(())
    }

    pub(super) async fn flush(&mut self) -> Result<(), Trouble> {
        let _ = self.stream.flush().await;
        Ok(())
    }

    pub(super) async fn await_turn(&mut self) -> Result<(), Trouble> {
        while !self.turned {
            match self.hear().await? {
                Heard::Turn | Heard::News => {}
                Heard::LastWords(_, words) => return Err(ended(&words)),
                Heard::Answer(answer) => return Err(surprise("a vez", &answer)),
            }
        }
        Ok(())
    }

    pub(super) async fn expect(&mut self, expected: &str) -> Result<(), Trouble> {
        match self.words().await? {
            Heard::Answer(answer) if answer == expected => Ok(()),
            Heard::LastWords(_, words) => Err(ended(&words)),
            Heard::Answer(answer) => Err(surprise(expected, &answer)),
            Heard::Turn | Heard::News => unreachable!("these are no words"),
        }
    }

    pub(super) async fn expect_farewell(&mut self) -> Result<(), Trouble> {
        match self.words().await? {
            Heard::LastWords(ByeReason::Farewell, words) if words == report::FAREWELL => Ok(()),
            Heard::Answer(answer) if answer == report::FAREWELL && !self.events => Ok(()),
            Heard::LastWords(_, words) => Err(ended(&words)),
            Heard::Answer(answer) => Err(surprise(report::FAREWELL, &answer)),
            Heard::Turn | Heard::News => unreachable!("these are no words"),
        }
    }

    pub(super) async fn expect_end(&mut self) -> Result<(), Trouble> {
        loop {
            match self.stream.next().await {
                None => return Err(failed("sem quadro de fechamento")),
                Some(Err(error)) => return Err(failed(error)),
                Some(Ok(Frame::Close(close))) => return farewell_code(close),
                Some(Ok(Frame::Text(text))) => match self.read(&text)? {
                    Heard::LastWords(reason, words) if reason != ByeReason::Farewell => {
                        return Err(ended(&words));
                    }
                    Heard::LastWords(_, words) | Heard::Answer(words) => return Err(surprise("", &words)),
                    Heard::Turn | Heard::News => {}
                },
                Some(Ok(_)) => {}
            }
        }
    }

    /// Closes with a Close frame and waits for the answer to it.
    pub(super) async fn close(&mut self) -> Result<(), Trouble> {
        let close = CloseFrame { code: u16::from(CloseCode::Normal).into(), reason: "".into() };
        // A server that closes at the same moment leaves nothing to be closed.
        let _ = self.stream.close(Some(close)).await;
        while let Some(Ok(_)) = self.stream.next().await {}
        Ok(())
    }

    pub(super) fn mute(&mut self) -> io::Result<()> {
        self.stream.get_mut().mute()
    }

    pub(super) fn encode(&self, text: &str) -> Vec<u8> {
        frames::text(&self.payload(text))
    }

    pub(super) fn stream(&mut self) -> &mut TcpStream {
        self.stream.get_mut().stream()
    }

    pub(super) fn into_stream(self) -> TcpStream {
        self.stream.into_inner().into_stream()
    }

    fn payload(&self, text: &str) -> String {
        if self.events {
            ClientEvent::Message { text: text.into(), id: None }.to_json()
        } else {
            text.to_owned()
        }
    }

    /// The next words, past all news.
    async fn words(&mut self) -> Result<Heard, Trouble> {
        loop {
            match self.hear().await? {
                Heard::Turn | Heard::News => {}
                words => return Ok(words),
            }
        }
    }

    async fn hear(&mut self) -> Result<Heard, Trouble> {
        match self.stream.next().await {
            None => Err(failed("terminou sem palavra")),
            Some(Err(error)) => Err(failed(error)),
            Some(Ok(Frame::Text(text))) => self.read(&text),
            Some(Ok(Frame::Close(close))) => {
                Err(close.map_or_else(|| failed("fechamento sem código"), |close| ended(&close.reason)))
            }
            Some(Ok(Frame::Binary(_))) => Err(failed("veio um quadro binário")),
            Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => Ok(Heard::News),
        }
    }

    fn read(&mut self, text: &str) -> Result<Heard, Trouble> {
        if !self.events {
            return Ok(Heard::Answer(text.to_owned()));
        }
        match ServerEvent::from_json(text).map_err(failed)? {
            ServerEvent::Waiting { position, .. } => self.move_up(position),
            ServerEvent::Turn { .. } if self.turned => Err(broken("a vez veio duas vezes")),
            ServerEvent::Turn { .. } => {
                self.turned = true;
                Ok(Heard::Turn)
            }
            ServerEvent::Reply { text, .. } if self.turned => Ok(Heard::Answer(text.into_owned())),
            ServerEvent::Reply { .. } => Err(broken("a resposta veio antes da vez")),
            ServerEvent::Bye { reason, text, .. } => Ok(Heard::LastWords(reason, text.into_owned())),
            ServerEvent::Warning { .. }
            | ServerEvent::Output { .. }
            | ServerEvent::Pong
            | ServerEvent::Unknown => Ok(Heard::News),
        }
    }

    /// Places get better each time, and end with the turn.
    fn move_up(&mut self, position: usize) -> Result<Heard, Trouble> {
        if self.turned || position == 0 || self.position.is_some_and(|before| position >= before) {
            let before = self.position;
            let what = format!("o lugar {position} veio depois de {before:?}");
            return Err(Trouble::Broken(Promise::MoveUp.broken(what)));
        }
        self.position = Some(position);
        Ok(Heard::News)
    }
}

fn farewell_code(close: Option<CloseFrame>) -> Result<(), Trouble> {
    match close {
        Some(close) if u16::from(close.code) == u16::from(CloseCode::Normal) => Ok(()),
        Some(close) => Err(ended(&close.reason)),
        None => Err(failed("fechamento sem código")),
    }
}

fn surprise(expected: &str, came: &str) -> Trouble {
    let shown = |text: &str| text.chars().take(60).collect::<String>();
    broken(format!("em vez de {:?} veio {:?}", shown(expected), shown(came)))
}
