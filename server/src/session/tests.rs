//! The conversation over halves without sockets.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use rstest::rstest;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;
use vez_protocol::{Message, ServerEvent};

use super::{Incoming, Input, Output, Sessions, Settings, Shutdown, To, Waiting};
use crate::ending::Ending;
use crate::queue::{self, Queue};
use crate::record::{Record, Transcript};
use crate::responder::scripted::Script;
use crate::responder::{self, Backend, Responder, Said};
use crate::seat::{Seat, Transport, Visitor};

/// What the two sides of a connection without a socket share with the test.
#[derive(Debug, Default)]
struct Wire {
    incoming: VecDeque<Act>,
    reader: Option<Waker>,
    /// What went out, in order.
    log: Vec<String>,
    /// Whether nothing that goes out is taken.
    clogged: bool,
    writer: Option<Waker>,
    unwritten: usize,
    /// What becomes of silences of the peer.
    silences: VecDeque<Result<(), Ending>>,
    /// How many bytes still come after the last words, and how many were read.
    late: usize,
    discarded: usize,
}

/// What the peer does next.
#[derive(Debug)]
enum Act {
    Send(Incoming),
    Fail(Ending),
    Panic,
}

#[derive(Clone, Debug, Default)]
struct Peer(Arc<Mutex<Wire>>);

impl Peer {
    fn wire<T>(&self, look: impl FnOnce(&mut Wire) -> T) -> T {
        look(&mut self.0.lock().expect("no test panics with the wire"))
    }

    fn act(&self, act: Act) {
        self.wire(|wire| {
            wire.incoming.push_back(act);
            wire.reader.take().map(Waker::wake)
        });
    }

    fn say(&self, text: &str) {
        self.act(Act::Send(Incoming::Message(Message::text(text))));
    }

    /// The peer was silent for too long, or gives no sign of life.
    fn fall_silent(&self, silence: Result<(), Ending>) {
        self.wire(|wire| {
            wire.silences.push_back(silence);
            wire.reader.take().map(Waker::wake)
        });
    }

    fn note(&self, line: impl Into<String>) {
        self.wire(|wire| wire.log.push(line.into()));
    }

    fn log(&self) -> Vec<String> {
        self.wire(|wire| wire.log.clone())
    }

    /// Lets everything run that can, and returns what went out so far.
    async fn settled(&self) -> Vec<String> {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        self.log()
    }
}

impl Input for Peer {
    fn decode(&mut self) -> Result<Option<Incoming>, Ending> {
        match self.wire(|wire| wire.incoming.pop_front()) {
            Some(Act::Send(incoming)) => Ok(Some(incoming)),
            Some(Act::Fail(ending)) => Err(ending),
            Some(Act::Panic) => panic!("the test says so"),
            None => Ok(None),
        }
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        self.wire(|wire| {
            assert!(wire.unwritten == 0 || wire.clogged, "all is written before the peer is waited for");
            if wire.incoming.is_empty() {
                wire.reader = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        })
    }

    fn poll_silence(&mut self, _cx: &mut Context<'_>, _listened: bool) -> Poll<Result<(), Ending>> {
        let silence = self.wire(|wire| wire.silences.pop_front());
        silence.map_or(Poll::Pending, Poll::Ready)
    }

    fn become_raw(&mut self) {}

    fn poll_discard(&mut self, _cx: &mut Context<'_>) -> Poll<usize> {
        Poll::Ready(self.wire(|wire| {
            let bytes = wire.late.min(1024);
            wire.late -= bytes;
            wire.discarded += bytes;
            bytes
        }))
    }
}

impl Peer {
    fn push(&self, line: String) {
        self.wire(|wire| wire.unwritten += 1);
        self.note(line);
    }
}

impl Output for Peer {
    fn has_room(&self) -> bool {
        self.wire(|wire| wire.unwritten < 10)
    }

    fn reply(&mut self, to: To, parts: &[&str]) {
        let id = to.id.map(|id| format!(" to {id}")).unwrap_or_default();
        self.push(format!("reply{id}: {}", parts.concat()));
    }

    fn echo(&mut self, message: &Message) {
        self.push(format!("echo: {:?}", message.as_bytes()));
    }

    fn event(&mut self, event: &ServerEvent<'_>) {
        self.push(event.to_json());
    }

    fn become_raw(&mut self) {}

    fn bytes(&mut self, bytes: &[u8]) {
        self.push(format!("bytes: {}", String::from_utf8_lossy(bytes)));
    }

    fn end(&mut self) -> bool {
        true
    }

    fn ask(&mut self) {
        self.push("ask".to_owned());
    }

    fn protocol(&mut self, _bytes: &Bytes, _last: bool) {}

    fn discard(&mut self) -> bool {
        self.note("discard");
        true
    }

    fn last_words(&mut self, ending: &Ending) {
        self.push(format!("last words: {:?}", ending.codes().0));
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        self.wire(|wire| {
            if wire.clogged && wire.unwritten > 0 {
                wire.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            wire.unwritten = 0;
            Poll::Ready(Ok(()))
        })
    }

    fn poll_shutdown(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.note("shutdown");
        Poll::Ready(Ok(()))
    }
}

impl Waiting for Peer {
    type Input = Self;
    type Output = Self;

    fn tell(&mut self, place: impl FnOnce() -> ServerEvent<'static>) {
        self.note(place().to_json());
    }

    fn poll_watch(&mut self, _cx: &mut Context<'_>) -> Poll<Ending> {
        Poll::Pending
    }

    fn poll_begin(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        Poll::Ready(Ok(()))
    }

    fn into_halves(self) -> io::Result<(Self, Self)> {
        Ok((self.clone(), self))
    }
}

/// An output whose bytes the test can read; while the test holds the lock, it stands still.
#[derive(Clone, Default)]
struct Written(Arc<tokio::sync::Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.blocking_lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A queue, a transcript and what holds the sessions.
struct House {
    sessions: Arc<Sessions>,
    queue: Queue,
    written: Written,
    transcript: Transcript,
    shutdown: Shutdown,
}

/// What answers, when the command line says nothing.
fn options() -> responder::Settings {
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        settings: responder::Settings,
    }
    <Line as clap::Parser>::parse_from(["test"]).settings
}

fn report() -> Backend {
    builtin(Responder::Report)
}

fn builtin(responder: Responder) -> Backend {
    Backend::new(responder::Settings { responder, ..options() }, 1000)
}

fn settings() -> Settings {
    Settings {
        idle_limit: None,
        no_show: None,
        turn_limit: None,
        warn_before: Duration::from_secs(30),
        linger: Duration::from_secs(5),
        drain: Duration::from_secs(10),
    }
}

impl House {
    fn new(backend: Backend, settings: Settings) -> Self {
        let (written, shutdown) = (Written::default(), Shutdown::default());
        let transcript = Transcript::new(written.clone()).expect("a thread starts");
        let record = Record::new(transcript.clone(), None);
        let sessions = Sessions::new(settings, backend, record, WRITE_LIMIT, shutdown.clone());
        let queue = Queue::new(queue::Settings::of_length(9)).unwrap();
        Self { sessions: Arc::new(sessions), queue, written, transcript, shutdown }
    }

    fn report() -> Self {
        Self::new(report(), settings())
    }

    /// Joins the queue for a peer, and serves it.
    fn serve(&self, peer: &Peer) -> JoinHandle<bool> {
        let address = ([127, 0, 0, 1], 7).into();
        let ticket = self.queue.join([127, 0, 0, 1].into(), 1, None).expect("the queue has room");
        let seat = Seat { visitor: Box::new(Visitor::new(address, Transport::Tcp)), ticket, presence: None };
        let (serving, queue) = (Arc::clone(&self.sessions).serve(peer.clone(), seat), self.queue.clone());
        tokio::spawn(async move {
            let (_, remains) = serving.await;
            assert!(!queue.is_taken() || queue.waiting() < 9, "the turn is passed on before lingering");
            remains.is_some()
        })
    }

    /// Fills the transcript's buffer, whatever its thread has taken out of it to write.
    fn fill_transcript(&self) {
        let line = "x".repeat(64 * 1024);
        (0..40).for_each(|_| self.transcript.page(&line));
    }

    async fn transcript(&self) -> String {
        self.transcript.finish().await;
        let written = self.written.0.try_lock().expect("all is written").clone();
        String::from_utf8(written).expect("the transcript is text")
    }
}

const WRITE_LIMIT: Duration = Duration::from_secs(30);

const TURN: &str = r#"{"type":"turn","kind":"chat","max_message":1000}"#;

#[tokio::test]
async fn messages_are_answered_in_order_until_the_farewell() {
    let (house, peer) = (House::report(), Peer::default());
    ["um", "SAIR", "nunca"].iter().for_each(|text| peer.say(text));
    assert!(house.serve(&peer).await.unwrap(), "the last words were written");
    assert_eq!(peer.log(), [TURN, "reply: Servidor recebeu: 'um'", "last words: Normal"]);
    let expected = [
        "Conectado por ('127.0.0.1', 7)",
        "Mensagem recebida de ('127.0.0.1', 7): um",
        "Mensagem recebida de ('127.0.0.1', 7): SAIR",
        "Cliente ('127.0.0.1', 7) solicitou desconexão.",
        "Conexão com ('127.0.0.1', 7) encerrada.",
    ];
    assert!(house.transcript().await.lines().eq(expected), "{}", house.transcript().await);
    assert!(!house.queue.is_taken());
}

#[rstest]
#[case::report(Responder::Report, "last words: InvalidData", false)]
#[case::echo(Responder::Echo, "echo: [255]", true)]
#[tokio::test]
async fn bytes_that_spell_no_text_end_only_conversations_of_text(
    #[case] responder: Responder,
    #[case] said: &str,
    #[case] recorded: bool,
) {
    let (house, peer) = (House::new(builtin(responder), settings()), Peer::default());
    peer.act(Act::Send(Incoming::Message(Message::binary([255].as_slice()))));
    peer.act(Act::Send(Incoming::End));
    house.serve(&peer).await.unwrap();
    assert_eq!(peer.log()[1], said);
    assert_eq!(
        house.transcript().await.contains("Mensagem recebida"),
        recorded,
        "{}",
        house.transcript().await
    );
}

#[rstest]
#[case::end(Act::Send(Incoming::End), "Normal", "desconectou (sem dados).")]
#[case::leave(Act::Send(Incoming::Leave), "Normal", "solicitou desconexão.")]
#[case::panic(Act::Panic, "Internal", "Erro ao comunicar com ('127.0.0.1', 7): erro interno\n")]
#[case::failure(Act::Fail(Ending::TooBig("é demais".into())), "TooBig", "): é demais\n")]
#[tokio::test]
async fn each_end_has_its_words(#[case] act: Act, #[case] code: &str, #[case] line: &str) {
    let (house, peer) = (House::report(), Peer::default());
    peer.say("um");
    peer.act(act);
    house.serve(&peer).await.unwrap();
    assert_eq!(peer.log()[2], format!("last words: {code}"));
    assert!(house.transcript().await.contains(line), "{}", house.transcript().await);
    assert!(!house.queue.is_taken());
}

#[tokio::test]
async fn a_peer_that_cannot_be_told_is_told_nothing() {
    let (house, peer) = (House::report(), Peer::default());
    peer.act(Act::Fail(Ending::Reset));
    assert!(!house.serve(&peer).await.unwrap());
    assert_eq!(peer.log(), [TURN]);
    assert!(house.transcript().await.contains("foi resetada pelo cliente."));
}

#[tokio::test]
async fn who_waits_is_told_its_place_and_then_its_turn() {
    let house = House::report();
    let (first, second, third) = (Peer::default(), Peer::default(), Peer::default());
    let holding = house.serve(&first);
    let _waiting = (house.serve(&second), house.serve(&third));
    let place = |position| format!(r#"{{"type":"waiting","position":{position},"ahead":{position}"#);
    assert!(third.settled().await[0].starts_with(&place(2)));
    first.say("sair");
    holding.await.unwrap();
    assert!(third.settled().await[1].starts_with(&place(1)));
    assert_eq!(second.log()[1], TURN);
}

/// A scripted responder, what it says, and a conversation with it.
async fn scripted(
    change: impl FnOnce(&mut Script),
) -> (House, Peer, Script, UnboundedSender<Result<Said, Ending>>, JoinHandle<bool>) {
    let (mut script, say) = Script::new();
    change(&mut script);
    let house = House::new(Backend::scripted(script.clone(), options()), settings());
    let peer = Peer::default();
    let serving = house.serve(&peer);
    peer.settled().await;
    (house, peer, script, say, serving)
}

fn done(script: &Script) -> Vec<String> {
    script.log.lock().unwrap().clone()
}

#[tokio::test]
async fn late_answers_go_to_their_messages_in_order_and_the_rest_is_unprompted() {
    let (_house, peer, _script, say, _serving) = scripted(|_| {}).await;
    say.send(Ok(Said::Text("olá".into()))).unwrap();
    assert_eq!(peer.settled().await[1..], [r#"{"type":"output","text":"olá"}"#]);
    for (text, id) in [("um", 7), ("dois", 8)] {
        peer.act(Act::Send(Incoming::Message(Message { id: Some(id), ..Message::text(text) })));
    }
    assert_eq!(peer.settled().await.len(), 2);
    for text in ["1", "2", "3"] {
        say.send(Ok(Said::Text(text.into()))).unwrap();
    }
    let expected = ["reply to 7: 1", "reply to 8: 2", r#"{"type":"output","text":"3"}"#];
    assert_eq!(peer.settled().await[2..], expected);
}

#[rstest]
#[case::absent(false, true)]
#[case::not_ready(true, false)]
#[case::slow(true, true)]
#[tokio::test]
async fn leave_is_heard_whatever_the_responder_does(#[case] there: bool, #[case] ready: bool) {
    let (_house, peer, script, _say, serving) = scripted(|script| {
        script.openings = Arc::new(tokio::sync::Semaphore::new(usize::from(there)));
        script.ready = ready;
    })
    .await;
    peer.act(Act::Send(Incoming::Ping));
    assert_eq!(peer.settled().await[1..], [r#"{"type":"pong"}"#]);
    peer.act(Act::Send(Incoming::Leave));
    serving.await.unwrap();
    let expected: &[&str] = if there { &["open", "closed"] } else { &[] };
    assert_eq!(done(&script), expected, "what was never open is not closed");
}

/// What the responder says goes out when a ping has made room for it.
#[tokio::test]
async fn what_waits_for_room_goes_out_when_there_is_room() {
    let (_house, peer, _script, say, _serving) = scripted(|_| {}).await;
    peer.wire(|wire| wire.clogged = true);
    (0..20).for_each(|i| say.send(Ok(Said::Text(i.to_string().into()))).unwrap());
    assert_eq!(peer.settled().await.len(), 11);
    peer.wire(|wire| {
        wire.clogged = false;
        wire.silences.push_back(Ok(()));
        wire.reader.take().map(Waker::wake)
    });
    assert_eq!(peer.settled().await.iter().filter(|line| line.contains("output")).count(), 20);
}

/// A peer that says much at once is heard to the end, also when it is asked for a sign of life meanwhile.
#[tokio::test]
async fn what_has_come_is_answered_when_there_is_room_again() {
    let (house, peer) = (House::report(), Peer::default());
    let _serving = house.serve(&peer);
    peer.settled().await;
    peer.wire(|wire| wire.silences.push_back(Ok(())));
    (0..35).for_each(|i| peer.say(&i.to_string()));
    let answered = |log: &[String]| log.iter().filter(|line| line.starts_with("reply")).count();
    assert_eq!(answered(&peer.settled().await), 35);
}

/// A turn waits for the transcript's room in its first message, and passes on only when there is room.
#[tokio::test]
async fn a_full_transcript_holds_the_turn_that_begins_and_the_one_that_ends() {
    let (house, peer) = (House::report(), Peer::default());
    let unwritten = Arc::clone(&house.written.0).lock_owned().await;
    house.fill_transcript();
    let serving = house.serve(&peer);
    peer.say("um");
    assert_eq!(peer.settled().await, [TURN], "there is no room for the message's line");
    peer.act(Act::Send(Incoming::Leave));
    assert_eq!(peer.settled().await, [TURN], "what was said first comes first");
    drop(unwritten);
    serving.await.unwrap();
    assert_eq!(peer.log()[1..], ["reply: Servidor recebeu: 'um'", "last words: Normal"]);

    let peer = Peer::default();
    let serving = house.serve(&peer);
    peer.settled().await;
    house.transcript.finish().await;
    let unwritten = Arc::clone(&house.written.0).lock_owned().await;
    house.fill_transcript();
    peer.act(Act::Send(Incoming::Leave));
    assert_eq!(peer.settled().await[1..], ["last words: Normal"]);
    assert!(house.queue.is_taken(), "there is no room for the next one's lines");
    drop(unwritten);
    serving.await.unwrap();
    assert!(!house.queue.is_taken());
}

/// A peer that reads slowly, but reads, gets all its answers before the end.
#[tokio::test(start_paused = true)]
async fn answers_are_written_before_the_last_words_however_slowly() {
    let (house, peer) = (House::report(), Peer::default());
    peer.wire(|wire| wire.clogged = true);
    ["um", "sair"].iter().for_each(|text| peer.say(text));
    let serving = house.serve(&peer);
    tokio::time::sleep(Duration::from_secs(20)).await;
    peer.wire(|wire| {
        wire.clogged = false;
        wire.writer.take().map(Waker::wake)
    });
    assert!(serving.await.unwrap());
    assert_eq!(peer.log()[1..], ["reply: Servidor recebeu: 'um'", "last words: Normal"]);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_takes_its_answers_is_recorded_as_such() {
    let (house, peer) = (House::report(), Peer::default());
    peer.wire(|wire| wire.clogged = true);
    ["um", "sair"].iter().for_each(|text| peer.say(text));
    assert!(!house.serve(&peer).await.unwrap());
    tokio::time::resume();
    assert!(house.transcript().await.contains("o cliente não responde há 30s"));
}

#[tokio::test]
async fn no_turn_begins_when_the_server_was_told_to_end() {
    let (house, peer) = (House::report(), Peer::default());
    house.shutdown.run(Duration::ZERO, Duration::ZERO).await;
    house.serve(&peer).await.unwrap();
    assert_eq!(house.transcript().await, "");
}

#[tokio::test]
async fn the_turn_is_passed_on_when_the_responder_is_closed_and_not_before() {
    let unclosed = |script: &mut Script| script.closings = Arc::new(tokio::sync::Semaphore::new(0));
    let (house, peer, script, _say, serving) = scripted(unclosed).await;
    peer.act(Act::Send(Incoming::Leave));
    assert_eq!(peer.settled().await[1..], ["last words: Normal"]);
    assert!(house.queue.is_taken(), "the responder is not closed yet");
    script.closings.add_permits(1);
    serving.await.unwrap();
    assert!(!house.queue.is_taken());
    assert_eq!(done(&script), ["open", "closed"]);
}

#[tokio::test]
async fn a_responder_that_fails_ends_the_session() {
    let (house, peer, script, say, serving) = scripted(|_| {}).await;
    say.send(Err(Ending::Protocol("quebrou".into()))).unwrap();
    serving.await.unwrap();
    assert_eq!(peer.log()[1..], ["last words: Protocol"]);
    assert!(house.transcript().await.contains("quebrou"));
    assert_eq!(done(&script), ["open", "closed"]);
}

#[tokio::test]
async fn a_responder_may_go_on_when_the_peer_has_said_all() {
    let (_house, peer, script, say, serving) = scripted(|script| script.goes_on = true).await;
    peer.say("um");
    peer.act(Act::Send(Incoming::End));
    peer.settled().await;
    say.send(Ok(Said::Text("1".into()))).unwrap();
    assert_eq!(peer.settled().await[1..], ["reply: 1"]);
    assert_eq!(done(&script), ["open", "um", "end of input"]);
    assert!(!serving.is_finished());
}

/// A responder that is not ready, and an output that is not taken, hold the peer back.
#[tokio::test]
async fn nothing_is_read_from_a_peer_while_there_is_no_room() {
    let (_house, peer, script, _say, _serving) = scripted(|script| script.ready = false).await;
    peer.say("um");
    peer.settled().await;
    assert_eq!(done(&script), ["open"]);

    let (house, peer) = (House::report(), Peer::default());
    peer.wire(|wire| wire.clogged = true);
    (0..100).for_each(|i| peer.say(&i.to_string()));
    let _serving = house.serve(&peer);
    assert_eq!(peer.settled().await.len(), 10);
    peer.wire(|wire| {
        wire.clogged = false;
        wire.writer.take().map(Waker::wake)
    });
    assert_eq!(peer.settled().await.len(), 101);
}

/// A stdout that does not keep up costs time and no line.
#[tokio::test]
async fn nothing_is_read_from_a_peer_while_the_transcript_is_full() {
    let (house, peer) = (House::report(), Peer::default());
    let standing = Arc::clone(&house.written.0).lock_owned().await;
    (0..20).for_each(|_| peer.say(&"x".repeat(512 * 1024)));
    peer.say("sair");
    let serving = house.serve(&peer);
    let answered = peer.settled().await.len() - 1;
    assert!(answered < 10, "two gather, and two more while the first are written; {answered} were answered");
    drop(standing);
    serving.await.unwrap();
    assert_eq!(peer.log().len(), 22);
    assert_eq!(house.transcript().await.matches("Mensagem recebida").count(), 21);
}

#[tokio::test]
async fn a_silent_peer_is_asked_for_a_sign_of_life_and_given_up_without_one() {
    let (house, peer) = (House::report(), Peer::default());
    let serving = house.serve(&peer);
    peer.settled().await;
    peer.fall_silent(Ok(()));
    assert_eq!(peer.settled().await[1..], ["ask"]);
    peer.fall_silent(Err(Ending::Unresponsive(Duration::from_secs(1))));
    serving.await.unwrap();
    assert_eq!(peer.log()[2..], ["last words: Policy"]);
}

/// However much the peer says, the others have their time: limits are heard.
#[tokio::test(start_paused = true)]
async fn a_peer_that_never_pauses_cannot_keep_limits_from_being_heard() {
    let limit = Duration::from_millis(100);
    let house = House::new(report(), Settings { turn_limit: Some(limit), ..settings() });
    let (peer, next) = (Peer::default(), Peer::default());
    let serving = house.serve(&peer);
    let _next = house.serve(&next);
    let flood = tokio::spawn({
        let peer = peer.clone();
        async move {
            loop {
                peer.wire(|wire| (0..1000).for_each(|_| wire.incoming.push_back(Act::Send(Incoming::Stay))));
                peer.wire(|wire| wire.reader.take().map(Waker::wake));
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    tokio::time::timeout(limit * 10, serving).await.expect("the limit is heard").unwrap();
    assert_eq!(peer.log().last().unwrap(), "last words: Policy");
    flood.abort();
}

#[tokio::test(start_paused = true)]
async fn stay_counts_for_the_limits_and_reaches_nobody() {
    let limit = Duration::from_secs(60);
    let (script, _say) = Script::new();
    let house = House::new(
        Backend::scripted(script.clone(), options()),
        Settings { idle_limit: Some(limit), ..settings() },
    );
    let (peer, next) = (Peer::default(), Peer::default());
    let serving = house.serve(&peer);
    let _next = house.serve(&next);
    peer.settled().await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(40)).await;
        peer.act(Act::Send(Incoming::Stay));
        peer.settled().await;
    }
    let warning = r#"{"type":"warning","seconds":30,"reason":"idle_limit"}"#;
    assert_eq!(peer.log()[1..], [warning; 3]);
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert!(!serving.is_finished());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(peer.log()[4..], [warning, "last words: Policy"]);
    assert_eq!(done(&script), ["open", "closed"]);
}

/// Who does not come when the turn does, while somebody waits, is warned and passed over.
#[tokio::test(start_paused = true)]
async fn a_turn_in_which_nobody_says_anything_is_passed_on() {
    let limit = Duration::from_secs(20);
    let house = House::new(report(), Settings { no_show: Some(limit), ..settings() });
    let (peer, next) = (Peer::default(), Peer::default());
    let serving = house.serve(&peer);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(!serving.is_finished(), "nobody waits");
    let _next = house.serve(&next);
    next.settled().await;
    tokio::time::sleep(Duration::from_secs(21)).await;
    let warning = r#"{"type":"warning","seconds":10,"reason":"idle_limit"}"#;
    assert_eq!(peer.log()[1..], [warning, "last words: Policy"]);
}

/// Who said something, before anybody waited or after a warning, has as long as ever.
#[rstest]
#[tokio::test(start_paused = true)]
async fn who_has_come_is_no_no_show(#[values(false, true)] after_the_warning: bool) {
    let limit = Duration::from_secs(20);
    let house = House::new(report(), Settings { no_show: Some(limit), ..settings() });
    let (peer, next) = (Peer::default(), Peer::default());
    let serving = house.serve(&peer);
    peer.settled().await;
    if !after_the_warning {
        peer.act(Act::Send(Incoming::Stay));
        peer.settled().await;
    }
    let _next = house.serve(&next);
    next.settled().await;
    tokio::time::sleep(Duration::from_secs(15)).await;
    if after_the_warning {
        peer.act(Act::Send(Incoming::Stay));
        peer.settled().await;
    }
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(!serving.is_finished());
}

#[tokio::test]
async fn who_waits_is_told_that_the_server_ends() {
    let house = House::report();
    let (first, second) = (Peer::default(), Peer::default());
    let _holding = house.serve(&first);
    let waiting = house.serve(&second);
    second.settled().await;
    house.shutdown.run(Duration::ZERO, Duration::ZERO).await;
    assert!(waiting.await.unwrap(), "the last words were written");
    assert_eq!(second.log()[1..], ["last words: GoingAway"]);
}

#[rstest]
#[case::all_that_comes(3000, 3000)]
#[case::not_a_flood(3 * 1024 * 1024, 1024 * 1024)]
#[tokio::test]
async fn what_comes_after_the_last_words_is_read_within_bounds(#[case] late: usize, #[case] read: usize) {
    let (house, peer) = (House::report(), Peer::default());
    peer.wire(|wire| wire.late = late);
    house.sessions.linger((peer.clone(), peer.clone())).await;
    assert_eq!(peer.log(), ["shutdown"]);
    assert_eq!(peer.wire(|wire| wire.discarded), read);
}

/// A limit that is shorter than the warning's time is warned of when half of it has passed.
#[tokio::test(start_paused = true)]
async fn a_short_limit_is_warned_of_at_its_half() {
    let limit = Some(Duration::from_secs(20));
    let house = House::new(report(), Settings { turn_limit: limit, ..settings() });
    let (peer, next) = (Peer::default(), Peer::default());
    let serving = house.serve(&peer);
    let _next = house.serve(&next);
    serving.await.unwrap();
    let warning = r#"{"type":"warning","seconds":10,"reason":"turn_limit"}"#;
    assert_eq!(peer.log(), [TURN, warning, "last words: Policy"]);
}

/// The last words have a quarter of a short drain, and all that they may take of a long one.
#[rstest]
#[case::short(8, 6)]
#[case::long(40, 35)]
#[tokio::test(start_paused = true)]
async fn the_running_conversation_has_most_of_the_drain(#[case] drain: u64, #[case] over: u64) {
    let (shutdown, start) = (Shutdown::default(), tokio::time::Instant::now());
    let (told, over_at, cut, ()) = tokio::join!(
        shutdown.told().map(|()| start.elapsed().as_secs()),
        shutdown.over().map(|()| start.elapsed().as_secs()),
        shutdown.cut().map(|()| start.elapsed().as_secs()),
        shutdown.run(Duration::from_secs(drain), Duration::from_secs(5)),
    );
    assert_eq!((told, over_at, cut), (0, over, drain));
}

/// The whole end fits into the drain: the running conversation has most of it, its last words the rest.
#[tokio::test(start_paused = true)]
async fn a_drain_bounds_the_whole_end() {
    let (house, peer) = (House::report(), Peer::default());
    peer.wire(|wire| wire.clogged = true);
    let serving = house.serve(&peer);
    peer.settled().await;
    let start = tokio::time::Instant::now();
    let end = house.shutdown.clone();
    let ending = tokio::spawn(async move { end.run(Duration::from_secs(8), Duration::from_secs(5)).await });
    assert!(!serving.await.unwrap(), "the peer takes nothing");
    assert_eq!(start.elapsed(), Duration::from_secs(8));
    assert_eq!(peer.log()[1..], ["last words: GoingAway"]);
    ending.await.unwrap();
}
