//! What stands for etcd where the server is built without it: nothing that can be had.

use std::convert::Infallible;

/// It never fails.
pub type AccessError = Infallible;

pub(super) mod mirror {
    use std::sync::Arc;
    use std::time::Duration;

    use crate::door::User;
    use crate::queue::crowd::{Crowd, Network};
    use crate::queue::order::Order;
    use crate::queue::place::Place;
    use crate::queue::status::{Head, SharedState};
    use crate::queue::validity::Validity;

    /// Nobody's part in a shared queue.
    #[derive(Debug)]
    pub(in crate::queue) enum Mirror {}

    impl Mirror {
        pub(in crate::queue) fn limit(&mut self, _: Option<Crowd>) {
            match *self {}
        }

        pub(in crate::queue) fn order(&self) -> &Order {
            match *self {}
        }

        pub(in crate::queue) fn len(&self) -> usize {
            match *self {}
        }

        pub(in crate::queue) fn is_valid(&self) -> bool {
            match *self {}
        }

        pub(in crate::queue) fn validity(&self, _: u64) -> Option<Validity> {
            match *self {}
        }

        pub(in crate::queue) fn head(&self) -> Option<Head> {
            match *self {}
        }

        pub(in crate::queue) fn holder(&self) -> Option<User> {
            match *self {}
        }

        pub(in crate::queue) fn state(&self) -> SharedState {
            match *self {}
        }

        pub(in crate::queue) fn longest_wait(&self) -> Option<Duration> {
            match *self {}
        }

        pub(in crate::queue) fn join(&mut self, _: Network, _: u64, _: Option<User>) -> (u64, Arc<Place>) {
            match *self {}
        }

        pub(in crate::queue) fn leave(&mut self, _: u64) {
            match *self {}
        }
    }
}

pub(super) mod link {
    use std::sync::Arc;

    use super::AccessError;
    use super::mirror::Mirror;
    use crate::queue::location::Cluster;
    use crate::queue::settings::Settings;
    use crate::queue::shared::Shared;

    /// No connection.
    #[derive(Debug)]
    pub(in crate::queue) enum Link {}

    impl Link {
        pub(in crate::queue) fn new(_: Cluster, _: &Settings) -> Result<Arc<Self>, AccessError> {
            unreachable!("without the feature no location is etcd's")
        }

        pub(in crate::queue) fn mirror(&self) -> Mirror {
            match *self {}
        }

        pub(in crate::queue) async fn run(&self, _: &Shared) {
            match *self {}
        }

        pub(in crate::queue) async fn close(&self, _: &Shared) {
            match *self {}
        }
    }
}
