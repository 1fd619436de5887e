//! A client: comes, waits, talks, and goes, in one of many ways.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use futures_util::{SinkExt, StreamExt};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};
use vez_protocol::{ByeReason, ClientEvent, SUBPROTOCOL, ServerEvent};

use super::history::{Event, History, Why};

/// Longer than anybody should wait for anything.
const PATIENCE: Duration = Duration::from_secs(120);

/// What raw TCP is told when its turn is lost.
const LOST: &str = "Servidor: a vez se perdeu";

/// What a client will do.
pub(super) struct Plan {
    pub(super) client: u32,
    pub(super) server: usize,
    pub(super) tcp: SocketAddr,
    pub(super) http: SocketAddr,
    /// How many lines it says.
    lines: u32,
    /// How long it thinks between two.
    pause: Duration,
    websocket: bool,
    /// Whether it goes with a reset.
    resets: bool,
    /// How long it waits for its turn, if it does not wait as long as it takes.
    waits: Option<Duration>,
}

impl Plan {
    /// Draws a plan.
    pub(super) fn draw(
        client: u32,
        server: usize,
        (tcp, http): (SocketAddr, SocketAddr),
        rng: &mut fastrand::Rng,
    ) -> Self {
        Self {
            client,
            server,
            tcp,
            http,
            lines: rng.u32(1..=5),
            pause: Duration::from_millis(rng.u64(0..60)),
            websocket: rng.u32(..3) > 0,
            resets: rng.u32(..5) == 0,
            waits: (rng.u32(..8) == 0).then(|| Duration::from_millis(rng.u64(5..1500))),
        }
    }

    fn line(&self, number: u32) -> String {
        format!("c{} {number}", self.client)
    }
}

/// Does what is planned; false when there is no server to come to.
pub(super) async fn run(plan: &Plan, history: &History) -> bool {
    let Plan { client, server, .. } = *plan;
    history.saw(Event::Coming { client, server });
    let why = if plan.websocket { websocket(plan, history).await } else { tcp(plan, history).await };
    let came = why.is_ok();
    history.saw(Event::Gone { client, why: why.unwrap_or(Why::Left) });
    came
}

async fn tcp(plan: &Plan, history: &History) -> Result<Why> {
    let mut stream = timeout(PATIENCE, TcpStream::connect(plan.tcp)).await??;
    for number in 0..plan.lines {
        let line = plan.line(number) + "\n";
        if stream.write_all(line.as_bytes()).await.is_err() {
            return Ok(Why::Cut);
        }
        let patience = plan.waits.filter(|_| number == 0).unwrap_or(PATIENCE);
        let mut reply = vec![0; line.len()];
        match timeout(patience, stream.read_exact(&mut reply)).await {
            Err(_) if patience < PATIENCE => return Ok(Why::Left),
            Err(_) => return Ok(Why::Stuck),
            Ok(Err(_))
                if LOST.as_bytes().starts_with(&reply[..reply.iter().take_while(|b| **b > 0).count()]) =>
            {
                // Shorter than a line: an end without a word leaves nothing but zeros.
                return Ok(if reply[0] > 0 { Why::Lost } else { Why::Cut });
            }
            Ok(Err(_)) => return Ok(Why::Cut),
            Ok(Ok(_)) if reply == line.as_bytes() => history.saw(Event::Reply { client: plan.client }),
            Ok(Ok(_)) => {
                let mut rest = Vec::new();
                let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
                let text = String::from_utf8_lossy(&[reply, rest].concat()).into_owned();
                return Ok(if text.starts_with(LOST) { Why::Lost } else { Why::Told(text) });
            }
        }
        sleep(plan.pause).await;
    }
    if plan.resets {
        let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    }
    Ok(Why::Left)
}

async fn websocket(plan: &Plan, history: &History) -> Result<Why> {
    let mut request = format!("ws://{}/ws", plan.http).into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse()?);
    let stream = timeout(PATIENCE, TcpStream::connect(plan.http)).await??;
    let (mut stream, _) = timeout(PATIENCE, client_async(request, stream)).await??;
    let patience = plan.waits.unwrap_or(PATIENCE);
    let raw = match timeout(patience, turn(&mut stream, plan, history)).await {
        Ok(Ok(raw)) => raw,
        Ok(Err(why)) => return Ok(why),
        Err(_) if patience < PATIENCE => {
            let _ = stream.send(Message::text(ClientEvent::Leave.to_json())).await;
            return Ok(Why::Left);
        }
        Err(_) => return Ok(Why::Stuck),
    };
    for number in 0..plan.lines {
        let line = plan.line(number);
        let message = match raw {
            true => Message::binary(line.clone() + "\n"),
            false => Message::text(ClientEvent::Message { text: (&*line).into(), id: None }.to_json()),
        };
        if stream.send(message).await.is_err() {
            return Ok(Why::Cut);
        }
        match timeout(PATIENCE, reply(&mut stream, &line)).await {
            Ok(Ok(())) => history.saw(Event::Reply { client: plan.client }),
            Ok(Err(why)) => return Ok(why),
            Err(_) => return Ok(Why::Stuck),
        }
        sleep(plan.pause).await;
    }
    if plan.resets {
        let _ = SockRef::from(stream.get_ref()).set_linger(Some(Duration::ZERO));
    } else {
        let _ = stream.send(Message::text(ClientEvent::Leave.to_json())).await;
    }
    Ok(Why::Left)
}

/// Waits for the turn; whether it carries bytes.
async fn turn(stream: &mut WebSocketStream<TcpStream>, plan: &Plan, history: &History) -> Result<bool, Why> {
    loop {
        match event(stream).await? {
            Heard::Event(ServerEvent::Turn { kind, .. }) => return Ok(kind == vez_protocol::TurnKind::Stream),
            Heard::Event(ServerEvent::Waiting { .. }) => history.saw(Event::Placed { client: plan.client }),
            Heard::Event(_) | Heard::Bytes(_) => {}
        }
    }
}

/// Waits for the reply to a line.
async fn reply(stream: &mut WebSocketStream<TcpStream>, line: &str) -> Result<(), Why> {
    let mut came = Vec::new();
    loop {
        let text = match event(stream).await? {
            Heard::Event(ServerEvent::Reply { text, .. } | ServerEvent::Output { text }) => text.into_owned(),
            Heard::Bytes(bytes) => {
                came.extend(bytes);
                match came.strip_suffix(b"\n") {
                    Some(whole) => String::from_utf8_lossy(whole).into_owned(),
                    None => continue,
                }
            }
            Heard::Event(_) => continue,
        };
        return if text == line { Ok(()) } else { Err(Why::Told(text)) };
    }
}

enum Heard {
    Event(ServerEvent<'static>),
    Bytes(Vec<u8>),
}

async fn event(stream: &mut WebSocketStream<TcpStream>) -> Result<Heard, Why> {
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => match ServerEvent::from_json(&text) {
                Ok(ServerEvent::Bye { reason: ByeReason::Lost, .. }) => return Err(Why::Lost),
                Ok(ServerEvent::Bye { text, .. }) => return Err(Why::Told(text.into_owned())),
                Ok(event) => return Ok(Heard::Event(event)),
                Err(_) => return Err(Why::Told(text.to_string())),
            },
            Some(Ok(Message::Binary(bytes))) => return Ok(Heard::Bytes(bytes.to_vec())),
            Some(Ok(Message::Close(Some(close)))) if u16::from(close.code) == 1012 => return Err(Why::Lost),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(Why::Cut),
        }
    }
}
