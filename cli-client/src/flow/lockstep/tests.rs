//! The flow between a server and a user that follow scripts, in paused time.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use vez_protocol::{ByeReason, TurnKind};

use super::leaving::CLOSING_TIME;
use super::{First, LAST_LINES_TIME, Outcome, converse};
use crate::console::{Console, Entry, Line};
use crate::flow::LEAVE_TIME;
use crate::platform::Signal;
use crate::texts::{LEAVING, LEFT, PROMPT, TURN};
use crate::transport::{Closing, Event, Failure, Place, Transport, Turn};

/// Longer than any wait, and over at once in paused time.
const FOREVER: Duration = Duration::from_secs(3600);

/// What the server got and what the user saw, in order.
#[derive(Clone)]
struct Log {
    lines: Rc<RefCell<Vec<String>>>,
    /// The lines at which the user interrupts, each once and in this order.
    interrupts: Rc<RefCell<VecDeque<&'static str>>>,
    keys: mpsc::Sender<Signal>,
}

impl Log {
    fn note(&self, line: impl Into<String>) {
        let line = line.into();
        if self.interrupts.borrow_mut().pop_front_if(|awaited| *awaited == line).is_some() {
            self.keys.try_send(Signal::Interrupt).unwrap();
        }
        self.lines.borrow_mut().push(line);
    }
}

/// What the user is told of a server that does not answer a wish to leave.
const NO_FAREWELL: &str = "Nenhuma resposta final do servidor ou erro: o servidor não respondeu a tempo";

/// Says its events, each followed by the next at once, and then nothing.
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
        self.log.note(format!("> {message}"));
        Ok(())
    }

    async fn receive(&mut self) -> Result<Event, Failure> {
        match self.events.pop_front() {
            Some(event) => Ok(event),
            None => pending().await,
        }
    }

    async fn say_leave(&mut self, word: &str) -> Result<(), Failure> {
        self.send(word).await
    }

    async fn leave(&mut self, reply_due: bool) -> Result<(), Failure> {
        self.send(if reply_due { "leave, with a reply due" } else { "leave" }).await
    }

    async fn close(&mut self) {
        self.log.note("closed");
    }
}

/// Types its entries and then nothing.
struct User {
    entries: VecDeque<Entry>,
    /// Where the output stands still from this line on.
    stuck_at: Option<&'static str>,
    log: Log,
}

impl Console for User {
    async fn prompt(&mut self) -> io::Result<()> {
        self.log.note(PROMPT);
        Ok(())
    }

    async fn entry(&mut self) -> Entry {
        match self.entries.pop_front() {
            Some(entry) => entry,
            None => pending().await,
        }
    }

    async fn say(&mut self, line: Line<'_>) -> io::Result<()> {
        self.log.note(line.text());
        if self.stuck_at.is_some_and(|stuck| self.log.lines.borrow().iter().any(|line| line == stuck)) {
            pending().await
        }
        Ok(())
    }

    async fn interrupted(&mut self) -> io::Result<()> {
        Ok(())
    }

    async fn end_prompt(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A server and a user that do nothing, but for what a test adds.
#[derive(Default)]
struct Play {
    shows_queue: bool,
    events: Vec<Event>,
    entries: Vec<Entry>,
    interrupts: Vec<&'static str>,
    stuck_at: Option<&'static str>,
}

impl Play {
    /// The outcome, and what was sent and shown.
    async fn run(self) -> (Outcome, Vec<String>) {
        let (keys, mut interrupts) = mpsc::channel(1);
        let log =
            Log { lines: Rc::default(), interrupts: Rc::new(RefCell::new(self.interrupts.into())), keys };
        let mut server =
            Server { events: self.events.into(), shows_queue: self.shows_queue, log: log.clone() };
        let user = User { entries: self.entries.into(), stuck_at: self.stuck_at, log: log.clone() };
        let first = match self.shows_queue {
            true => Some(First::receive(&mut server, &mut interrupts).await),
            false => None,
        };
        let conversation = converse(server, user, interrupts, first);
        let outcome = timeout(FOREVER, conversation).await.expect("it ends").unwrap();
        (outcome, log.lines.take())
    }
}

/// The outcome, and what was sent and shown, where nobody interrupts.
async fn play(
    shows_queue: bool,
    events: impl IntoIterator<Item = Event>,
    entries: impl IntoIterator<Item = Entry>,
) -> (Outcome, Vec<String>) {
    let (events, entries) = (events.into_iter().collect(), entries.into_iter().collect());
    Play { shows_queue, events, entries, ..Play::default() }.run().await
}

fn line(text: &str) -> Entry {
    Entry::Line(text.to_owned())
}

fn bye(text: &str) -> Event {
    Event::Bye { text: text.to_owned(), reason: ByeReason::Farewell, status: None }
}

fn waiting(position: usize, ahead: usize) -> Event {
    Event::Waiting(Place { position, ahead: Some(ahead), estimate: None, holder: None, kind: TurnKind::Chat })
}

#[tokio::test(start_paused = true)]
async fn the_server_is_heard_before_the_user() {
    let events = [Event::Reply("aviso".to_owned()), Event::Closed(None)];
    let (outcome, log) = play(false, events, [line("oi")]).await;
    assert_eq!(outcome, Outcome::Failure);
    let expected =
        [PROMPT, "Resposta do servidor: aviso", PROMPT, "Servidor fechou a conexão.", LEFT, "closed"];
    assert_eq!(log, expected);
}

#[tokio::test(start_paused = true)]
async fn a_place_is_shown_when_it_changes() {
    let events = [
        waiting(3, 3),
        waiting(3, 2),
        waiting(2, 2),
        Event::Turn(Turn::default()),
        waiting(2, 2),
        Event::Closed(None),
    ];
    let (_, log) = play(true, events, []).await;
    let places: Vec<_> = log.iter().filter(|line| line.contains("fila") || *line == TURN).collect();
    let two = "Sua posição na fila: 2 (2 à frente)";
    assert_eq!(places, ["Sua posição na fila: 3 (3 à frente)", two, TURN, two]);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_wait_for_a_reply_ends_in_time() {
    let start = Instant::now();
    let play = Play { entries: vec![line("oi")], interrupts: vec!["> oi"], ..Play::default() };
    let (outcome, log) = play.run().await;
    assert_eq!((outcome, start.elapsed()), (Outcome::Interrupted(130), LEAVE_TIME));
    assert_eq!(log, [PROMPT, "> oi", "> leave, with a reply due", LEAVING, NO_FAREWELL, LEFT, "closed"]);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_prompt_ends_in_time() {
    let start = Instant::now();
    let (outcome, log) = Play { interrupts: vec![PROMPT], ..Play::default() }.run().await;
    assert_eq!((outcome, start.elapsed()), (Outcome::Interrupted(130), LEAVE_TIME));
    assert_eq!(log, [PROMPT, "> leave", LEAVING, NO_FAREWELL, LEFT, "closed"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_interrupt_ends_at_once() {
    let start = Instant::now();
    let (outcome, log) = Play { interrupts: vec![PROMPT, LEAVING], ..Play::default() }.run().await;
    assert_eq!((outcome, start.elapsed()), (Outcome::Interrupted(130), Duration::ZERO));
    assert_eq!(log, [PROMPT, "> leave", LEAVING, LEFT, "closed"]);
}

/// A wish to leave that nobody answers is no success, however it was uttered.
#[tokio::test(start_paused = true)]
async fn an_unanswered_leave_fails_in_time() {
    for (entry, sent) in [(line("Sair"), "> Sair"), (Entry::End, "> leave")] {
        let start = Instant::now();
        let (outcome, log) = play(false, [], [entry]).await;
        assert_eq!((outcome, start.elapsed()), (Outcome::Failure, LEAVE_TIME));
        assert_eq!(log, [PROMPT, sent, LEAVING, NO_FAREWELL, LEFT, "closed"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_word_that_does_not_end_a_visible_queue_s_turn_is_followed_by_leave() {
    let (outcome, log) = play(true, [Event::Turn(Turn::default())], [line("sair")]).await;
    assert_eq!(outcome, Outcome::Failure);
    assert_eq!(log, [TURN, PROMPT, "> sair", LEAVING, "> leave", NO_FAREWELL, LEFT, "closed"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_leaves_without_a_message() {
    for entry in [line("sair"), Entry::End] {
        let (outcome, log) = play(true, [waiting(1, 1)], [entry]).await;
        assert_eq!(outcome, Outcome::Failure);
        let place = "Você é o próximo da fila.";
        assert_eq!(log, [place, PROMPT, "> leave", LEAVING, NO_FAREWELL, LEFT, "closed"]);
    }
}

/// However fast the server speaks, and although its words come before what the user types.
#[tokio::test(start_paused = true)]
async fn a_flood_does_not_keep_the_user_from_interrupting() {
    let flood = (0..1000).map(|number| Event::Reply(number.to_string()));
    let events = flood.chain([Event::Closed(None)]).collect();
    let play = Play { events, interrupts: vec!["Resposta do servidor: 7"], ..Play::default() };
    let (outcome, log) = play.run().await;
    assert_eq!(outcome, Outcome::Success);
    let leave = log.iter().position(|line| line == "> leave").expect("the wish is sent");
    assert_eq!(log[leave - 1], "Resposta do servidor: 7");
}

/// Nor from saying something.
#[tokio::test(start_paused = true)]
async fn a_flood_does_not_keep_the_user_from_speaking() {
    let flood = (0..1000).map(|number| Event::Output(number.to_string()));
    let (_, log) = play(true, flood.chain([Event::Closed(None)]), [line("oi")]).await;
    let said = log.iter().position(|line| line == "> oi").expect("it is sent");
    assert!(log[said..].iter().any(|line| line.contains("999")), "before the flood is over");
}

/// Even when the output takes nothing more.
#[tokio::test(start_paused = true)]
async fn an_output_that_stands_still_does_not_keep_the_user_from_leaving() {
    let start = Instant::now();
    let stuck = "Resposta do servidor: um";
    let play = Play {
        events: vec![Event::Reply("um".to_owned())],
        interrupts: vec![stuck],
        stuck_at: Some(stuck),
        ..Play::default()
    };
    let (outcome, log) = play.run().await;
    assert_eq!((outcome, start.elapsed()), (Outcome::Interrupted(130), LEAVE_TIME + LAST_LINES_TIME));
    assert!(log.contains(&"> leave".to_owned()), "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_goodbye_and_stays_is_left() {
    let start = Instant::now();
    let (outcome, log) = play(false, [bye("fim")], []).await;
    assert_eq!((outcome, start.elapsed()), (Outcome::Failure, CLOSING_TIME));
    let expected = [PROMPT, "Resposta do servidor: fim", "Servidor fechou a conexão.", LEFT, "closed"];
    assert_eq!(log, expected);
}

#[tokio::test(start_paused = true)]
async fn a_close_reason_is_shown_unless_the_last_word_said_it() {
    let closing = Closing { code: 1008, reason: "tarde".to_owned() };
    let cause = "Servidor fechou a conexão: uma regra ou um limite de tempo do servidor";
    let (_, log) = play(false, [Event::Closed(Some(closing.clone()))], []).await;
    assert_eq!(log[1], format!("{cause} (tarde)."));
    let (_, log) = play(false, [bye("tarde"), Event::Closed(Some(closing))], []).await;
    assert_eq!(log[2], format!("{cause}."));
}
