//! The page in a real browser against a real server, driven through WebDriver.
//!
//! Every test is ignored by plain `cargo test`, which needs no browser; `cargo xtask test` runs them.

#![cfg(not(target_arch = "wasm32"))]

mod accessibility;
mod attention;
mod conversation;
mod discard;
mod ending;
mod language;
mod log;
mod looks;
mod network;
mod queue;
mod reload;
mod signin;
mod speed;
mod stage;
mod stream;
mod terminal;
mod waiting;
mod weight;

/// Prints a line of the test run, past the capture of tests that pass.
#[macro_export]
macro_rules! figure {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        // A closed stderr is no reason to fail.
        let _ = writeln!(std::io::stderr(), $($line)*);
    }};
}
