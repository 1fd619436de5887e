//! The ways in: a connection, and behind it a conversation.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::{Request, generate_request};
use tokio_tungstenite::{WebSocketStream, client_async};
use vez_protocol::{SEAT, SUBPROTOCOL};

use super::muted::Muted;
use super::talk::Talk;
use super::tcp::TcpTalk;
use super::websocket::WebSocketTalk;
use crate::arena::Arena;
use crate::observation::{Milestone, Witness};
use crate::plan::{Transport, Way};
use crate::platform;

/// How long a client stays at the most that only the server's limits end.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it stays when the storm is over.
const LAST_PATIENCE: Duration = Duration::from_secs(3);

/// Lets one client in.
#[derive(Debug)]
pub(crate) struct Entrance<'a> {
    pub(crate) arena: &'a Arena,
    pub(crate) number: u64,
    /// When the storm is over and no new clients come.
    pub(crate) end: Instant,
    pub(crate) witness: Witness,
    /// Whether the client deserves an answer to everything.
    pub(crate) polite: bool,
}

impl Entrance<'_> {
    /// Until when a client stays that only the server's limits end; when the storm is over, nobody may wait behind
    /// it any more, so that they do not run.
    pub(crate) fn patience(&self) -> Instant {
        (Instant::now() + PATIENCE).min(self.end + LAST_PATIENCE)
    }

    /// A conversation: for a WebSocket its handshake is done.
    pub(crate) async fn talk(&self, way: Way) -> io::Result<Talk> {
        self.talk_with_room(way, None).await
    }

    /// A conversation whose kernel keeps about `room` bytes that this end has not read.
    pub(crate) async fn talk_with_room(&self, way: Way, room: Option<u32>) -> io::Result<Talk> {
        let stream = self.connect(way.transport(), room).await?;
        let events = match way {
            Way::Lines | Way::Unframed => return Ok(Talk::Tcp(TcpTalk::new(stream))),
            Way::Plain => false,
            Way::Events => true,
        };
        let request = self.request(way).map_err(io::Error::other)?;
        self.witness.saw(Milestone::Arriving).await;
        let (stream, _) = client_async(request, Muted::new(stream)).await.map_err(io::Error::other)?;
        self.witness.saw(Milestone::InLine).await;
        Ok(Talk::WebSocket(Box::new(WebSocketTalk::new(stream, events))))
    }

    /// The connection with this `number` to a seat, which it asks for by its token and a count unless it is the first.
    ///
    /// To the referee all but the first are clients of their own, which deserve nothing: where the seat was lost they
    /// have a place, and give it up.
    pub(super) async fn seat(
        &self,
        number: u64,
        offer: Option<&str>,
    ) -> io::Result<(WebSocketStream<Muted>, Witness)> {
        /// More than there are clients.
        const EACH: u64 = 1 << 40;
        let polite = self.polite && number == 0;
        let witness =
            if number == 0 { self.witness.clone() } else { self.witness.beside(self.number + number * EACH) };
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(platform::source(self.number).into(), 0))?;
        let address = socket.local_addr()?;
        witness.saw(Milestone::Registered { address, transport: Transport::WebSocket, polite }).await;
        let stream = connect(socket, self.arena.http).await?;
        let mut request = self.request(Way::Events).map_err(io::Error::other)?;
        if let Some(offer) = offer {
            let offered = format!("{SUBPROTOCOL}, {SEAT}{offer}").parse().map_err(io::Error::other)?;
            request.headers_mut().insert("sec-websocket-protocol", offered);
        }
        witness.saw(Milestone::Arriving).await;
        let (stream, _) = client_async(request, Muted::new(stream)).await.map_err(io::Error::other)?;
        witness.saw(Milestone::InLine).await;
        Ok((stream, witness))
    }

    /// A connection; over TCP, with that in line.
    pub(crate) async fn connect(&self, transport: Transport, room: Option<u32>) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(platform::source(self.number).into(), 0))?;
        if let Some(room) = room {
            socket.set_recv_buffer_size(room)?;
        }
        let address = socket.local_addr()?;
        self.witness.saw(Milestone::Registered { address, transport, polite: self.polite }).await;
        if transport == Transport::WebSocket {
            return connect(socket, self.arena.http).await;
        }
        self.witness.saw(Milestone::Arriving).await;
        let stream = connect(socket, self.arena.tcp).await?;
        self.witness.saw(Milestone::InLine).await;
        Ok(stream)
    }

    /// The bytes of a WebSocket handshake.
    pub(crate) fn handshake(&self, way: Way) -> io::Result<Vec<u8>> {
        let request = self.request(way).map_err(io::Error::other)?;
        let (bytes, _key) = generate_request(request).map_err(io::Error::other)?;
        Ok(bytes)
    }

    fn request(&self, way: Way) -> Result<Request, Box<dyn std::error::Error + Send + Sync>> {
        let path = if self.number.is_multiple_of(2) { "ws" } else { "" };
        let mut request = format!("ws://{}/{path}", self.arena.http).into_client_request()?;
        if way == Way::Events {
            request.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse()?);
        }
        Ok(request)
    }
}

async fn connect(socket: TcpSocket, address: SocketAddr) -> io::Result<TcpStream> {
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
