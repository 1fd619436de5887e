//! `vez-server` as its users see it: over real sockets, and as a binary.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[cfg(target_os = "linux")]
mod behind;
#[cfg(unix)]
mod binary;
mod common;
mod conformance;
#[cfg(target_os = "linux")]
mod flood;
mod gone;
mod http;
mod http_on_tcp;
mod limits;
mod metrics;
mod promises;
mod raw_tcp;
#[cfg(unix)]
mod real;
mod seat;
#[cfg(target_os = "linux")]
mod serial;
#[cfg(all(feature = "etcd", unix))]
mod shared;
mod shutdown;
mod signin;
#[cfg(target_os = "linux")]
mod silence;
#[cfg(unix)]
mod terminal;
mod tls;
mod tools;
mod transcript;
mod websocket;
