//! What differs between systems: sockets' finer options and the signals that end a server.

use std::io;
use std::time::Duration;

use socket2::{SockRef, Socket, TcpKeepalive};
use tokio::net::TcpStream;

use crate::config::Times;

/// Lets a restarted server bind its port again at once.
///
/// On Windows the option means something else: it would let two servers share the port.
pub(crate) fn reuse_address(socket: &Socket) -> io::Result<()> {
    if cfg!(unix) { socket.set_reuse_address(true) } else { Ok(()) }
}

/// Sends small replies at once, and has the kernel notice a peer whose network is gone.
pub(crate) fn prepare(stream: &TcpStream, times: &Times) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    // The kernel counts whole seconds, and refuses none.
    let whole = |time: Duration| time.max(Duration::from_secs(1));
    let (half, probe) = (whole(times.gone / 2), whole(times.gone / 6));
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(half).with_interval(probe))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(times.gone))?;
    Ok(())
}

/// Raises the limit on open files as far as the system lets, and returns it; `None` where there is none.
#[cfg(unix)]
pub(crate) fn open_files() -> Option<u64> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let before = limit.current;
    limit.current = limit.maximum;
    let raised = setrlimit(Resource::Nofile, limit).is_ok();
    if raised { limit.maximum } else { before }
}

/// Raises the limit on open files as far as the system lets, and returns it; `None` where there is none.
#[cfg(not(unix))]
pub(crate) fn open_files() -> Option<u64> {
    None
}

/// Calls `reload` at every signal that asks to read files again: SIGHUP; elsewhere there is none.
#[cfg(unix)]
pub(crate) async fn on_reload(mut reload: impl FnMut()) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    while hangup.recv().await.is_some() {
        reload();
    }
    Ok(())
}

/// Calls `reload` at every signal that asks to read files again: SIGHUP; elsewhere there is none.
#[cfg(not(unix))]
pub(crate) async fn on_reload(_reload: impl FnMut()) -> io::Result<()> {
    Ok(())
}

/// Waits for a signal that asks the server to end: SIGINT or SIGTERM, or Ctrl-C elsewhere.
#[cfg(unix)]
pub async fn end_requested() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

/// Waits for a signal that asks the server to end: SIGINT or SIGTERM, or Ctrl-C elsewhere.
#[cfg(not(unix))]
pub async fn end_requested() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
