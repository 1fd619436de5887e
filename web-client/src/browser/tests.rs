//! Listeners and alarms give back what they took.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Event, EventTarget};

use super::clock::Alarm;
use super::listener::Listener;

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
