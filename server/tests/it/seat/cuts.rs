//! Wherever a connection is cut, each message is answered exactly once and in order.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use proptest::prelude::*;
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;
use vez_protocol::{ClientEvent, SEAT, SUBPROTOCOL, ServerEvent};

use super::{LONG, Loss, server, sit, tell};
use crate::common::{TestServer, WebSocket, within};

/// Hands on so many bytes in each direction, and then resets both connections.
async fn cut(server: SocketAddr, up: usize, down: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut server = TcpStream::connect(server).await.unwrap();
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        {
            let (from_client, mut to_client) = client.split();
            let (from_server, mut to_server) = server.split();
            let (mut upward, mut downward) = (from_client.take(up as u64), from_server.take(down as u64));
            tokio::select! {
                _ = copy(&mut upward, &mut to_server) => {}
                _ = copy(&mut downward, &mut to_client) => {}
            }
            let _ = to_client.flush().await;
        }
        // The kernel hands on what it took, and only then the end: a reset would overtake it.
        let _ = (client.shutdown().await, server.shutdown().await);
    });
    address
}

/// A client that has something to say, and comes back until all is answered.
struct Talk {
    token: String,
    received: u64,
    /// What was answered, in order.
    replies: Vec<String>,
    /// How much is said.
    messages: u64,
    connections: usize,
}

impl Talk {
    async fn new(server: &TestServer, messages: u64) -> Self {
        let (client, token) = sit(server).await;
        Loss::Reset.lose(client).await;
        Self { token, received: 0, replies: Vec::new(), messages, connections: 0 }
    }

    /// Goes on over a connection until it breaks; true when all is answered.
    async fn go_on(&mut self, address: SocketAddr) -> bool {
        self.connections += 1;
        let stream = TcpStream::connect(address).await.unwrap();
        let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
        let offer = format!("{SUBPROTOCOL}, {SEAT}{}.{}", self.token, self.received);
        request.headers_mut().insert("sec-websocket-protocol", offer.parse().unwrap());
        let Ok((mut socket, _)) = client_async(request, stream).await else { return false };
        while let Some(Ok(frame)) = within("the end of the connection", socket.next()).await {
            let Message::Text(text) = frame else { continue };
            match ServerEvent::from_json(&text).unwrap() {
                ServerEvent::Seat { lost, last_id, .. } => {
                    assert!(!lost, "the seat is kept");
                    for id in last_id.unwrap_or(0) + 1..=self.messages {
                        let message = ClientEvent::Message { text: id.to_string().into(), id: Some(id) };
                        if socket.send(Message::text(message.to_json())).await.is_err() {
                            break;
                        }
                    }
                }
                ServerEvent::Reply { text, to } => {
                    self.received += 1;
                    assert_eq!(to, Some(self.received));
                    self.replies.push(text.into_owned());
                    if self.received == self.messages {
                        return true;
                    }
                    let received = ClientEvent::Received { count: self.received };
                    let _ = socket.send(Message::text(received.to_json())).await;
                }
                _ => {}
            }
        }
        false
    }

    fn expect_all(&self) {
        let expected: Vec<_> = (1..=self.messages).map(|id| format!("Servidor recebeu: '{id}'")).collect();
        assert_eq!(self.replies, expected);
    }
}

/// Every message is answered exactly once and in order, wherever a connection is cut.
#[rstest]
#[tokio::test]
async fn a_cut_at_any_byte_loses_and_doubles_nothing(#[values(true, false)] upward: bool) {
    let server = server(LONG).await;
    let mut at = 0;
    loop {
        let mut talk = Talk::new(&server, 3).await;
        let (up, down) = if upward { (at, usize::MAX) } else { (usize::MAX, at) };
        let broken = cut(server.http, up, down).await;
        let done = talk.go_on(broken).await;
        if !done {
            assert!(talk.go_on(server.http).await);
        }
        talk.expect_all();
        // Says `leave`, so that the next has the turn.
        let mut last = WebSocket::back(server.http, &talk.token, talk.received).await;
        tell(&mut last, ClientEvent::Leave).await;
        last.expect_bye("Servidor: Desconectando...").await;
        if done {
            break;
        }
        at += 1;
    }
    assert!(at > 300, "the handshake alone has more bytes than {at}");
    server.transcript.sessions(at + 1).await;
    let heard = server.transcript.text().lines().filter(|line| line.ends_with(": 2")).count();
    assert_eq!(heard, at + 1, "the transcript has each message once");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn many_cuts_lose_and_double_nothing(
        messages in 1_u64..60,
        cuts in prop::collection::vec((150_usize..3000, 150_usize..5000), 0..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = server(LONG).await;
            let mut talk = Talk::new(&server, messages).await;
            let mut done = false;
            for (up, down) in cuts {
                done = done || talk.go_on(cut(server.http, up, down).await).await;
            }
            assert!(done || talk.go_on(server.http).await);
            talk.expect_all();
            let mut last = WebSocket::back(server.http, &talk.token, talk.received).await;
            tell(&mut last, ClientEvent::Leave).await;
            server.transcript.sessions(1).await;
            let text = server.transcript.text();
            for id in 1..=messages {
                let heard = text.lines().filter(|line| line.ends_with(&format!(": {id}")));
                assert_eq!(heard.count(), 1, "{text}");
            }
        });
    }
}
