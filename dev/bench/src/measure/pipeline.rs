//! Many messages in flight.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::client::Client;
use crate::process::Running;
use crate::records::{Measure, Records};
use crate::wire::{Transport, Wire};

/// Messages in flight.
const WINDOW: usize = 64;

/// Bytes that one read takes.
const CHUNK: usize = 256 * 1024;

/// Bytes of all messages of all turns, so that its transcript stays under 600 MB.
const BYTES: usize = 400_000_000;

/// Messages of all turns.
const MESSAGES: usize = 2_000_000;

/// Bytes of the first line over TCP.
const FIRST: usize = 32;

/// Longer than a server takes for anything.
const PATIENCE: Timespec = Timespec { tv_sec: 20, tv_nsec: 0 };

/// Measures messages of `size` bytes per second in one of so many turns: as many as a transcript has room for, those
/// of slow servers not for longer than `duration` in all turns. All that was sent is answered in the end.
///
/// # Errors
/// When an answer is not as it must be.
pub(crate) fn measure(
    running: &Running,
    size: usize,
    turns: u32,
    duration: Duration,
    records: &mut Records,
) -> Result<()> {
    let wire = running.wire(size)?.in_lines(running.subject.transport());
    let mut client = running.connect()?;
    if running.subject.transport() == Transport::Tcp {
        // From the first newline on, lines are messages; a long first one could be read in pieces.
        client.exchange(&running.wire(FIRST)?.in_lines(Transport::Tcp))?;
    }
    client.stream.set_nonblocking(true)?;
    let mut pipeline = Pipeline::new(client, &wire);
    let (messages, duration) = (MESSAGES.min(BYTES / size) / turns as usize, duration / turns);
    pipeline.run(messages / 4, duration / 4)?;
    let began = Instant::now();
    let answered = pipeline.run(messages, duration)?;
    let rate = answered as f64 / began.elapsed().as_secs_f64();
    records.add(Measure::Pipelined(size), running.subject, rate);
    Ok(())
}

/// A connection on which as much is sent as was answered.
struct Pipeline<'a> {
    client: Client,
    wire: &'a Wire,
    /// As many requests as may be in flight.
    requests: Vec<u8>,
    /// Requests that are to be sent in all.
    goal: usize,
    /// Bytes of requests that were sent in all.
    sent: usize,
    /// Replies that came in all.
    answered: usize,
    /// Room for what arrives; a part of a reply stands at its front.
    input: Vec<u8>,
    /// Bytes of a reply that is not complete.
    partial: usize,
}

impl<'a> Pipeline<'a> {
    fn new(client: Client, wire: &'a Wire) -> Self {
        let requests = wire.request.repeat(WINDOW);
        let input = vec![0; CHUNK + wire.reply.len()];
        Self { client, wire, requests, goal: 0, sent: 0, answered: 0, input, partial: 0 }
    }

    /// Keeps the pipeline full until `most` messages were sent or the time is over, and awaits what is in flight;
    /// returns how many replies came.
    fn run(&mut self, most: usize, duration: Duration) -> Result<usize> {
        let (before, end) = (self.answered, Instant::now() + duration);
        self.goal = before + most;
        while self.answered < self.goal {
            let wrote = self.write()?;
            let read = self.read()?;
            if !wrote && !read {
                self.wait()?;
            }
            if Instant::now() > end {
                // A request of which a part was sent is to be completed.
                self.goal = self.sent.div_ceil(self.wire.request.len());
            }
        }
        self.client.count_answered(self.answered - before);
        Ok(self.answered - before)
    }

    /// Bytes of requests that may be sent.
    fn due(&self) -> usize {
        self.goal.min(self.answered + WINDOW) * self.wire.request.len() - self.sent
    }

    /// Writes what may be sent; false if there is nothing to send or no room for it.
    fn write(&mut self) -> Result<bool> {
        if self.due() == 0 {
            return Ok(false);
        }
        let start = self.sent % self.requests.len();
        let end = self.requests.len().min(start + self.due());
        match self.client.stream.write(&self.requests[start..end]) {
            Ok(written) => {
                self.sent += written;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads and compares replies; false if nothing has come.
    fn read(&mut self) -> Result<bool> {
        let len = match self.client.stream.read(&mut self.input[self.partial..]) {
            Ok(0) => bail!("the server left"),
            Ok(len) => len + self.partial,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let replies = self.input[..len].chunks_exact(self.wire.reply.len());
        let count = replies.len();
        for reply in replies {
            ensure!(reply == self.wire.reply, "another reply came");
        }
        self.input.copy_within(count * self.wire.reply.len()..len, 0);
        self.partial = len - count * self.wire.reply.len();
        self.answered += count;
        Ok(true)
    }

    fn wait(&self) -> Result<()> {
        let mut events = PollFlags::IN;
        if self.due() > 0 {
            events |= PollFlags::OUT;
        }
        let ready = poll(&mut [PollFd::new(&self.client.stream, events)], Some(&PATIENCE))?;
        ensure!(ready > 0, "the server has stopped");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use super::*;
    use crate::wire::Answer;

    #[test]
    fn all_that_was_sent_is_answered_and_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let echo = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            io::copy(&mut &stream, &mut &stream).unwrap();
        });
        let answered = Arc::new(AtomicU64::new(0));
        let client = Client::connect(address, Transport::Tcp, &answered).unwrap();
        client.stream.set_nonblocking(true).unwrap();
        let wire = Wire::new(Transport::Tcp, Answer::Echo, 32).unwrap().in_lines(Transport::Tcp);
        let mut pipeline = Pipeline::new(client, &wire);
        assert_eq!(pipeline.run(1000, Duration::from_secs(20)).unwrap(), 1000);
        assert_eq!(pipeline.sent, 1000 * wire.request.len());
        // The time is over at once, with a window of messages in flight.
        let more = pipeline.run(1_000_000, Duration::ZERO).unwrap();
        assert!((1..1_000_000).contains(&more), "{more}");
        assert_eq!(pipeline.sent, (1000 + more) * wire.request.len());
        assert_eq!(answered.load(Relaxed), 1000 + more as u64);
        drop(pipeline);
        echo.join().unwrap();
    }
}
