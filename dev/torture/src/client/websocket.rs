//! A polite conversation over a WebSocket, plain or in `vez.v1`.

use std::io;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::Message as Frame;
use vez_protocol::{ByeReason, ClientEvent, CloseCode, ServerEvent};

use super::frames;
use super::muted::Muted;
use crate::breach::Promise;
use crate::responder::FAREWELL;
use crate::trouble::{Trouble, broken, ended, failed};

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
    /// How many messages were said, and how many of them answered.
    said: u64,
    answered: u64,
}

/// What the server said.
enum Incoming {
    Answer(String),
    LastWords(ByeReason, String),
    Turn,
    /// Something that needs no reaction.
    News,
}

impl WebSocketTalk {
    pub(super) fn new(stream: WebSocketStream<Muted>, events: bool) -> Self {
        Self { stream, events, position: None, turned: false, said: 0, answered: 0 }
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
            match self.receive().await? {
                Incoming::Turn | Incoming::News => {}
                Incoming::LastWords(_, words) => return Err(ended(&words)),
                Incoming::Answer(answer) => return Err(surprise("a vez", &answer)),
            }
        }
        Ok(())
    }

    pub(super) async fn expect(&mut self, expected: &str) -> Result<(), Trouble> {
        match self.words().await? {
            Incoming::Answer(answer) if answer == expected => Ok(()),
            Incoming::LastWords(_, words) => Err(ended(&words)),
            Incoming::Answer(answer) => Err(surprise(expected, &answer)),
            Incoming::Turn | Incoming::News => unreachable!("these are no words"),
        }
    }

    pub(super) async fn expect_farewell(&mut self) -> Result<(), Trouble> {
        match self.words().await? {
            Incoming::LastWords(ByeReason::Farewell, words) if words == FAREWELL => Ok(()),
            Incoming::Answer(answer) if answer == FAREWELL && !self.events => Ok(()),
            Incoming::LastWords(_, words) => Err(ended(&words)),
            Incoming::Answer(answer) => Err(surprise(FAREWELL, &answer)),
            Incoming::Turn | Incoming::News => unreachable!("these are no words"),
        }
    }

    pub(super) async fn expect_end(&mut self) -> Result<(), Trouble> {
        loop {
            match self.stream.next().await {
                None => return Err(failed("sem quadro de fechamento")),
                Some(Err(error)) => return Err(failed(error)),
                Some(Ok(Frame::Close(close))) => return farewell_code(close),
                Some(Ok(Frame::Text(text))) => match self.read(&text)? {
                    Incoming::LastWords(reason, words) if reason != ByeReason::Farewell => {
                        return Err(ended(&words));
                    }
                    Incoming::LastWords(_, words) | Incoming::Answer(words) => {
                        return Err(surprise("", &words));
                    }
                    Incoming::Turn | Incoming::News => {}
                },
                Some(Ok(_)) => {}
            }
        }
    }

    /// Asks to leave with an event.
    pub(super) async fn leave(&mut self) -> Result<(), Trouble> {
        let _ = self.stream.send(Frame::text(ClientEvent::Leave.to_json())).await;
        Ok(())
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

    pub(super) fn encode(&mut self, text: &str) -> Vec<u8> {
        frames::text(&self.payload(text))
    }

    pub(super) fn stream(&mut self) -> &mut TcpStream {
        self.stream.get_mut().stream()
    }

    pub(super) fn into_stream(self) -> TcpStream {
        self.stream.into_inner().into_stream()
    }

    fn payload(&mut self, text: &str) -> String {
        self.said += 1;
        if self.events {
            ClientEvent::Message { text: text.into(), id: id(self.said) }.to_json()
        } else {
            text.to_owned()
        }
    }

    /// The next words, past all news.
    async fn words(&mut self) -> Result<Incoming, Trouble> {
        loop {
            match self.receive().await? {
                Incoming::Turn | Incoming::News => {}
                words => return Ok(words),
            }
        }
    }

    async fn receive(&mut self) -> Result<Incoming, Trouble> {
        match self.stream.next().await {
            None => Err(failed("terminou sem palavra")),
            Some(Err(error)) => Err(failed(error)),
            Some(Ok(Frame::Text(text))) => self.read(&text),
            Some(Ok(Frame::Close(close))) => {
                Err(close.map_or_else(|| failed("fechamento sem código"), |close| ended(&close.reason)))
            }
            Some(Ok(Frame::Binary(_))) => Err(failed("veio um quadro binário")),
            Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => Ok(Incoming::News),
        }
    }

    fn read(&mut self, text: &str) -> Result<Incoming, Trouble> {
        if !self.events {
            return Ok(Incoming::Answer(text.to_owned()));
        }
        match ServerEvent::from_json(text).map_err(failed)? {
            ServerEvent::Waiting { position, .. } => self.move_up(position),
            ServerEvent::Turn { .. } if self.turned => Err(broken("a vez veio duas vezes")),
            ServerEvent::Turn { .. } => {
                self.turned = true;
                Ok(Incoming::Turn)
            }
            ServerEvent::Reply { text, to } if self.turned => self.answer(text.into_owned(), to),
            ServerEvent::Reply { .. } => Err(broken("a resposta veio antes da vez")),
            ServerEvent::Bye { reason, text, .. } => Ok(Incoming::LastWords(reason, text.into_owned())),
            ServerEvent::Seat { .. }
            | ServerEvent::Warning { .. }
            | ServerEvent::Output { .. }
            | ServerEvent::Pong
            | ServerEvent::Unknown => Ok(Incoming::News),
        }
    }

    /// An answer names the message that it answers, as that named itself.
    fn answer(&mut self, text: String, to: Option<u64>) -> Result<Incoming, Trouble> {
        self.answered += 1;
        let expected = id(self.answered);
        if to != expected {
            return Err(broken(format!("a resposta é a {to:?} e devia ser a {expected:?}")));
        }
        Ok(Incoming::Answer(text))
    }

    /// Places get better each time, and end with the turn.
    fn move_up(&mut self, position: usize) -> Result<Incoming, Trouble> {
        if self.turned || position == 0 || self.position.is_some_and(|before| position >= before) {
            let before = self.position;
            let what = format!("o lugar {position} veio depois de {before:?}");
            return Err(Trouble::Broken(Promise::MoveUp.broken(what)));
        }
        self.position = Some(position);
        Ok(Incoming::News)
    }
}

/// What the message with this number calls itself: every third has no name.
fn id(number: u64) -> Option<u64> {
    (!number.is_multiple_of(3)).then_some(number)
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
