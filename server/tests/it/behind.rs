//! In front of programs and servers: one at a time, and whatever they do.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::protocol::Message;
use vez_protocol::{ByeReason, ClientEvent, ServerEvent, TurnKind};
use vez_server::{Framing, Newline, Start, Target};

use crate::common::behind::Behind;
use crate::common::{Client, Kind, Tcp, TestServer, WebSocket, health, within};

/// A server in front of a shell's program.
async fn exec(script: &str) -> TestServer {
    exec_with(script, |_| {}).await
}

async fn exec_with(script: &str, configure: impl FnOnce(&mut vez_server::BehindSettings)) -> TestServer {
    TestServer::with(|options| {
        options.behind.exec = true;
        options.behind.program = ["sh", "-c", script].map(Into::into).into();
        options.behind.term_after = Duration::from_millis(200);
        options.behind.kill_after = Duration::from_millis(200);
        configure(&mut options.behind);
    })
    .await
}

/// A server in front of what listens at `address`.
async fn connect(target: &str, framing: Option<Framing>) -> TestServer {
    let target: Target = target.parse().unwrap();
    TestServer::with(|options| {
        options.behind.connect = Some(target);
        options.behind.framing = framing;
        options.behind.retry_wait = Duration::from_millis(10);
    })
    .await
}

/// Something that listens on loopback.
async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Connects a plain WebSocket and reads the code of the Close frame that comes at once.
async fn close_code(server: &TestServer) -> u16 {
    // tungstenite's client takes 1014 (IANA registry) for a broken protocol, so that the frame is read here.
    let mut stream = Tcp::connect(server.http).await;
    let address = server.http;
    stream
        .send(format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ))
        .await;
    let mut bytes = Vec::new();
    within("the end", stream.stream.read_to_end(&mut bytes)).await.unwrap();
    let body = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(bytes[body], 0x88, "a Close frame comes first");
    u16::from_be_bytes([bytes[body + 2], bytes[body + 3]])
}

/// Whether a process whose command line holds `mark` runs (proc_pid_cmdline(5)).
fn runs(mark: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .any(|line| String::from_utf8_lossy(&line).contains(mark))
}

#[rstest]
#[tokio::test]
async fn a_program_answers_line_by_line(#[values(Kind::Tcp, Kind::Plain, Kind::Events)] kind: Kind) {
    let server = exec("while read line; do echo \"eco $line\"; done").await;
    let mut client = server.connect(kind).await;
    let ending = if kind == Kind::Tcp { "\n" } else { "" };
    for text in ["um", "dois"] {
        client.say(&format!("{text}{ending}")).await;
        client.expect_reply(&format!("eco {text}{ending}")).await;
    }
    client.say(&format!("sair{ending}")).await;
    let lines = server.transcript.sessions(1).await;
    assert!(lines[1].ends_with(": um") && lines[4].ends_with("solicitou desconexão."), "{lines:?}");
}

#[tokio::test]
async fn what_a_program_says_unprompted_is_output_and_its_end_has_a_status() {
    let server = exec("echo olá; read line; echo \"$line $line\"; echo adeus; exit 3").await;
    let mut client = WebSocket::connect(server.http, true).await;
    client.expect_turn().await;
    assert_eq!(client.event().await, ServerEvent::Output { text: "olá".into() });
    client.send(Message::text(ClientEvent::Message { text: "um".into(), id: Some(7) }.to_json())).await;
    assert_eq!(client.event().await, ServerEvent::Reply { text: "um um".into(), to: Some(7) });
    assert_eq!(client.event().await, ServerEvent::Output { text: "adeus".into() });
    let text = "Servidor: o programa terminou com o estado 3.".into();
    assert_eq!(client.event().await, ServerEvent::Bye { reason: ByeReason::Ended, text, status: Some(3) });
    client.expect_close(1000).await;
}

/// A program that ends by itself says so, also when all went well: its client did not ask for that end.
#[tokio::test]
async fn a_program_that_ends_well_says_its_status_too() {
    let server = exec("read line").await;
    let mut client = WebSocket::connect(server.http, true).await;
    client.expect_turn().await;
    client.send(Message::text(ClientEvent::Message { text: "um".into(), id: None }.to_json())).await;
    let ServerEvent::Bye { reason, status, .. } = client.event().await else { panic!("no goodbye") };
    assert_eq!((reason, status), (ByeReason::Ended, Some(0)));
}

/// What was said before the leave word is answered, by a program that answers late and by one that never does.
#[rstest]
#[case::late("sleep 0.2; while read line; do echo \"eco $line\"; done", "eco um\neco dois\n")]
#[case::never("exec cat > /dev/null", "")]
#[tokio::test]
async fn what_was_said_before_leaving_is_answered(#[case] script: &str, #[case] answers: &str) {
    let server = exec(script).await;
    let mut client = Tcp::connect(server.tcp).await;
    client.send("um\ndois\nsair\n").await;
    assert_eq!(client.rest().await, format!("{answers}Servidor: Desconectando...\n"));
    server.transcript.wait_for("solicitou desconexão.").await;
}

/// Who ends its input gets its answers, and no words about an end that it asked for.
#[tokio::test]
async fn what_ends_with_its_client_says_nothing_of_it() {
    let server = exec("cat").await;
    let mut client = Tcp::connect(server.tcp).await;
    client.send("um\ndois").await;
    client.stream.shutdown().await.unwrap();
    assert_eq!(client.rest().await, "um\ndois");
    server.transcript.wait_for("desconectou (sem dados).").await;
}

#[tokio::test]
async fn each_turn_has_a_program_of_its_own_that_knows_its_session() {
    let server = exec("echo $$ $VEZ_TRANSPORT $VEZ_PEER $VEZ_FENCE $VEZ_SESSION; cat").await;
    let mut seen = Vec::new();
    let mut fence = 0;
    for _ in 0..2 {
        let mut client = Tcp::connect(server.tcp).await;
        client.send("x\n").await;
        let mut line = String::new();
        while !line.ends_with('\n') {
            line.push(char::from(within("a line", client.stream.read_u8()).await.unwrap()));
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[1..3], ["tcp", &client.local().to_string()], "{line}");
        let before = std::mem::replace(&mut fence, words[3].parse().unwrap());
        assert!(before < fence, "{line}");
        seen.push(words[0].to_owned());
    }
    assert_ne!(seen[0], seen[1]);
}

/// A program that takes long is there before its turn, the next one as well, and none is left by a server that ended.
#[tokio::test]
async fn a_program_that_is_to_be_ready_is_started_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let starts = folder.path().join("starts");
    let script = format!("echo $$ >> {}; echo $$; cat", starts.display());
    let server = exec_with(&script, |behind| behind.exec_start = Start::Ready).await;
    let started = async |count| {
        within("programs", async {
            loop {
                let lines = std::fs::read_to_string(&starts).unwrap_or_default();
                let ids: Vec<String> = lines.lines().map(Into::into).collect();
                if ids.len() == count && lines.ends_with('\n') {
                    return ids;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
    };
    let mut ids = started(1).await;
    for turn in 1..=2 {
        let mut client = Tcp::connect(server.tcp).await;
        client.send("\nsair\n").await;
        assert!(client.rest().await.starts_with(ids.last().unwrap()), "the one that was ready answers");
        ids = started(turn + 1).await;
    }
    let last = format!("/proc/{}", ids[2]);
    assert!(std::path::Path::new(&last).exists(), "the next one is ready");
    // One that died while it waited is no turn's.
    let id = rustix::process::Pid::from_raw(ids[2].parse().unwrap()).unwrap();
    rustix::process::kill_process_group(id, rustix::process::Signal::KILL).unwrap();
    let dead = || std::fs::read_to_string(format!("{last}/stat")).is_ok_and(|stat| stat.contains(") Z "));
    within("its death", async {
        while !dead() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let mut client = Tcp::connect(server.tcp).await;
    client.send("\nsair\n").await;
    let answer = client.rest().await;
    ids = started(5).await;
    // The turn's own and the next one's start at about the same time.
    let own = ids[3..].iter().position(|id| answer.starts_with(id));
    let own = own.unwrap_or_else(|| panic!("a new one answers: {answer}, {ids:?}"));
    drop(server);
    let last = format!("/proc/{}", ids[4 - own]);
    within("the end of what was ready", async {
        while std::path::Path::new(&last).exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Programs that will not go: the next turn begins when they and their children are gone, and not before.
#[rstest]
#[case::ignores_sigterm("trap '' TERM; while :; do sleep 0.1; done # {mark}")]
#[case::leaves_children("sh -c 'trap \"\" TERM; while :; do sleep 0.1; done # {mark}' & cat")]
#[case::closes_its_output("exec >&-; sleep 1000 # {mark}")]
#[case::never_reads("sleep 1000 # {mark}")]
#[tokio::test]
async fn the_next_turn_begins_when_the_old_program_and_its_children_are_gone(#[case] script: &str) {
    let mark = format!("vez-test-{}-{:x}", std::process::id(), script.len());
    let server = exec(&script.replace("{mark}", &mark)).await;
    let mut first = WebSocket::connect(server.http, true).await;
    first.expect_turn().await;
    let mut second = WebSocket::connect(server.http, true).await;
    second.expect_place(1).await;
    within("the program", async {
        while !runs(&mark) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    // The second one's program has the same mark, so that it leaves before its turn.
    first.send(Message::text(ClientEvent::Leave.to_json())).await;
    second.send(Message::text(ClientEvent::Leave.to_json())).await;
    second.expect_close(1000).await;
    within("the end of the turn", async {
        while health(server.http).await["serving"] == true {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    assert!(!runs(&mark), "what the first one's program left is gone when its turn is over");
}

/// A child that its program left behind is asked to end, and has time for it.
#[tokio::test]
async fn children_are_asked_before_they_are_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("asked");
    let script = format!(
        "sh -c 'trap \"sleep 0.05; echo yes > {}; exit\" TERM; echo ready; while :; do sleep 0.01; done' & cat",
        file.display()
    );
    let server = exec_with(&script, |behind| behind.kill_after = Duration::from_secs(60)).await;
    let mut client = WebSocket::connect(server.http, true).await;
    client.expect_turn().await;
    assert_eq!(client.event().await, ServerEvent::Output { text: "ready".into() });
    client.send(Message::text(ClientEvent::Leave.to_json())).await;
    server.transcript.wait_for("encerrada.").await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "yes\n");
}

/// Orphans that nobody else waits for are waited for here, as where the server is the first process of a container.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn orphans_of_the_server_itself_do_not_keep_the_next_turn_from_beginning() {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    let server = exec("sleep 600 <&- >&- 2>&- & echo pronto; read linha").await;
    for _ in 0..2 {
        let mut client = server.connect(Kind::Tcp).await;
        client.expect_reply("pronto").await;
    }
}

/// A program has ended when it has, although a child of its own keeps its output open.
#[tokio::test]
async fn a_program_whose_child_keeps_its_output_open_has_ended() {
    let server = exec("sleep 600 & exit 3").await;
    let mut client = WebSocket::connect(server.http, true).await;
    client.expect_turn().await;
    let ServerEvent::Bye { reason, status, .. } = client.event().await else { panic!("no goodbye") };
    assert_eq!((reason, status), (ByeReason::Ended, Some(3)));
}

/// Who says something that cannot be taken any more is told that this is the end.
#[tokio::test]
async fn a_program_that_takes_no_more_messages_ends_the_chat() {
    let server = exec("exec <&-; echo surdo; sleep 600").await;
    let mut client = WebSocket::connect(server.http, true).await;
    client.expect_turn().await;
    assert!(matches!(client.event().await, ServerEvent::Output { .. }));
    client.say("alguém?").await;
    client.say("alguém?").await;
    let ServerEvent::Bye { reason, .. } = client.event().await else { panic!("no goodbye") };
    assert_eq!(reason, ByeReason::Ended);
}

/// A plain client that says something and closes its WebSocket at once.
async fn say_and_close(server: &TestServer, text: &'static str) {
    let mut client = WebSocket::connect(server.http, false).await;
    client.stream.feed(Message::text(text)).await.unwrap();
    client.stream.feed(Message::Close(None)).await.unwrap();
    client.stream.flush().await.unwrap();
}

/// What was said arrives, although its client closed the WebSocket at once.
#[tokio::test]
async fn the_last_message_before_a_close_arrives_at_a_server() {
    let (listener, url) = listener().await;
    let server = connect(&url, None).await;
    say_and_close(&server, "OUTPUT ON").await;
    let (mut behind, _) = within("a connection", listener.accept()).await.unwrap();
    let mut heard = String::new();
    within("the end", behind.read_to_string(&mut heard)).await.unwrap();
    assert_eq!(heard, "OUTPUT ON");
}

/// The same of a program, which has it before the next turn begins.
#[tokio::test]
async fn the_last_message_before_a_close_arrives_at_a_program() {
    let folder = tempfile::tempdir().unwrap();
    let heard = folder.path().join("ouvido");
    let server = exec(&format!("cat >> {}", heard.display())).await;
    say_and_close(&server, "OUTPUT ON").await;
    let mut next = WebSocket::connect(server.http, true).await;
    next.expect_turn().await;
    assert_eq!(std::fs::read_to_string(&heard).unwrap(), "OUTPUT ON\n");
}

/// A program that prints without end meets back-pressure, and its holder can leave.
#[tokio::test]
async fn a_program_that_floods_is_held_back() {
    let server = exec("yes").await;
    let mut client = WebSocket::connect(server.http, true).await;
    client.expect_turn().await;
    assert_eq!(client.event().await, ServerEvent::Output { text: "y".into() });
    client.send(Message::text(ClientEvent::Leave.to_json())).await;
    loop {
        match client.event().await {
            ServerEvent::Output { .. } => {}
            ServerEvent::Bye { reason, .. } => break assert_eq!(reason, ByeReason::Farewell),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_program_that_cannot_be_started_is_said_and_the_next_one_tries_again() {
    let server = TestServer::with(|options| {
        options.behind.exec = true;
        options.behind.lazy = true;
        options.behind.program = vec!["/nowhere/at/all".into()];
        options.behind.retry_wait = Duration::from_millis(10);
    })
    .await;
    for _ in 0..2 {
        let mut client = WebSocket::connect(server.http, true).await;
        client.expect_turn().await;
        let ServerEvent::Bye { reason, text, .. } = client.event().await else { panic!("no goodbye") };
        assert_eq!(reason, ByeReason::Unavailable);
        assert!(text.contains("/nowhere/at/all"), "{text}");
    }
    assert_eq!(close_code(&server).await, 1014);
    server.transcript.wait_for("não foi possível iniciar").await;
    assert_eq!(health(server.http).await["failures"], 3);
}

/// Every byte passes unchanged, `sair` and HTTP-like text included, and the end of input in both directions.
#[tokio::test]
async fn a_stream_passes_every_byte_both_ways() {
    let (listener, url) = listener().await;
    let server = connect(&url, None).await;
    let bytes: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    let mut client = TcpStream::connect(server.tcp).await.unwrap();
    client.write_all(b"sair").await.unwrap();
    let (mut behind, _) = within("a connection", listener.accept()).await.unwrap();
    let mut sair = [0; 4];
    within("the first bytes", behind.read_exact(&mut sair)).await.unwrap();
    assert_eq!(&sair, b"sair");
    let (mut behind_reads, behind_writes) = behind.into_split();
    let (mut client_reads, client_writes) = client.into_split();
    let send = |mut writer: tokio::net::tcp::OwnedWriteHalf, bytes: Vec<u8>| async move {
        writer.write_all(&bytes).await.unwrap();
        writer.shutdown().await.unwrap();
        writer
    };
    let (mut there, mut back) = (Vec::new(), Vec::new());
    let all = async {
        tokio::join!(
            send(client_writes, bytes.clone()),
            send(behind_writes, bytes.clone()),
            behind_reads.read_to_end(&mut there),
            client_reads.read_to_end(&mut back),
        )
    };
    let (_, _, heard_there, heard_back) = within("all bytes", all).await;
    assert!(heard_there.is_ok() && heard_back.is_ok());
    assert!(there == bytes && back == bytes, "{} there, {} back", there.len(), back.len());
    server.transcript.wait_for("3000004 bytes recebidos, 3000000 enviados.").await;
}

/// Who ends its input before its turn, and says nothing, still gets what is said behind.
#[tokio::test]
async fn a_stream_whose_client_only_listens_is_heard() {
    let (listener, url) = listener().await;
    let server = connect(&url, None).await;
    let mut client = Tcp::connect(server.tcp).await;
    client.stream.shutdown().await.unwrap();
    let (mut behind, _) = within("a connection", listener.accept()).await.unwrap();
    within("the end of input", behind.read_to_end(&mut Vec::new())).await.unwrap();
    behind.write_all(b"Bom dia\r\n").await.unwrap();
    drop(behind);
    client.expect("Bom dia\r\n").await;
    client.expect_end().await;
}

/// One of two ends first, and the other goes on until it has said all.
#[rstest]
#[tokio::test]
async fn half_closed_streams_go_on(#[values(false, true)] behind_ends_first: bool) {
    let (listener, url) = listener().await;
    let server = connect(&url, None).await;
    let mut client = TcpStream::connect(server.tcp).await.unwrap();
    client.write_all(b"a").await.unwrap();
    let (mut behind, _) = within("a connection", listener.accept()).await.unwrap();
    let (first, last) =
        if behind_ends_first { (&mut behind, &mut client) } else { (&mut client, &mut behind) };
    first.write_all(b"fim").await.unwrap();
    first.shutdown().await.unwrap();
    let mut heard = Vec::new();
    within("the end of input", last.read_to_end(&mut heard)).await.unwrap();
    assert!(heard.ends_with(b"fim"));
    last.write_all(b"depois").await.unwrap();
    last.shutdown().await.unwrap();
    let mut heard = Vec::new();
    within("what is said after it", first.read_to_end(&mut heard)).await.unwrap();
    assert!(heard.ends_with(b"depois"), "{}", String::from_utf8_lossy(&heard));
    server.transcript.wait_for("encerrada.").await;
}

#[tokio::test]
async fn a_plain_websocket_gets_text_whose_characters_are_whole() {
    let (listener, url) = listener().await;
    let server = connect(&url, None).await;
    let mut client = WebSocket::connect(server.http, false).await;
    client.send(Message::text("olá")).await;
    let (mut behind, _) = within("a connection", listener.accept()).await.unwrap();
    let mut said = [0; "olá".len()];
    within("what was said", behind.read_exact(&mut said)).await.unwrap();
    behind.write_all(b"caf\xc3").await.unwrap();
    assert_eq!(client.frame().await, Message::text("caf"));
    behind.write_all(b"\xa9").await.unwrap();
    assert_eq!(client.frame().await, Message::text("é"));
    behind.write_all(b"\xff\x00").await.unwrap();
    assert_eq!(client.frame().await, Message::binary(b"\xff\x00".as_slice()));
    drop(behind);
    client.expect_close(1000).await;
}

#[tokio::test]
async fn a_plain_websocket_gets_binary_frames_only_where_that_is_asked_for() {
    let (listener, url) = listener().await;
    let server = TestServer::with(|options| {
        options.behind.connect = Some(url.parse().unwrap());
        options.connections.binary = true;
    })
    .await;
    let mut client = WebSocket::connect(server.http, false).await;
    let (mut behind, _) = within("a connection", listener.accept()).await.unwrap();
    behind.write_all(b"texto").await.unwrap();
    assert_eq!(client.frame().await, Message::binary(b"texto".as_slice()));
}

#[tokio::test]
async fn vez_v1_gets_a_stream_in_binary_frames() {
    let (listener, url) = listener().await;
    let server = connect(&url, None).await;
    let mut client = WebSocket::connect(server.http, true).await;
    let turn = client.event().await;
    assert!(matches!(turn, ServerEvent::Turn { kind: TurnKind::Stream, .. }), "{turn:?}");
    let (mut behind, _) = within("a connection", listener.accept()).await.unwrap();
    client.send(Message::binary(b"\x00\xffoi".as_slice())).await;
    let mut said = [0; 4];
    within("what was said", behind.read_exact(&mut said)).await.unwrap();
    assert_eq!(&said, b"\x00\xffoi");
    behind.write_all(b"\xff\x01").await.unwrap();
    let frame = within("a frame", client.stream.next()).await.unwrap().unwrap();
    assert_eq!(frame, Message::binary(b"\xff\x01".as_slice()));
    client.send(Message::text(ClientEvent::Leave.to_json())).await;
    let mut rest = Vec::new();
    within("the end", behind.read_to_end(&mut rest)).await.unwrap();
    server.transcript.wait_for("4 bytes recebidos, 2 enviados.").await;
}

/// The bytes of a stream up to the goodbye, and what that says.
async fn stream_to_its_end(client: &mut WebSocket) -> (Vec<u8>, ByeReason, Option<i32>) {
    let mut bytes = Vec::new();
    let end = async {
        loop {
            match client.frame().await {
                Message::Binary(more) => bytes.extend_from_slice(&more),
                event => match ServerEvent::from_json(event.to_text().unwrap()).unwrap() {
                    ServerEvent::Bye { reason, status, .. } => return (reason, status),
                    other => panic!("{other:?}"),
                },
            }
        }
    };
    let (reason, status) = within("the goodbye", end).await;
    (bytes, reason, status)
}

/// `end` is an end of input: what the program says only then arrives, also of one who said all while it waited, and
/// who knew by then what was coming.
#[tokio::test]
async fn end_ends_a_programs_input_and_not_the_conversation() {
    let server = exec_with("sort; exit 3", |behind| behind.framing = Some(Framing::Raw)).await;
    let end = || Message::text(ClientEvent::End.to_json());
    let mut holder = WebSocket::connect(server.http, true).await;
    holder.expect_turn().await;
    let mut waiter = WebSocket::connect(server.http, true).await;
    let place = waiter.event().await;
    assert!(matches!(place, ServerEvent::Waiting { kind: TurnKind::Stream, .. }), "{place:?}");
    waiter.say("d\nc\n").await;
    waiter.send(end()).await;
    holder.send(Message::binary(b"b\na\n".as_slice())).await;
    holder.send(end()).await;
    assert_eq!(stream_to_its_end(&mut holder).await, (b"a\nb\n".into(), ByeReason::Ended, Some(3)));
    holder.expect_close(1000).await;
    waiter.expect_turn().await;
    assert_eq!(stream_to_its_end(&mut waiter).await, (b"c\nd\n".into(), ByeReason::Ended, Some(3)));
}

/// Whatever answers: who said all is answered, and told that this was all.
#[rstest]
#[tokio::test]
async fn who_said_end_in_a_chat_is_answered_and_told(
    #[values(Behind::Report, Behind::Program, Behind::Connection)] behind: Behind,
) {
    let server = behind.start().await;
    let mut client = WebSocket::connect(server.http, true).await;
    client.expect_turn().await;
    client.say("um").await;
    client.send(Message::text(ClientEvent::End.to_json())).await;
    client.expect_reply("Servidor recebeu: 'um'").await;
    assert!(matches!(client.event().await, ServerEvent::Bye { .. }));
    client.expect_close(1000).await;
}

/// After `end` a client is still heard, but for messages.
#[tokio::test]
async fn who_said_end_can_still_leave() {
    let server = exec_with("cat; echo fim; sleep 1000", |behind| behind.framing = Some(Framing::Raw)).await;
    for leaves in [true, false] {
        let mut client = WebSocket::connect(server.http, true).await;
        client.expect_turn().await;
        client.send(Message::text(ClientEvent::End.to_json())).await;
        assert_eq!(client.frame().await, Message::binary(b"fim\n".as_slice()));
        let last = if leaves {
            Message::text(ClientEvent::Leave.to_json())
        } else {
            Message::binary(b"mais".as_slice())
        };
        client.send(last).await;
        let (reason, code) = if leaves { (ByeReason::Farewell, 1000) } else { (ByeReason::Error, 1002) };
        assert_eq!(stream_to_its_end(&mut client).await, (Vec::new(), reason, None));
        client.expect_close(code).await;
    }
}

/// What ends a message is as what is behind wants it, and told to who may have to say it by itself.
#[rstest]
#[case(Newline::Crlf, "\r\n")]
#[case(Newline::Cr, "\r")]
#[case(Newline::None, "")]
#[tokio::test]
async fn a_message_ends_as_what_is_behind_wants_it(#[case] newline: Newline, #[case] end: &str) {
    let (listener, url) = listener().await;
    let server = TestServer::with(|options| {
        options.behind.connect = Some(url.parse().unwrap());
        options.behind.framing = Some(Framing::Line);
        options.behind.newline = Some(newline);
    })
    .await;
    let mut client = WebSocket::connect(server.http, true).await;
    let ServerEvent::Turn { newline, .. } = client.event().await else { panic!("no turn") };
    assert_eq!(newline.as_deref(), Some(end));
    client.say("um").await;
    client.say("sair").await;
    let (mut behind, _) = within("a connection", listener.accept()).await.unwrap();
    let mut said = String::new();
    within("all", behind.read_to_string(&mut said)).await.unwrap();
    assert_eq!(said, format!("um{end}"));
}

/// Two clients, one after the other, over one connection each; the second's begins when the first's is over.
#[tokio::test]
async fn a_server_that_talks_to_one_at_a_time_is_talked_to_by_one_at_a_time() {
    let (listener, url) = listener().await;
    let server = connect(&url, Some(Framing::Line)).await;
    let mut first = server.connect(Kind::Events).await;
    let mut second = server.connect(Kind::Tcp).await;
    first.say("um").await;
    let (mut behind, _) = within("a connection", listener.accept()).await.unwrap();
    let mut line = [0; 3];
    within("a line", behind.read_exact(&mut line)).await.unwrap();
    behind.write_all(b"1\n").await.unwrap();
    first.expect_reply("1").await;
    assert!(tokio::time::timeout(Duration::from_millis(50), listener.accept()).await.is_err());
    first.leave().await;
    let mut end = Vec::new();
    within("the first one's end", behind.read_to_end(&mut end)).await.unwrap();
    second.say("dois\n").await;
    let (mut behind, _) = within("a connection", listener.accept()).await.unwrap();
    let mut line = [0; 5];
    within("a line", behind.read_exact(&mut line)).await.unwrap();
    behind.write_all(b"2\n").await.unwrap();
    second.expect_reply("2\n").await;
}

#[tokio::test]
async fn a_server_that_refuses_is_said_with_the_cause() {
    let (listener, url) = listener().await;
    drop(listener);
    let server = connect(&url, None).await;
    let mut client = Tcp::connect(server.tcp).await;
    client.send("oi").await;
    let line = client.rest().await;
    assert!(line.starts_with("Servidor: não foi possível conectar") && line.contains(&url), "{line}");
    assert_eq!(close_code(&server).await, 1014);
}

#[tokio::test]
async fn lengths_frame_messages_too() {
    let (listener, url) = listener().await;
    let server = connect(&url, Some(Framing::Length)).await;
    let mut client = server.connect(Kind::Plain).await;
    client.say("olá\nvocê").await;
    let (mut behind, _) = within("a connection", listener.accept()).await.unwrap();
    let mut said = [0; 4 + "olá\nvocê".len()];
    within("a message", behind.read_exact(&mut said)).await.unwrap();
    assert_eq!(said[..4], [0, 0, 0, 10]);
    behind.write_all(b"\0\0\0\x05a\nb\nc\0\0\0\x01").await.unwrap();
    client.expect_reply("a\nb\nc").await;
    behind.write_all(b"x").await.unwrap();
    client.expect_reply("x").await;
    client.leave().await;
}

/// A length that is longer than a message comes in pieces, of whole characters, and what follows it is read as before.
#[tokio::test]
async fn a_length_beyond_a_message_comes_in_pieces() {
    let (listener, url) = listener().await;
    let target: Target = url.parse().unwrap();
    let server = TestServer::with(|options| {
        options.behind.connect = Some(target);
        options.behind.framing = Some(Framing::Length);
        options.connections.max_message = 5;
    })
    .await;
    let mut client = server.connect(Kind::Plain).await;
    let (mut behind, _) = within("a connection", listener.accept()).await.unwrap();
    behind.write_all(b"\0\0\0\x0cabcd\xc3\xa7efghij").await.unwrap();
    behind.write_all(b"\0\0\0\0\0\0\0\x01x").await.unwrap();
    for piece in ["abcd", "çefg", "hij", "", "x"] {
        client.expect_reply(piece).await;
    }
}

/// The promise that matters most: while anything behind may still do something, nobody else has a turn.
#[tokio::test]
async fn a_client_that_vanishes_frees_what_is_behind() {
    let (listener, url) = listener().await;
    let server = connect(&url, None).await;
    let client = Tcp::connect(server.tcp).await;
    let mut client = Client::Tcp(client);
    client.say("oi").await;
    let (mut behind, _) = within("a connection", listener.accept()).await.unwrap();
    let mut said = [0; 2];
    within("what was said", behind.read_exact(&mut said)).await.unwrap();
    client.reset();
    let mut rest = Vec::new();
    // A reset or an end: what matters is that it comes.
    let _ = within("the end", behind.read_to_end(&mut rest)).await;
    server.transcript.wait_for("foi resetada pelo cliente.").await;
}

/// A client that is gone is noticed, although what is behind takes nothing of what it said.
#[rstest]
#[tokio::test]
async fn a_reset_is_noticed_whatever_is_behind(#[values(false, true)] program: bool) {
    let (_listener, url) = listener().await;
    let server = if program {
        exec_with("sleep 1000", |behind| behind.framing = Some(Framing::Raw)).await
    } else {
        connect(&url, None).await
    };
    let mut client = TcpStream::connect(server.tcp).await.unwrap();
    let chunk = vec![b'x'; 1024 * 1024];
    while tokio::time::timeout(Duration::from_millis(300), client.write_all(&chunk)).await.is_ok() {}
    client.set_zero_linger().unwrap();
    drop(client);
    server.transcript.wait_for("foi resetada pelo cliente.").await;
}

/// A stream's holder that takes nothing does not keep the turn, however much is said to it.
#[tokio::test]
async fn a_stream_that_is_not_taken_ends() {
    let (listener, url) = listener().await;
    let server = TestServer::with(|options| {
        options.behind.connect = Some(url.parse().unwrap());
        options.connections.write_limit = Duration::from_millis(300);
    })
    .await;
    let mut client = TcpStream::connect(server.tcp).await.unwrap();
    client.write_all(b"a").await.unwrap();
    let (mut behind, _) = within("a connection", listener.accept()).await.unwrap();
    within("the first byte", behind.read_u8()).await.unwrap();
    let chunk = vec![b'x'; 1024 * 1024];
    within("the end", async { while behind.write_all(&chunk).await.is_ok() {} }).await;
    server.transcript.wait_for("o cliente não responde há 300ms").await;
}

/// What has said all and then takes no more is over: its client is not left with a stream that leads nowhere.
#[rstest]
#[tokio::test]
async fn what_has_said_all_and_takes_no_more_ends_the_turn(#[values(false, true)] copied: bool) {
    let (listener, url) = listener().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let unix = tokio::net::UnixListener::bind(&path).unwrap();
    let url = if copied { format!("unix:{}", path.display()) } else { url };
    let server = connect(&url, None).await;
    let mut client = TcpStream::connect(server.tcp).await.unwrap();
    client.write_all(b"oi").await.unwrap();
    async fn end(mut behind: impl tokio::io::AsyncRead + AsyncWriteExt + Unpin, client: &mut TcpStream) {
        behind.shutdown().await.unwrap();
        let mut heard = Vec::new();
        within("all that is said", client.read_to_end(&mut heard)).await.unwrap();
    }
    if copied {
        end(within("a connection", unix.accept()).await.unwrap().0, &mut client).await;
    } else {
        end(within("a connection", listener.accept()).await.unwrap().0, &mut client).await;
    }
    within("the end", async { while client.write_all(b"ainda?").await.is_ok() {} }).await;
    server.transcript.wait_for("encerrada.").await;
}
