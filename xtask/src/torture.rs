//! Storms the real server with clients of every kind.

use std::{
    ffi::OsString,
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::Result;
use xshell::cmd;

use crate::{
    debian, launch,
    project::Project,
    step::{check, say},
};

/// Builds vez-server and vez-torture and runs the storm, which ends with its own exit status.
///
/// # Errors
/// When something cannot be built or started.
pub(crate) fn run(options: &[OsString]) -> Result<ExitCode> {
    let project = Project::open()?;
    say("Construindo o servidor e a tempestade (a primeira vez, cerca de 4 minutos)");
    let shared = options.iter().any(|option| option == "--servers" || option == "--servers=3");
    let (server, storm) = if shared { build_shared(&project)? } else { build(&project)? };
    let mut command = Command::new(storm);
    command.arg("--server").arg(server).args(options);
    launch::become_program(command)
}

/// Short storms, one for each kind of what answers, as a part of the test run.
///
/// # Errors
/// When something cannot be built or started, or the server breaks a promise.
pub(crate) fn short(project: &Project) -> Result<()> {
    let shell = &project.shell;
    let (server, storm) = build(project)?;
    for responder in ["report", "exec", "connect"] {
        check(cmd!(shell, "{storm} --server {server} --seconds 5 --clients 60 --responder {responder}"))?;
    }
    Ok(())
}

/// A short storm over three servers that share a queue in etcd.
///
/// # Errors
/// When something cannot be built or started, or the servers break a promise.
pub(crate) fn short_shared(project: &Project) -> Result<()> {
    let shell = &project.shell;
    let (server, storm) = build_shared(project)?;
    check(cmd!(shell, "{storm} --server {server} --servers 3 --seconds 60 --clients 30"))
}

/// Where the storm is, and a server that can share a queue.
fn build_shared(project: &Project) -> Result<(PathBuf, PathBuf)> {
    debian::install_etcd(project)?;
    Ok((launch::build_with(project, "vez-server", Some("etcd"))?, launch::build(project, "vez-torture")?))
}

/// Where the server and the storm are; the storm needs no page in the server.
fn build(project: &Project) -> Result<(PathBuf, PathBuf)> {
    Ok((launch::build(project, "vez-server")?, launch::build(project, "vez-torture")?))
}
