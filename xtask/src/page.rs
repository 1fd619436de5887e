//! Builds the page, unless what was built is still good.

mod imports;

use std::{
    env, fs,
    hash::{DefaultHasher, Hasher as _},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result, bail};
use xshell::cmd;

use crate::{
    project::Project,
    step::{say, set_up},
    toolchain::{self, WASM},
    tools,
};

/// Where the page is, ready to be served.
const DIST: &str = "web-client/dist";
/// The file without which the page is not whole.
const WRITTEN_LAST: &str = "web-client/dist/terminal.js";

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
    slim(project).context("o programa da página não pôde ser feito menor")?;
    add_terminal(project).context("o terminal não pôde ser posto na página")
}

/// Makes the page's program anew where trunk put it, which leaves names in it that nobody reads.
fn slim(project: &Project) -> Result<()> {
    let scripts = files(&project.root.join(DIST))?.into_iter().filter_map(|file| {
        let name = file.file_name()?.to_str()?.strip_suffix(".js")?;
        name.starts_with("vez-web-").then(|| name.to_owned())
    });
    let [name] = &scripts.collect::<Vec<_>>()[..] else { bail!("{DIST} tem de ter um só vez-web-*.js") };
    bind(project, "vez_web.wasm", name)
}

/// Puts the terminal beside the page, which fetches it when a turn is one: trunk knows of one program.
///
/// Whatever its script names has another name when it has changed: browsers keep it, and never mix two versions.
fn add_terminal(project: &Project) -> Result<()> {
    let shell = &project.shell;
    let (page, assets) = (project.root.join(DIST), project.root.join("web-terminal/assets"));
    let looks = assets.join("terminal.css");
    let looks_name = hashed("terminal", &looks)? + ".css";
    let program_name = hashed("vez-terminal", &built(project, "vez_terminal.wasm"))?;
    bind(project, "vez_terminal.wasm", &program_name)?;
    shell.copy_file(looks, page.join(&looks_name))?;
    let script = shell.read_file(assets.join("terminal.js"))?.replace("vez_terminal", &program_name);
    shell.write_file(project.root.join(WRITTEN_LAST), script.replace("terminal.css", &looks_name))?;
    Ok(())
}

/// Makes a program and its script for browsers.
fn bind(project: &Project, program: &str, name: &str) -> Result<()> {
    let (shell, page, program) = (&project.shell, project.root.join(DIST), built(project, program));
    let small = ["--no-typescript", "--remove-name-section", "--remove-producers-section"];
    set_up(cmd!(shell, "wasm-bindgen --target web {small...} --out-dir {page} --out-name {name} {program}"))?;
    let (script, program) = (page.join(format!("{name}.js")), page.join(format!("{name}_bg.wasm")));
    let (mut script_bytes, mut program_bytes) = (fs::read(&script)?, fs::read(&program)?);
    imports::number(&mut script_bytes, &mut program_bytes);
    fs::write(script, script_bytes)?;
    Ok(fs::write(program, program_bytes)?)
}

/// Where Cargo puts a program for browsers.
fn built(project: &Project, program: &str) -> PathBuf {
    project.target.join(WASM).join("page").join(program)
}

/// A name that says what is in the file, as trunk's do.
fn hashed(name: &str, file: &Path) -> io::Result<String> {
    let mut hasher = DefaultHasher::new();
    hasher.write(&fs::read(file)?);
    Ok(format!("{name}-{:016x}", hasher.finish()))
}

/// Whether the page was written after everything that it is made from.
fn is_current(project: &Project) -> io::Result<bool> {
    let folder = project.root.join("web-client");
    let page = project.root.join(WRITTEN_LAST);
    if !page.exists() {
        return Ok(false);
    }
    let written = modified(&page)?;
    let terminal = project.root.join("web-terminal/assets");
    let mut sources = [files(&folder)?, files(&folder.join("assets"))?, files(&terminal)?].concat();
    for program in ["vez_web.wasm", "vez_terminal.wasm"] {
        sources.push(built(project, program));
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
