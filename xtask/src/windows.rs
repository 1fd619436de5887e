//! Both programs for Windows: checked and built where the compiler is, and run by a test where wine is too.

use anyhow::Result;
use xshell::cmd;

use crate::{
    project::Project,
    step::{check, say, set_up, succeeds},
    toolchain,
};

/// What Debian's mingw compiles for.
const TARGET: &str = "x86_64-pc-windows-gnu";

/// The C compiler, which links and which ring needs.
const COMPILER: &str = "x86_64-w64-mingw32-gcc";

/// Runs clippy, builds the programs, and tells the tests where they are and the wine that runs them.
///
/// # Errors
/// When something is wrong with the programs, or wine does not start.
pub(crate) fn prepare(project: &Project) -> Result<()> {
    let shell = &project.shell;
    if !succeeds(cmd!(shell, "{COMPILER} --version")) {
        say("Sem gcc-mingw-w64-x86-64: o que é para Windows não é construído");
        return Ok(());
    }
    toolchain::add_target(project, TARGET)?;
    let programs = ["--package", "vez-server", "--package", "vez-client"];
    // A path is a third larger on Windows; whether an error is too large to return is settled where most run.
    let lints = ["-D", "warnings", "-A", "clippy::result_large_err"];
    check(cmd!(shell, "cargo clippy --target {TARGET} {programs...} -- {lints...}"))?;
    check(cmd!(shell, "cargo build --target {TARGET} {programs...}"))?;
    if !succeeds(cmd!(shell, "wine --version")) {
        say("Sem wine: os programas para Windows não são executados");
        return Ok(());
    }
    prepare_wine(project)
}

fn prepare_wine(project: &Project) -> Result<()> {
    let shell = &project.shell;
    let folder = project.target.join(TARGET).join("debug");
    // A program looks for libraries beside itself first.
    let library = folder.join("bcryptprimitives.dll");
    set_up(cmd!(
        shell,
        "{COMPILER} -shared -Wall -Wextra -Werror -o {library} dev/windows/bcryptprimitives.c -ladvapi32"
    ))?;
    shell.set_var("VEZ_WINDOWS", folder);
    shell.set_var("WINEPREFIX", project.target.join("wine"));
    shell.set_var("WINEDEBUG", "-all");
    // Nothing asks to have .NET or a browser installed.
    shell.set_var("WINEDLLOVERRIDES", "mscoree,mshtml=");
    set_up(cmd!(shell, "wine wineboot --init"))
}
