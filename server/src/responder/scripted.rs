//! A responder that does what a test says, and tells the test what was done to it.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use vez_protocol::Message;

use super::answer::{Answer, Said};
use crate::ending::Ending;

/// The test's side of a responder: what it says, and what was done to it.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// What was done to the responder, in order.
    pub(crate) log: Arc<Mutex<Vec<String>>>,
    /// One permit for each opening that may succeed.
    pub(crate) openings: Arc<Semaphore>,
    /// One permit for each closing that may be over.
    pub(crate) closings: Arc<Semaphore>,
    /// Whether another message may be handed over.
    pub(crate) ready: bool,
    /// Whether the responder goes on when the peer has closed its sending side.
    pub(crate) goes_on: bool,
    said: Arc<Mutex<Option<Lines>>>,
}

/// What the responder is to say.
type Lines = UnboundedReceiver<Result<Said, Ending>>;

/// The responder of one conversation.
#[derive(Debug)]
pub(crate) struct Scripted {
    script: Script,
    said: Lines,
}

impl Script {
    /// A responder that opens and closes at once, takes every message and says what the test sends.
    pub(crate) fn new() -> (Self, UnboundedSender<Result<Said, Ending>>) {
        let (say, said) = unbounded_channel();
        let script = Self {
            log: Arc::default(),
            openings: Arc::new(Semaphore::new(1)),
            closings: Arc::new(Semaphore::new(1)),
            ready: true,
            goes_on: false,
            said: Arc::new(Mutex::new(Some(said))),
        };
        (script, say)
    }

    pub(crate) fn note(&self, line: impl Into<String>) {
        self.log.lock().expect("no test panics with the log").push(line.into());
    }

    pub(super) async fn open(&self) -> Result<Scripted, Ending> {
        self.openings.acquire().await.expect("never closed").forget();
        self.note("open");
        let said = self.said.lock().expect("no test panics here").take().expect("opened once");
        Ok(Scripted { script: self.clone(), said })
    }
}

impl Scripted {
    pub(super) fn poll_ready(&mut self) -> Poll<()> {
        if self.script.ready { Poll::Ready(()) } else { Poll::Pending }
    }

    pub(super) fn answer<'a>(&mut self, message: &'a Message) -> Result<Answer<'a>, Ending> {
        self.script.note(message.as_text()?);
        Ok(Answer::Later)
    }

    pub(super) fn end_input(&mut self) -> bool {
        self.script.note("end of input");
        self.script.goes_on
    }

    pub(super) fn poll_said(&mut self, cx: &mut Context<'_>) -> Poll<Result<Said, Ending>> {
        match self.said.poll_recv(cx) {
            Poll::Ready(Some(said)) => Poll::Ready(said),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    pub(super) async fn close(self) {
        self.script.closings.acquire().await.expect("never closed").forget();
        self.script.note("closed");
    }
}
