//! Where a serial device is between turns: kept open and listened to, or looked for.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::device::{Device, DeviceError};
use super::line::{Hold, SerialLine};
use super::past::Past;
use crate::record::{DeviceEvent, Transcript};
use crate::responder::answer::Said;
use crate::responder::settings::Framing;

/// Most bytes that one read between turns takes.
const CHUNK: usize = 4096;

/// The shortest and the longest wait before a device that is gone is looked for again.
const SHORTEST_LOOK: Duration = Duration::from_millis(10);
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// A serial device that is lent to one turn after the other.
#[derive(Debug)]
pub(crate) struct Serial {
    pub(super) line: SerialLine,
    /// The wait before a device that is gone is looked for; twice as long each time after that.
    retry_wait: Duration,
    /// How many times in a row it was not there.
    failures: Arc<AtomicU32>,
    /// Locked for as long as it takes to look at it, and over no await.
    state: Mutex<State>,
    /// Wakes who [keeps](Self::keep) it.
    changed: Notify,
    /// Wakes who waits until it is [back](Self::back).
    back: Notify,
}

#[derive(Debug)]
struct State {
    place: Place,
    past: Past,
    /// What is still to be recorded.
    events: Vec<DeviceEvent>,
}

/// Where the device is.
#[derive(Debug)]
enum Place {
    /// Closed, to be opened when it is needed.
    Closed,
    /// Open, and nobody has the turn.
    Here(Device),
    /// A turn has it.
    Lent,
    /// Not there, for this cause.
    Gone(String),
}

impl Serial {
    pub(crate) fn new(line: SerialLine, retry_wait: Duration, failures: Arc<AtomicU32>) -> Self {
        let state = State { place: Place::Closed, past: Past::new(line.backlog), events: Vec::new() };
        let (changed, back) = (Notify::new(), Notify::new());
        Self { line, retry_wait, failures, state: Mutex::new(state), changed, back }
    }

    /// Whether the bytes are those of a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.line.kind.value
    }

    /// What ends a line for the device.
    pub(crate) fn newline(&self) -> &'static str {
        self.line.newline.value
    }

    /// Opens the device for the first time.
    ///
    /// # Errors
    /// When it is not there, or not as its line says.
    pub(crate) fn start(&self) -> Result<(), DeviceError> {
        let device = Device::open(&self.line)?;
        if self.is_kept() {
            self.state().place = Place::Here(device);
        }
        Ok(())
    }

    /// Gathers what the device says while nobody has the turn, and looks for one that is gone; runs until dropped.
    pub(crate) async fn keep(&self, transcript: &Transcript) {
        let shortest = self.retry_wait.max(SHORTEST_LOOK);
        let mut wait = Duration::ZERO;
        loop {
            let events = std::mem::take(&mut self.state().events);
            events.iter().for_each(|event| transcript.device(event));
            if self.is_missing() {
                tokio::select! {
                    () = sleep(wait) => self.look(),
                    () = self.changed.notified() => {}
                }
                wait = (wait * 2).max(shortest).min(LONGEST_LOOK.max(shortest));
            } else {
                wait = shortest;
                tokio::select! {
                    () = poll_fn(|cx| self.poll_gather(cx)) => {}
                    () = self.changed.notified() => {}
                }
            }
        }
    }

    /// Takes the device for a turn, with what it said before; one that is closed or gone is opened.
    pub(super) fn take(
        &self,
        framing: Framing,
        max_message: usize,
    ) -> Result<(Device, VecDeque<Said>), DeviceError> {
        let mut state = self.state();
        let device = match std::mem::replace(&mut state.place, Place::Lent) {
            Place::Here(device) => device,
            place => {
                state.place = place;
                self.open(&mut state)?
            }
        };
        state.place = Place::Lent;
        Ok((device, state.past.take(framing, max_message)))
    }

    /// Waits until a device that was gone is back.
    pub(crate) async fn back(&self) {
        let back = self.back.notified();
        if self.failures.load(Relaxed) > 0 {
            back.await;
        }
    }

    fn is_kept(&self) -> bool {
        self.line.hold.value == Hold::Always
    }

    /// Whether there should be a device and is none.
    fn is_missing(&self) -> bool {
        self.is_kept() && matches!(self.state().place, Place::Closed | Place::Gone(_))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics half-way through a change.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Why the device is not there.
    pub(super) fn cause(&self) -> String {
        match &self.state().place {
            Place::Gone(cause) => cause.clone(),
            Place::Closed | Place::Here(_) | Place::Lent => format!("{} foi desconectado", self.line),
        }
    }

    /// Looks whether the device is there.
    fn look(&self) {
        let mut state = self.state();
        match self.open(&mut state) {
            Ok(device) => state.place = Place::Here(device),
            Err(_) => drop(self.failures.fetch_add(1, Relaxed)),
        }
    }

    fn open(&self, state: &mut State) -> Result<Device, DeviceError> {
        let opened = Device::open(&self.line);
        let was_gone = matches!(state.place, Place::Gone(_));
        match &opened {
            Ok(_) => {
                if was_gone {
                    state.events.push(DeviceEvent::Back(self.line.to_string()));
                }
                self.failures.store(0, Relaxed);
                self.back.notify_waiters();
                self.changed.notify_one();
            }
            Err(error) if !was_gone => self.gone(state, error.to_string()),
            Err(error) => state.place = Place::Gone(error.to_string()),
        }
        opened
    }

    /// The device is gone, and closed.
    fn gone(&self, state: &mut State, cause: String) {
        state.events.push(DeviceEvent::Gone(cause.clone()));
        state.place = Place::Gone(cause);
        self.changed.notify_one();
    }

    /// The device that was in use is gone, and closed.
    pub(super) fn lost(&self, error: Option<&io::Error>) {
        let cause = match error {
            Some(error) => format!("{} foi desconectado: {error}", self.line),
            None => format!("{} foi desconectado", self.line),
        };
        self.failures.fetch_max(1, Relaxed);
        self.gone(&mut self.state(), cause);
    }

    pub(super) fn give_back(&self, device: Device) {
        self.state().place = Place::Here(device);
        self.changed.notify_one();
    }

    /// Closes a device that is not kept, once what was written is sent or `limit` is over.
    pub(super) async fn release(&self, limit: Duration) {
        if self.is_kept() {
            return;
        }
        let place = {
            let mut state = self.state();
            match &state.place {
                Place::Here(_) => std::mem::replace(&mut state.place, Place::Closed),
                Place::Closed | Place::Lent | Place::Gone(_) => return,
            }
        };
        if let Place::Here(device) = place {
            device.close(limit).await;
        }
    }

    /// Ready when the device is gone.
    fn poll_gather(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut chunk = [0; CHUNK];
        loop {
            let mut state = self.state();
            let State { place: Place::Here(device), past, .. } = &mut *state else { return Poll::Pending };
            let mut buffer = ReadBuf::new(&mut chunk);
            let read = ready!(Pin::new(&mut device.port).poll_read(cx, &mut buffer));
            match (read, buffer.filled()) {
                (Ok(()), bytes @ [_, ..]) => past.push(bytes),
                (read, _) => {
                    // Closed before it is said to be gone.
                    state.place = Place::Closed;
                    drop(state);
                    self.lost(read.err().as_ref());
                    return Poll::Ready(());
                }
            }
        }
    }
}
