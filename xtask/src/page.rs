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
    // Cargo knows whether the programs changed, and trunk's own Cargo will find the page's built.
    set_up(cmd!(
        shell,
        "cargo build --package vez-web --package vez-terminal --target {WASM} --profile page"
    ))?;
    if is_current(project).context("a página construída não pode ser lida")? {
        return Ok(());
    }
    tools::install(project)?;
    run_trunk(project)?;
    add_terminal(project).context("o terminal não pôde ser posto na página")
}

/// Puts the terminal beside the page, which fetches it when a turn is one: trunk knows of one program.
fn add_terminal(project: &Project) -> Result<()> {
    let shell = &project.shell;
    let page = project.root.join("web-client/dist");
    for file in files(&project.root.join("web-terminal/assets"))? {
        shell.copy_file(file, &page)?;
    }
    let program = project.target.join(WASM).join("page/vez_terminal.wasm");
    let small = ["--no-typescript", "--remove-name-section", "--remove-producers-section"];
    set_up(cmd!(shell, "wasm-bindgen --target web {small...} --out-dir {page} {program}"))
}

/// Whether the page was written after everything that it is made from.
fn is_current(project: &Project) -> io::Result<bool> {
    let folder = project.root.join("web-client");
    // What is written last.
    let page = folder.join("dist/vez_terminal_bg.wasm");
    if !page.exists() {
        return Ok(false);
    }
    let written = modified(&page)?;
    let terminal = project.root.join("web-terminal/assets");
    let mut sources = [files(&folder)?, files(&folder.join("assets"))?, files(&terminal)?].concat();
    for program in ["vez_web.wasm", "vez_terminal.wasm"] {
        sources.push(project.target.join(WASM).join("page").join(program));
    }
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
