//! A project in a temporary folder, in which every program that xtask runs is a stand-in.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// What the stand-in is called.
const PROGRAMS: [&str; 14] = [
    "apt-get",
    "cargo",
    "id",
    "npm",
    "python3",
    "rustc",
    "rustup",
    "sh",
    "sudo",
    "trunk",
    "wasm-bindgen",
    "wasm-bindgen-test-runner",
    "wine",
    "x86_64-w64-mingw32-gcc",
];

/// The project; it is gone when this is dropped.
pub(crate) struct Project {
    folder: TempDir,
    /// Set for every run: what the stand-ins are to do.
    environment: Vec<(&'static str, &'static str)>,
}

impl Project {
    /// Sources, programs, and xtask where Cargo would have put it.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let root = folder.path();
        for name in
            ["bin", "target/debug", "target/release", "web-client/assets", "web-terminal/assets", "xtask"]
        {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        for name in [
            "web-client/index.html",
            "web-client/style.css",
            "web-client/assets/icon.svg",
            "web-terminal/assets/terminal.css",
            "web-terminal/assets/terminal.js",
        ] {
            fs::write(root.join(name), name).unwrap();
        }
        let stand_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fake-program.sh");
        for name in PROGRAMS {
            symlink(&stand_in, root.join("bin").join(name)).unwrap();
        }
        for name in ["vez-server", "vez-client", "vez-torture"] {
            symlink(&stand_in, root.join("target/release").join(name)).unwrap();
        }
        fs::hard_link(env!("CARGO_BIN_EXE_xtask"), root.join("target/debug/xtask")).unwrap();
        let environment = vec![
            ("FAKE_FAILURE", "nothing"),
            ("FAKE_MISSING", "nothing"),
            ("FAKE_TRUNK", "0.21.14"),
            ("FAKE_USER", "0"),
        ];
        Self { folder, environment }
    }

    /// Has every later run see `name` as `value`.
    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    /// Runs xtask to its end.
    pub(crate) fn xtask(&self, args: &[&str]) -> Output {
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        let mut command = Command::new(self.path("target/debug/xtask"));
        command.args(args).env("PATH", path).env("CARGO_MANIFEST_DIR", self.path("xtask"));
        command.env("XDG_CACHE_HOME", self.path("cache")).env("FAKE_LOG", self.path("log"));
        command.envs(self.environment.iter().copied()).output().unwrap()
    }

    /// The calls of programs that begin with `start`, since the last time that this was asked.
    pub(crate) fn calls(&self, start: &str) -> Vec<String> {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        let _ = fs::remove_file(self.path("log"));
        log.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
    }

    /// A path in the project.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// What was printed on stdout.
pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

/// What was printed on stderr.
pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}
