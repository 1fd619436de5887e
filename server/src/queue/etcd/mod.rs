//! A queue that several servers share, in etcd.
//!
//! A [`Mirror`] knows what is there and what should be; a [`Link`] carries it out.

mod access;
mod key;
mod link;
mod mirror;
#[cfg(test)]
mod model;

pub use access::AccessError;
pub(super) use link::Link;
pub(super) use mirror::Mirror;
