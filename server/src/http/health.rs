//! `/healthz`: how the queue is, for load balancers and people.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::queue::Queue;

/// Says how the queue is.
pub(super) async fn healthz(State(queue): State<Queue>) -> Response {
    let (waiting, capacity, taken) = (queue.waiting(), queue.capacity(), queue.is_taken());
    let full = taken && waiting >= capacity;
    let status = if full { "full" } else { "ok" };
    let json =
        format!(r#"{{"status":"{status}","serving":{taken},"waiting":{waiting},"capacity":{capacity}}}"#);
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, json).into_response()
}
