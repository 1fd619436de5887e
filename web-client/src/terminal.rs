//! The terminal, a program of its own that is fetched when a turn is one.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

use crate::browser::{Listener, bytes, document, element, window};

/// Where the program is.
const SCRIPT: &str = "./terminal.js";

#[wasm_bindgen]
extern "C" {
    /// The program, as vez-terminal exports it.
    #[derive(Debug)]
    type VezTerminal;

    #[wasm_bindgen(constructor, catch)]
    fn new(
        place: &HtmlElement,
        send: &Function,
        resized: &Function,
        changed: &Function,
    ) -> Result<VezTerminal, JsValue>;

    #[wasm_bindgen(method)]
    fn feed(this: &VezTerminal, bytes: &[u8]);

    #[wasm_bindgen(method)]
    fn restore(this: &VezTerminal, dump: &str);

    #[wasm_bindgen(method)]
    fn draw(this: &VezTerminal) -> bool;

    #[wasm_bindgen(method, js_name = setLive)]
    fn set_live(this: &VezTerminal, is_live: bool);

    #[wasm_bindgen(method, catch)]
    fn focus(this: &VezTerminal) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    fn dump(this: &VezTerminal) -> String;

    #[wasm_bindgen(method)]
    fn text(this: &VezTerminal) -> String;
}

/// What a terminal tells.
#[derive(Debug)]
pub(crate) enum Told {
    /// Keys were pressed that are these bytes.
    Typed(Vec<u8>),
    /// It has so many columns and rows.
    Resized(u16, u16),
    /// There is something to draw.
    Changed,
}

/// The terminal in the page, which lives as long as it.
#[derive(Debug)]
pub(crate) struct Terminal {
    terminal: VezTerminal,
    _told: [Closure<dyn FnMut(JsValue, JsValue)>; 3],
}

impl Terminal {
    /// The terminal, in the stream's place; its program is there.
    ///
    /// # Errors
    /// When the browser refuses.
    pub(crate) fn new(hear: impl Fn(Told) + Copy + 'static) -> Result<Self, JsValue> {
        let number = |value: JsValue| value.as_f64().unwrap_or_default() as u16;
        let told: [Box<dyn FnMut(JsValue, JsValue)>; 3] = [
            Box::new(move |typed, _| hear(Told::Typed(bytes::copied(&typed)))),
            Box::new(move |cols, rows| hear(Told::Resized(number(cols), number(rows)))),
            Box::new(move |_, _| hear(Told::Changed)),
        ];
        let told = told.map(Closure::wrap);
        let [send, resized, changed] = &told;
        let function = |closure: &Closure<dyn FnMut(JsValue, JsValue)>| -> Function {
            closure.as_ref().unchecked_ref::<Function>().clone()
        };
        let place = element("stream")?;
        let terminal = VezTerminal::new(&place, &function(send), &function(resized), &function(changed))?;
        Ok(Self { terminal, _told: told })
    }

    /// Takes in what the program wrote.
    pub(crate) fn feed(&self, bytes: &[u8]) {
        self.terminal.feed(bytes);
    }

    /// Becomes what another terminal was.
    pub(crate) fn restore(&self, dump: &str) {
        self.terminal.restore(dump);
    }

    /// Draws what is new, with keys that go to the program or not; whether there is more to draw.
    pub(crate) fn draw(&self, is_live: bool) -> bool {
        self.terminal.set_live(is_live);
        self.terminal.draw()
    }

    /// Has the next key go to the program.
    pub(crate) fn focus(&self) -> Result<(), JsValue> {
        self.terminal.focus()
    }

    /// What brings another terminal to where this one is.
    pub(crate) fn dump(&self) -> String {
        self.terminal.dump()
    }

    /// All text that is kept.
    pub(crate) fn text(&self) -> String {
        self.terminal.text()
    }
}

/// Fetches the program, and then tells whether it is there.
///
/// # Errors
/// When the browser refuses.
pub(crate) fn fetch(told: impl Fn(bool) + Copy + 'static) -> Result<[Listener; 2], JsValue> {
    let script = document()?.create_element("script")?;
    script.set_attribute("type", "module")?;
    script.set_attribute("src", SCRIPT)?;
    let listeners = [
        Listener::new(&window()?.into(), "terminal", move |_| told(true))?,
        Listener::new(&script, "error", move |_| told(false))?,
    ];
    document()?.body().ok_or("no body")?.append_child(&script)?;
    Ok(listeners)
}
