//! A WebDriver program on a free port, ended on drop.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::PATIENCE;

/// How often Chromium's driver is started before that is a failure.
const TRIES: u32 = 5;

/// The running program.
pub(crate) struct Driver {
    url: String,
    _process: Child,
    /// Held, so that the program can go on writing.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Driver {
    /// Chromium's, or the one that `VEZ_CHROMEDRIVER` names.
    pub(crate) async fn chromium() -> Result<Self> {
        let program = std::env::var_os("VEZ_CHROMEDRIVER").map_or("chromedriver".into(), PathBuf::from);
        let mut tries = 1;
        loop {
            let started = Self::start(&program, &["--port=0"], "was started successfully on port ").await;
            // It takes a port that is free for IPv4 and gives up if another program has it for IPv6.
            if started.is_ok() || tries == TRIES {
                return started;
            }
            tries += 1;
        }
    }

    /// Firefox's, or the one that `VEZ_GECKODRIVER` names.
    pub(crate) async fn firefox() -> Result<Self> {
        let program = std::env::var_os("VEZ_GECKODRIVER").map_or("geckodriver".into(), PathBuf::from);
        Self::start(
            &program,
            &["--port=0", "--websocket-port=0", "--allow-system-access"],
            "Listening on 127.0.0.1:",
        )
        .await
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Starts a program that says its port after `words`.
    async fn start(program: &Path, arguments: &[&str], words: &str) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut process = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let mut output = BufReader::new(process.stdout.take().context("piped")?).lines();
        let port = tokio::time::timeout(PATIENCE, read_port(&mut output, words)).await??;
        Ok(Self { url: format!("http://127.0.0.1:{port}"), _process: process, _output: output })
    }
}

async fn read_port(output: &mut Lines<BufReader<ChildStdout>>, words: &str) -> Result<u16> {
    loop {
        let line = output.next_line().await?.context("it ended without saying its port")?;
        if let Some((_, rest)) = line.split_once(words) {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            return Ok(digits.parse()?);
        }
    }
}
