//! The queue against a simple model, and its news, without sockets.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::FutureExt;
use proptest::prelude::*;

use super::order::TOLD_AT_ONCE;
use super::{JoinError, Queue, Settings, State, Ticket, Turn};

fn queue(queue_length: usize) -> Queue {
    Queue::new(Settings::of_length(queue_length)).unwrap()
}

fn address(last: u8) -> IpAddr {
    [192, 0, 2, last].into()
}

fn join(queue: &Queue) -> Ticket {
    queue.join(address(1), 1, None).unwrap()
}

fn turn(ticket: Ticket) -> Turn {
    ticket.into_turn().expect("the ticket has the turn")
}

fn waits_at(position: usize) -> State {
    State::Waiting { position }
}

/// What somebody does to the queue; the number picks who.
#[derive(Clone, Copy, Debug)]
enum Step {
    Join(u8),
    Leave(usize),
    LeaveFirst,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0u8..3).prop_map(Step::Join),
        2 => any::<usize>().prop_map(Step::Leave),
        1 => Just(Step::LeaveFirst),
    ];
    prop::collection::vec(step, 0..80)
}

/// What the model, a list of addresses in order, says to one more.
fn expected(
    model: &[(u8, Ticket)],
    who: u8,
    capacity: usize,
    per_address: Option<usize>,
) -> Option<JoinError> {
    let from_there = model.iter().skip(1).filter(|(other, _)| *other == who).count();
    match per_address {
        _ if model.len() > capacity => Some(JoinError::Full(capacity)),
        Some(most) if !model.is_empty() && from_there >= most => {
            Some(JoinError::PerAddress(address(who), most))
        }
        _ => None,
    }
}

proptest! {
    /// The model is a list: whoever is at index 0 has the turn, and the index is the position.
    #[test]
    fn the_queue_does_what_a_list_does(
        steps in steps(),
        capacity in 0usize..40,
        per_address in prop::option::of(0usize..5),
    ) {
        let queue = Queue::new(Settings { per_address, ..Settings::of_length(capacity) }).unwrap();
        let mut model: Vec<(u8, Ticket)> = Vec::new();
        let mut fence = 0;
        for step in steps {
            match step {
                Step::Join(who) => {
                    let refusal = expected(&model, who, capacity, per_address);
                    match queue.join(address(who), 1, None) {
                        Ok(ticket) => {
                            prop_assert_eq!(None, refusal);
                            model.push((who, ticket));
                        }
                        Err(error) => prop_assert_eq!(Some(error), refusal),
                    }
                }
                Step::Leave(who) if !model.is_empty() => drop(model.remove(who % model.len())),
                Step::LeaveFirst if !model.is_empty() => drop(model.remove(0)),
                Step::Leave(_) | Step::LeaveFirst => {}
            }
            let states: Vec<State> = model.iter_mut().map(|(_, ticket)| ticket.state()).collect();
            for (index, state) in states.iter().enumerate() {
                match state {
                    State::Turn(number) if index == 0 => {
                        prop_assert!(*number >= fence, "fencing numbers grow");
                        fence = *number;
                    }
                    state => prop_assert_eq!(*state, waits_at(index)),
                }
            }
            prop_assert_eq!(queue.waiting(), model.len().saturating_sub(1));
            prop_assert_eq!(queue.is_taken(), !model.is_empty());
        }
    }
}

#[test]
fn the_queue_says_how_many_may_wait() {
    assert_eq!(queue(9).capacity(), 9);
}

#[test]
fn only_the_first_gets_the_turn_and_its_end_passes_it_on() {
    let queue = queue(9);
    let first = turn(join(&queue));
    let second = join(&queue).into_turn().expect_err("the second waits");
    let third = join(&queue).into_turn().expect_err("the third waits");
    drop(first);
    let third = third.into_turn().expect_err("the third waits still");
    let second = turn(second);
    let third = third.into_turn().expect_err("the third waits still");
    let fence = second.fence();
    drop(second);
    assert!(turn(third).fence() > fence);
}

#[test]
fn as_many_wait_from_one_address_as_may() {
    let queue = Queue::new(Settings { per_address: Some(1), ..Settings::of_length(9) }).unwrap();
    let first = queue.join(address(1), 1, None).expect("nobody waits: the turn is had at once");
    let _second = queue.join(address(1), 1, None).expect("the first does not wait");
    assert_eq!(queue.join(address(1), 1, None).unwrap_err(), JoinError::PerAddress(address(1), 1));
    let other = queue.join(address(2), 1, None).expect("another address");
    drop(first);
    let third = queue.join(address(1), 1, None).expect("the second has the turn and waits no more");
    drop(other);
    queue.join(address(2), 1, None).expect("who leaves waits no more");
    drop(third);
    queue.join(address(1), 1, None).expect("the same after another");
}

#[test]
fn who_waits_hears_of_every_move_once() {
    let queue = queue(9);
    let mut first = join(&queue);
    let second = join(&queue);
    let mut third = join(&queue);
    assert_eq!(third.changed().now_or_never(), None);
    drop(second);
    assert_eq!(third.changed().now_or_never(), Some(waits_at(1)));
    assert_eq!(third.changed().now_or_never(), None);
    assert_eq!(first.changed().now_or_never(), None, "its turn is the same, whoever leaves behind it");
    drop(first);
    assert!(matches!(third.changed().now_or_never(), Some(State::Turn(_))));
}

#[test]
fn a_state_that_was_reported_is_not_told_again() {
    let queue = queue(9);
    let _first = join(&queue);
    let second = join(&queue);
    let mut third = join(&queue);
    drop(second);
    assert_eq!(third.state(), waits_at(1));
    assert_eq!(third.changed().now_or_never(), None);
}

#[tokio::test]
async fn a_turn_of_a_queue_in_one_process_is_never_lost() {
    let queue = queue(9);
    let mut turn = turn(join(&queue));
    let _second = join(&queue);
    assert!(turn.lost().now_or_never().is_none());
}

#[test]
fn contention_is_told_when_the_first_waits_and_when_the_last_is_gone() {
    let queue = queue(9);
    let turn = turn(join(&queue));
    let mut contended = turn.contended();
    assert!(contended.borrow_and_update().is_none());
    let second = join(&queue);
    assert!(contended.borrow_and_update().is_some());
    drop(second);
    assert!(contended.borrow_and_update().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_estimate_comes_from_the_turns_before() {
    let queue = queue(9);
    let first = join(&queue);
    assert_eq!(first.estimate(), None);
    let second = join(&queue);
    assert_eq!(second.estimate(), None);
    tokio::time::advance(Duration::from_secs(10)).await;
    drop(first);
    let third = join(&queue);
    tokio::time::advance(Duration::from_secs(4)).await;
    assert_eq!(third.estimate(), Some(Duration::from_secs(6)));
    assert_eq!(second.estimate(), None, "it has the turn");
}

#[tokio::test(start_paused = true)]
async fn those_further_back_hear_within_a_second_and_not_each_time() {
    let queue = queue(1000);
    let mut line: Vec<Ticket> = (0..200).map(|_| join(&queue)).collect();
    let teller = tokio::spawn({
        let queue = queue.clone();
        async move { queue.run().await }
    });
    line.drain(..10);
    let mut last = line.pop().unwrap();
    assert_eq!(line[TOLD_AT_ONCE - 1].state(), waits_at(TOLD_AT_ONCE - 1));
    assert_eq!(line[TOLD_AT_ONCE].state(), waits_at(TOLD_AT_ONCE + 10), "the first that is not told at once");
    assert_eq!(last.state(), waits_at(199), "the last is not told at once");
    assert_eq!(tokio::time::timeout(Duration::from_millis(1001), last.changed()).await, Ok(waits_at(189)));
    teller.abort();
}

/// The longer the line, the less often those further back are told.
#[tokio::test(start_paused = true)]
async fn a_long_line_hears_less_often() {
    let queue = queue(10_000);
    let mut line: Vec<Ticket> = (0..6000).map(|_| join(&queue)).collect();
    let teller = tokio::spawn({
        let queue = queue.clone();
        async move { queue.run().await }
    });
    drop(line.remove(0));
    let last = line.last_mut().unwrap();
    let told = tokio::time::timeout(Duration::from_millis(2900), last.changed()).await;
    assert!(told.is_err(), "6000 are told in three seconds and not sooner");
    assert_eq!(tokio::time::timeout(Duration::from_millis(200), last.changed()).await, Ok(waits_at(5998)));
    teller.abort();
}
