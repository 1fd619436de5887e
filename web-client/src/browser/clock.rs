//! Time, chance, and an alarm.

use wasm_bindgen::{JsCast, JsValue, prelude::Closure};

use super::window;
use crate::state::Moment;

/// Longest time that a browser's timer can hold, in milliseconds; it would go off at once beyond it.
const LONGEST: u64 = i32::MAX as u64;

/// Now, with a new chance.
pub(crate) fn moment() -> Moment {
    Moment { millis: js_sys::Date::now() as u64, chance: js_sys::Math::random() }
}

/// An alarm that goes off once, unless it is dropped before.
#[derive(Debug)]
pub(crate) struct Alarm {
    id: i32,
    _closure: Closure<dyn FnMut()>,
}

impl Alarm {
    /// Calls `ring` after so many milliseconds.
    ///
    /// # Errors
    /// When the browser refuses.
    pub(crate) fn after(millis: u64, ring: impl FnMut() + 'static) -> Result<Self, JsValue> {
        let closure = Closure::wrap(Box::new(ring) as Box<dyn FnMut()>);
        let millis = i32::try_from(millis.min(LONGEST)).unwrap_or(i32::MAX);
        let callback = closure.as_ref().unchecked_ref();
        let id = window()?.set_timeout_with_callback_and_timeout_and_arguments_0(callback, millis)?;
        Ok(Self { id, _closure: closure })
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Ok(window) = window() {
            window.clear_timeout_with_handle(self.id);
        }
    }
}
