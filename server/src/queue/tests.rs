//! The queue against a simple model, and its news, without sockets.

use std::time::Duration;

use futures_util::FutureExt;
use proptest::prelude::*;

use super::{JoinError, Queue, TOLD_AT_ONCE, Ticket};

fn join(queue: &Queue) -> Result<Ticket, JoinError> {
    queue.join().now_or_never().expect("the local queue joins at once")
}

/// What somebody does to the queue; the number picks who.
#[derive(Clone, Copy, Debug)]
enum Step {
    Join,
    Leave(usize),
    LeaveFirst,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Join),
        2 => any::<usize>().prop_map(Step::Leave),
        1 => Just(Step::LeaveFirst),
    ];
    prop::collection::vec(step, 0..80)
}

proptest! {
    /// The model is a list: whoever is at index 0 has the turn, and the index is the position.
    #[test]
    fn the_queue_does_what_a_list_does(steps in steps(), capacity in 0usize..40) {
        let queue = Queue::new(capacity);
        let mut model: Vec<Ticket> = Vec::new();
        for step in steps {
            match step {
                Step::Join => match join(&queue) {
                    Ok(ticket) => model.push(ticket),
                    Err(JoinError::Full(_)) => prop_assert_eq!(model.len(), capacity + 1),
                },
                Step::Leave(who) if !model.is_empty() => drop(model.remove(who % model.len())),
                Step::LeaveFirst if !model.is_empty() => drop(model.remove(0)),
                Step::Leave(_) | Step::LeaveFirst => {}
            }
            let positions: Vec<usize> = model.iter().map(Ticket::position).collect();
            prop_assert_eq!(positions, (0..model.len()).collect::<Vec<_>>());
            prop_assert_eq!(queue.waiting(), model.len().saturating_sub(1));
            prop_assert_eq!(queue.is_taken(), !model.is_empty());
        }
    }
}

#[test]
fn only_the_first_gets_the_turn_and_its_end_passes_it_on() {
    let queue = Queue::new(9);
    let turn = join(&queue).unwrap().turn().now_or_never().expect("an empty queue gives the turn at once");
    let mut second = Box::pin(join(&queue).unwrap().turn());
    let mut third = Box::pin(join(&queue).unwrap().turn());
    assert!(second.as_mut().now_or_never().is_none());
    drop(turn);
    assert!(third.as_mut().now_or_never().is_none());
    let turn = second.as_mut().now_or_never().expect("the second is next");
    assert!(third.as_mut().now_or_never().is_none());
    drop(turn);
    third.now_or_never().expect("the third is last");
}

#[test]
fn a_future_of_the_turn_that_is_dropped_leaves() {
    let queue = Queue::new(9);
    let first = join(&queue).unwrap();
    let mut second = Box::pin(join(&queue).unwrap().turn());
    assert!(second.as_mut().now_or_never().is_none());
    drop(second);
    assert_eq!(queue.waiting(), 0);
    drop(first);
    assert!(!queue.is_taken());
}

#[test]
fn who_waits_hears_of_every_move_once() {
    let queue = Queue::new(9);
    let first = join(&queue).unwrap();
    let second = join(&queue).unwrap();
    let mut third = join(&queue).unwrap();
    assert_eq!(third.moved().now_or_never(), None);
    drop(second);
    assert_eq!(third.moved().now_or_never(), Some(1));
    assert_eq!(third.moved().now_or_never(), None);
    drop(first);
    assert_eq!(third.moved().now_or_never(), Some(0));
}

#[test]
fn a_place_that_was_reported_is_not_told_again() {
    let queue = Queue::new(9);
    let _first = join(&queue).unwrap();
    let second = join(&queue).unwrap();
    let mut third = join(&queue).unwrap();
    drop(second);
    assert_eq!(third.report(), 1);
    assert_eq!(third.moved().now_or_never(), None);
}

#[test]
fn contention_is_told_when_the_first_waits_and_when_the_last_is_gone() {
    let queue = Queue::new(9);
    let turn = join(&queue).unwrap().turn().now_or_never().unwrap();
    let mut contended = turn.contended();
    assert!(contended.borrow_and_update().is_none());
    let second = join(&queue).unwrap();
    assert!(contended.borrow_and_update().is_some());
    drop(second);
    assert!(contended.borrow_and_update().is_none());
}

#[tokio::test(start_paused = true)]
async fn those_further_back_hear_within_a_second_and_not_each_time() {
    let queue = Queue::new(1000);
    let mut line: Vec<Ticket> = (0..200).map(|_| join(&queue).unwrap()).collect();
    let teller = tokio::spawn({
        let queue = queue.clone();
        async move { queue.tell_others().await }
    });
    line.drain(..10);
    let mut last = line.pop().unwrap();
    assert_eq!(line[TOLD_AT_ONCE - 1].position(), TOLD_AT_ONCE - 1);
    assert_eq!(last.position(), 199, "the last is not told at once");
    assert_eq!(tokio::time::timeout(Duration::from_millis(1001), last.moved()).await, Ok(189));
    teller.abort();
}
