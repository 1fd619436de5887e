//! The referee: compares what the clients and the transcript saw with what the server promises.
//!
//! Everything arrives in one channel, and a client registers before it connects, so that the transcript never
//! speaks of a client that the referee does not know yet. Each kind of evidence has a module of its own, with
//! what makes it sound: no scheduling, however unlucky, may accuse a server that keeps its promises.

mod client;
mod current_session;
mod history;
mod idle;
mod order;
mod overlap;
mod served;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::breach::{Breach, Promise};
use crate::observation::{Observation, What};
use current_session::CurrentSession;
use history::History;

/// How often the evidence that takes a look at everything is taken.
const EXAMINE_EVERY: Duration = Duration::from_secs(1);

/// How long no session may begin or end while somebody waits: longer than the longest turn that the server's
/// limits allow.
const STANDSTILL: Duration = Duration::from_secs(6);

/// The longest time that the turn may be free while somebody waits: on a busy machine the server, the client
/// and the referee each wait for a processor.
const FREE: Duration = Duration::from_millis(600);

/// The longest that one who has the turn may wait for an answer, whatever those do who wait.
const ANSWER: Duration = Duration::from_millis(600);

/// One in so many polite conversations may meet a time limit, as a busy machine may hold up a client for that
/// long; and a few more, as there may be few.
const CUT_OFF: (usize, usize) = (50, 3);

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Conversations that the transcript tells of.
    pub(crate) sessions: usize,
    /// Messages that were answered, as far as clients count.
    pub(crate) answered: usize,
    /// Messages of polite clients that were not, and no reason was given.
    pub(crate) lost: usize,
    /// Polite conversations that the server ended with a reason.
    pub(crate) cut_off: usize,
    /// Sessions that somebody came before who came later.
    pub(crate) overtaken: usize,
    /// Polite clients that never got to their end.
    pub(crate) stuck: usize,
    /// The longest time that nobody had the turn while somebody waited.
    pub(crate) longest_free: Duration,
    /// The longest that a polite client with the turn waited for an answer.
    pub(crate) slowest_answer: Duration,
}

/// The tally, and the first promise that was broken.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) tally: Tally,
    pub(crate) breach: Option<Breach>,
}

/// Takes the evidence.
#[derive(Debug)]
pub(crate) struct Referee {
    history: History,
    session: CurrentSession,
    /// Polite clients that were seen to wait in vain.
    stuck: usize,
    /// Cancelled when a promise is broken.
    broken: CancellationToken,
}

impl Referee {
    /// A referee who cancels `broken` at the first broken promise.
    pub(crate) fn new(broken: CancellationToken) -> Self {
        Self { history: History::default(), session: CurrentSession::new(Instant::now()), stuck: 0, broken }
    }

    /// Watches until nobody can see anything any more.
    pub(crate) async fn watch(mut self, mut seen: mpsc::Receiver<Observation>) -> Verdict {
        let Err(breach) = self.watch_until_broken(&mut seen).await else {
            let breach = self.conclude().err();
            return Verdict { tally: self.tally(), breach };
        };
        self.broken.cancel();
        // Nobody who still sees something must wait for a referee who has seen enough.
        while seen.recv().await.is_some() {}
        Verdict { tally: self.tally(), breach: Some(breach) }
    }

    async fn watch_until_broken(&mut self, seen: &mut mpsc::Receiver<Observation>) -> Result<(), Breach> {
        let mut examine = tokio::time::interval(EXAMINE_EVERY);
        loop {
            tokio::select! {
                // What is known comes first: what is missing may be in the channel.
                biased;
                observation = seen.recv() => match observation {
                    Some(observation) => self.note(observation)?,
                    None => return Ok(()),
                },
                _ = examine.tick() => self.examine()?,
            }
        }
    }

    fn note(&mut self, observation: Observation) -> Result<(), Breach> {
        match observation.what {
            What::Client(number, milestone) => self.history.client(number, milestone, observation.at),
            What::Transcript(line) => self.session.line(line, observation.at, &mut self.history),
        }
    }

    fn examine(&mut self) -> Result<(), Breach> {
        let waiting = self.history.waiting_since(Instant::now() - STANDSTILL);
        if waiting > 0 && self.session.moved().elapsed() > STANDSTILL {
            self.stuck = waiting;
            return Err(
                Promise::FreeAtOnce.broken(format!("nada anda há {STANDSTILL:?} e {waiting} esperam"))
            );
        }
        self.compare()
    }

    /// The evidence for which the whole history counts.
    fn compare(&self) -> Result<(), Breach> {
        overlap::check(&self.history.held())?;
        let served = self.history.served();
        if let Some((behind, ahead)) = order::overtaken(&served).first() {
            return Err(order::breach(behind, ahead));
        }
        if let Some(longest) = idle::longest(&served).filter(|longest| longest.lasted > FREE) {
            return Err(idle::breach(&longest));
        }
        if let Some((number, slowest)) =
            self.history.slowest_answer().filter(|(_, slowest)| *slowest > ANSWER)
        {
            let what = format!("o cliente {number} esperou {slowest:?} por uma resposta durante a sua vez");
            return Err(Promise::Bounded.broken(what));
        }
        let (one_in, few) = CUT_OFF;
        let (cut_off, polite) = (self.history.cut_off().len(), self.history.finished());
        if cut_off > few + polite / one_in {
            let reasons = self.history.cut_off().join("; ");
            return Err(
                Promise::AnsweredOnce.broken(format!("{cut_off} de {polite} interrompidos: {reasons}"))
            );
        }
        Ok(())
    }

    /// What can only be told at the end.
    fn conclude(&mut self) -> Result<(), Breach> {
        self.compare()?;
        self.stuck = self.history.waiting_since(Instant::now());
        if self.stuck > 0 {
            return Err(
                Promise::FirstCome.broken(format!("{} clientes corretos ficaram sem fim", self.stuck))
            );
        }
        self.history.check_told()
    }

    fn tally(&self) -> Tally {
        let served = self.history.served();
        let (answered, lost) = self.history.messages();
        Tally {
            sessions: served.len(),
            answered,
            lost,
            cut_off: self.history.cut_off().len(),
            overtaken: order::overtaken(&served).len(),
            stuck: self.stuck,
            longest_free: idle::longest(&served).map_or(Duration::ZERO, |longest| longest.lasted),
            slowest_answer: self.history.slowest_answer().map_or(Duration::ZERO, |(_, slowest)| slowest),
        }
    }
}
