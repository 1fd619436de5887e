//! Time, chance, an alarm, and the next frame.

use wasm_bindgen::{JsCast, JsValue, prelude::Closure};

use super::window;
use crate::state::Moment;

/// Longest time that a browser's timer can hold, in milliseconds; it would go off at once beyond it.
const LONGEST: u64 = i32::MAX as u64;

/// How late a frame may be before the page draws without it, in milliseconds.
const LATE: u64 = 100;

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

/// The browser's next frame, unless it is dropped before.
#[derive(Debug)]
pub(crate) struct Frame {
    id: i32,
    _closure: Closure<dyn FnMut()>,
    /// Comes where frames do not, as in a tab that is covered.
    _late: Alarm,
}

impl Frame {
    /// Calls `draw` with the next frame; `draw` drops what would call it again.
    ///
    /// # Errors
    /// When the browser refuses.
    pub(crate) fn next(draw: impl FnMut() + Clone + 'static) -> Result<Self, JsValue> {
        let _late = Alarm::after(LATE, draw.clone())?;
        let closure = Closure::wrap(Box::new(draw) as Box<dyn FnMut()>);
        let id = window()?.request_animation_frame(closure.as_ref().unchecked_ref())?;
        Ok(Self { id, _closure: closure, _late })
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        if let Ok(window) = window() {
            _ = window.cancel_animation_frame(self.id);
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Ok(window) = window() {
            window.clear_timeout_with_handle(self.id);
        }
    }
}
