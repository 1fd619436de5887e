//! A queue that several servers share, in etcd.
//!
//! A [`Mirror`](mirror::Mirror) knows what is there and what should be; a [`Link`](link::Link) carries it out.

mod access;
mod key;
pub(super) mod link;
pub(super) mod mirror;
#[cfg(test)]
mod model;

pub use access::AccessError;
