//! `/metrics` and `/queue`: what operators watch, on a listener of its own.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use humantime::format_rfc3339_seconds;
use serde_json::{Map, Value, json};

use crate::door::Guard;
use crate::queue::{Head, Queue};
use crate::record::{Holder, Metrics};

/// The OpenMetrics text format, in the version that is written.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The routes for operators, for the hosts that `guard` lets in.
pub(crate) fn operator_routes(guard: Arc<Guard>, metrics: Metrics, queue: Queue) -> Router {
    let router = Router::new()
        .route("/metrics", get(show).with_state(metrics.clone()))
        .route("/queue", get(status).with_state((queue, metrics)));
    super::guarded(router, guard)
}

/// Shows the metrics, whatever format is asked for: Prometheus and its kin know this one.
async fn show(State(metrics): State<Metrics>) -> Response {
    ([(header::CONTENT_TYPE, OPENMETRICS)], metrics.text()).into_response()
}

/// Says how many wait, the longest of them since when, and who has the turn; nothing of what is said.
async fn status(State((queue, metrics)): State<(Queue, Metrics)>) -> Response {
    let longest = queue.longest_wait().unwrap_or_default();
    let json = json!({
        "waiting": queue.waiting(),
        "longest_wait_seconds": longest.as_millis() as f64 / 1000.0,
        "turn": turn(&queue, metrics.holder()),
    });
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, json.to_string()).into_response()
}

/// Who has the turn: `here`, or at another server that shares the queue, as far as it is known.
fn turn(queue: &Queue, here: Option<Holder>) -> Option<Map<String, Value>> {
    let head = queue.head();
    let mut turn = Map::new();
    if let Some(Head { server, session }) = &head {
        turn.extend([("server".into(), json!(server)), ("session".into(), json!(session))]);
    }
    if let Some(Holder { session, transport, since, .. }) = &here {
        turn.extend([
            ("session".into(), json!(session)),
            ("transport".into(), json!(transport.to_string())),
            ("since".into(), json!(format_rfc3339_seconds(*since).to_string())),
        ]);
    }
    if turn.is_empty() {
        return None;
    }
    turn.extend(queue.holder().map(|user| ("user".into(), json!(user.name()))));
    Some(turn)
}
