//! The way from one server to the members of etcd, which can be shut: nothing passes, nothing is refused, and what was on
//! its way arrives when it is open again.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// One server's way.
pub(super) struct Gate {
    open: Arc<watch::Sender<bool>>,
    addresses: Vec<SocketAddr>,
}

impl Gate {
    /// An open gate to these addresses.
    ///
    /// # Errors
    /// When nothing can be bound.
    pub(super) async fn before(members: &[SocketAddr]) -> Result<Self> {
        let open = Arc::new(watch::Sender::new(true));
        let mut addresses = Vec::new();
        for member in members {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            addresses.push(listener.local_addr()?);
            tokio::spawn(pass(listener, *member, Arc::clone(&open)));
        }
        Ok(Self { open, addresses })
    }

    /// Where a server finds the members.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    pub(super) fn set(&self, open: bool) {
        self.open.send_replace(open);
    }
}

async fn pass(listener: TcpListener, member: SocketAddr, open: Arc<watch::Sender<bool>>) {
    while let Ok((near, _)) = listener.accept().await {
        let open = Arc::clone(&open);
        tokio::spawn(async move {
            opened(&open).await;
            // A member that is dead refuses, as it would without a gate.
            let Ok(far) = TcpStream::connect(member).await else { return };
            let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
            tokio::select! {
                () = carry(near_in, far_out, &open) => {}
                () = carry(far_in, near_out, &open) => {}
            }
        });
    }
}

async fn opened(open: &watch::Sender<bool>) {
    // The sender is here: it does not end.
    let _ = open.subscribe().wait_for(|open| *open).await;
}

async fn carry(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    open: &watch::Sender<bool>,
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        opened(open).await;
        if to.write_all(&bytes[..read]).await.is_err() {
            break;
        }
    }
    opened(open).await;
}
