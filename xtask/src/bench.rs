//! Measures the server, and servers that do less in turn with it.

use std::{
    ffi::OsString,
    process::{Command, ExitCode},
};

use anyhow::Result;
use xshell::cmd;

use crate::{debian, launch, page, project::Project, step::say, tools};

/// Builds everything for release and runs the measures; the results go to `target/bench`, and so do, while they are
/// measured, the servers' transcripts.
///
/// # Errors
/// When something cannot be built or started.
pub(crate) fn run(options: &[OsString]) -> Result<ExitCode> {
    let project = Project::open()?;
    if let [shared, options @ ..] = options
        && shared == "--shared"
    {
        return run_shared(&project, options);
    }
    page::build(&project)?;
    tools::install_websocat(&project)?;
    say("Construindo o servidor e a medição (a primeira vez, cerca de 5 minutos)");
    let server = launch::build(&project, "vez-server")?;
    let bench = launch::build(&project, "vez-bench")?;
    say("Medindo (cerca de 5 minutos; com --baseline, 9; com --quick, cerca de 1)");
    let mut command = Command::new(bench);
    command.arg("run").arg("--server").arg(server).arg("--out").arg(project.target.join("bench"));
    command.arg("--websocat").arg(cmd!(project.shell, "sh -c 'command -v websocat'").read()?);
    command.args(options);
    launch::become_program(command)
}

/// Measures a queue that three servers share in etcd.
fn run_shared(project: &Project, options: &[OsString]) -> Result<ExitCode> {
    debian::install_etcd(project)?;
    say("Construindo o servidor e a medição com etcd (a primeira vez, cerca de 6 minutos)");
    let server = launch::build_with(project, "vez-server", Some("etcd"))?;
    let bench = launch::build_with(project, "vez-bench", Some("etcd"))?;
    say("Medindo a fila compartilhada (cerca de 2 minutos)");
    let out = project.target.join("bench");
    std::fs::create_dir_all(&out)?;
    let mut command = Command::new(bench);
    command.arg("shared").arg("--server").arg(server).arg("--out").arg(out).args(options);
    launch::become_program(command)
}
