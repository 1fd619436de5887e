//! A conversation with a serial device: the past first, then bytes both ways.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep, timeout};
use vez_protocol::Message;

use super::keeper::Serial;
use super::loan::{Feeds, Loan};
use crate::ending::Ending;
use crate::queue::Validity;
use crate::responder::answer::Said;
use crate::responder::pipe::{Pipe, Sink, Source};
use crate::responder::settings::Framing;

impl Source for tokio::io::ReadHalf<Loan> {}

impl Sink for tokio::io::WriteHalf<Loan> {}

/// How long a device may take to answer one who has said all, once it has taken that.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// How long a device may take what is still to be written when a turn ends: the next one waits for that.
const DRAIN: Duration = Duration::from_secs(1);

/// A device in one conversation.
#[derive(Debug)]
pub(crate) struct Turn {
    serial: Arc<Serial>,
    pipe: Pipe,
    /// What was said before this turn, and is still to be shown.
    past: VecDeque<Said>,
    /// Runs when the peer has said all.
    last: Option<Last>,
}

/// The time for the last answers.
#[derive(Debug)]
struct Last {
    over: Pin<Box<Sleep>>,
    /// How many bytes were to be written when it began.
    unwritten: usize,
}

impl Turn {
    /// Lends the device to a turn.
    pub(crate) fn begin(
        serial: &Arc<Serial>,
        framing: Framing,
        max_message: usize,
        validity: &Validity,
    ) -> Result<Self, Ending> {
        let taken = serial.take(framing, max_message);
        let (device, past) = taken.map_err(|error| Ending::Unavailable(error.to_string()))?;
        let by_returns = framing == Framing::Line && serial.newline() == "\r";
        let loan = Loan::new(Arc::clone(serial), device, by_returns.then(Feeds::default));
        let (reader, writer) = tokio::io::split(loan);
        let (reader, writer) = (Box::new(reader), Box::new(writer));
        let pipe = Pipe::new(reader, writer, framing, serial.newline(), max_message, validity.clone());
        Ok(Self::new(Arc::clone(serial), pipe, past))
    }

    fn new(serial: Arc<Serial>, pipe: Pipe, past: VecDeque<Said>) -> Self {
        Self { serial, pipe, past, last: None }
    }

    pub(crate) fn is_raw(&self) -> bool {
        self.pipe.is_raw()
    }

    /// Ready when more may be pushed: after the past, which is no answer to it.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.past.is_empty() { self.pipe.poll_ready(cx) } else { Poll::Pending }
    }

    pub(crate) fn push(&mut self, message: &Message) {
        self.pipe.push(message);
    }

    /// The peer says nothing more. A serial line cannot be told, so that time ends the conversation.
    pub(crate) fn end_input(&mut self) {
        let unwritten = self.pipe.unwritten();
        self.last = Some(Last { over: Box::pin(sleep(LAST_ANSWERS)), unwritten });
    }

    /// What the device says, or that it is gone.
    pub(crate) fn poll_said(&mut self, cx: &mut Context<'_>) -> Poll<Result<Said, Ending>> {
        if let Some(said) = self.past.pop_front() {
            return Poll::Ready(Ok(said));
        }
        if self.poll_last(cx).is_ready() {
            return Poll::Ready(Err(Ending::Left));
        }
        self.pipe.poll_said(cx).map(|said| match said {
            Ok(Some(said)) => Ok(said),
            Ok(None) | Err(_) => Err(Ending::Unavailable(self.serial.cause())),
        })
    }

    /// Ready when the last answers had their time; it begins anew while the device takes what it is told.
    fn poll_last(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(last) = &mut self.last else { return Poll::Pending };
        let unwritten = self.pipe.unwritten();
        if unwritten < last.unwritten {
            last.unwritten = unwritten;
            last.over.as_mut().reset(Instant::now() + LAST_ANSWERS);
        }
        last.over.as_mut().poll(cx)
    }

    /// Gives the device back. What it does not take soon is dropped: others wait.
    pub(crate) async fn close(self) {
        let Self { serial, mut pipe, .. } = self;
        if timeout(DRAIN, poll_fn(|cx| pipe.poll_written(cx))).await.is_err() {
            tracing::warn!(device = %serial.line, bytes = pipe.unwritten(), "dropped what a device did not take");
        }
        drop(pipe);
        serial.release(DRAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    impl Source for tokio::io::Empty {}

    impl Sink for tokio::io::Sink {}

    /// What is said before the past is shown would be answered by it.
    #[tokio::test]
    async fn nothing_is_handed_over_before_the_past_is_shown() {
        let serial = Serial::new("nowhere".parse().unwrap(), Duration::ZERO, Arc::default());
        let pipe = Pipe::new(
            Box::new(tokio::io::empty()),
            Box::new(tokio::io::sink()),
            Framing::Line,
            "\n",
            10,
            Validity::default(),
        );
        let mut turn = Turn::new(Arc::new(serial), pipe, VecDeque::from([Said::Text("boot".into())]));
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(turn.poll_ready(cx).is_pending());
        assert!(matches!(turn.poll_said(cx), Poll::Ready(Ok(Said::Text(_)))));
        assert!(turn.poll_ready(cx).is_ready());
        let gone = turn.poll_said(cx);
        assert!(matches!(gone, Poll::Ready(Err(Ending::Unavailable(_)))), "{gone:?}");
    }
}
