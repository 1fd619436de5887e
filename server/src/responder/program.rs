//! A program behind Vez that is started for each turn, in a process group of its own.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::{Sleep, sleep, timeout};

use super::occasion::Occasion;
use super::pipe::{Reader, Sink, Source, Writer};
#[cfg(unix)]
use super::pty;
use super::settings::{Settings, Start};
use crate::ending::Ending;
use crate::platform::Group;

/// How long a program that has closed its output may take to end, or its output after it has ended.
const END: Duration = Duration::from_secs(1);

/// Longest line of a program's stderr that the log shows, in bytes.
const LOG_LINE: usize = 4096;

/// A program that runs.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    group: Group,
    term_after: Duration,
    kill_after: Duration,
    has_terminal: bool,
    /// Runs when its output is over and it is not, or it is and its children keep its output open.
    ending: Option<Pin<Box<Sleep>>>,
}

impl Source for ChildStdout {}

impl Sink for ChildStdin {}

/// A program that was started, with what it says and what it is told.
struct Started {
    program: Program,
    reader: Reader,
    writer: Writer,
    /// The number of its session in the log; 0 before its turn.
    session: Arc<AtomicU64>,
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started").field("program", &self.program).finish_non_exhaustive()
    }
}

/// Starts programs, and keeps one started ahead where that is asked for.
#[derive(Clone, Debug)]
pub(super) struct Launcher {
    settings: Arc<Settings>,
    /// The program of the next turn.
    ahead: Arc<Mutex<Option<Started>>>,
}

impl Launcher {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        Self { settings, ahead: Arc::default() }
    }

    /// Starts the next turn's program, if it is to be ready; that it cannot be is said at its turn.
    pub(super) fn prepare(&self) {
        if self.settings.exec_start == Start::Ready {
            let started = start(&self.settings, None).ok();
            *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = started;
        }
    }

    /// The program of a turn.
    pub(super) fn launch(&self, occasion: &Occasion) -> Result<(Program, Reader, Writer), Ending> {
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ready = ahead.and_then(|mut started| started.program.runs().then_some(started));
        let started = ready.map_or_else(|| start(&self.settings, Some(occasion)), Ok)?;
        started.session.store(occasion.session, Relaxed);
        if self.settings.exec_start == Start::Ready {
            let next = self.clone();
            // This turn's own beginning comes first.
            tokio::spawn(async move { next.prepare() });
        }
        Ok((started.program, started.reader, started.writer))
    }
}

/// Starts the program.
fn start(settings: &Settings, occasion: Option<&Occasion>) -> Result<Started, Ending> {
    let failed = |error: io::Error| {
        let program = settings.program[0].display();
        Ending::Unavailable(format!("não foi possível iniciar {program}: {error}"))
    };
    #[cfg(unix)]
    if settings.has_terminal() {
        let (child, reader, writer) = pty::start(&settings.program, environment(occasion)).map_err(failed)?;
        let group = Group::of_session(&child).map_err(failed)?;
        let program = Program::new(child, group, settings);
        return Ok(Started { program, reader, writer, session: Arc::default() });
    }
    let mut child = command(&settings.program, occasion).spawn().map_err(failed)?;
    let group = Group::of(&child).map_err(failed)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
        return Err(failed(io::ErrorKind::BrokenPipe.into()));
    };
    let session = Arc::new(AtomicU64::new(0));
    tokio::spawn(log(stderr, Arc::clone(&session)));
    let program = Program::new(child, group, settings);
    Ok(Started { program, reader: Box::new(stdout), writer: Box::new(stdin), session })
}

fn command(program: &[OsString], occasion: Option<&Occasion>) -> Command {
    let mut command = Command::new(&program[0]);
    command.args(&program[1..]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.envs(environment(occasion));
    Group::lead(&mut command);
    command
}

/// What a program is told of its turn.
fn environment(occasion: Option<&Occasion>) -> Vec<(&'static str, String)> {
    let Some(occasion) = occasion else { return Vec::new() };
    let mut environment = vec![
        ("VEZ_SESSION", occasion.session.to_string()),
        ("VEZ_TRANSPORT", occasion.transport.to_string()),
        ("VEZ_PEER", occasion.peer.to_string()),
        ("VEZ_FENCE", occasion.fence.to_string()),
    ];
    environment.extend(occasion.user.iter().map(|user| ("VEZ_USER", user.name().to_owned())));
    environment
}

/// Copies a program's stderr to the log, line by line; ends when the program and its children have closed it.
async fn log(stderr: ChildStderr, session: Arc<AtomicU64>) {
    let mut stderr = BufReader::with_capacity(LOG_LINE, stderr);
    let mut line = Vec::new();
    while let Ok(bytes @ 1..) = stderr.fill_buf().await.map(<[u8]>::len) {
        let newline = memchr::memchr(b'\n', &stderr.buffer()[..bytes]);
        let taken = newline.map_or(bytes, |newline| newline + 1);
        line.extend_from_slice(&stderr.buffer()[..taken]);
        stderr.consume(taken);
        if newline.is_some() || line.len() >= LOG_LINE {
            log_line(&session, &line);
            line.clear();
        }
    }
    if !line.is_empty() {
        log_line(&session, &line);
    }
}

fn log_line(session: &AtomicU64, line: &[u8]) {
    let session = session.load(Relaxed);
    tracing::info!(session, "{}", String::from_utf8_lossy(line).trim_end().escape_debug());
}

impl Program {
    fn new(child: Child, group: Group, settings: &Settings) -> Self {
        let Settings { term_after, kill_after, .. } = *settings;
        Self { child, group, term_after, kill_after, has_terminal: settings.has_terminal(), ending: None }
    }

    /// Whether it has a terminal, by whose end it is told to end.
    pub(super) fn has_terminal(&self) -> bool {
        self.has_terminal
    }

    /// Whether it has not ended.
    fn runs(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_none())
    }

    /// Ready with how it ended, when that and its output are over, or one of them has been for a while.
    pub(super) fn poll_ended(&mut self, cx: &mut Context<'_>, said_all: bool) -> Poll<Ending> {
        let status = match std::pin::pin!(self.child.wait()).poll(cx) {
            Poll::Ready(status) => Some(status.ok().and_then(code)),
            Poll::Pending => None,
        };
        match status {
            Some(code) if said_all => return Poll::Ready(Ending::Ended(code)),
            None if !said_all => return Poll::Pending,
            _ => {}
        }
        let ending = self.ending.get_or_insert_with(|| Box::pin(sleep(END)));
        ready!(ending.as_mut().poll(cx));
        Poll::Ready(Ending::Ended(status.flatten()))
    }

    /// Waits until the program and its children are gone, and sees to it that they go.
    pub(super) async fn close(mut self: Box<Self>) {
        if timeout(self.term_after, self.gone()).await.is_ok() {
            return;
        }
        self.group.terminate();
        if timeout(self.kill_after, self.gone()).await.is_ok() {
            return;
        }
        tracing::warn!("a program did not end when it was asked to: it is killed");
        self.kill().await;
    }

    /// Ends the program and its children at once, and waits until they are gone.
    pub(super) async fn kill(mut self: Box<Self>) {
        self.group.kill();
        self.gone().await;
    }

    async fn gone(&mut self) {
        // Its status was told, or concerns nobody any more.
        let _ = self.child.wait().await;
        self.group.gone().await;
    }
}

impl Drop for Program {
    /// A program whose end nobody awaits ends at once, with its children.
    fn drop(&mut self) {
        self.group.kill();
    }
}

/// The exit status as shells tell it: a signal's number and 128.
fn code(status: ExitStatus) -> Option<i32> {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| 128 + signal);
    #[cfg(not(unix))]
    let signal = None;
    status.code().or(signal)
}
