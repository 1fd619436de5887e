//! The real `vez-server` binary, ended with its test.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running `vez-server` on free loopback ports.
pub(crate) struct Binary {
    pub(crate) child: Child,
    pub(crate) tcp: SocketAddr,
    pub(crate) http: SocketAddr,
    /// The transcript after its first lines.
    pub(crate) stdout: Option<BufReader<ChildStdout>>,
}

/// The binary with free loopback ports and `arguments`.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vez-server"));
    command.args(["--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Binary {
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        Self::spawn(command(arguments))
    }

    /// Starts `command` and reads where it listens.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = || {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        assert_eq!(line(), "Iniciando o servidor...");
        let tcp = line().strip_prefix("Servidor escutando em ").unwrap().parse().unwrap();
        let page = line();
        let (_, http) = page.split_once("://").unwrap();
        let http = http.trim_end_matches('/').parse().unwrap();
        Self { child, tcp, http, stdout: Some(stdout) }
    }

    /// Nobody reads the transcript any more.
    pub(crate) fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// Reads the log up to a line that holds `part`, and returns it.
    pub(crate) fn wait_for_log(&mut self, part: &str) -> String {
        let stderr = BufReader::new(self.child.stderr.as_mut().unwrap());
        let found = stderr.lines().map(Result::unwrap).find(|line| line.contains(part));
        found.unwrap_or_else(|| panic!("the log ended without {part:?}"))
    }

    /// Reads the log up to a line that holds `part`, and returns all of it.
    pub(crate) fn log_up_to(&mut self, part: &str) -> String {
        let mut log = String::new();
        for line in BufReader::new(self.child.stderr.as_mut().unwrap()).lines().map(Result::unwrap) {
            log.push_str(&line);
            log.push('\n');
            if line.contains(part) {
                return log;
            }
        }
        panic!("the log ended without {part:?}:\n{log}")
    }

    /// User and system time so far, in clock ticks (proc_pid_stat(5)).
    #[cfg(target_os = "linux")]
    pub(crate) fn cpu_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let fields: Vec<&str> = fields.split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// Bytes of memory that are resident.
    #[cfg(target_os = "linux")]
    pub(crate) fn resident(&self) -> i64 {
        self.memory("VmRSS:")
    }

    /// Most bytes of memory that were ever resident.
    #[cfg(target_os = "linux")]
    pub(crate) fn peak_resident(&self) -> i64 {
        self.memory("VmHWM:")
    }

    /// A figure in kB of proc_pid_status(5), in bytes.
    #[cfg(target_os = "linux")]
    fn memory(&self, name: &str) -> i64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<i64>().unwrap() * 1024
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
