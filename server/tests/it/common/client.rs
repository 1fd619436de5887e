//! Clients of every kind, and what they expect.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{WebSocketStream, client_async};
use vez_protocol::{ClientEvent, SEAT, SUBPROTOCOL, ServerEvent};

use super::{TestServer, within};

/// The ways of reaching the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tcp,
    Plain,
    Events,
}

/// A client of any kind.
pub(crate) enum Client {
    Tcp(Tcp),
    WebSocket(Box<WebSocket>),
}

impl Client {
    pub(crate) async fn connect(server: &TestServer, kind: Kind) -> Self {
        match kind {
            Kind::Tcp => Self::Tcp(Tcp::connect(server.tcp).await),
            Kind::Plain => Self::WebSocket(Box::new(WebSocket::connect(server.http, false).await)),
            Kind::Events => Self::WebSocket(Box::new(WebSocket::connect(server.http, true).await)),
        }
    }

    /// This end's address as the transcript shows it.
    pub(crate) fn shown(&self) -> String {
        let address = match self {
            Self::Tcp(tcp) => tcp.local(),
            Self::WebSocket(websocket) => websocket.local(),
        };
        format!("('{}', {})", address.ip(), address.port())
    }

    pub(crate) async fn say(&mut self, text: &str) {
        match self {
            Self::Tcp(tcp) => tcp.send(text).await,
            Self::WebSocket(websocket) => websocket.say(text).await,
        }
    }

    pub(crate) async fn expect_reply(&mut self, text: &str) {
        match self {
            Self::Tcp(tcp) => tcp.expect(text).await,
            Self::WebSocket(websocket) => websocket.expect_reply(text).await,
        }
    }

    /// Says something and expects the report's answer.
    pub(crate) async fn chat(&mut self, text: &str) {
        self.say(text).await;
        self.expect_reply(&format!("Servidor recebeu: '{text}'")).await;
    }

    /// Leaves with `sair` and expects the farewell and the end.
    pub(crate) async fn leave(mut self) {
        self.say("sair").await;
        match self {
            Self::Tcp(mut tcp) => {
                tcp.expect("Servidor: Desconectando...").await;
                tcp.expect_end().await;
            }
            Self::WebSocket(mut websocket) => {
                websocket.expect_bye("Servidor: Desconectando...").await;
                websocket.expect_close(1000).await;
            }
        }
    }

    /// Vanishes with a reset.
    pub(crate) fn reset(self) {
        let stream = match self {
            Self::Tcp(tcp) => tcp.stream,
            Self::WebSocket(websocket) => websocket.stream.into_inner(),
        };
        socket2::SockRef::from(&stream).set_linger(Some(std::time::Duration::ZERO)).unwrap();
    }
}

/// A raw TCP client.
pub(crate) struct Tcp {
    pub(crate) stream: TcpStream,
}

impl Tcp {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: within("a connection", TcpStream::connect(address)).await.unwrap() }
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Reads exactly `text`.
    pub(crate) async fn expect(&mut self, text: &str) {
        let mut bytes = vec![0; text.len()];
        let read = within(text, self.stream.read_exact(&mut bytes)).await;
        assert!(read.is_ok(), "{read:?} instead of {text:?}");
        assert_eq!(String::from_utf8_lossy(&bytes), text);
    }

    /// Reads the end of the stream, after whatever comes before it.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        within("the end", self.stream.read_to_end(&mut rest)).await.unwrap();
        String::from_utf8(rest).unwrap()
    }

    pub(crate) async fn expect_end(&mut self) {
        assert_eq!(self.rest().await, "");
    }
}

/// A WebSocket client, plain or with `vez.v1`.
pub(crate) struct WebSocket {
    pub(crate) stream: WebSocketStream<TcpStream>,
    pub(crate) events: bool,
}

impl WebSocket {
    pub(crate) async fn connect(address: SocketAddr, events: bool) -> Self {
        Self::connect_with(address, events, &[]).await
    }

    pub(crate) async fn connect_with(
        address: SocketAddr,
        events: bool,
        headers: &[(&'static str, &str)],
    ) -> Self {
        let stream = within("a connection", TcpStream::connect(address)).await.unwrap();
        let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
        if events {
            request.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse().unwrap());
        }
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (stream, response) = within("the handshake", client_async(request, stream)).await.unwrap();
        assert_eq!(response.headers().contains_key("sec-websocket-protocol"), events);
        Self { stream, events }
    }

    /// Comes back to a seat, having received so much.
    pub(crate) async fn back(address: SocketAddr, token: &str, received: u64) -> Self {
        let offer = format!("{SUBPROTOCOL}, {SEAT}{token}.{received}");
        Self::connect_with(address, true, &[("sec-websocket-protocol", &offer)]).await
    }

    /// Expects to be told of a seat: its token, and whether another one was lost.
    pub(crate) async fn expect_seat(&mut self) -> (String, bool) {
        match self.any_event().await {
            ServerEvent::Seat { token, lost, .. } => (token.into_owned(), lost),
            other => panic!("{other:?} instead of a seat"),
        }
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.stream.get_ref().local_addr().unwrap()
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    pub(crate) async fn say(&mut self, text: &str) {
        let frame = if self.events {
            ClientEvent::Message { text: text.into(), id: None }.to_json()
        } else {
            text.to_owned()
        };
        self.send(Message::text(frame)).await;
    }

    /// The next frame that is no ping or pong.
    pub(crate) async fn frame(&mut self) -> Message {
        loop {
            match within("a frame", self.stream.next()).await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(frame)) => return frame,
                end => panic!("the connection ended: {end:?}"),
            }
        }
    }

    /// The next event that is not about the seat.
    pub(crate) async fn event(&mut self) -> ServerEvent<'static> {
        loop {
            match self.any_event().await {
                ServerEvent::Seat { .. } => {}
                event => return event,
            }
        }
    }

    /// The next event.
    pub(crate) async fn any_event(&mut self) -> ServerEvent<'static> {
        let frame = self.frame().await;
        let text = frame.to_text().expect("events are text");
        ServerEvent::from_json(text).unwrap()
    }

    /// Expects to be told this place, after other places.
    pub(crate) async fn expect_place(&mut self, place: usize) {
        loop {
            match self.event().await {
                ServerEvent::Waiting { position, .. } if position == place => return,
                ServerEvent::Waiting { .. } => {}
                other => panic!("{other:?} instead of place {place}"),
            }
        }
    }

    pub(crate) async fn expect_turn(&mut self) {
        loop {
            match self.event().await {
                ServerEvent::Turn { .. } => return,
                ServerEvent::Waiting { .. } => {}
                other => panic!("{other:?} instead of the turn"),
            }
        }
    }

    pub(crate) async fn expect_reply(&mut self, text: &str) {
        if !self.events {
            return assert_eq!(self.frame().await, Message::text(text));
        }
        loop {
            match self.event().await {
                ServerEvent::Waiting { .. } | ServerEvent::Turn { .. } | ServerEvent::Warning { .. } => {}
                ServerEvent::Reply { text: said, .. } => return assert_eq!(said, text),
                other => panic!("{other:?} instead of the reply {text:?}"),
            }
        }
    }

    /// Expects the last words, in whichever form.
    pub(crate) async fn expect_bye(&mut self, text: &str) {
        if !self.events {
            return assert_eq!(self.frame().await, Message::text(text));
        }
        loop {
            match self.event().await {
                ServerEvent::Waiting { .. } | ServerEvent::Turn { .. } | ServerEvent::Warning { .. } => {}
                ServerEvent::Bye { text: said, .. } => return assert_eq!(said, text),
                other => panic!("{other:?} instead of the goodbye"),
            }
        }
    }

    /// Expects a Close frame with this code, and returns its reason.
    pub(crate) async fn expect_close(&mut self, code: u16) -> String {
        loop {
            match self.frame().await {
                Message::Close(Some(close)) => {
                    assert_eq!(u16::from(close.code), code, "{}", close.reason);
                    return close.reason.to_string();
                }
                Message::Text(event) if self.events => {
                    assert!(!event.contains(r#""type":"reply""#), "{event}")
                }
                other => panic!("{other:?} instead of close code {code}"),
            }
        }
    }
}
