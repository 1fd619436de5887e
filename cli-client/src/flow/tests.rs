//! The flow between a server and a user that follow scripts, in paused time.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{CLOSING_TIME, Outcome, PATIENCE, converse};
use crate::console::{Console, Entry};
use crate::texts::{LEAVING, LEFT, PROMPT, TURN};
use crate::transport::{Closing, Event, Failure, Place, Transport};

/// Longer than any wait, and over at once in paused time.
const FOREVER: Duration = Duration::from_secs(3600);

/// What the server got and what the user saw, in order.
type Log = Rc<RefCell<Vec<String>>>;

/// Says its events and then nothing.
struct Server {
    events: VecDeque<Event>,
    shows_queue: bool,
    log: Log,
}

impl Transport for Server {
    fn shows_queue(&self) -> bool {
        self.shows_queue
    }

    async fn send(&mut self, message: &str) -> Result<(), Failure> {
        self.log.borrow_mut().push(format!("> {message}"));
        Ok(())
    }

    async fn receive(&mut self) -> Result<Event, Failure> {
        match self.events.pop_front() {
            Some(event) => Ok(event),
            None => pending().await,
        }
    }

    async fn leave(&mut self, word: &str, reply_due: bool) -> Result<(), Failure> {
        self.send(if reply_due { "end" } else { word }).await
    }

    async fn close(&mut self) {
        self.log.borrow_mut().push("closed".to_owned());
    }
}

/// Types its entries; then, and while there is no prompt, interrupts only if it is impatient.
struct User {
    entries: VecDeque<Entry>,
    impatient: bool,
    log: Log,
}

impl Console for User {
    fn prompt(&mut self) -> io::Result<()> {
        self.log.borrow_mut().push(PROMPT.to_owned());
        Ok(())
    }

    async fn entry(&mut self) -> Entry {
        match self.entries.pop_front() {
            Some(entry) => entry,
            None => pending().await,
        }
    }

    async fn interrupted(&mut self) {
        if !std::mem::take(&mut self.impatient) {
            pending().await
        }
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        self.log.borrow_mut().push(line.to_owned());
        Ok(())
    }

    fn end_prompt(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The outcome, and what was sent and shown.
async fn play(
    shows_queue: bool,
    events: impl IntoIterator<Item = Event>,
    entries: impl IntoIterator<Item = Entry>,
    impatient: bool,
) -> (Outcome, Vec<String>) {
    let log = Log::default();
    let server = Server { events: events.into_iter().collect(), shows_queue, log: log.clone() };
    let user = User { entries: entries.into_iter().collect(), impatient, log: log.clone() };
    let outcome = timeout(FOREVER, converse(server, user)).await.expect("it ends").unwrap();
    (outcome, log.take())
}

fn line(text: &str) -> Entry {
    Entry::Line(text.to_owned())
}

fn waiting(position: usize, ahead: usize) -> Event {
    Event::Waiting(Place { position, ahead: Some(ahead), estimate: None })
}

#[tokio::test(start_paused = true)]
async fn the_server_is_heard_before_the_user() {
    let events = [Event::Reply("aviso".to_owned()), Event::Closed(None)];
    let (outcome, log) = play(false, events, [line("oi")], false).await;
    assert_eq!(outcome, Outcome::Failure);
    let expected =
        [PROMPT, "Resposta do servidor: aviso", PROMPT, "Servidor fechou a conexão.", LEFT, "closed"];
    assert_eq!(log, expected);
}

#[tokio::test(start_paused = true)]
async fn a_place_is_shown_when_it_changes() {
    let events =
        [waiting(3, 3), waiting(3, 2), waiting(2, 2), Event::Turn, waiting(2, 2), Event::Closed(None)];
    let (_, log) = play(true, events, [], false).await;
    let places: Vec<_> = log.iter().filter(|line| line.contains("fila") || *line == TURN).collect();
    let two = "Sua posição na fila: 2 (2 à frente)";
    assert_eq!(places, ["Sua posição na fila: 3 (3 à frente)", two, TURN, two]);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_wait_for_a_reply_ends_in_time() {
    let start = Instant::now();
    let (outcome, log) = play(false, [], [line("oi")], true).await;
    assert_eq!((outcome, start.elapsed()), (Outcome::Success, PATIENCE));
    assert_eq!(log, [PROMPT, "> oi", "> end", LEAVING, LEFT, "closed"]);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_prompt_ends_in_time() {
    let start = Instant::now();
    let (outcome, log) = play(false, [], [Entry::Interrupted], false).await;
    assert_eq!((outcome, start.elapsed()), (Outcome::Success, PATIENCE));
    assert_eq!(log, [PROMPT, "> sair", LEAVING, LEFT, "closed"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_just_goes() {
    for entry in [line("sair"), Entry::End, Entry::Interrupted] {
        let (outcome, log) = play(true, [waiting(1, 1)], [entry], false).await;
        assert_eq!(outcome, Outcome::Success);
        assert_eq!(log, ["Você é o próximo da fila.", PROMPT, LEAVING, LEFT, "closed"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_goodbye_and_stays_is_left() {
    let start = Instant::now();
    let (outcome, log) = play(false, [Event::Bye("fim".to_owned())], [], false).await;
    assert_eq!((outcome, start.elapsed()), (Outcome::Failure, CLOSING_TIME));
    let expected = [PROMPT, "Resposta do servidor: fim", "Servidor fechou a conexão.", LEFT, "closed"];
    assert_eq!(log, expected);
}

#[tokio::test(start_paused = true)]
async fn a_close_reason_is_shown_unless_the_last_word_said_it() {
    let closing = Closing { code: 1008, reason: "tarde".to_owned() };
    let cause = "Servidor fechou a conexão: uma regra ou um limite de tempo do servidor";
    let (_, log) = play(false, [Event::Closed(Some(closing.clone()))], [], false).await;
    assert_eq!(log[1], format!("{cause} (tarde)."));
    let (_, log) =
        play(false, [Event::Bye("tarde".to_owned()), Event::Closed(Some(closing))], [], false).await;
    assert_eq!(log[2], format!("{cause}."));
}
