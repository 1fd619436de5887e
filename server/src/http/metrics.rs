//! `/metrics` and `/queue`: what operators watch, on a listener of its own.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use humantime::format_rfc3339_seconds;

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
    let waiting = queue.waiting();
    let longest = queue.longest_wait().map_or(0.0, |wait| wait.as_secs_f64());
    let head = queue.head();
    let turn = match (metrics.holder(), &head) {
        (Some(holder), head) => in_json(&holder, head.as_ref()),
        (None, Some(head)) => elsewhere(head),
        (None, None) => "null".to_owned(),
    };
    let json = format!(r#"{{"waiting":{waiting},"longest_wait_seconds":{longest:.3},"turn":{turn}}}"#);
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, json).into_response()
}

/// Who has the turn here; `head` is the same, where servers share the queue.
fn in_json(holder: &Holder, head: Option<&Head>) -> String {
    let (session, transport) = (holder.session, holder.transport);
    let since = format_rfc3339_seconds(holder.since);
    let server = head.map_or_else(String::new, |head| format!(r#""server":"{}","#, head.server));
    format!(r#"{{{server}"session":{session},"transport":"{transport}","since":"{since}"}}"#)
}

/// Who has the turn at another server.
fn elsewhere(head: &Head) -> String {
    format!(r#"{{"server":"{}","session":{}}}"#, head.server, head.session)
}
