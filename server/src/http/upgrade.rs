//! The WebSocket handshake (RFC 6455 §4.2), and the way from HTTP's connection to the bare socket.

use std::net::IpAddr;
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
use crate::ending::Ending;
use crate::reception::{Admission, Reception};
use crate::seat::{Transport, Visitor};
use crate::transport::websocket::{
    Arrival, KeptWebSocket, Offer, SeatHandle, Seats, Slots, Style, WaitingWebSocket,
};

/// Makes WebSockets of HTTP connections.
#[derive(Debug)]
pub(crate) struct Upgrades {
    pub(crate) guard: Arc<Guard>,
    pub(crate) proxies: Proxies,
    pub(crate) reception: Arc<Reception>,
    pub(crate) leave_word: Option<Arc<str>>,
    /// None where they are not kept.
    pub(crate) seats: Option<Arc<Seats<Stream>>>,
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
    let (style, offer) = (asked_style(&parts.headers), asked_seat(&parts.headers));
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
    let seats = upgrades.seats.as_ref().filter(|_| style == Style::Events);
    let handle =
        seats.zip(offer.as_ref()).and_then(|(seats, offer)| seats.find(offer, visitor.user.as_ref()));
    let entry = match handle {
        Some(handle) => Entry::Back(handle),
        // Joined before the answer is on its way: whoever sees the handshake done has its place.
        None => Entry::New(upgrades.reception.join(visitor.clone(), client)),
    };
    let guest = Guest { visitor, client, style, offer, slots: Box::new((peer.slot, slot)) };
    upgrades.reception.spawn(Arc::clone(&upgrades).receive(upgrade, entry, guest));
    response
}

/// How a connection has a seat.
enum Entry {
    /// It asked for one.
    New(Admission),
    /// It comes back to it.
    Back(Arc<SeatHandle<Stream>>),
}

/// Who comes, and over what.
struct Guest {
    visitor: Visitor,
    /// The address by which it is counted.
    client: IpAddr,
    style: Style,
    /// The seat that it asked for.
    offer: Option<Offer>,
    slots: Slots,
}

impl Upgrades {
    /// Takes the socket from HTTP, and leads it to its seat.
    async fn receive(self: Arc<Self>, upgrade: OnUpgrade, entry: Entry, guest: Guest) {
        let (stream, early) = match timeout(self.time, take_socket(upgrade)).await {
            Ok(Ok(socket)) => socket,
            Ok(Err(error)) => return tracing::debug!(error, "the upgrade failed"),
            Err(_) => return tracing::debug!("the upgrade took too long"),
        };
        let settings = self.reception.transports();
        let socket = WaitingWebSocket::new(stream, &early, guest.style, self.leave_word.clone(), settings);
        match entry {
            Entry::New(admission) => self.seat(socket, admission, guest),
            Entry::Back(handle) => self.attach(&handle, socket, guest).await,
        }
    }

    /// Has a newcomer wait. A task of its own, as the memory of the one before has room for the handshake too.
    fn seat(&self, socket: WaitingWebSocket<Stream>, admission: Admission, guest: Guest) {
        let reception = Arc::clone(&self.reception);
        let seats = self.seats.as_ref().filter(|_| guest.style == Style::Events && admission.is_ok());
        match seats.map(|seats| seats.keep(guest.visitor.number, guest.visitor.user)).transpose() {
            Ok(Some(keep)) => {
                let kept = KeptWebSocket::new(socket, keep, guest.offer.is_some(), guest.slots);
                self.reception.spawn(reception.attend(kept, admission, ()));
            }
            Ok(None) => self.reception.spawn(reception.attend(socket, admission, guest.slots)),
            Err(error) => {
                tracing::error!(%error, "the system has no random numbers: the seat is not kept");
                self.reception.spawn(reception.attend(socket, admission, guest.slots));
            }
        }
    }

    /// Has somebody who comes back go on, and sees off the connection that was before.
    async fn attach(&self, handle: &SeatHandle<Stream>, socket: WaitingWebSocket<Stream>, guest: Guest) {
        let received = guest.offer.map_or(0, |offer| offer.received);
        let Guest { visitor, client, slots, .. } = guest;
        let peer = visitor.peer;
        let displaced = match handle.attach(Box::new(Arrival { socket, received, slots })) {
            Ok(displaced) => displaced,
            Err(arrival) => {
                let Arrival { socket, slots, .. } = *arrival;
                let admission = self.reception.join(visitor.clone(), client);
                let guest = Guest { visitor, client, style: Style::Events, offer: guest.offer, slots };
                return self.seat(socket, admission, guest);
            }
        };
        tracing::debug!(visitor = handle.number, %peer, "came back");
        if let Some(arrival) = displaced.earlier {
            let Arrival { socket, slots, .. } = *arrival;
            let refused = Err((peer, Ending::TakenOver));
            self.reception.spawn(Arc::clone(&self.reception).attend(socket, refused, slots));
        }
        if let Ok((input, output, slots)) = displaced.replaced.await {
            let remains = Some((input, output));
            Arc::clone(&self.reception).see_off::<WaitingWebSocket<Stream>>(peer, remains, slots).await;
        }
    }
}

/// Whether a request asks to speak WebSocket from now on; any other protocol may be ignored (RFC 9110 §7.8).
pub(super) fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::UPGRADE).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|name| name.trim().eq_ignore_ascii_case("websocket"))
}

/// The style that a handshake asks for.
fn asked_style(headers: &HeaderMap) -> Style {
    if offered(headers).any(|offer| offer == SUBPROTOCOL) { Style::Events } else { Style::Plain }
}

/// The seat that a handshake asks for; the last, if it asks for several.
fn asked_seat(headers: &HeaderMap) -> Option<Offer> {
    offered(headers).filter_map(Offer::read).last()
}

/// The subprotocols that a handshake offers (RFC 6455 §4.2.2, `Sec-WebSocket-Protocol`).
fn offered(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let offers =
        headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter().filter_map(|value| value.to_str().ok());
    offers.flat_map(|offers| offers.split(',')).map(str::trim)
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
