//! How much of a stream is carried, both ways at once, and at what cost.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::SETTLE;
use crate::between::Between;
use crate::process::Running;
use crate::records::{Measure, Records};
use crate::subject::Subject;
use crate::wire::{Transport, binary_frame};

/// What is sent again and again: no power of two, so that no error of a whole buffer goes unseen.
const BLOCK: usize = 64 * 1024 - 1;

/// Sends `bytes` through each of `servers`, to an echo and back, and looks at every one that returns.
///
/// # Errors
/// When another byte returns, or one too few.
pub(crate) fn measure(servers: &[Running], bytes: u64, records: &mut Records) -> Result<()> {
    for running in servers {
        carry(running, bytes, records).with_context(|| running.subject.to_string())?;
    }
    Ok(())
}

fn carry(running: &Running, bytes: u64, records: &mut Records) -> Result<()> {
    let stream = running.connect()?.stream;
    let framed = running.subject.transport() == Transport::Binary;
    let block = block();
    let blocks = bytes.div_ceil(BLOCK as u64);
    let bytes = blocks * BLOCK as u64;
    let wire = if framed { binary_frame(&block)? } else { block.clone() };
    let before = running.cpu_between()?;
    let began = Instant::now();
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| (0..blocks).try_for_each(|_| (&stream).write_all(&wire)));
        let compared = compare(&stream, framed, &block, bytes);
        if compared.is_err() {
            // The sender would wait for a reader.
            stream.shutdown(Shutdown::Both)?;
        }
        sender.join().expect("the sender does not panic").context("the stream was not taken")?;
        compared
    })?;
    let took = began.elapsed().as_secs_f64();
    drop(stream);
    std::thread::sleep(SETTLE);
    let cpu = (running.cpu_between()? - before) as f64 / 1e9;
    let subject = running.subject;
    records.add(Measure::Relayed, subject, bytes as f64 / 1e9 / took);
    if subject != Subject::Between(Between::Direct) {
        records.add(Measure::RelayCpu, subject, cpu / (bytes as f64 / (1 << 30) as f64));
    }
    // Others have a process for each connection, which is gone.
    if let Subject::Between(Between::Vez | Between::VezWebSocket) = subject {
        records.add(Measure::RelayMemory, subject, running.memory_between()?.peak as f64 / 1e6);
    }
    Ok(())
}

/// Bytes that do not repeat soon, of all values.
fn block() -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(BLOCK).collect()
}

/// Reads `bytes` of what must be `block` again and again.
fn compare(stream: &TcpStream, framed: bool, block: &[u8], bytes: u64) -> Result<()> {
    let mut reader = BufReader::with_capacity(256 * 1024, stream);
    let (mut seen, mut in_frame) = (0, if framed { 0 } else { u64::MAX });
    while seen < bytes {
        if in_frame == 0 {
            in_frame = frame_length(&mut reader)?;
            continue;
        }
        let at = (seen % BLOCK as u64) as usize;
        let some = reader.fill_buf()?;
        ensure!(!some.is_empty(), "the stream ended after {seen} of {bytes} bytes");
        let len = some.len().min(BLOCK - at).min(usize::try_from(in_frame).unwrap_or(usize::MAX));
        ensure!(some[..len] == block[at..at + len], "other bytes returned after {seen}");
        reader.consume(len);
        (seen, in_frame) = (seen + len as u64, in_frame - len as u64);
    }
    Ok(())
}

/// Reads the header of a frame that is not masked (RFC 6455 §5.2).
fn frame_length(reader: &mut impl Read) -> io::Result<u64> {
    let mut header = [0; 2];
    reader.read_exact(&mut header)?;
    let mut length = [0; 8];
    match header[1] {
        127 => reader.read_exact(&mut length)?,
        126 => reader.read_exact(&mut length[6..])?,
        short => length[7] = short,
    }
    Ok(u64::from_be_bytes(length))
}
