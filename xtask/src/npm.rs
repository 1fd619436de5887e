//! Tools for the tests from npm, in `target/`.

use std::fs;

use anyhow::Result;
use xshell::cmd;

use crate::{
    project::Project,
    step::{say, set_up},
};

/// Packages of npm, at exact versions.
const PACKAGES: [&str; 3] = ["axe-core@4.14.1", "wscat@6.1.0", "@xterm/xterm@6.0.0"];

/// What the tests are told: a variable and a file among the installed packages.
const PATHS: [(&str, &str); 3] = [
    ("VEZ_AXE", "axe-core/axe.min.js"),
    ("VEZ_WSCAT", "wscat/bin/wscat"),
    ("VEZ_XTERM", "@xterm/xterm/lib/xterm.js"),
];

/// Installs the packages, unless they are there, and tells the tests where they are.
///
/// # Errors
/// When they cannot be installed.
pub(crate) fn install(project: &Project) -> Result<()> {
    let shell = &project.shell;
    let folder = project.target.join("tools/npm");
    let modules = folder.join("node_modules");
    let stamp = modules.join("installed.txt");
    let wanted = PACKAGES.join("\n");
    if fs::read_to_string(&stamp).ok().as_ref() != Some(&wanted) {
        say("Instalando as ferramentas npm dos testes (segundos)");
        fs::create_dir_all(&folder)?;
        set_up(cmd!(shell, "npm install --prefix {folder} --no-audit --no-fund {PACKAGES...}"))?;
        fs::write(stamp, wanted)?;
    }
    for (variable, file) in PATHS {
        shell.set_var(variable, modules.join(file));
    }
    Ok(())
}
