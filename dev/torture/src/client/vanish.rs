//! Clients that are gone at some stage.

use std::io;
use std::time::Duration;

use fastrand::Rng;
use socket2::SockRef;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};
use vez_protocol::ClientEvent;

use super::entrance::Entrance;
use super::frames;
use crate::digest::Digest;
use crate::observation::Milestone;
use crate::plan::{Exit, Stage, Transport, Way};

/// Longest wait in the queue before leaving it, in milliseconds.
const WAIT: u64 = 2000;

/// How long a silent client's socket stays when the server has ended the connection: longer than it lingers.
const BEYOND: Duration = Duration::from_millis(1500);

/// Gets to `stage`, and vanishes.
pub(super) async fn vanish(
    way: Way,
    stage: Stage,
    exit: Exit,
    entrance: &Entrance<'_>,
    rng: &mut Rng,
) -> io::Result<()> {
    let stream = match stage {
        Stage::BeforeHandshake => before_handshake(way, entrance, rng).await?,
        Stage::Waiting => waiting(way, entrance, rng).await?,
        Stage::WithTurn => with_turn(way, entrance, rng).await?,
        Stage::MidFrame => in_the_middle(way, entrance, mid_frame(way)).await?,
        Stage::AfterFarewell => after_farewell(way, entrance).await?,
        Stage::MidCharacter => in_the_middle(way, entrance, mid_character(way)).await?,
    };
    match exit {
        Exit::Fin => {}
        Exit::Reset => SockRef::from(&stream).set_linger(Some(Duration::ZERO))?,
        Exit::Silence => keep_silent(&stream, entrance.patience()).await,
    }
    Ok(())
}

async fn before_handshake(way: Way, entrance: &Entrance<'_>, rng: &mut Rng) -> io::Result<TcpStream> {
    let mut stream = entrance.connect(way.transport(), None).await?;
    if way.transport() == Transport::WebSocket {
        let handshake = entrance.handshake(way)?;
        stream.write_all(&handshake[..rng.usize(..handshake.len())]).await?;
    }
    Ok(stream)
}

/// Waits for some time, and perhaps has something to say meanwhile.
async fn waiting(way: Way, entrance: &Entrance<'_>, rng: &mut Rng) -> io::Result<TcpStream> {
    let mut talk = entrance.talk(way).await?;
    let words = match rng.u32(..4) {
        0 if way == Way::Events => frames::text(&ClientEvent::Leave.to_json()),
        0..2 => talk.encode("até já", "\n"),
        _ => Vec::new(),
    };
    talk.stream().write_all(&words).await?;
    sleep(Duration::from_millis(rng.u64(..WAIT))).await;
    Ok(talk.into_stream())
}

/// Gets the turn, and perhaps leaves an answer unread.
async fn with_turn(way: Way, entrance: &Entrance<'_>, rng: &mut Rng) -> io::Result<TcpStream> {
    let mut talk = entrance.talk(way).await?;
    let text = format!("c{} oi", entrance.number);
    let bytes = talk.encode(&text, "\n");
    talk.stream().write_all(&bytes).await?;
    let answered = talk.expect(&entrance.arena.responder.answer(&text), "\n").await;
    answered.map_err(|trouble| io::Error::other(format!("{trouble:?}")))?;
    entrance.witness.saw(Milestone::Answered(Digest::of(&text), 1)).await;
    if rng.bool() {
        talk.stream().write_all(&bytes).await?;
    }
    Ok(talk.into_stream())
}

/// Says goodbye and reads the answer, and does not close.
async fn after_farewell(way: Way, entrance: &Entrance<'_>) -> io::Result<TcpStream> {
    let mut talk = entrance.talk(way).await?;
    // In `vez.v1` a word that leaves and comes first leaves the queue, without a turn.
    let _ = talk.await_turn().await;
    let Some(word) = entrance.arena.responder.leave_words().first() else {
        talk.half_close().await?;
        let _ = talk.expect_end().await;
        return Ok(talk.into_stream());
    };
    let bytes = talk.encode(word, "\n");
    talk.stream().write_all(&bytes).await?;
    if talk.expect_farewell("\n").await.is_ok() {
        entrance.witness.saw(Milestone::Answered(Digest::of(word), 1)).await;
    }
    Ok(talk.into_stream())
}

/// Sends something that is not whole.
async fn in_the_middle(way: Way, entrance: &Entrance<'_>, bytes: Vec<u8>) -> io::Result<TcpStream> {
    let mut talk = entrance.talk(way).await?;
    talk.stream().write_all(&bytes).await?;
    Ok(talk.into_stream())
}

fn mid_frame(way: Way) -> Vec<u8> {
    match way.transport() {
        Transport::Tcp => b"uma linha\nmeia lin".to_vec(),
        Transport::WebSocket => {
            let mut frame = frames::text(r#"{"type":"message","text":"pela metade"}"#);
            frame.truncate(frame.len() / 2);
            frame
        }
    }
}

/// The first byte of an `á`, without the second.
fn mid_character(way: Way) -> Vec<u8> {
    match way.transport() {
        Transport::Tcp => b"ol\xc3".to_vec(),
        Transport::WebSocket => frames::unfinished(b"ol\xc3"),
    }
}

/// Reads and answers nothing until the server ends the connection, and not even then for a while.
pub(super) async fn keep_silent(stream: &TcpStream, until: Instant) {
    let ended = async {
        while stream.ready(Interest::READABLE).await.is_ok_and(|ready| !ready.is_read_closed()) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    // A server that never ends it is seen by those who wait behind.
    let _ = timeout_at(until, ended).await;
    sleep(BEYOND).await;
}
