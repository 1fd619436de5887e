//! `/healthz` and `/readyz`: how the queue is, for load balancers and people.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::queue::Queue;
use crate::responder::Backend;

/// Says how the queue is, and how many times in a row what is behind could not be reached.
pub(super) async fn healthz(State((queue, backend)): State<(Queue, Backend)>) -> Response {
    let (waiting, capacity, taken) = (queue.waiting(), queue.capacity(), queue.is_taken());
    let full = taken && waiting >= capacity;
    let failures = backend.failures();
    let status = match failures {
        _ if full => "full",
        0 => "ok",
        _ => "failing",
    };
    let reach = if queue.is_ready() { "ok" } else { "away" };
    let json = format!(
        r#"{{"status":"{status}","serving":{taken},"waiting":{waiting},"capacity":{capacity},"failures":{failures},"queue":"{reach}"}}"#
    );
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, json).into_response()
}

/// Says by its status whether new visitors should come to this server: not while a shared queue is out of its reach.
pub(super) async fn readyz(State((queue, _)): State<(Queue, Backend)>) -> Response {
    let (status, text) = match queue.is_ready() {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the shared queue cannot be reached\n"),
    };
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}
