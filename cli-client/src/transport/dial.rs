//! From a host to a TCP connection.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// Silence after which the system asks the server for a sign of life, and from then on between two questions.
const KEEPALIVE_TIME: Duration = Duration::from_secs(30);

/// Connects to `host`, by name or address; a server that is gone without a word will be noticed.
pub(super) async fn dial(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_TIME).with_interval(KEEPALIVE_TIME);
    // A system that cannot do all of this still carries the conversation.
    let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive.with_retries(3));
    Ok(stream)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use socket2::SockRef;
    use tokio::net::TcpListener;

    use super::{KEEPALIVE_TIME, dial};

    #[tokio::test]
    async fn a_connection_is_kept_alive() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = dial("127.0.0.1", listener.local_addr().unwrap().port()).await.unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE_TIME);
    }
}
