//! What keeps a serial device for one program.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The right to a serial device, held against other programs.
#[derive(Debug)]
pub(crate) struct DeviceLock {
    #[cfg(unix)]
    file: std::os::fd::OwnedFd,
}

#[cfg(unix)]
impl DeviceLock {
    /// Takes the lock that programs of good will ask for (flock(2)), and says where the device is: what `path` names
    /// may be another one soon.
    pub(crate) fn take(path: &Path) -> io::Result<(Self, PathBuf)> {
        use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
        let path = path.canonicalize()?;
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = open(&path, flags, Mode::empty())?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) => Err(io::ErrorKind::ResourceBusy.into()),
            locked => Ok(locked.map(|()| (Self { file }, path))?),
        }
    }

    /// Keeps from opening it whoever asks for no lock, from now on (TIOCEXCL, ioctl_tty(2)): all but root.
    pub(crate) fn exclude(&self) -> io::Result<()> {
        Ok(rustix::termios::ioctl_tiocexcl(&self.file)?)
    }

    /// Waits until what was written to the device is sent, at most so long; then the rest is dropped, because closing
    /// would wait for it, and everybody with it.
    pub(crate) async fn drain(&self, limit: Duration) {
        let Ok(file) = self.file.try_clone() else { return };
        let mut draining = tokio::task::spawn_blocking(move || rustix::termios::tcdrain(file));
        let rest = Unsent(&self.file);
        if tokio::time::timeout(limit, &mut draining).await.is_err() {
            drop(rest);
            // It ends now: there is nothing left to wait for.
            let _ = draining.await;
        }
    }
}

#[cfg(unix)]
impl Drop for DeviceLock {
    fn drop(&mut self) {
        // A device that is gone excludes nobody.
        let _ = rustix::termios::ioctl_tiocnxcl(&self.file);
    }
}

/// What a device has not sent, which is dropped with this.
#[cfg(unix)]
struct Unsent<'a>(&'a std::os::fd::OwnedFd);

#[cfg(unix)]
impl Drop for Unsent<'_> {
    fn drop(&mut self) {
        // A device that is gone sends nothing.
        let _ = rustix::termios::tcflush(self.0, rustix::termios::QueueSelector::OFlush);
    }
}

#[cfg(not(unix))]
#[expect(clippy::unused_self, reason = "the same face as on Unix")]
impl DeviceLock {
    /// This system opens a device for one program only.
    pub(crate) fn take(path: &Path) -> io::Result<(Self, PathBuf)> {
        Ok((Self {}, path.to_owned()))
    }

    /// Nobody else can open it.
    pub(crate) fn exclude(&self) -> io::Result<()> {
        Ok(())
    }

    /// Closing waits for nothing here.
    pub(crate) async fn drain(&self, _limit: Duration) {}
}
