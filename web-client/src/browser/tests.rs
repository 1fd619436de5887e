//! Listeners and alarms give back what they took, and what is kept of a conversation has bounds.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Event, EventTarget};

use super::Listener;
use super::clock::Alarm;
use super::ring::Ring;
use super::storage::for_this_tab;
use crate::state::{Delivery, Entry, Speaker};

#[wasm_bindgen_test]
fn a_dropped_listener_hears_nothing() {
    let (target, heard) = (EventTarget::new().unwrap(), Rc::new(Cell::new(0)));
    let counter = heard.clone();
    let listener = Listener::new(&target, "olá", move |_| counter.set(counter.get() + 1)).unwrap();
    target.dispatch_event(&Event::new("olá").unwrap()).unwrap();
    drop(listener);
    // Calling a closure that is gone would be an error in the window.
    let (errors, failures) = (Rc::new(Cell::new(0)), super::window().unwrap());
    let counter = errors.clone();
    let _watch = Listener::new(&failures, "error", move |_| counter.set(counter.get() + 1)).unwrap();
    target.dispatch_event(&Event::new("olá").unwrap()).unwrap();
    assert_eq!((heard.get(), Rc::strong_count(&heard), errors.get()), (1, 1, 0));
}

#[wasm_bindgen_test]
async fn a_dropped_alarm_does_not_ring() {
    let rung = Rc::new(Cell::new(false));
    let bell = rung.clone();
    drop(Alarm::after(0, move || bell.set(true)).unwrap());
    let later = js_sys::Promise::new(&mut |resolve, _| {
        let window = super::window().unwrap();
        window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, 20).unwrap();
    });
    js_sys::futures::JsFuture::from(later).await.unwrap();
    assert!(!rung.get());
    assert_eq!(Rc::strong_count(&rung), 1);
}

fn entry(delivery: Delivery, text: &str) -> Entry {
    Entry { speaker: Speaker::Me(delivery), millis: 0, text: text.into() }
}

/// What a reload would find: the first number, and the texts in order.
fn kept() -> (usize, Vec<String>) {
    let (ring, entries) = Ring::open();
    (ring.first(), entries.into_iter().map(|entry| entry.text).collect())
}

/// An empty ring in a tab in which nothing is kept.
fn empty_ring() -> Ring {
    for_this_tab().unwrap().clear().unwrap();
    Ring::open().0
}

#[wasm_bindgen_test]
fn the_newest_part_of_a_conversation_is_kept_within_bounds_and_without_gaps() {
    let mut ring = empty_ring();
    let text = |number: usize| number.to_string() + &"x".repeat(99_990);
    for number in 0..25 {
        ring.keep(number, &entry(Delivery::Waiting, &text(number)));
    }
    let (first, texts) = kept();
    assert!((14..17).contains(&first), "{first}");
    assert!(texts.iter().zip(first..25).all(|(kept, number)| *kept == text(number)));
    assert_eq!(first + texts.len(), 25);
    // What became of a message takes no more room, and what is forgotten stays so.
    for _ in 0..10 {
        ring.keep(24, &entry(Delivery::Sent, &text(24)));
        ring.keep(3, &entry(Delivery::Sent, &text(3)));
    }
    assert_eq!((kept().0, Ring::open().1.last()), (first, Some(&entry(Delivery::Sent, &text(24)))));
    // After a reload it goes on there.
    let (mut ring, _) = Ring::open();
    ring.keep(25, &entry(Delivery::Waiting, &text(25)));
    assert_eq!(kept().0, first + 1);
    ring.clear();
    assert_eq!((kept(), for_this_tab().unwrap().length().unwrap()), ((0, Vec::new()), 0));
}

#[wasm_bindgen_test]
fn where_the_browser_has_no_room_the_oldest_go_and_nothing_is_kept_as_it_was_before() {
    let mut ring = empty_ring();
    let text = "x".repeat(10_000);
    for number in 7..10 {
        ring.keep(number, &entry(Delivery::Waiting, &text));
    }
    let storage = for_this_tab().unwrap();
    let mut rest = 8 * 1024 * 1024;
    while rest > 0 {
        let filler = String::from("filler") + &rest.to_string();
        while storage
            .set_item(&filler, &(storage.get_item(&filler).unwrap().unwrap_or_default() + &"y".repeat(rest)))
            .is_ok()
        {}
        rest /= 2;
    }
    ring.keep(10, &entry(Delivery::Waiting, &text));
    assert_eq!(kept(), (8, vec![text.clone(); 3]));
    // More than all that was given up for it.
    ring.keep(10, &entry(Delivery::Sent, &text.repeat(5)));
    assert_eq!((kept(), storage.get_item("vez.entry.10").unwrap()), ((11, Vec::new()), None));
    ring.keep(11, &entry(Delivery::Waiting, &text));
    assert_eq!(kept(), (11, vec![text]));
    storage.clear().unwrap();
}
