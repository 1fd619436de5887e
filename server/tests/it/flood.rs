//! What clients send without end: neither memory, nor the CPU, nor the transcript notices.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;

use rstest::rstest;
use vez_protocol::ServerEvent;

use crate::common::binary::{Binary, command};
use crate::common::{Kind, Tcp, TestServer, WebSocket, within};

/// A masked frame (RFC 6455 §5.2) with mask 0, of less than 126 bytes or of exactly 64 KiB.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u8::try_from(payload.len()) {
        Ok(len) if len < 126 => frame.push(0x80 | len),
        _ => {
            frame.push(0xff);
            frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// A waiting `vez.v1` client's bare socket, its handshake done and its place told.
async fn waiting(server: &Binary) -> TcpStream {
    let mut client = WebSocket::connect(server.http, true).await;
    let place = client.event().await;
    assert!(matches!(place, ServerEvent::Waiting { .. }), "{place:?}");
    let stream = client.stream.into_inner().into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream
}

/// Writes without end, from a thread of its own, until the connection ends.
fn flood(mut stream: TcpStream, first: &[u8], frame: &[u8]) {
    stream.write_all(first).unwrap();
    let flood = frame.repeat(1000);
    thread::spawn(move || {
        let mut drained = stream.try_clone().unwrap();
        thread::spawn(move || std::io::copy(&mut drained, &mut std::io::sink()));
        while stream.write_all(&flood).is_ok() {}
    });
}

#[cfg(target_os = "linux")]
#[rstest]
#[case::unknown_events(b"", frame(0x81, br#"{"type":"x"}"#))]
#[case::event_pings(b"", frame(0x81, br#"{"type":"ping"}"#))]
#[case::pings(b"", frame(0x89, b""))]
#[case::pongs(b"", frame(0x8a, b""))]
#[case::fragments(b"\x01\x80\0\0\0\0", frame(0x00, b""))]
#[tokio::test]
async fn waiting_clients_that_flood_cost_little_cpu(#[case] first: &[u8], #[case] frame: Vec<u8>) {
    let server = Binary::start(&[]).await;
    let mut holder = Tcp::connect(server.tcp).await;
    holder.send("um\n").await;
    holder.expect("Servidor recebeu: 'um'\n").await;
    for _ in 0..10 {
        flood(waiting(&server).await, first, &frame);
    }
    // Time has to pass: first the burst that anybody may send, however slowly it is taken, then a
    // second of what is left. Who is not held back never comes to such a second.
    let mut seconds = Vec::new();
    while seconds.last().is_none_or(|used| *used > 10) {
        assert!(seconds.len() < 20, "ten flooding clients used {seconds:?} ticks (10 ms each) a second");
        let before = server.cpu_ticks();
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        seconds.push(server.cpu_ticks() - before);
    }
    holder.send("dois\n").await;
    holder.expect("Servidor recebeu: 'dois'\n").await;
}

/// A frame far longer than what is kept of those who wait is read when its turn comes, and not before.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_long_frame_from_one_who_waits_takes_no_memory() {
    let server = Binary::start(&["--max-message", "64MiB"]).await;
    let mut holder = Tcp::connect(server.tcp).await;
    holder.send("um\n").await;
    holder.expect("Servidor recebeu: 'um'\n").await;
    let before = server.resident();
    let payload = vec![b'x'; 16 << 20];
    let mut answers = Vec::new();
    for _ in 0..5 {
        let client = WebSocket::connect(server.http, false).await;
        let mut stream = client.stream.into_inner().into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        let mut reading = stream.try_clone().unwrap();
        let message = frame(0x81, &payload);
        thread::spawn(move || stream.write_all(&message));
        answers.push(tokio::task::spawn_blocking(move || {
            let mut answer = vec![0; 10 + "Servidor recebeu: ''".len() + (16 << 20)];
            reading.read_exact(&mut answer).map(|()| answer)
        }));
    }
    // Time has to pass for a growth to show.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let grown = server.resident() - before;
    assert!(grown < 5 << 20, "five waiting clients took {grown} bytes");
    holder.send("sair\n").await;
    let answer = within("the first one's answer", answers.remove(0)).await.unwrap().unwrap();
    assert!(answer.ends_with(b"xx'"));
}

/// Every message has its line, however fast they come, while somebody reads the transcript.
#[rstest]
#[case::long_lines(1_000, 60_000)]
#[case::short_lines(200_000, 32)]
#[tokio::test]
async fn no_line_of_the_transcript_is_lost_while_stdout_moves(#[case] messages: usize, #[case] size: usize) {
    let mut server = Binary::start(&[]).await;
    let mut transcript = server.stdout.take().unwrap();
    let lines = thread::spawn(move || {
        let (mut count, mut line) = (0, Vec::new());
        while transcript.read_until(b'\n', &mut line).unwrap() > 0 && !line.ends_with(b"encerrada.\n") {
            assert!(!line.starts_with(b"["), "{}", String::from_utf8_lossy(&line));
            count += usize::from(line.starts_with(b"Mensagem recebida"));
            line.clear();
        }
        count
    });
    let mut stream = TcpStream::connect(server.tcp).unwrap();
    let mut replies = BufReader::new(stream.try_clone().unwrap());
    let answered = thread::spawn(move || {
        let mut line = Vec::new();
        (0..messages).all(|_| {
            line.clear();
            replies.read_until(b'\n', &mut line).is_ok_and(|len| len == "Servidor recebeu: ''\n".len() + size)
        })
    });
    let mut line = vec![b'x'; size];
    line.push(b'\n');
    let batch = line.repeat(10);
    (0..messages / 10).for_each(|_| stream.write_all(&batch).unwrap());
    assert!(answered.join().unwrap(), "every message is answered");
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(lines.join().unwrap(), messages);
}

/// A reader that takes a page at a time, with pauses, moves: nothing is lost, and the conversation is not deaf.
#[tokio::test]
async fn a_slow_reader_of_the_transcript_loses_nothing() {
    let mut server = Binary::start(&[]).await;
    let mut transcript = server.stdout.take().unwrap().into_inner();
    let mut client = WebSocket::connect(server.http, true).await;
    client.expect_turn().await;
    let message = "x".repeat(50_000);
    let answered = tokio::spawn(async move {
        for _ in 0..40 {
            client.say(&message).await;
        }
        for _ in 0..40 {
            client.expect_reply(&format!("Servidor recebeu: '{message}'")).await;
        }
        client.say("sair").await;
        client.expect_close(1000).await;
    });
    let read = tokio::task::spawn_blocking(move || {
        let (mut text, mut page) = (Vec::new(), [0; 4096]);
        let start = std::time::Instant::now();
        while !text.ends_with(b"encerrada.\n") {
            let len = transcript.read(&mut page).unwrap();
            text.extend_from_slice(&page[..len]);
            // 64 KiB take longer than the second after which an output stands still.
            if start.elapsed() < std::time::Duration::from_secs(3) {
                thread::sleep(std::time::Duration::from_millis(100));
            }
        }
        String::from_utf8(text).unwrap()
    });
    let text = within("the transcript", read).await.unwrap();
    answered.await.unwrap();
    assert_eq!(text.matches("Mensagem recebida").count(), 41);
    assert!(!text.contains("perdidas"), "lines are lost");
}

/// The same with a file behind stdout.
#[tokio::test]
async fn no_line_is_lost_in_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut command = command(&[]);
    command.stdout(file.reopen().unwrap()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    let read = || std::fs::read_to_string(file.path()).unwrap();
    let address = within("the address", async {
        loop {
            let text = read();
            if let Some(line) = text.lines().find_map(|line| line.strip_prefix("Servidor escutando em ")) {
                return line.to_owned();
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    let mut stream = TcpStream::connect(&*address).unwrap();
    let mut replies = stream.try_clone().unwrap();
    let answered = thread::spawn(move || std::io::copy(&mut replies, &mut std::io::sink()));
    let batch = format!("{}\n", "x".repeat(60_000)).repeat(10);
    (0..100).for_each(|_| stream.write_all(batch.as_bytes()).unwrap());
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    answered.join().unwrap().unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM)
        .unwrap();
    assert!(child.wait().unwrap().success());
    let text = read();
    assert_eq!(text.lines().filter(|line| line.starts_with("Mensagem recebida")).count(), 1000);
}

/// Who is ended and goes on sending is not read for ever.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_who_is_ended_and_floods_is_reset() {
    let server = Binary::start(&["--linger", "1h"]).await;
    let mut client = Tcp::connect(server.tcp).await;
    client.send("sair\n").await;
    client.expect("Servidor: Desconectando...\n").await;
    let flood = vec![b'x'; 1 << 20];
    let reset = within("a reset", async {
        while tokio::io::AsyncWriteExt::write_all(&mut client.stream, &flood).await.is_ok() {}
    });
    reset.await;
}

/// The end of a server fits into its drain, whatever a holder does.
#[tokio::test]
async fn a_flooding_holder_cannot_put_the_end_off() {
    let server =
        TestServer::with(|options| options.turns.drain = std::time::Duration::from_millis(500)).await;
    let mut holder = Tcp::connect(server.tcp).await;
    holder.send("um\n").await;
    holder.expect("Servidor recebeu: 'um'\n").await;
    let flood = "mensagem\n".repeat(10_000);
    // Writes without end, and never reads.
    let flooding = tokio::spawn(async move {
        while tokio::io::AsyncWriteExt::write_all(&mut holder.stream, flood.as_bytes()).await.is_ok() {}
    });
    let _waiting = server.connect(Kind::Plain).await;
    let start = std::time::Instant::now();
    server.end();
    server.ended().await;
    assert!(start.elapsed() < std::time::Duration::from_secs(3), "{:?}", start.elapsed());
    flooding.abort();
}

/// A stream of a gibibyte, both ways at once, arrives unchanged, and hardly any of it is in memory at a time.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_long_stream_arrives_unchanged_in_little_memory() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    let server = Binary::start(&["--connect", &url]).await;
    let echo = thread::spawn(move || {
        let (mut reader, mut writer) = both_ways(listener.accept().unwrap().0);
        std::io::copy(&mut reader, &mut writer).unwrap();
        writer.shutdown(std::net::Shutdown::Write).unwrap();
    });
    // No power of two, so that an error of a whole buffer is seen.
    let block: Vec<u8> = (0..=255).cycle().take((1 << 20) - 1).collect();
    let (mut reader, mut writer) = both_ways(TcpStream::connect(server.tcp).unwrap());
    let sent = block.clone();
    let sending = thread::spawn(move || {
        (0..1025).for_each(|_| writer.write_all(&sent).unwrap());
        writer.shutdown(std::net::Shutdown::Write).unwrap();
    });
    let read = tokio::task::spawn_blocking(move || {
        let mut came = vec![0; block.len()];
        for number in 0..1025 {
            reader.read_exact(&mut came).unwrap();
            assert!(came == block, "block {number} is another");
        }
        assert_eq!(reader.read(&mut came).unwrap(), 0);
    });
    within("the stream", read).await.unwrap();
    sending.join().unwrap();
    echo.join().unwrap();
    assert!(server.peak_resident() < 32 << 20, "{} bytes", server.peak_resident());
}

fn both_ways(stream: TcpStream) -> (TcpStream, TcpStream) {
    (stream.try_clone().unwrap(), stream)
}
