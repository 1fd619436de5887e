//! Builds vez-server and vez-client and becomes them.

use std::{
    env::consts::EXE_SUFFIX,
    ffi::OsString,
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result};
use xshell::cmd;

use crate::{
    page,
    project::Project,
    step::{say, set_up},
};

/// Builds the page and the server that carries it, and runs the server.
///
/// # Errors
/// When something cannot be built or started.
pub(crate) fn server(options: &[OsString]) -> Result<ExitCode> {
    let project = Project::open()?;
    page::build(&project)?;
    say("Construindo o servidor (a primeira vez, cerca de 3 minutos)");
    build_and_become(&project, "vez-server", options)
}

/// Builds and runs the client.
///
/// # Errors
/// When it cannot be built or started.
pub(crate) fn client(options: &[OsString]) -> Result<ExitCode> {
    let project = Project::open()?;
    say("Construindo o cliente (a primeira vez, cerca de 2 minutos)");
    build_and_become(&project, "vez-client", options)
}

fn build_and_become(project: &Project, package: &str, options: &[OsString]) -> Result<ExitCode> {
    let mut command = Command::new(build(project, package)?);
    command.args(options);
    become_program(command)
}

/// Builds a package for release and returns its program.
///
/// # Errors
/// When it cannot be built.
pub(crate) fn build(project: &Project, package: &str) -> Result<PathBuf> {
    let shell = &project.shell;
    // The fast build: the first one costs no more than the dev profile's, which optimizes dependencies too.
    set_up(cmd!(shell, "cargo build --release --package {package}"))?;
    Ok(project.target.join("release").join(format!("{package}{EXE_SUFFIX}")))
}

/// Runs a program in the place of this one.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn become_program(command: Command) -> Result<ExitCode> {
    let program = command.get_program().to_owned();
    run_in_place(command).with_context(|| format!("não foi possível executar {}", program.display()))
}

/// Becomes the program, so that its signals and exit status are its own.
#[cfg(unix)]
fn run_in_place(mut command: Command) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

/// Runs the program and ends with its exit status.
#[cfg(not(unix))]
fn run_in_place(mut command: Command) -> std::io::Result<ExitCode> {
    let code = command.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
