//! Bytes that go from one socket to another without visiting this program, where the system can do that (Linux).

#[cfg(target_os = "linux")]
pub(crate) use linux::Splice;
#[cfg(not(target_os = "linux"))]
pub(crate) use none::Splice;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::task::{Context, Poll, ready};

    use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
    use tokio::io::Interest;
    use tokio::net::TcpStream;

    /// Most bytes that are on their way: the largest pipe that Linux lets everybody have (pipe(7)).
    const MOST: usize = 1024 * 1024;

    /// One direction: a pipe between two sockets, to which the kernel moves pages instead of copying bytes
    /// (splice(2)).
    #[derive(Debug)]
    pub(crate) struct Splice {
        read: OwnedFd,
        write: OwnedFd,
        /// Bytes in the pipe.
        filled: usize,
    }

    impl Splice {
        /// # Errors
        /// When the process has no descriptors left.
        pub(crate) fn new() -> io::Result<Self> {
            let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
            // All pipes of a user are bounded in sum: where that is used up, this one stays small.
            let _ = fcntl_setpipe_size(&write, MOST);
            Ok(Self { read, write, filled: 0 })
        }

        /// Takes what has arrived at `from`, once all that was taken before is given; ready with how many bytes, 0
        /// at the end of input.
        pub(crate) fn poll_take(
            &mut self,
            cx: &mut Context<'_>,
            from: &TcpStream,
        ) -> Poll<io::Result<usize>> {
            debug_assert_eq!(self.filled, 0, "a full pipe would be taken for a socket that has nothing");
            loop {
                ready!(from.poll_read_ready(cx))?;
                match from.try_io(Interest::READABLE, || pour(from, &self.write, MOST)) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    taken => {
                        self.filled = *taken.as_ref().unwrap_or(&0);
                        return Poll::Ready(taken);
                    }
                }
            }
        }

        /// Bytes that were taken and not given yet.
        pub(crate) fn filled(&self) -> usize {
            self.filled
        }

        /// Gives to `to` all that was taken; ready when it has it.
        pub(crate) fn poll_give(&mut self, cx: &mut Context<'_>, to: &TcpStream) -> Poll<io::Result<()>> {
            while self.filled > 0 {
                ready!(to.poll_write_ready(cx))?;
                match to.try_io(Interest::WRITABLE, || pour(&self.read, to, self.filled)) {
                    Ok(given) => self.filled -= given,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            Poll::Ready(Ok(()))
        }
    }

    fn pour(from: impl rustix::fd::AsFd, to: impl rustix::fd::AsFd, most: usize) -> io::Result<usize> {
        Ok(splice(from, None, to, None, most, SpliceFlags::MOVE | SpliceFlags::NONBLOCK)?)
    }
}

#[cfg(not(target_os = "linux"))]
mod none {
    use std::io;
    use std::task::{Context, Poll};

    use tokio::net::TcpStream;

    /// Cannot be had here.
    #[derive(Debug)]
    pub(crate) enum Splice {}

    impl Splice {
        /// # Errors
        /// Always.
        pub(crate) fn new() -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(crate) fn poll_take(&mut self, _: &mut Context<'_>, _: &TcpStream) -> Poll<io::Result<usize>> {
            match *self {}
        }

        pub(crate) fn filled(&self) -> usize {
            match *self {}
        }

        pub(crate) fn poll_give(&mut self, _: &mut Context<'_>, _: &TcpStream) -> Poll<io::Result<()>> {
            match *self {}
        }
    }
}
