//! The WebSocket handshake (RFC 6455 §4.2), and the way from HTTP's connection to the bare socket.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::server::create_response;
use vez_protocol::SUBPROTOCOL;

use super::{Peer, Stream, page};
use crate::door::{Guard, Proxies, User};
use crate::reception::Reception;
use crate::seat::{Transport, Visitor};
use crate::transport::websocket::{Style, WaitingWebSocket};

/// Makes WebSockets of HTTP connections.
#[derive(Debug)]
pub(crate) struct Upgrades {
    pub(crate) guard: Arc<Guard>,
    pub(crate) proxies: Proxies,
    pub(crate) reception: Arc<Reception>,
    pub(crate) leave_word: Option<Arc<str>>,
    /// How long a handshake may take.
    pub(crate) time: Duration,
}

/// `/`: the page, or a WebSocket for those who ask for one.
pub(super) async fn root(
    upgrades: State<Arc<Upgrades>>,
    peer: Extension<Peer>,
    request: Request<Body>,
) -> Response {
    if asks_for_websocket(request.headers()) {
        websocket(upgrades, peer, request).await
    } else {
        page::file(request).await
    }
}

/// `/ws`: a WebSocket.
pub(super) async fn websocket(
    State(upgrades): State<Arc<Upgrades>>,
    Extension(peer): Extension<Peer>,
    request: Request<Body>,
) -> Response {
    if let Err(refused) = upgrades.guard.check_origin(request.headers()) {
        return super::refuse(&refused);
    }
    let (mut parts, _) = request.into_parts();
    let upgrade = parts.extensions.remove::<OnUpgrade>();
    let user = parts.extensions.remove::<User>();
    let style = asked_style(&parts.headers);
    let client = upgrades.proxies.client(peer.address.ip(), &parts.headers);
    let (response, upgrade) = match (accept(parts, style), upgrade) {
        (Ok(response), Some(upgrade)) => (response, upgrade),
        (Ok(_), None) => return StatusCode::UPGRADE_REQUIRED.into_response(),
        (Err(error), _) => return refuse(&error),
    };
    let visitor = Visitor::new(peer.address, Transport::WebSocket).with_user(user);
    let Some(slot) = upgrades.reception.upgrade(&visitor) else {
        let text = "Servidor: há conexões demais. Tente mais tarde.\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "10")], text).into_response();
    };
    // Joined before the answer is on its way: whoever sees the handshake done has its place.
    let admission = upgrades.reception.join(visitor, client);
    let slots = (peer.slot, slot);
    let reception = Arc::clone(&upgrades.reception);
    reception.clone().spawn(async move {
        match timeout(upgrades.time, take_socket(upgrade)).await {
            Ok(Ok((stream, early))) => {
                let settings = reception.transports();
                let waiting =
                    WaitingWebSocket::new(stream, &early, style, upgrades.leave_word.clone(), settings);
                // A task of its own, as this one's memory has room for the handshake too.
                let attending = reception.clone().attend(waiting, admission, slots);
                reception.spawn(attending);
            }
            Ok(Err(error)) => tracing::debug!(error, "the upgrade failed"),
            Err(_) => tracing::debug!("the upgrade took too long"),
        }
    });
    response
}

/// Whether a request asks to speak WebSocket from now on; any other protocol may be ignored (RFC 9110 §7.8).
pub(super) fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::UPGRADE).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|name| name.trim().eq_ignore_ascii_case("websocket"))
}

/// The style that a handshake asks for (RFC 6455 §4.2.2, `Sec-WebSocket-Protocol`).
fn asked_style(headers: &HeaderMap) -> Style {
    let offers =
        headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter().filter_map(|value| value.to_str().ok());
    let events = offers.flat_map(|offers| offers.split(',')).any(|offer| offer.trim() == SUBPROTOCOL);
    if events { Style::Events } else { Style::Plain }
}

/// Checks the handshake and answers it.
fn accept(parts: Parts, style: Style) -> Result<Response, Error> {
    let mut response = create_response(&Request::from_parts(parts, ()))?;
    if style == Style::Events {
        let protocol = HeaderValue::from_static(SUBPROTOCOL);
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    Ok(response.map(|()| Body::empty()))
}

/// A request that asks for no upgrade, or for another version, is told of ours (RFC 6455 §4.4, RFC 9110 §15.5.22).
fn refuse(error: &Error) -> Response {
    use ProtocolError::{
        MissingConnectionUpgradeHeader, MissingSecWebSocketVersionHeader, MissingUpgradeWebSocketHeader,
    };
    let text = format!("Este endereço fala WebSocket: {error}.\n");
    let Error::Protocol(
        MissingConnectionUpgradeHeader | MissingUpgradeWebSocketHeader | MissingSecWebSocketVersionHeader,
    ) = error
    else {
        return (StatusCode::BAD_REQUEST, text).into_response();
    };
    let headers = [
        (header::UPGRADE, "websocket"),
        (header::CONNECTION, "Upgrade"),
        (header::SEC_WEBSOCKET_VERSION, "13"),
    ];
    (StatusCode::UPGRADE_REQUIRED, headers, text).into_response()
}

/// The bare socket, with the bytes behind the handshake, so that no HTTP layer stays under the WebSocket.
async fn take_socket(upgrade: OnUpgrade) -> Result<(Stream, bytes::Bytes), &'static str> {
    let upgraded: Upgraded = upgrade.await.map_err(|_| "the connection ended before its upgrade")?;
    let parts = upgraded.downcast::<TokioIo<Stream>>().map_err(|_| "the connection is of another kind")?;
    Ok((parts.io.into_inner(), parts.read_buf))
}
