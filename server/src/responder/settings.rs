//! What stands behind Vez, as the command line says it.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::target::Target;
use crate::units::time;

/// What answers.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "What answers")]
pub struct Settings {
    /// Who answers the messages, of those built in
    #[arg(long, env = "VEZ_RESPONDER", value_enum, default_value_t)]
    pub responder: Responder,

    /// Starts a program for each turn, which is written after `--`: --exec -- PROGRAM ARG…
    #[arg(long, env = "VEZ_EXEC", requires = "program", conflicts_with_all = ["responder", "connect"])]
    pub exec: bool,

    /// Starts a program for each turn in a terminal of its own, for shells, editors and debuggers: --pty -- PROGRAM ARG…
    #[cfg(unix)]
    #[arg(long, env = "VEZ_PTY", requires = "program")]
    #[arg(conflicts_with_all = ["exec", "responder", "connect", "framing", "newline"])]
    pub pty: bool,

    /// When the program is started
    #[arg(long, env = "VEZ_EXEC_START", value_enum, default_value_t, requires = "exec")]
    pub exec_start: Start,

    /// Connects for each turn to tcp://HOST:PORT or unix:PATH, or lends serial:PATH?baud=115200&… to it
    #[arg(long, env = "VEZ_CONNECT", value_name = "URL", conflicts_with = "responder")]
    pub connect: Option<Target>,

    /// How what is behind tells messages apart; the default is line for programs and raw for connections
    #[arg(long, env = "VEZ_FRAMING", value_enum)]
    pub framing: Option<Framing>,

    /// What ends a message for what is behind, with --framing line (lf by default) and in the page's line of a stream;
    /// a serial device's is written in its URL
    #[arg(long, env = "VEZ_NEWLINE", value_enum)]
    pub newline: Option<Newline>,

    /// What ends a conversation as a message, in any case; by default sair, and off where bytes are raw or echoed
    #[arg(long, env = "VEZ_LEAVE_WORD", value_name = "WORD|off")]
    pub leave_word: Option<String>,

    /// Gives what is behind so long to be reached
    #[arg(long, env = "VEZ_CONNECT_TIME", value_name = "TIME", default_value = "10s", value_parser = time)]
    pub connect_time: Duration,

    /// Sends SIGTERM to a program and its children when it has not ended so long after its turn
    #[arg(long, env = "VEZ_TERM_AFTER", value_name = "TIME", default_value = "5s", value_parser = time)]
    pub term_after: Duration,

    /// Sends SIGKILL when it has not ended so long after SIGTERM
    #[arg(long, env = "VEZ_KILL_AFTER", value_name = "TIME", default_value = "5s", value_parser = time)]
    pub kill_after: Duration,

    /// Waits so long before the next turn when what is behind has failed, and twice as long each time after that
    #[arg(long, env = "VEZ_RETRY_WAIT", value_name = "TIME", default_value = "1s", value_parser = time)]
    pub retry_wait: Duration,

    /// Does not look at start whether what is behind is there
    #[arg(long, env = "VEZ_LAZY")]
    pub lazy: bool,

    /// The program and its arguments
    #[arg(last = true, value_name = "PROGRAM")]
    pub program: Vec<OsString>,
}

/// What should answer cannot.
#[derive(Debug, thiserror::Error)]
pub enum BehindError {
    /// The program or the socket is not there.
    #[error("{0} não existe; corrija o nome ou use --lazy")]
    Missing(String),
    /// Two options say what ends a line of a device.
    #[error("--newline não vale para {0}; escreva newline= no endereço do dispositivo")]
    Newline(String),
}

impl Settings {
    /// Looks whether what is behind is there, without disturbing it: programs and Unix sockets have a file.
    ///
    /// # Errors
    /// When it is not, or cannot be spoken to so.
    pub(crate) fn check(&self) -> Result<(), BehindError> {
        let missing = |what: &dyn std::fmt::Display| Err(BehindError::Missing(what.to_string()));
        match (&self.connect, self.program.first()) {
            (Some(target @ Target::Serial(_)), _) if self.newline.is_some() => {
                Err(BehindError::Newline(target.to_string()))
            }
            _ if self.lazy => Ok(()),
            (Some(target @ Target::Unix(path)), _) if !path.exists() => missing(target),
            (None, Some(program)) if self.has_program() && !is_there(program) => missing(&program.display()),
            _ => Ok(()),
        }
    }
}

impl Settings {
    /// Whether a program is started for each turn.
    pub(super) fn has_program(&self) -> bool {
        self.exec || self.has_terminal()
    }

    /// Whether that has a terminal.
    #[cfg_attr(not(unix), expect(clippy::unused_self, reason = "elsewhere it is asked for"))]
    pub(super) fn has_terminal(&self) -> bool {
        #[cfg(unix)]
        return self.pty;
        #[cfg(not(unix))]
        return false;
    }
}

/// Whether a program is found as the system would: by its path, or in the folders of PATH.
fn is_there(program: &OsString) -> bool {
    if Path::new(program).components().count() > 1 {
        return Path::new(program).exists();
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let suffix = std::env::consts::EXE_SUFFIX;
    std::env::split_paths(&folders).any(|folder| {
        folder.join(program).is_file()
            || folder.join(program).with_extension(suffix.trim_start_matches('.')).is_file()
    })
}

/// Who answers the messages of a conversation, of those built in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Responder {
    /// The report's server: says what it received, and bids farewell.
    #[default]
    Report,
    /// Answers every message with itself, `sair` included.
    Echo,
}

/// When a program is started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Start {
    /// When its turn begins.
    #[default]
    Turn,
    /// Ahead of its turn, as soon as the one before is taken: it runs beside that one, and is not told whose its turn
    /// will be (`VEZ_SESSION` and others are not set).
    Ready,
}

/// How what is behind tells messages apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Framing {
    /// Not at all: bytes pass unchanged.
    Raw,
    /// Each ends with a newline.
    Line,
    /// Each comes after its length in bytes, as four bytes, the highest first.
    Length,
}

/// What ends a message for what is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Newline {
    /// `\n`, as Unix ends lines.
    Lf,
    /// `\r\n`, as most protocols of the Internet do.
    Crlf,
    /// `\r`, as the return key.
    Cr,
    /// Nothing.
    None,
}

impl Newline {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::Crlf => "\r\n",
            Self::Cr => "\r",
            Self::None => "",
        }
    }
}
