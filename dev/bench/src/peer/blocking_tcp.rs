//! The least that a TCP server can do.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use anyhow::Result;

use super::{CHUNK, is_leave};

/// Serves until killed.
pub(super) fn serve(address: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(address)?;
    loop {
        let (stream, _) = listener.accept()?;
        // A client that is gone concerns nobody else.
        let _ = echo(stream);
    }
}

fn echo(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; CHUNK];
    loop {
        let len = stream.read(&mut buffer)?;
        stream.write_all(&buffer[..len])?;
        if len == 0 || is_leave(&buffer[..len]) {
            return Ok(());
        }
    }
}
