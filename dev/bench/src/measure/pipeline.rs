//! Many messages in flight.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::client::Client;
use crate::process::Running;
use crate::records::{Measure, Records};
use crate::wire::Wire;

/// Messages in flight.
const WINDOW: usize = 64;

/// Bytes that one read takes.
const CHUNK: usize = 256 * 1024;

/// Longer than a server takes for anything.
const PATIENCE: Timespec = Timespec { tv_sec: 20, tv_nsec: 0 };

/// Measures messages of `size` bytes per second.
///
/// # Errors
/// When an answer is not as it must be.
pub(crate) fn measure(
    running: &Running,
    size: usize,
    duration: Duration,
    records: &mut Records,
) -> Result<()> {
    let wire = running.wire(size)?.in_lines(running.subject.transport());
    let client = running.connect()?;
    client.stream.set_nonblocking(true)?;
    let mut pipeline = Pipeline::new(client, &wire);
    pipeline.run(duration / 4)?;
    let began = Instant::now();
    let messages = pipeline.run(duration)?;
    let rate = messages as f64 / began.elapsed().as_secs_f64();
    records.add(Measure::Pipelined(size), running.subject, rate);
    Ok(())
}

/// A connection on which as much is sent as was answered.
struct Pipeline<'a> {
    client: Client,
    wire: &'a Wire,
    /// As many requests as may be in flight.
    requests: Vec<u8>,
    /// Bytes of requests that may be sent.
    due: usize,
    /// Where in `requests` the next write begins.
    sent: usize,
    /// Room for what arrives; a part of a reply stands at its front.
    input: Vec<u8>,
    /// Bytes of a reply that is not complete.
    partial: usize,
}

impl<'a> Pipeline<'a> {
    fn new(client: Client, wire: &'a Wire) -> Self {
        let requests = wire.request.repeat(WINDOW);
        let due = requests.len();
        let input = vec![0; CHUNK + wire.reply.len()];
        Self { client, wire, requests, due, sent: 0, input, partial: 0 }
    }

    /// Keeps the pipeline full for a while; returns how many replies came.
    fn run(&mut self, duration: Duration) -> Result<usize> {
        let end = Instant::now() + duration;
        let mut answered = 0;
        while Instant::now() < end {
            let wrote = self.write()?;
            let replies = self.read()?;
            answered += replies.unwrap_or(0);
            if !wrote && replies.is_none() {
                self.wait()?;
            }
        }
        Ok(answered)
    }

    /// Writes what may be sent; false if there is nothing to send or no room for it.
    fn write(&mut self) -> Result<bool> {
        if self.due == 0 {
            return Ok(false);
        }
        let end = self.requests.len().min(self.sent + self.due);
        match self.client.stream.write(&self.requests[self.sent..end]) {
            Ok(written) => {
                self.due -= written;
                self.sent = (self.sent + written) % self.requests.len();
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads and compares replies; `None` if nothing has come.
    fn read(&mut self) -> Result<Option<usize>> {
        let len = match self.client.stream.read(&mut self.input[self.partial..]) {
            Ok(0) => bail!("the server left"),
            Ok(len) => len + self.partial,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let replies = self.input[..len].chunks_exact(self.wire.reply.len());
        let count = replies.len();
        for reply in replies {
            ensure!(reply == self.wire.reply, "another reply came");
        }
        self.input.copy_within(count * self.wire.reply.len()..len, 0);
        self.partial = len - count * self.wire.reply.len();
        self.due += count * self.wire.request.len();
        Ok(Some(count))
    }

    fn wait(&self) -> Result<()> {
        let mut events = PollFlags::IN;
        if self.due > 0 {
            events |= PollFlags::OUT;
        }
        let ready = poll(&mut [PollFd::new(&self.client.stream, events)], Some(&PATIENCE))?;
        ensure!(ready > 0, "the server has stopped");
        Ok(())
    }
}
