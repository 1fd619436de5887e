//! From a URL to an open WebSocket.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError, SubProtocolError};
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Uri};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use tokio_util::either::Either;
use tokio_util::io::InspectReader;
use vez_protocol::SUBPROTOCOL;

use super::dial::dial;
use super::{Access, Failure, MAX_MESSAGE, tls};

/// Longest time for the TLS and WebSocket handshakes together.
const HANDSHAKE_TIME: Duration = Duration::from_secs(30);

/// Bytes that are read at a time.
const READ_BUFFER: usize = 64 * 1024;

/// Bytes that gather before they are written: a chat's messages, and not a stream's.
const WRITE_BUFFER: usize = 4 * 1024;

/// An open WebSocket, with or without TLS, and what is told of every read.
pub(crate) type Socket = WebSocketStream<InspectReader<Either<TcpStream, TlsStream<TcpStream>>, OnRead>>;

type OnRead = Box<dyn FnMut(&[u8])>;

/// When the server was last heard of: any byte is a sign of life, also in the middle of a frame.
pub(crate) type LastHeard = Rc<Cell<Instant>>;

/// What frames mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// JSON events of [`vez_protocol::SUBPROTOCOL`].
    Events,
    /// A frame is a message: any other WebSocket server.
    Plain,
}

/// Opens a WebSocket, asking for the queue's events first.
///
/// A server that knows no subprotocol is asked again without one, since tungstenite ends a handshake that
/// leaves the offer unanswered (RFC 6455 §4.1 allows it).
pub(crate) async fn open(
    url: &Uri,
    access: &Access,
    heard: &LastHeard,
) -> Result<(Socket, Dialect), Failure> {
    match attempt(url, access, Dialect::Events, None, heard).await {
        Err(Failure::WebSocket(error)) if declines_subprotocol(&error) => {
            Ok((attempt(url, access, Dialect::Plain, None, heard).await?, Dialect::Plain))
        }
        socket => Ok((socket?, Dialect::Events)),
    }
}

/// Opens a WebSocket of one dialect, which asks for a `seat` if there is one.
pub(super) async fn attempt(
    url: &Uri,
    access: &Access,
    dialect: Dialect,
    seat: Option<&str>,
    heard: &LastHeard,
) -> Result<Socket, Failure> {
    let secure = url.scheme_str() == Some("wss");
    let host = url.host().unwrap_or_default();
    let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let stream = dial(bare, port).await?;
    let handshake = async {
        let stream = match secure {
            true => Either::Right(tls::connect(stream, bare, access.ca.as_deref()).await?),
            false => Either::Left(stream),
        };
        let heard = heard.clone();
        let stream =
            InspectReader::new(stream, Box::new(move |_: &[u8]| heard.set(Instant::now())) as OnRead);
        let (socket, _) =
            client_async_with_config(request(url, access, dialect, seat)?, stream, Some(config())).await?;
        Ok(socket)
    };
    timeout(HANDSHAKE_TIME, handshake).await.unwrap_or(Err(Failure::TimedOut))
}

fn request(url: &Uri, access: &Access, dialect: Dialect, seat: Option<&str>) -> Result<Request, Failure> {
    let mut request = url.into_client_request()?;
    for (name, value) in &access.headers {
        request.headers_mut().append(name, value.clone());
    }
    if dialect == Dialect::Events {
        let offers: Vec<_> = [SUBPROTOCOL].into_iter().chain(seat).collect();
        let offer = HeaderValue::from_str(&offers.join(", ")).map_err(tungstenite::Error::from)?;
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, offer);
    }
    Ok(request)
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
}

fn declines_subprotocol(error: &Error) -> bool {
    let declined = ProtocolError::SecWebSocketSubProtocolError(SubProtocolError::NoSubProtocol);
    matches!(error, Error::Protocol(error) if *error == declined)
}
