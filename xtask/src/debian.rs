//! What the tests need from the system: installed with apt-get where that is possible, otherwise named.

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use crate::{
    project::Project,
    step::{say, set_up, succeeds},
};

/// A package of Debian, with a shell command that succeeds where it, or its like, is installed.
type Package = (&'static str, &'static str);

/// A shell command that prints where the browser is.
const CHROMIUM: &str = "command -v \"${VEZ_CHROMIUM:-chromium}\"";
/// A shell command that prints where the browser's driver is.
const CHROMEDRIVER: &str = "command -v \"${VEZ_CHROMEDRIVER:-chromedriver}\"";

/// A shell command that prints where the other browser is.
const FIREFOX: &str = "command -v firefox || command -v firefox-esr";

/// What the tests cannot do without.
const REQUIRED: &[Package] = &[
    ("chromium", CHROMIUM),
    ("chromium-driver", CHROMEDRIVER),
    ("curl", "command -v curl"),
    ("fonts-dejavu-core", "ls -d /usr/share/fonts/*/* || ls -d /Library/Fonts"),
    ("iproute2", "command -v ip"),
    ("python3", "command -v python3"),
    ("python3-venv", "python3 -c 'import ensurepip, venv'"),
    ("nodejs", "command -v node"),
    ("npm", "command -v npm"),
    ("valgrind", "command -v valgrind"),
];

/// What builds a server with the feature `etcd`.
const PROTOC: Package = ("protobuf-compiler", "command -v \"${PROTOC:-protoc}\"");

/// What comes with protoc elsewhere, and is only recommended beside Debian's: the files that others import.
const PROTOBUF: Package = (
    "libprotobuf-dev",
    "test -e \"$(dirname \"$(command -v \"${PROTOC:-protoc}\")\")/../include/google/protobuf/descriptor.proto\"",
);

/// What keeps a shared queue; Debian has it in /usr/bin.
const ETCD: Package = ("etcd-server", "command -v etcd");

/// What some tests need, which are skipped without it.
const OPTIONAL: &[Package] = &[
    ("firefox-esr", FIREFOX),
    ("gcc-mingw-w64-x86-64", "command -v x86_64-w64-mingw32-gcc"),
    ("wine", "command -v wine"),
    ("wine64", "command -v wine"),
    ("socat", "command -v socat"),
    ("gdb", "command -v gdb"),
    ("gdbserver", "command -v gdbserver"),
    ("bc", "command -v bc"),
    ("sqlite3", "command -v sqlite3"),
    // Its htpasswd writes the files that --htpasswd reads.
    ("apache2-utils", "command -v htpasswd"),
    // What is drawn in the page is compared with what tmux draws of the same programs.
    ("tmux", "command -v tmux"),
    ("vim", "command -v vim"),
    ("less", "command -v less"),
    ("htop", "command -v htop"),
    ("mc", "command -v mc"),
    ("vttest", "command -v vttest"),
    // With these, as with socat, the bench compares.
    ("websocketd", "command -v websocketd"),
    ("websockify", "command -v websockify"),
    PROTOC,
    PROTOBUF,
    ETCD,
    // With it the storm over several servers slows etcd's disk down.
    ("strace", "command -v strace"),
    ("haproxy", "PATH=\"$PATH:/usr/sbin\" command -v haproxy"),
];

/// Installs the packages that are missing and tells the tests where the browser is.
///
/// # Errors
/// When something that is required is missing and cannot be installed; the error names it.
pub(crate) fn install(project: &Project) -> Result<()> {
    let shell = &project.shell;
    install_missing(project, REQUIRED)?;
    if let Err(error) = install_missing(project, OPTIONAL) {
        say(&format!("Alguns testes serão pulados: {error:#}"));
    }
    let driver = cmd!(shell, "sh -c {CHROMEDRIVER}").read()?;
    shell.set_var("VEZ_CHROMIUM", cmd!(shell, "sh -c {CHROMIUM}").read()?);
    // wasm-bindgen's test runner knows it by this name.
    shell.set_var("CHROMEDRIVER", &driver);
    shell.set_var("VEZ_CHROMEDRIVER", driver);
    Ok(())
}

/// Whether Firefox is there.
pub(crate) fn has_firefox(project: &Project) -> bool {
    let shell = &project.shell;
    succeeds(cmd!(shell, "sh -c {FIREFOX}"))
}

/// Installs what builds a server with the feature `etcd`.
///
/// # Errors
/// When it is missing and cannot be installed.
pub(crate) fn install_protoc(project: &Project) -> Result<()> {
    install_missing(project, &[PROTOC, PROTOBUF])
}

/// Installs what builds a server with the feature `etcd`, and etcd.
///
/// # Errors
/// When one is missing and cannot be installed.
pub(crate) fn install_etcd(project: &Project) -> Result<()> {
    install_missing(project, &[PROTOC, PROTOBUF, ETCD])
}

fn install_missing(project: &Project, packages: &[Package]) -> Result<()> {
    let shell = &project.shell;
    let missing = packages.iter().filter(|(_, probe)| !succeeds(cmd!(shell, "sh -c {probe}")));
    let missing: Vec<&str> = missing.map(|(package, _)| *package).collect();
    if missing.is_empty() { Ok(()) } else { apt_get(project, &missing) }
}

fn apt_get(project: &Project, packages: &[&str]) -> Result<()> {
    let shell = &project.shell;
    let root = is_root(project);
    let possible = root || succeeds(cmd!(shell, "sudo -n true"));
    let names = packages.join(" ");
    let hint = format!("instale o que falta e rode de novo; no Debian: sudo apt-get install {names}");
    ensure!(possible && succeeds(cmd!(shell, "apt-get --version")), hint);
    say(&format!("Instalando com apt-get: {names} (cerca de 2 minutos)"));
    let run = |args: &[&str]| {
        let apt_get = if root { cmd!(shell, "env") } else { cmd!(shell, "sudo -n env") };
        set_up(apt_get.arg("DEBIAN_FRONTEND=noninteractive").arg("apt-get").args(args))
    };
    run(&["update"])?;
    run(&[&["install", "--yes", "--no-install-recommends"], packages].concat()).context(hint)
}

fn is_root(project: &Project) -> bool {
    let shell = &project.shell;
    cmd!(shell, "id -u").read().is_ok_and(|user| user == "0")
}
