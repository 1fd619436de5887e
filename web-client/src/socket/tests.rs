//! The socket against ports where nobody listens.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use super::Socket;
use crate::browser::window;
use crate::state::Event;

/// A port that browsers allow and nobody uses.
const NOBODY: &str = "ws://127.0.0.1:9/ws";

/// What was heard.
type Heard = Rc<RefCell<Vec<Event>>>;

/// A list, and who fills it with what is heard.
fn ear() -> (Heard, Rc<dyn Fn(Event)>) {
    let heard = Heard::default();
    let list = heard.clone();
    (heard, Rc::new(move |event| list.borrow_mut().push(event)))
}

/// Waits for so many milliseconds.
async fn pass(millis: i32) {
    let later = js_sys::Promise::new(&mut |resolve, _| {
        window().unwrap().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis).unwrap();
    });
    js_sys::futures::JsFuture::from(later).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_refused_connection_is_heard_of() {
    let (heard, ear) = ear();
    let socket = Socket::open(NOBODY, None, ear).unwrap();
    while heard.borrow().is_empty() {
        pass(5).await;
    }
    assert!(matches!(heard.borrow()[..], [Event::Closed(1006)]), "{heard:?}");
    drop(socket);
}

#[wasm_bindgen_test]
async fn a_dropped_socket_is_not_heard_any_more() {
    let (heard, ear) = ear();
    drop(Socket::open(NOBODY, None, ear).unwrap());
    assert_eq!(Rc::strong_count(&heard), 1, "its closures are gone");
    pass(100).await;
    assert!(heard.borrow().is_empty());
}

#[wasm_bindgen_test]
fn an_address_that_is_none_is_an_error() {
    let (_, ear) = ear();
    let refused: Result<_, JsValue> = Socket::open("ftp://127.0.0.1/", None, ear);
    assert!(refused.is_err());
}
