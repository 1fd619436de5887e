//! A network between browser and server that can fail.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// What the network does with the bytes in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    /// It carries them.
    Fair,
    /// It loses them without a word, as a sleeping or vanished peer does.
    Silent,
    /// It ends every connection.
    Down,
}

/// A relay to a server.
pub(crate) struct Relay {
    address: SocketAddr,
    condition: watch::Sender<Condition>,
    accepting: AbortHandle,
}

impl Relay {
    /// Relays to `server`.
    pub(crate) async fn to(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (condition, watched) = watch::channel(Condition::Fair);
        let accepting = tokio::spawn(accept(listener, server, watched)).abort_handle();
        Ok(Self { address, condition, accepting })
    }

    /// Where the page is, seen through the relay.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Everything sent from now on is lost, and no connection says so.
    pub(crate) fn fall_silent(&self) {
        self.condition.send_replace(Condition::Silent);
    }

    /// Every connection ends, and new ones do too.
    pub(crate) fn break_down(&self) {
        self.condition.send_replace(Condition::Down);
    }

    /// New connections work again.
    pub(crate) fn recover(&self) {
        self.condition.send_replace(Condition::Fair);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, condition: watch::Receiver<Condition>) {
    let mut connections = JoinSet::new();
    while let Ok((browser, _)) = listener.accept().await {
        connections.spawn(carry(browser, server, condition.clone()));
    }
}

async fn carry(browser: TcpStream, server: SocketAddr, mut condition: watch::Receiver<Condition>) {
    if *condition.borrow_and_update() == Condition::Down {
        return;
    }
    let Ok(server) = TcpStream::connect(server).await else { return };
    let ((from_browser, to_browser), (from_server, to_server)) = (browser.into_split(), server.into_split());
    let mut ways = JoinSet::new();
    ways.spawn(pump(from_browser, to_server, condition.clone()));
    ways.spawn(pump(from_server, to_browser, condition.clone()));
    tokio::select! {
        _ = condition.wait_for(|condition| *condition == Condition::Down) => {}
        () = async { while ways.join_next().await.is_some() {} } => {}
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, condition: watch::Receiver<Condition>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let is_carried = *condition.borrow() != Condition::Silent;
        if is_carried && to.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
}
