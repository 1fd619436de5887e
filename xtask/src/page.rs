//! Builds the page, unless what was built is still good.

use std::{env, fs, path::Path};

use anyhow::{Context, Result};
use xshell::cmd;

use crate::{
    fingerprint,
    project::Project,
    step::{say, set_up},
    toolchain::{self, WASM},
    tools,
};

/// What the page is made from.
const SOURCES: [&str; 5] = ["web-client", "protocol", "Cargo.toml", "Cargo.lock", "xtask/src"];

/// Where the page is built to.
const RESULT: &str = "web-client/dist";

/// Sets up what is missing and builds the page into `web-client/dist`; does nothing when nothing changed.
///
/// # Errors
/// When the set-up or the build fails.
pub(crate) fn build(project: &Project) -> Result<()> {
    let stamp = project.target.join("page.stamp");
    let sources = fingerprint_of(project, &SOURCES)?;
    if fs::read_to_string(&stamp).ok() == Some(state(project, sources)?) {
        return Ok(());
    }
    toolchain::add_wasm_target(project)?;
    tools::install(project)?;
    run_trunk(project)?;
    fs::write(&stamp, state(project, sources)?).with_context(|| format!("{}", stamp.display()))
}

/// The sources' fingerprint with the result's: a result that is gone or was changed is built anew.
fn state(project: &Project, sources: u64) -> Result<String> {
    if !project.root.join(RESULT).exists() {
        return Ok(format!("{sources:x} -"));
    }
    Ok(format!("{sources:x} {:x}", fingerprint_of(project, &[RESULT])?))
}

fn fingerprint_of(project: &Project, names: &[&str]) -> Result<u64> {
    let paths: Vec<_> = names.iter().map(|name| project.root.join(name)).collect();
    let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
    Ok(fingerprint::of(&paths)?)
}

fn run_trunk(project: &Project) -> Result<()> {
    let shell = &project.shell;
    say("Construindo a página (a primeira vez, cerca de 1 minuto)");
    // `--offline` keeps trunk from downloading tools, but holds for its cargo too, so the crates come first.
    set_up(cmd!(shell, "cargo fetch --target {WASM}"))?;
    let _folder = shell.push_dir(project.root.join("web-client"));
    let mut trunk = cmd!(shell, "trunk build --release --offline");
    if env::var_os("NO_COLOR").is_some() {
        // trunk takes only `true` and `false`, not just any value (https://no-color.org).
        trunk = trunk.env("NO_COLOR", "true");
    }
    set_up(trunk)
}
