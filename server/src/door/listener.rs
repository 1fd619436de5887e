//! Listens and accepts, and goes on whatever fails.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

use crate::platform;

/// Connections that the kernel holds until they are accepted; it may cap this (net.core.somaxconn).
const BACKLOG: i32 = 4096;

/// How long accepting rests when the system is short of something: twice as long each time, up to the second.
const REST: [Duration; 2] = [Duration::from_millis(5), Duration::from_secs(1)];

/// An address that cannot be bound.
#[derive(Debug, thiserror::Error)]
#[error("não foi possível escutar em {address}: {error}; {}", advice(.error))]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// What the system says.
    pub error: io::Error,
}

/// Binds a TCP listener.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    try_bind(address).map_err(|error| BindError { address, error })
}

fn try_bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    platform::reuse_address(&socket)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "encerre quem usa esta porta ou escolha outra (a porta 0 é qualquer porta livre)"
        }
        io::ErrorKind::PermissionDenied => "escolha uma porta a partir de 1024",
        io::ErrorKind::AddrNotAvailable => "escolha um endereço desta máquina, como 127.0.0.1 ou 0.0.0.0",
        _ => "escolha outro endereço",
    }
}

/// Accepts connections one after the other.
#[derive(Debug)]
pub(crate) struct Acceptor {
    listener: TcpListener,
    /// How long the network of a peer may be silent.
    gone: Duration,
    /// How long to rest at the next failure.
    rest: Duration,
}

impl Acceptor {
    pub(crate) fn new(listener: TcpListener, gone: Duration) -> Self {
        Self { listener, gone, rest: REST[0] }
    }

    /// The next connection; rests instead of failing while the system is short of descriptors or memory.
    pub(crate) async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    self.rest = REST[0];
                    if let Err(error) = platform::prepare(&stream, self.gone) {
                        tracing::debug!(%peer, %error, "the connection was gone at once");
                    }
                    return (stream, peer);
                }
                Err(error) if is_the_peers(&error) => {
                    tracing::debug!(%error, "a connection was gone at once")
                }
                Err(error) => self.rest(&error).await,
            }
        }
    }

    async fn rest(&mut self, error: &io::Error) {
        if self.rest == REST[0] {
            tracing::error!(%error, "cannot accept connections for now; raise the limit on open files (ulimit -n)");
        }
        tokio::time::sleep(self.rest).await;
        self.rest = (self.rest * 2).min(REST[1]);
    }
}

/// Whether a failed accept concerns only the connection that it was about.
fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
