//! A Python environment for the tests, in `target/`, with WebSocket tools that nobody here wrote.

use std::fs;

use anyhow::Result;
use xshell::cmd;

use crate::{
    project::Project,
    step::{say, set_up},
};

/// Packages of PyPI, at exact versions.
const PACKAGES: [&str; 2] = ["websockets==17.4", "kosoku==0.1.0"];

/// Makes the environment, unless it is there, and tells the tests where its Python is.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn install(project: &Project) -> Result<()> {
    let shell = &project.shell;
    let folder = project.target.join("tools/python");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = folder.join("installed.txt");
    let wanted = PACKAGES.join("\n");
    // A Python that was updated leaves a link to nowhere, which does not exist.
    if !python.exists() || fs::read_to_string(&stamp).ok().as_ref() != Some(&wanted) {
        say("Preparando o ambiente Python dos testes (cerca de meio minuto)");
        let system = if cfg!(windows) { "python" } else { "python3" };
        set_up(cmd!(shell, "{system} -m venv --clear {folder}"))?;
        set_up(cmd!(shell, "{python} -m pip install --no-input --disable-pip-version-check {PACKAGES...}"))?;
        fs::write(stamp, wanted)?;
    }
    shell.set_var("VEZ_PYTHON", python);
    Ok(())
}
