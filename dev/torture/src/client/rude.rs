//! Clients that behave badly.

use std::io;
use std::time::Duration;

use fastrand::Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::{Instant, timeout_at};

use super::entrance::Entrance;
use super::talk::drip;
use super::vanish::keep_silent;
use super::{frames, noise};
use crate::digest::Digest;
use crate::observation::Milestone;
use crate::plan::{Rudeness, Transport, Way};

/// How long a rude client stays at the most, in milliseconds.
const STAY: std::ops::Range<u64> = 200..8000;

/// Bytes that one keeps unread that never reads.
const NARROW: u32 = 4096;

/// Bytes of its messages, and how many there are: more than both kernels' buffers hold.
const HEAVY: (usize, usize) = (40_000, 150);

/// What a flood says, and how often.
const FLOOD_TEXT: &str = "cheia";
const FLOOD: usize = 3000;

/// A message over the limit, in bytes.
const TOO_LONG: usize = 70_000;

/// Behaves badly until the server has had enough, or for a while.
pub(super) async fn misbehave(
    way: Way,
    rudeness: Rudeness,
    entrance: &Entrance<'_>,
    rng: &mut Rng,
) -> io::Result<()> {
    let stay = Instant::now() + Duration::from_millis(rng.u64(STAY));
    match rudeness {
        Rudeness::NeverReads => never_read(way, entrance).await,
        Rudeness::Floods => flood(way, entrance, stay).await,
        Rudeness::Noise => make_noise(way, entrance, &noise::draw(way, rng), stay).await,
        Rudeness::Garbage => {
            let stream = entrance.connect(way.transport(), None).await?;
            push_and_read(stream, &garbage(rng), stay).await
        }
        Rudeness::LateGarbage => send(way, entrance, garbage(rng), stay).await,
        Rudeness::Oversized => send(way, entrance, oversized(way, rng), stay).await,
        Rudeness::BadFrames => send(way, entrance, bad_frame(way, rng), stay).await,
        Rudeness::OtherRequests => {
            let stream = entrance.connect(way.transport(), None).await?;
            push_and_read(stream, request(entrance, rng).as_bytes(), stay).await
        }
        Rudeness::SlowHandshake => slow_handshake(way, entrance, rng).await,
        Rudeness::HalfCloses => half_close(way, entrance).await,
        Rudeness::NeverSpeaks => never_speak(way, entrance).await,
    }
}

async fn send(way: Way, entrance: &Entrance<'_>, bytes: Vec<u8>, stay: Instant) -> io::Result<()> {
    let stream = entrance.talk(way).await?.into_stream();
    push_and_read(stream, &bytes, stay).await
}

/// Writes and reads at the same time, so that neither waits for the other.
async fn push_and_read(mut stream: TcpStream, bytes: &[u8], stay: Instant) -> io::Result<()> {
    let (reader, writer) = stream.split();
    let both = async { tokio::join!(push(writer, bytes), read_out(reader)) };
    let _ = timeout_at(stay, both).await;
    Ok(())
}

async fn push(mut writer: WriteHalf<'_>, bytes: &[u8]) -> io::Result<()> {
    writer.write_all(bytes).await
}

async fn read_out(mut reader: ReadHalf<'_>) {
    let mut dropped = [0; 4096];
    while reader.read(&mut dropped).await.is_ok_and(|read| read > 0) {}
}

/// Says nothing, often, and leaves when all of it was taken: what says nothing would hold a turn to its limit.
async fn make_noise(way: Way, entrance: &Entrance<'_>, noise: &[u8], stay: Instant) -> io::Result<()> {
    let mut stream = entrance.talk(way).await?.into_stream();
    let (reader, mut writer) = stream.split();
    let say = async {
        writer.write_all(noise).await?;
        writer.shutdown().await
    };
    let _ = timeout_at(stay, async { tokio::join!(say, read_out(reader)) }).await;
    Ok(())
}

/// Says one thing again and again, and counts the answers.
async fn flood(way: Way, entrance: &Entrance<'_>, stay: Instant) -> io::Result<()> {
    let answer = entrance.arena.responder.answer(FLOOD_TEXT);
    let bytes = message(way, FLOOD_TEXT).repeat(FLOOD);
    let mut stream = entrance.talk(way).await?.into_stream();
    let (reader, writer) = stream.split();
    let mut answers = 0;
    let both = async { tokio::join!(push(writer, &bytes), count(answer.as_bytes(), reader, &mut answers)) };
    let _ = timeout_at(stay, both).await;
    entrance.witness.saw(Milestone::Answered(Digest::of(FLOOD_TEXT), answers)).await;
    Ok(())
}

/// Counts how often `answer` comes, in frames or not.
async fn count(answer: &[u8], mut reader: ReadHalf<'_>, answers: &mut usize) {
    let mut unread = Vec::with_capacity(4096);
    while reader.read_buf(&mut unread).await.is_ok_and(|read| read > 0) {
        let mut rest = &unread[..];
        while let Some(at) = rest.windows(answer.len()).position(|window| window == answer) {
            *answers += 1;
            rest = &rest[at + answer.len()..];
        }
        // An answer may have begun.
        unread = rest[rest.len().saturating_sub(answer.len() - 1)..].to_vec();
    }
}

async fn never_read(way: Way, entrance: &Entrance<'_>) -> io::Result<()> {
    let mut stream = entrance.talk_with_room(way, Some(NARROW)).await?.into_stream();
    let (size, count) = HEAVY;
    let heavy = message(way, &"x".repeat(size));
    let shout = async {
        // The first newline makes lines of what follows.
        stream.write_all(&message(way, "oi")).await?;
        for _ in 0..count {
            stream.write_all(&heavy).await?;
        }
        io::Result::Ok(())
    };
    let _ = timeout_at(entrance.patience(), shout).await;
    keep_silent(&stream, entrance.patience()).await;
    Ok(())
}

async fn slow_handshake(way: Way, entrance: &Entrance<'_>, rng: &mut Rng) -> io::Result<()> {
    let mut stream = entrance.connect(way.transport(), None).await?;
    let handshake = entrance.handshake(way)?;
    drip(&mut stream, &handshake[..rng.usize(..handshake.len())]).await?;
    push_and_read(stream, b"", entrance.patience()).await
}

async fn half_close(way: Way, entrance: &Entrance<'_>) -> io::Result<()> {
    let mut stream = entrance.talk(way).await?.into_stream();
    stream.shutdown().await?;
    push_and_read(stream, b"", entrance.patience()).await
}

/// Over TCP, has its turn and says nothing; over HTTP, does not even shake hands.
async fn never_speak(way: Way, entrance: &Entrance<'_>) -> io::Result<()> {
    let stream = entrance.connect(way.transport(), None).await?;
    push_and_read(stream, b"", entrance.patience()).await
}

fn message(way: Way, text: &str) -> Vec<u8> {
    match way {
        Way::Lines | Way::Unframed => format!("{text}\n").into_bytes(),
        Way::Plain => frames::text(text),
        Way::Events => frames::text(&format!(r#"{{"type":"message","text":"{text}"}}"#)),
    }
}

fn garbage(rng: &mut Rng) -> Vec<u8> {
    let len = rng.usize(1..4096);
    std::iter::repeat_with(|| rng.u8(..)).take(len).collect()
}

fn oversized(way: Way, rng: &mut Rng) -> Vec<u8> {
    match way.transport() {
        Transport::Tcp => ["oi\n", &"x".repeat(TOO_LONG)].concat().into_bytes(),
        Transport::WebSocket => frames::oversized(TOO_LONG, rng),
    }
}

/// Over TCP, where there is no framing to break: bytes that are no UTF-8. In `vez.v1` also frames that hold no event.
fn bad_frame(way: Way, rng: &mut Rng) -> Vec<u8> {
    match way {
        Way::Lines | Way::Unframed => b"ol\xe1\n".to_vec(),
        Way::Events if rng.bool() => {
            let texts = ["", "olá", "7", "{}", r#"{"type":"message"}"#, r#"{"type":"message","text":7}"#];
            frames::text(rng.choice(texts).unwrap_or_default())
        }
        Way::Plain | Way::Events => frames::bad(rng),
    }
}

/// A request that asks for something else than a WebSocket.
fn request(entrance: &Entrance<'_>, rng: &mut Rng) -> String {
    let host = format!("Host: {}\r\n", entrance.arena.http);
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    match rng.u32(..7) {
        0 => format!("GET / HTTP/1.1\r\n{host}\r\n"),
        1 => format!("GET /healthz HTTP/1.1\r\n{host}\r\nGET /nada HTTP/1.1\r\n{host}\r\n"),
        2 => format!("POST /ws HTTP/1.1\r\n{host}Content-Length: 5\r\n\r\nol"),
        3 => format!("GET /ws HTTP/1.1\r\n{host}\r\n"),
        4 => format!("GET /ws HTTP/1.1\r\n{host}{upgrade}Sec-WebSocket-Version: 7\r\n\r\n"),
        5 => format!("GET / HTTP/1.1\r\n{host}X-Long: {}\r\n\r\n", "x".repeat(TOO_LONG)),
        _ => "\u{16}\u{3}\u{1} TLS? \r\n\r\n".to_owned(),
    }
}
