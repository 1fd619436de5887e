//! The WebSocket handshake (RFC 6455 §4.2), and the way from HTTP's connection to the bare socket.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::server::create_response;
use vez_protocol::SUBPROTOCOL;

use super::{Peer, Stream, page};
use crate::admission;
use crate::config::Times;
use crate::context::Context;
use crate::visitors;
use crate::websocket::{self, Socket, Style};

/// `/`: the page, or a WebSocket for those who ask for one.
pub(super) async fn root(
    context: State<Arc<Context>>,
    peer: Extension<Peer>,
    request: Request<Body>,
) -> Response {
    if request.headers().contains_key(header::UPGRADE) {
        websocket(context, peer, request).await
    } else {
        page::file(request).await
    }
}

/// `/ws`: a WebSocket.
pub(super) async fn websocket(
    State(context): State<Arc<Context>>,
    Extension(Peer { address: peer, permit }): Extension<Peer>,
    request: Request<Body>,
) -> Response {
    if let Err(refused) = context.guard.check_origin(request.headers()) {
        return super::refuse(&refused);
    }
    let (mut parts, _) = request.into_parts();
    let upgrade = parts.extensions.remove::<OnUpgrade>();
    let style = Style::asked(&parts.headers);
    let headers = parts.headers.clone();
    let (response, upgrade) = match (accept(parts, style), upgrade) {
        (Ok(response), Some(upgrade)) => (response, upgrade),
        (Ok(_), None) => return StatusCode::UPGRADE_REQUIRED.into_response(),
        (Err(error), _) => return refuse(&error),
    };
    // Joined before the answer is on its way: whoever sees the handshake done has its place.
    let address = visitors::client_address(peer.ip(), &headers, &context.config.access.trusted_proxy);
    let admission = admission::admit(address, &context).await;
    let tasks = context.tasks.clone();
    tasks.spawn(async move {
        let times = &context.config.times;
        match tokio::time::timeout(times.header_time, take_socket(upgrade, times)).await {
            // A task of its own, as this one's memory has room for the handshake too.
            Ok(Ok(socket)) => {
                let serving = websocket::serve(socket, style, peer, admission, permit, Arc::clone(&context));
                context.tasks.spawn(serving);
            }
            Ok(Err(error)) => tracing::debug!(%peer, error, "the upgrade failed"),
            Err(_) => tracing::debug!(%peer, "the upgrade took too long"),
        }
    });
    response
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
async fn take_socket(upgrade: OnUpgrade, times: &Times) -> Result<Socket, &'static str> {
    let upgraded: Upgraded = upgrade.await.map_err(|_| "the connection ended before its upgrade")?;
    let parts = upgraded.downcast::<TokioIo<Stream>>().map_err(|_| "the connection is of another kind")?;
    // The bytes are a part of HTTP's whole buffer, which must not stay.
    Ok(Socket::new(parts.io.into_inner(), &parts.read_buf, times.write_limit))
}
