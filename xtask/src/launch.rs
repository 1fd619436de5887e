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
    debian, page,
    project::Project,
    step::{say, set_up},
};

/// Builds the page and the server that carries it, and runs the server.
///
/// # Errors
/// When something cannot be built or started.
pub(crate) fn server(options: &[OsString]) -> Result<ExitCode> {
    let project = Project::open()?;
    let (features, options) = match options {
        [flag, features, rest @ ..] if flag == "--features" => (features.to_str(), rest),
        [option, rest @ ..] => match option.to_str().and_then(|text| text.strip_prefix("--features=")) {
            Some(features) => (Some(features), rest),
            None => (None, options),
        },
        [] => (None, options),
    };
    if features.is_some() {
        debian::install_protoc(&project)?;
    }
    page::build(&project)?;
    say("Construindo o servidor (a primeira vez, cerca de 3 minutos)");
    become_built(build_with(&project, "vez-server", features)?, options)
}

/// Builds and runs the client.
///
/// # Errors
/// When it cannot be built or started.
pub(crate) fn client(options: &[OsString]) -> Result<ExitCode> {
    let project = Project::open()?;
    say("Construindo o cliente (a primeira vez, cerca de 2 minutos)");
    become_built(build(&project, "vez-client")?, options)
}

fn become_built(program: PathBuf, options: &[OsString]) -> Result<ExitCode> {
    let mut command = Command::new(program);
    command.args(options);
    become_program(command)
}

/// Builds a package for release and returns its program.
///
/// # Errors
/// When it cannot be built.
pub(crate) fn build(project: &Project, package: &str) -> Result<PathBuf> {
    build_with(project, package, None)
}

/// Builds a package for release, with these of its features, and returns its program.
///
/// # Errors
/// When it cannot be built.
pub(crate) fn build_with(project: &Project, package: &str, features: Option<&str>) -> Result<PathBuf> {
    let shell = &project.shell;
    // The fast build: the first one costs no more than the dev profile's, which optimizes dependencies too.
    let features = features.map(|features| ["--features", features]);
    let features = features.iter().flatten();
    set_up(cmd!(shell, "cargo build --release --package {package} {features...}"))?;
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
