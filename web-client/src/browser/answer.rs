//! What a promise comes to.

use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::Closure};

/// Waits for a promise; on drop it is not heard of any more.
#[derive(Debug)]
pub(crate) struct Answer {
    _closures: [Closure<dyn FnMut(JsValue)>; 2],
}

impl Answer {
    /// Calls `hear` with the value of the promise, if it is kept.
    pub(crate) fn to(promise: &Promise, hear: impl Fn(Option<JsValue>) + Clone + 'static) -> Self {
        let kept = hear.clone();
        let kept: Box<dyn FnMut(JsValue)> = Box::new(move |value| kept(Some(value)));
        let broken: Box<dyn FnMut(JsValue)> = Box::new(move |_| hear(None));
        let closures = [kept, broken].map(Closure::wrap);
        _ = promise.then2(&closures[0], &closures[1]);
        Self { _closures: closures }
    }
}
