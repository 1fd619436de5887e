//! A client of `vez.v1` whose connection is lost again and again, and that comes back to its seat each time.

use std::io;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use fastrand::Rng;
use futures_util::{SinkExt, StreamExt};
use socket2::SockRef;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Message as Frame;
use vez_protocol::{ByeReason, ClientEvent, ServerEvent};

use super::entrance::Entrance;
use super::frames;
use super::muted::Muted;
use crate::digest::Digest;
use crate::observation::{Account, Milestone};
use crate::plan::{End, Script};
use crate::responder::FAREWELL;
use crate::trouble::{Trouble, broken, ended, failed};

/// How often a connection is lost at the most.
const CUTS: u32 = 6;

/// After how many events a connection is lost at the most.
const LASTS: usize = 12;

/// Holds the conversation of `script` to its end, over as many connections as it takes.
pub(super) async fn converse(script: &Script, entrance: &Entrance<'_>, rng: &mut Rng) -> Account {
    let said = script.said().collect();
    let mut traveller = Traveller {
        script,
        entrance,
        said,
        seat: None,
        received: 0,
        answered: 0,
        sent: Vec::new(),
        account: Account::default(),
    };
    let travelled = traveller.travel(rng).await;
    traveller.account.ended.get_or_insert_with(Instant::now);
    Account { trouble: travelled.err(), ..traveller.account }
}

/// A conversation under way.
struct Traveller<'a> {
    script: &'a Script,
    entrance: &'a Entrance<'a>,
    /// All that there is to say, a word that leaves included.
    said: Vec<&'a str>,
    /// The token of its seat.
    seat: Option<String>,
    /// How many frames came that are numbered.
    received: u64,
    /// How many of the messages were answered, a word that leaves not counted.
    answered: usize,
    /// When each message was sent first.
    sent: Vec<Instant>,
    account: Account,
}

type Socket = WebSocketStream<Muted>;

impl Traveller<'_> {
    async fn travel(&mut self, rng: &mut Rng) -> Result<(), Trouble> {
        let mut cuts = rng.u32(1..=CUTS);
        for number in 0.. {
            let offer = self.seat.as_ref().map(|token| format!("{token}.{}", self.received));
            let (mut socket, witness) = self.entrance.seat(number, offer.as_deref()).await.map_err(failed)?;
            let mut lasts = if cuts > 0 { rng.usize(1..=LASTS) } else { usize::MAX };
            // Whoever has said that it leaves has no seat to come back to.
            let mut received = Ok(ControlFlow::Continue(()));
            while matches!(received, Ok(ControlFlow::Continue(()))) && (lasts > 0 || self.has_said_all()) {
                received = self.receive(&mut socket).await;
                lasts = lasts.saturating_sub(1);
            }
            let is_over = received?.is_break();
            cuts = cuts.saturating_sub(1);
            lose(socket, rng).await;
            if number > 0 {
                witness.saw(Milestone::Departed).await;
            }
            if is_over {
                break;
            }
        }
        Ok(())
    }

    fn has_said_all(&self) -> bool {
        self.sent.len() == self.said.len()
    }

    /// Takes the next frame in; breaks at the end.
    async fn receive(&mut self, socket: &mut Socket) -> Result<ControlFlow<()>, Trouble> {
        let text = match socket.next().await {
            Some(Ok(Frame::Text(text))) => text,
            Some(Ok(Frame::Close(_))) if self.account.ended.is_some() => return Ok(ControlFlow::Break(())),
            Some(Ok(Frame::Close(close))) => {
                return Err(
                    close.map_or_else(|| failed("fechamento sem código"), |close| ended(&close.reason))
                );
            }
            Some(Ok(_)) => return Ok(ControlFlow::Continue(())),
            Some(Err(error)) => return Err(failed(error)),
            None => return Err(failed("terminou sem palavra")),
        };
        match ServerEvent::from_json(&text).map_err(failed)? {
            ServerEvent::Seat { token, lost, last_id, .. } => {
                self.sit(token.into_owned(), lost, last_id, socket).await?
            }
            ServerEvent::Turn { .. } => self.account.began = self.account.began.or(Some(Instant::now())),
            ServerEvent::Reply { text, to } => self.answer(&text, to, socket).await?,
            ServerEvent::Bye { reason: ByeReason::Farewell, text, .. } => self.farewell(&text)?,
            ServerEvent::Bye { text, .. } => return Err(ended(&text)),
            _ => {}
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn sit(
        &mut self,
        token: String,
        lost: bool,
        last_id: Option<u64>,
        socket: &mut Socket,
    ) -> Result<(), Trouble> {
        match &self.seat {
            // On a busy machine the way back may be longer than the server waits.
            Some(_) if lost => return Err(ended("o lugar não foi guardado")),
            Some(seat) if *seat != token => return Err(broken("o lugar tem outro nome")),
            _ => {}
        }
        self.seat = Some(token);
        let arrived = last_id.map_or(0, |id| id as usize);
        if arrived > self.sent.len() || arrived < self.answered {
            return Err(broken(format!("a mensagem {arrived} teria sido a última de {}", self.sent.len())));
        }
        // From the first time on, the server drops nothing that this has not received.
        say(socket, &ClientEvent::Received { count: self.received }).await;
        for index in arrived..self.sent.len() {
            say(socket, &self.message(index)).await;
        }
        self.speak(socket).await;
        Ok(())
    }

    async fn answer(&mut self, text: &str, to: Option<u64>, socket: &mut Socket) -> Result<(), Trouble> {
        let expected =
            self.script.messages.get(self.answered).map(|said| self.entrance.arena.responder.answer(said));
        if to != Some(self.answered as u64 + 1) || expected.as_deref() != Some(text) {
            return Err(broken(format!("a resposta {} foi {text:?}, para {to:?}", self.answered + 1)));
        }
        self.received += 1;
        self.note_answer();
        say(socket, &ClientEvent::Received { count: self.received }).await;
        self.speak(socket).await;
        Ok(())
    }

    fn note_answer(&mut self) {
        let (sent, now) = (self.sent[self.answered], Instant::now());
        self.answered += 1;
        self.account.answered += 1;
        let began = *self.account.began.get_or_insert(now);
        if sent > began {
            self.account.held = Some((began, sent));
        }
    }

    fn farewell(&mut self, text: &str) -> Result<(), Trouble> {
        if self.answered != self.script.messages.len() || text != FAREWELL {
            return Err(broken(format!("a despedida foi {text:?}, depois de {} respostas", self.answered)));
        }
        if self.said.len() > self.answered {
            self.account.answered += 1;
        }
        self.account.ended = Some(Instant::now());
        Ok(())
    }

    /// Says what fits into the window, and leaves when all is answered.
    async fn speak(&mut self, socket: &mut Socket) {
        let until = (self.answered + self.script.window).min(self.said.len());
        while self.sent.len() < until {
            self.account.said.push(Digest::of(self.said[self.sent.len()]));
            self.sent.push(Instant::now());
            say(socket, &self.message(self.sent.len() - 1)).await;
        }
        self.account.ready.get_or_insert_with(Instant::now);
        if self.answered == self.said.len() {
            say(socket, &ClientEvent::Leave).await;
        }
    }

    fn message(&self, index: usize) -> ClientEvent<'static> {
        ClientEvent::Message { text: self.said[index].to_owned().into(), id: Some(index as u64 + 1) }
    }
}

/// A server that has ended the conversation says why; that is read first.
async fn say(socket: &mut Socket, event: &ClientEvent<'_>) {
    let _ = socket.send(Frame::text(event.to_json())).await;
}

/// Loses a connection, perhaps in the middle of a frame.
async fn lose(socket: Socket, rng: &mut Rng) {
    let mut stream = socket.into_inner().into_stream();
    if rng.bool() {
        let frame = frames::text(&ClientEvent::Ping.to_json());
        let _ = stream.write_all(&frame[..rng.usize(..frame.len())]).await;
    }
    if rng.bool() {
        let _: io::Result<()> = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    }
}

impl Script {
    /// Ends in a way in which a seat is given up for sure.
    pub(crate) fn returning(self) -> Self {
        let end = if matches!(self.end, End::Farewell(_)) { self.end } else { End::Leave };
        Self { end, ..self }
    }
}
