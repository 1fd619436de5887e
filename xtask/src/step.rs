//! Runs other programs, unattended and in plain sight.

use std::{
    env,
    io::stderr,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use xshell::Cmd;

/// Says what is being done, and about how long it takes.
pub(crate) fn say(what: &str) {
    eprintln!("» {what}");
}

/// Runs `cmd` with all that it prints on stderr: stdout belongs to the server's transcript or the client.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) fn set_up(cmd: Cmd<'_>) -> Result<()> {
    execute(cmd, stderr().into())
}

/// Runs `cmd` and lets it print on stdout.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) fn check(cmd: Cmd<'_>) -> Result<()> {
    execute(cmd, Stdio::inherit())
}

/// Whether `cmd`, which prints nothing here, succeeds.
pub(crate) fn succeeds(cmd: Cmd<'_>) -> bool {
    cmd.quiet().ignore_stdout().ignore_stderr().run().is_ok()
}

fn execute(cmd: Cmd<'_>, stdout: Stdio) -> Result<()> {
    let shown = cmd.to_string();
    eprintln!("$ {shown}");
    let mut command = Command::from(cmd);
    // What Cargo tells xtask about itself would make build scripts that watch it (ring's) run again each time.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name.as_ref());
        }
    }
    let status = command.stdin(Stdio::null()).stdout(stdout).status();
    let status = status.with_context(|| format!("não foi possível executar `{shown}`"))?;
    ensure!(status.success(), "`{shown}` falhou ({status})");
    Ok(())
}
