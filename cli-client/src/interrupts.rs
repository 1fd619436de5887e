//! The user's wish to leave, which is heard before all else.

use std::io;

use tokio::sync::mpsc;

use crate::platform::{Signal, Signals};

/// What the user, or the system, asks; a second wish that comes before the first was heard adds nothing.
pub(crate) type Interrupts = mpsc::Receiver<Signal>;

/// Listens to signals from now on; the sender is for a terminal that reads Ctrl-C as a key.
pub(crate) fn listen() -> io::Result<(mpsc::Sender<Signal>, Interrupts)> {
    let (sender, interrupts) = mpsc::channel(1);
    let mut signals = Signals::listen()?;
    let keys = sender.clone();
    tokio::spawn(async move { while sender.send(signals.next().await).await.is_ok() {} });
    Ok((keys, interrupts))
}
