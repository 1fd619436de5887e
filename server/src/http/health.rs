//! `/healthz`: how the queue is, for load balancers and people.

use axum::extract::State;
use axum::http::header;
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
    let json = format!(
        r#"{{"status":"{status}","serving":{taken},"waiting":{waiting},"capacity":{capacity},"failures":{failures}}}"#
    );
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, json).into_response()
}
