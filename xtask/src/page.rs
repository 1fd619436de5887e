//! Builds the page, unless what was built is still good.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result};
use xshell::cmd;

use crate::{
    project::Project,
    step::{say, set_up},
    toolchain::{self, WASM},
    tools,
};

/// Sets up what is missing and builds the page into `web-client/dist`; leaves it alone when nothing changed, because
/// the server that carries it is built anew whenever it is written.
///
/// # Errors
/// When the set-up or the build fails.
pub(crate) fn build(project: &Project) -> Result<()> {
    let shell = &project.shell;
    toolchain::add_target(project, WASM)?;
    say("Construindo a página (a primeira vez, cerca de 1 minuto)");
    // Cargo knows whether the program changed, and trunk's own Cargo will find it built.
    set_up(cmd!(shell, "cargo build --package vez-web --target {WASM} --profile page"))?;
    if is_current(project).context("a página construída não pode ser lida")? {
        return Ok(());
    }
    tools::install(project)?;
    run_trunk(project)
}

/// Whether the page was written after everything that trunk makes it from.
fn is_current(project: &Project) -> io::Result<bool> {
    let folder = project.root.join("web-client");
    let page = folder.join("dist/index.html");
    if !page.exists() {
        return Ok(false);
    }
    let written = modified(&page)?;
    let mut sources = [files(&folder)?, files(&folder.join("assets"))?].concat();
    sources.push(project.target.join(WASM).join("page/vez_web.wasm"));
    for source in sources {
        if modified(&source)? > written {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The files of a folder, without those of the folders in it.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths: io::Result<Vec<_>> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect();
    Ok(paths?.into_iter().filter(|path| path.is_file()).collect())
}

fn modified(path: &Path) -> io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}

fn run_trunk(project: &Project) -> Result<()> {
    let shell = &project.shell;
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
