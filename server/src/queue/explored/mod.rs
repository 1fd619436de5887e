//! The queue under shuttle, which decides who runs next before every lock, atomic access and wake-up.
//!
//! `lock.rs` and `ticket.rs` are compiled here a second time, as they ship; only [`sync`] differs. A schedule
//! in which somebody waits for ever ends in shuttle's report of a deadlock; `shuttle::replay` runs it again.
//! What shuttle cannot show is a too weak memory ordering: to it, every atomic access is sequentially consistent.

#[expect(clippy::duplicate_mod, unreachable_pub, reason = "the shipped code, over other primitives")]
#[path = "../lock.rs"]
mod lock;
mod sync;
#[expect(
    clippy::duplicate_mod,
    dead_code,
    unreachable_pub,
    reason = "the shipped code, over other primitives"
)]
#[path = "../ticket.rs"]
mod ticket;
mod visitor;

use std::sync::Arc;

use futures_util::FutureExt;
use shuttle::future::block_on;
use shuttle::thread;

use super::{line, pace};
use lock::Queue;
use ticket::Ticket;
use visitor::{Visitor, Witness};

/// Few, so that small lines already have somebody further back.
const TOLD_AT_ONCE: usize = 2;

/// How many schedules each scheduler tries; the exhaustive one tries all.
const SCHEDULES: usize = 1500;

/// Most changes of who runs that a bug should need to show (the depth of probabilistic concurrency testing).
const DEPTH: usize = 3;

fn explore(scenario: fn()) {
    shuttle::check_random(scenario, SCHEDULES);
    shuttle::check_pct(scenario, SCHEDULES, DEPTH);
}

fn join(queue: &Queue) -> Ticket {
    queue.join().now_or_never().expect("the local queue joins at once").expect("it is not full")
}

/// Runs in the background: the scenario does not wait for its end.
fn tell_others(queue: &Queue) {
    let queue = queue.clone();
    drop(shuttle::future::spawn(async move { queue.tell_others().await }));
}

fn assert_at_rest(queue: &Queue) {
    assert!(!queue.is_taken());
    assert_eq!(queue.waiting(), 0);
    let turn = join(queue).turn().now_or_never().expect("an empty queue gives the turn at once");
    assert_eq!(*turn.contended().borrow(), None);
}

#[test]
fn whoever_stays_gets_a_turn_of_its_own_in_the_order_of_joining() {
    explore(|| {
        let queue = Queue::new(9);
        let witness = Arc::new(Witness::default());
        tell_others(&queue);
        let visitors = [(); 4].map(|()| {
            let (queue, witness) = (queue.clone(), Arc::clone(&witness));
            thread::spawn(move || block_on(Visitor::any().visit(&queue, &witness)))
        });
        visitors.into_iter().for_each(|visitor| visitor.join().expect("a visitor is content"));
        assert_at_rest(&queue);
    });
}

#[test]
fn whom_a_full_queue_refuses_costs_nobody_the_turn() {
    explore(|| {
        let queue = Queue::new(1);
        let witness = Arc::new(Witness::default());
        let visitors = [(); 4].map(|()| {
            let (queue, witness) = (queue.clone(), Arc::clone(&witness));
            thread::spawn(move || block_on(Visitor::Patient.visit(&queue, &witness)))
        });
        visitors.into_iter().for_each(|visitor| visitor.join().expect("a visitor is content"));
        assert!(witness.turns() >= 2, "one may have the turn and one may wait");
        assert_at_rest(&queue);
    });
}

/// All interleavings, not a sample: small enough for that.
#[test]
fn no_end_of_a_turn_escapes_the_one_who_waits() {
    let scenario = || {
        let queue = Queue::new(1);
        let (first, second) = (join(&queue), join(&queue));
        let waiting = thread::spawn(move || block_on(second.turn()));
        drop(first);
        drop(waiting.join());
    };
    shuttle::check_dfs(scenario, None);
}

#[test]
fn who_is_left_stands_without_gaps_and_hears_of_it() {
    explore(|| {
        let queue = Queue::new(9);
        tell_others(&queue);
        let mut line: Vec<Ticket> = (0..5).map(|_| join(&queue)).collect();
        let leaving = [line.remove(2), line.remove(0)].map(|ticket| thread::spawn(move || drop(ticket)));
        let joining = queue.clone();
        let joining = thread::spawn(move || join(&joining));
        let watching: Vec<_> =
            line.into_iter().enumerate().map(|(place, ticket)| watch(ticket, place)).collect();
        leaving.into_iter().for_each(|leaves| leaves.join().expect("leaving works"));
        let mut line: Vec<Ticket> =
            watching.into_iter().map(|watched| watched.join().expect("it hears of its place")).collect();
        line.push(watch(joining.join().expect("joining works"), 3).join().expect("it hears of its place"));
        assert!(line.is_sorted_by_key(|ticket| ticket.id));
        assert_eq!(queue.waiting(), 3);
        drop(line);
        assert_at_rest(&queue);
    });
}

/// Follows the moves of `ticket` until it stands at `place`.
fn watch(mut ticket: Ticket, place: usize) -> thread::JoinHandle<Ticket> {
    thread::spawn(move || {
        while ticket.position() != place {
            block_on(ticket.moved());
        }
        ticket
    })
}

#[test]
fn who_has_the_turn_hears_that_somebody_waits_and_that_nobody_does() {
    explore(|| {
        let queue = Queue::new(9);
        let turn = join(&queue).turn().now_or_never().expect("the queue is empty");
        let (comes, stays) = (queue.clone(), queue.clone());
        let comes = thread::spawn(move || drop(join(&comes)));
        let stays = thread::spawn(move || block_on(join(&stays).turn()));
        let mut contended = turn.contended();
        block_on(contended.wait_for(Option::is_some)).expect("the queue is there");
        comes.join().expect("leaving works");
        drop(turn);
        let turn = stays.join().expect("the turn came");
        assert_eq!(*turn.contended().borrow(), None);
        let leaves = join(&queue);
        let leaves = thread::spawn(move || drop(leaves));
        block_on(turn.contended().wait_for(Option::is_none)).expect("the queue is there");
        leaves.join().expect("leaving works");
    });
}
