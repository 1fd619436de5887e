//! Measures the server, and servers that do less in turn with it.

use std::{
    ffi::OsString,
    process::{Command, ExitCode},
};

use anyhow::Result;
use xshell::cmd;

use crate::{launch, page, project::Project, step::say, tools};

/// Builds everything for release and runs the measures; the results go to `target/bench`, and so do, while they are
/// measured, the servers' transcripts.
///
/// # Errors
/// When something cannot be built or started.
pub(crate) fn run(options: &[OsString]) -> Result<ExitCode> {
    let project = Project::open()?;
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
