//! What the Rust toolchain lacks, through rustup.

use std::path::Path;

use anyhow::{Context, Result};
use xshell::cmd;

use crate::{
    project::Project,
    step::{say, set_up, succeeds},
};

/// What the page is compiled for.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Adds a target that is compiled for.
///
/// # Errors
/// When it is missing and rustup does not add it.
pub(crate) fn add_target(project: &Project, target: &str) -> Result<()> {
    let shell = &project.shell;
    let library = cmd!(shell, "rustc --print target-libdir --target {target}").read()?;
    if Path::new(&library).exists() {
        return Ok(());
    }
    say(&format!("Instalando o alvo {target} do Rust (segundos)"));
    set_up(cmd!(shell, "rustup target add {target}")).context("o rustup (https://rustup.rs) é necessário")
}

/// Adds rustfmt and clippy.
///
/// # Errors
/// When one is missing and rustup does not add it.
pub(crate) fn add_components(project: &Project) -> Result<()> {
    let shell = &project.shell;
    if succeeds(cmd!(shell, "cargo fmt --version")) && succeeds(cmd!(shell, "cargo clippy --version")) {
        return Ok(());
    }
    say("Instalando rustfmt e clippy (segundos)");
    set_up(cmd!(shell, "rustup component add rustfmt clippy"))
        .context("o rustup (https://rustup.rs) é necessário")
}
