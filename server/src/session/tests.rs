//! The conversation over a transport without sockets.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vez_protocol::{CloseCode, Message};

use super::{Ending, Failure, Notice, Transport, hold};
use crate::config::Config;
use crate::context::Context;
use crate::http::Guard;
use crate::queue::Queue;
use crate::transcript::Transcript;
use crate::visitors::Visitors;

/// What the scripted peer does next.
#[derive(Clone, Debug)]
enum Act {
    Say(&'static str),
    Close,
    Panic,
}

/// What the conversation did to its transport, shared with the test.
type Log = Arc<Mutex<Vec<String>>>;

struct Scripted {
    acts: std::vec::IntoIter<Act>,
    log: Log,
    queue: Queue,
}

impl Scripted {
    fn note(&self, line: String) {
        self.log.lock().expect("no test panics with the log").push(line);
    }
}

impl Transport for Scripted {
    type Text = &'static str;

    async fn receive(&mut self) -> Result<Option<Message<&'static str>>, Failure> {
        match self.acts.next() {
            Some(Act::Say(text)) => Ok(Some(Message::text(text))),
            Some(Act::Close) => Ok(None),
            Some(Act::Panic) => panic!("the script says so"),
            None => std::future::pending().await,
        }
    }

    async fn reply(&mut self, _to: &Message<&'static str>, parts: &[&str]) -> Result<(), Failure> {
        self.note(parts.concat());
        Ok(())
    }

    async fn echo(&mut self, message: Message<&'static str>) -> Result<(), Failure> {
        self.note(format!("{message:?}"));
        Ok(())
    }

    async fn notify(&mut self, notice: Notice) -> Result<(), Failure> {
        self.note(format!("{notice:?}"));
        Ok(())
    }

    async fn say_goodbye(&mut self, ending: &Ending) -> Result<(), Failure> {
        assert!(self.queue.is_taken(), "the turn lasts until the goodbye is written");
        self.note(format!("{:?}", ending.codes().0));
        Ok(())
    }

    async fn linger(self) {
        assert!(!self.queue.is_taken(), "the turn is over before the transport lingers");
        self.note("linger".to_owned());
    }
}

/// An output whose bytes the test can read.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no test panics with the output").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Plays `acts` and returns what the transport and the transcript saw.
async fn play(acts: Vec<Act>) -> (Vec<String>, String) {
    let output = Output::default();
    let context = Context {
        config: Config::standard(),
        guard: Guard::new([127, 0, 0, 1].into(), &[], &[]),
        queue: Queue::new(1),
        transcript: Transcript::new(output.clone()).expect("a thread starts"),
        tls: None,
        visitors: Visitors::default(),
        tasks: TaskTracker::new(),
        shutdown: CancellationToken::new(),
    };
    let log = Log::default();
    let scripted = Scripted { acts: acts.into_iter(), log: Arc::clone(&log), queue: context.queue.clone() };
    let turn = context.queue.join().await.expect("the queue is empty").turn().await;
    hold(scripted, turn, SocketAddr::from(([127, 0, 0, 1], 7)), &context).await;
    context.transcript.finish();
    let written = output.0.lock().expect("no test panics with the output").clone();
    let log = log.lock().expect("no test panics with the log").clone();
    (log, String::from_utf8(written).expect("the transcript is text"))
}

#[tokio::test]
async fn messages_are_answered_in_order_until_the_farewell() {
    let (log, transcript) = play(vec![Act::Say("um"), Act::Say("sair"), Act::Say("nunca")]).await;
    assert_eq!(log, ["Turn", "Servidor recebeu: 'um'", &format!("{:?}", CloseCode::Normal), "linger"]);
    assert!(transcript.ends_with("solicitou desconexão.\nConexão com ('127.0.0.1', 7) encerrada.\n"));
}

#[tokio::test]
async fn a_peer_that_closes_has_left() {
    let (log, transcript) = play(vec![Act::Close]).await;
    assert_eq!(log, ["Turn", "Normal", "linger"]);
    assert!(transcript.contains("desconectou (sem dados)."));
}

#[tokio::test]
async fn a_panic_ends_the_session_and_nothing_else() {
    let (log, transcript) = play(vec![Act::Say("um"), Act::Panic]).await;
    assert_eq!(log, ["Turn", "Servidor recebeu: 'um'", "Internal", "linger"]);
    assert!(transcript.contains("Erro ao comunicar com ('127.0.0.1', 7): erro interno\n"));
}
