//! What stands for etcd where the server is built without it: nothing that can be had.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use super::crowd::{Crowd, Network};
use super::location::Cluster;
use super::order::Order;
use super::place::Place;
use super::settings::Settings;
use super::shared::{Head, Shared, SharedState};
use super::validity::Validity;

/// Nobody's part in a shared queue.
#[derive(Debug)]
pub(crate) enum Mirror {}

/// No connection.
#[derive(Debug)]
pub(super) enum Link {}

/// It never fails.
pub type AccessError = Infallible;

impl Mirror {
    pub(super) fn limit(&mut self, _: Option<Crowd>) {
        match *self {}
    }

    pub(super) fn order(&self) -> &Order {
        match *self {}
    }

    pub(super) fn len(&self) -> usize {
        match *self {}
    }

    pub(super) fn is_valid(&self) -> bool {
        match *self {}
    }

    pub(super) fn validity(&self, _: u64) -> Option<Validity> {
        match *self {}
    }

    pub(super) fn head(&self) -> Option<Head> {
        match *self {}
    }

    pub(super) fn state(&self) -> SharedState {
        match *self {}
    }

    pub(super) fn longest_wait(&self) -> Option<Duration> {
        match *self {}
    }

    pub(super) fn join(&mut self, _: Network, _: u64) -> (u64, Arc<Place>) {
        match *self {}
    }

    pub(super) fn leave(&mut self, _: u64) {
        match *self {}
    }
}

impl Link {
    pub(super) fn new(_: Cluster, _: &Settings) -> Result<Arc<Self>, AccessError> {
        unreachable!("without the feature no location is etcd's")
    }

    pub(super) fn mirror(&self) -> Mirror {
        match *self {}
    }

    pub(super) async fn run(&self, _: &Shared) {
        match *self {}
    }

    pub(super) async fn close(&self, _: &Shared) {
        match *self {}
    }
}
