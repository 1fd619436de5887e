//! xtask as a black box.

#![allow(clippy::unwrap_used)]

mod modes;

#[cfg(unix)]
mod launch;
#[cfg(unix)]
mod project;
#[cfg(unix)]
mod set_up;
#[cfg(unix)]
mod windows;
