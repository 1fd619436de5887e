//! The page: the browser's place to wait for the turn and to talk.
//!
//! `state` decides, `view` draws, `socket` and `browser` touch the world, `app` connects them.

mod app;
mod browser;
mod locale;
mod panel;
mod socket;
mod state;
mod terminal;
mod view;
mod wire;

use wasm_bindgen::prelude::*;

/// A small allocator: every byte of the program is waited for.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Makes the page live.
///
/// # Errors
/// When the page lacks what index.html promises.
#[cfg_attr(not(test), wasm_bindgen(start))]
pub fn start() -> Result<(), JsValue> {
    app::start()
}
