//! Calling a person who looks elsewhere: a notification, a sound, a vibration.

use js_sys::{Array, Promise, Reflect};
use wasm_bindgen::JsValue;
use web_sys::{AudioContext, Notification, NotificationOptions, OscillatorNode};

use super::window;
use crate::state::Permission;

/// The pattern of the vibration, in milliseconds on, off, on.
const VIBRATION: [u32; 3] = [180, 90, 180];
/// The two tones of the sound, in hertz, and when each begins, in seconds.
const TONES: [(f32, f64); 2] = [(659.0, 0.0), (880.0, 0.18)];

/// Whether the browser lets the page notify.
pub(crate) fn permission() -> Permission {
    match notification_permission().as_deref() {
        Some("default") => Permission::Askable,
        Some("granted") => Permission::Granted,
        _ => Permission::Denied,
    }
}

/// What the browser answers, if it has notifications at all.
fn notification_permission() -> Option<String> {
    let notification = Reflect::get(&window().ok()?.into(), &"Notification".into()).ok()?;
    Reflect::get(&notification, &"permission".into()).ok()?.as_string()
}

/// Asks whether notifications are welcome.
///
/// # Errors
/// When the browser refuses.
pub(crate) fn ask() -> Result<Promise, JsValue> {
    Notification::request_permission()
}

/// Shows a notification; some browsers only allow it to a service worker, and then there is none.
pub(crate) fn notify(title: &str) {
    let options = NotificationOptions::new();
    options.set_tag("vez");
    _ = Notification::new_with_options(title, &options);
}

/// Vibrates, where there is something to vibrate.
pub(crate) fn vibrate() {
    let Ok(window) = window() else { return };
    let navigator = window.navigator();
    if Reflect::has(&navigator, &"vibrate".into()).unwrap_or(false) {
        let [first, pause, second] = VIBRATION.map(JsValue::from);
        navigator.vibrate_with_pattern(&Array::of3(&first, &pause, &second));
    }
}

/// Plays two soft tones; silent where the browser has not heard from the person yet.
///
/// # Errors
/// When the browser refuses.
pub(crate) fn ring() -> Result<(), JsValue> {
    let context = AudioContext::new()?;
    for (hertz, after) in TONES {
        let start = context.current_time() + after;
        let tone = tone(&context, hertz, start)?;
        tone.start_with_when(start)?;
        tone.stop_with_when(start + 0.5)?;
    }
    Ok(())
}

fn tone(context: &AudioContext, hertz: f32, start: f64) -> Result<OscillatorNode, JsValue> {
    let volume = context.create_gain()?;
    volume.gain().set_value_at_time(0.2, start)?;
    volume.gain().exponential_ramp_to_value_at_time(0.001, start + 0.5)?;
    volume.connect_with_audio_node(&context.destination())?;
    let tone = context.create_oscillator()?;
    tone.frequency().set_value(hertz);
    tone.connect_with_audio_node(&volume)?;
    Ok(tone)
}
