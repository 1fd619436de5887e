//! The connection to etcd: renews the lease, watches the keys, and writes what the mirror wants.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use etcd_client::{
    Client, Compare, CompareOp, Error, Event, EventType, GetOptions, KeyValue, LeaseClient, PutOptions, Txn,
    TxnOp, WatchOptions, WatchResponse,
};
use futures_util::future::{Either, select};
use tokio::time::{Instant, sleep, timeout};

use super::access::{Access, AccessError};
use super::key::{Key, Label};
use super::mirror::{Batch, Entry, Lease, Mirror};
use crate::platform::since_boot;
use crate::queue::location::Cluster;
use crate::queue::settings::Settings;
use crate::queue::shared::Shared;

/// Most keys in one answer: gRPC takes 4 MiB.
const PAGE: i64 = 5000;

/// The shortest wait before etcd is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a lease may take to be given back when the server ends.
const REVOKE: Duration = Duration::from_secs(2);

/// How etcd is reached, and what is there.
pub(in crate::queue) struct Link {
    cluster: Cluster,
    access: Access,
}

/// Why a connection to etcd is of no more use.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Etcd(#[from] Error),
    #[error("{0} took longer than {1:?}")]
    Slow(&'static str, Duration),
    #[error("{0} was ended by etcd")]
    Ended(&'static str),
    #[error("the watch was ended by etcd: {0}")]
    Watch(String),
    #[error("a key was there already")]
    Conflict,
    #[error("the lease is gone")]
    LeaseGone,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

impl Link {
    /// # Errors
    /// When a file that the settings name cannot be read.
    pub(in crate::queue) fn new(cluster: Cluster, settings: &Settings) -> Result<Arc<Self>, AccessError> {
        Ok(Arc::new(Self { cluster, access: Access::load(settings)? }))
    }

    /// What this server has in the queue, at first nothing.
    pub(in crate::queue) fn mirror(&self) -> Mirror {
        let name = || format!("{}-{}", host_name(), std::process::id());
        Mirror::new(self.cluster.server.clone().unwrap_or_else(name))
    }

    /// Keeps the queue up to date; runs until dropped.
    pub(in crate::queue) async fn run(&self, shared: &Shared) {
        let expiring = std::pin::pin!(self.expire(shared));
        let following = std::pin::pin!(self.follow(shared));
        match select(expiring, following).await {
            Either::Left((never, _)) | Either::Right((never, _)) => match never {},
        }
    }

    /// Gives the lease back, and with it whatever is left in the queue, if etcd takes it soon.
    pub(in crate::queue) async fn close(&self, shared: &Shared) {
        let lease = shared.update(|mirror| {
            let lease = mirror.lease();
            mirror.lease_lost();
            lease
        });
        let Some(Lease { id, .. }) = lease.flatten() else { return };
        let revoking = async {
            for endpoint in self.cluster.endpoints.iter().cycle() {
                match self.revoke(endpoint, id).await {
                    Ok(()) => break,
                    Err(_) => sleep(PAUSE).await,
                }
            }
        };
        if timeout(REVOKE, revoking).await.is_err() {
            let ttl = self.cluster.ttl;
            tracing::warn!("etcd did not take the lease back; what it held is gone after {ttl:?}");
        }
    }

    async fn revoke(&self, endpoint: &str, lease: i64) -> Result<(), Failure> {
        let client = self.within("connecting", self.access.connect(endpoint, self.limit())).await?;
        self.within("giving the lease back", client.lease_client().revoke(lease)).await?;
        Ok(())
    }

    /// Takes the turn away when the lease is not sure any more.
    async fn expire(&self, shared: &Shared) -> Infallible {
        loop {
            let until = shared.update(|mirror| {
                mirror.expire(since_boot());
                mirror.valid_until()
            });
            let left = until.flatten().map_or(Duration::ZERO, |until| until.saturating_sub(since_boot()));
            // Without a lease nobody has a turn.
            sleep(if left.is_zero() { PAUSE } else { left }).await;
        }
    }

    /// Connects to one member of the cluster after the other.
    async fn follow(&self, shared: &Shared) -> Infallible {
        let mut well = true;
        for endpoint in self.cluster.endpoints.iter().cycle() {
            loop {
                let begun = Instant::now();
                let failure = match self.follow_one(endpoint, shared, &mut well).await {
                    Ok(never) => match never {},
                    Err(failure) => failure,
                };
                let known = shared.update(|mirror| {
                    mirror.failed();
                    if matches!(failure, Failure::LeaseGone) {
                        mirror.lease_lost();
                    }
                });
                debug_assert!(known.is_some(), "only a shared queue has a link");
                if std::mem::take(&mut well) {
                    tracing::warn!("etcd at {endpoint}: {failure}; trying again");
                } else {
                    tracing::debug!("etcd at {endpoint}: {failure}");
                }
                let quick = begun.elapsed() < PAUSE;
                match failure {
                    Failure::LeaseGone | Failure::Conflict if !quick => {}
                    Failure::LeaseGone | Failure::Conflict => sleep(PAUSE).await,
                    _ => break sleep(PAUSE).await,
                }
            }
        }
        unreachable!("a cluster has members")
    }

    async fn follow_one(
        &self,
        endpoint: &str,
        shared: &Shared,
        well: &mut bool,
    ) -> Result<Infallible, Failure> {
        let client = self.within("connecting", self.access.connect(endpoint, self.limit())).await?;
        let lease = self.lease(&client, shared).await?;
        let renewing = self.renew(client.lease_client(), lease, shared);
        let copying = async {
            let revision = self.read(&client, shared).await?;
            if !std::mem::replace(well, true) {
                tracing::info!("etcd at {endpoint}: the queue is shared");
            }
            tokio::try_join!(self.watch(&client, revision, shared), self.write(&client, lease, shared))
        };
        let (never, _) = tokio::try_join!(renewing, copying)?;
        Ok(never)
    }

    /// The lease that there is, or a new one.
    async fn lease(&self, client: &Client, shared: &Shared) -> Result<i64, Failure> {
        if let Some(lease) = shared.update(|mirror| mirror.lease()).flatten() {
            return Ok(lease.id);
        }
        let sent = since_boot();
        let seconds = i64::try_from(self.cluster.ttl.as_secs()).unwrap_or(i64::MAX);
        let granted = self.within("a lease", client.lease_client().grant(seconds, None)).await?;
        shared.update(|mirror| {
            mirror.granted(granted.id());
            mirror.renewed(self.until(sent, granted.ttl()), since_boot());
        });
        Ok(granted.id())
    }

    async fn renew(
        &self,
        mut client: LeaseClient,
        lease: i64,
        shared: &Shared,
    ) -> Result<Infallible, Failure> {
        let mut sent = since_boot();
        let opened = self.within("renewing the lease", client.keep_alive(lease)).await;
        let (mut keeper, mut answers) = match opened {
            // So the client says that the lease's time to live is none (its rpc/lease.rs).
            Err(Failure::Etcd(Error::LeaseKeepAliveError(text))) if text == "lease not found" => {
                return Err(Failure::LeaseGone);
            }
            opened => opened?,
        };
        // The first answer was taken by the client; the lease was asked for as long as it has.
        let mut ttl = i64::try_from(self.cluster.ttl.as_secs()).unwrap_or(i64::MAX);
        loop {
            shared.update(|mirror| mirror.renewed(self.until(sent, ttl), since_boot()));
            sleep(self.cluster.ttl / 5).await;
            sent = since_boot();
            keeper.keep_alive().await?;
            let answer = self.within("renewing the lease", answers.message()).await?;
            ttl = answer.ok_or(Failure::Ended("renewing the lease"))?.ttl();
            if ttl <= 0 {
                return Err(Failure::LeaseGone);
            }
        }
    }

    /// Until when a lease surely lives of which etcd said, to what was sent then, that it has so many seconds: a fifth
    /// is for clocks that do not go alike, and for what is behind to be closed.
    fn until(&self, sent: Duration, seconds: i64) -> Duration {
        let ttl = Duration::from_secs(seconds.unsigned_abs()).min(self.cluster.ttl);
        sent + ttl - ttl / 5
    }

    /// Reads all keys; the revision of which they are.
    async fn read(&self, client: &Client, shared: &Shared) -> Result<i64, Failure> {
        let (mut entries, mut revision) = (Vec::new(), 0);
        let prefix = self.prefix();
        let end = after_prefix(&prefix);
        let mut from = prefix;
        loop {
            let mut options = GetOptions::new().with_range(end.clone()).with_limit(PAGE);
            if revision > 0 {
                options = options.with_revision(revision);
            }
            let mut kv = client.kv_client();
            let page = self.within("reading the queue", kv.get(from, Some(options))).await?;
            if revision == 0 {
                revision = page.header().map_or(0, |header| header.revision());
            }
            entries.extend(page.kvs().iter().filter_map(|kv| self.entry(kv)));
            match page.kvs().last().filter(|_| page.more()) {
                Some(last) => from = [last.key(), b"\0"].concat(),
                None => break,
            }
        }
        shared.update(|mirror| mirror.snapshot(entries, since_boot()));
        Ok(revision)
    }

    async fn watch(&self, client: &Client, revision: i64, shared: &Shared) -> Result<Infallible, Failure> {
        let options = WatchOptions::new()
            .with_range(after_prefix(&self.prefix()))
            .with_start_revision(revision + 1)
            .with_fragment();
        let mut watcher = client.watch_client();
        let watch = self.within("watching the queue", watcher.watch(self.prefix(), Some(options))).await?;
        let (mut requests, mut answers) = watch.split();
        loop {
            let answer = match timeout(self.cluster.ttl / 5, answers.message()).await {
                Ok(answer) => answer?,
                Err(_) => {
                    // A watch can be dead without a word (etcd#9715): one that says nothing is asked.
                    requests.request_progress().await?;
                    self.within("the watch", answers.message()).await?
                }
            };
            let answer = answer.ok_or(Failure::Ended("the watch"))?;
            if answer.canceled() || answer.compact_revision() > 0 {
                return Err(Failure::Watch(answer.cancel_reason().to_owned()));
            }
            self.take_in(&answer, shared);
        }
    }

    fn take_in(&self, answer: &WatchResponse, shared: &Shared) {
        if answer.events().is_empty() {
            return;
        }
        shared.update(|mirror| {
            for event in answer.events() {
                self.take_in_one(event, mirror);
            }
            mirror.settle(since_boot(), 0);
        });
    }

    fn take_in_one(&self, event: &Event, mirror: &mut Mirror) {
        let Some(kv) = event.kv() else { return };
        match event.event_type() {
            EventType::Put => self.entry(kv).into_iter().for_each(|entry| mirror.put(entry)),
            EventType::Delete => self.key(kv).into_iter().for_each(|key| mirror.deleted(key)),
        }
    }

    /// What looks like a ticket; `None` for whatever else somebody wrote there.
    fn entry(&self, kv: &KeyValue) -> Option<Entry> {
        let Some(key) = self.key(kv) else {
            tracing::debug!("{:?} in etcd is no ticket", kv.key().escape_ascii().to_string());
            return None;
        };
        let (label, create_revision) = (Label::parse(kv.value()), kv.create_revision());
        Some(Entry { key, label, create_revision, lease: kv.lease() })
    }

    fn key(&self, kv: &KeyValue) -> Option<Key> {
        Key::parse(kv.key(), &self.cluster.name)
    }

    /// Writes one batch after the other, so that they come in order.
    async fn write(&self, client: &Client, lease: i64, shared: &Shared) -> Result<Infallible, Failure> {
        let Some(changed) = shared.update(|mirror| mirror.changed()) else {
            return Err(Failure::Ended("a queue that is not shared"));
        };
        loop {
            let Some(batch) = shared.update(|mirror| mirror.batch()).flatten() else {
                changed.notified().await;
                continue;
            };
            let limit = self.cluster.ttl.max(Duration::from_secs(5));
            let transaction = self.transaction(&batch, lease);
            let written = timeout(limit, client.kv_client().txn(transaction)).await;
            let written = written.map_err(|_| Failure::Slow("writing", limit))?.map_err(of_write)?;
            if !written.succeeded() {
                return Err(Failure::Conflict);
            }
            shared.update(|mirror| mirror.written(&batch));
        }
    }

    fn transaction(&self, batch: &Batch, lease: i64) -> Txn {
        let name = &self.cluster.name;
        match batch {
            Batch::Put(keys) => {
                // A ticket is written once: what is sent again changes nothing.
                let new = keys
                    .iter()
                    .map(|(key, _)| Compare::create_revision(key.to_bytes(name), CompareOp::Equal, 0));
                let options = PutOptions::new().with_lease(lease);
                let puts = keys.iter().map(|(key, label)| {
                    TxnOp::put(key.to_bytes(name), label.to_bytes(), Some(options.clone()))
                });
                Txn::new().when(new.collect::<Vec<_>>()).and_then(puts.collect::<Vec<_>>())
            }
            Batch::Delete(keys) => {
                let deletes = keys.iter().map(|key| TxnOp::delete(key.to_bytes(name), None));
                Txn::new().and_then(deletes.collect::<Vec<_>>())
            }
        }
    }

    fn prefix(&self) -> Vec<u8> {
        format!("{}/", self.cluster.name).into_bytes()
    }

    /// How long etcd may take for an answer: a lease that is to be renewed elsewhere has time for that.
    fn limit(&self) -> Duration {
        self.cluster.ttl / 4
    }

    async fn within<T>(
        &self,
        what: &'static str,
        asked: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        let limit = self.limit();
        Ok(timeout(limit, asked).await.map_err(|_| Failure::Slow(what, limit))??)
    }
}

/// Etcd says so when a key is put under a lease that it does not know (its rpctypes/error.go).
fn of_write(error: Error) -> Failure {
    match &error {
        Error::GRpcStatus(status) if status.message().contains("requested lease not found") => {
            Failure::LeaseGone
        }
        _ => Failure::Etcd(error),
    }
}

/// The end of the range of all keys that begin so.
fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    // It ends with a slash, which has a successor.
    end.iter_mut().last().into_iter().for_each(|last| *last += 1);
    end
}

/// What the machine is called.
fn host_name() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_else(|_| "server".to_owned());
    name
}
