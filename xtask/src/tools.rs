//! The tools that build the page and run its tests, from crates.io at exact versions.

use anyhow::{Context, Result};
use xshell::cmd;

use crate::{
    project::Project,
    step::{say, set_up},
};

/// The version of trunk, which no manifest names.
pub(crate) const TRUNK: &str = "0.21.14";

/// The version of websocat, which no manifest names either.
const WEBSOCAT: &str = "1.14.1";

/// A package of crates.io that installs programs.
struct Tool {
    /// The package's name.
    package: &'static str,
    /// The only version that will do.
    version: String,
    /// What `cargo install` needs to know besides.
    flags: &'static [&'static str],
    /// The programs that are used.
    programs: &'static [&'static str],
    /// How long it takes to build on two cores.
    duration: &'static str,
}

/// Installs trunk and wasm-bindgen's programs.
///
/// # Errors
/// When one is missing and cannot be installed.
pub(crate) fn install(project: &Project) -> Result<()> {
    let trunk = Tool {
        package: "trunk",
        version: TRUNK.to_owned(),
        flags: &["--debug", "--no-default-features", "--features", "rustls"],
        programs: &["trunk"],
        duration: "cerca de 3 minutos",
    };
    let wasm_bindgen = Tool {
        package: "wasm-bindgen-cli",
        version: locked_version(project, "wasm-bindgen")?,
        flags: &["--debug"],
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        duration: "cerca de 2 minutos",
    };
    trunk.install_if_missing(project)?;
    wasm_bindgen.install_if_missing(project)
}

/// Installs websocat, with which the bench compares, built to be fast.
///
/// # Errors
/// When it is missing and cannot be installed.
pub(crate) fn install_websocat(project: &Project) -> Result<()> {
    let websocat = Tool {
        package: "websocat",
        version: WEBSOCAT.to_owned(),
        flags: &["--no-default-features"],
        programs: &["websocat"],
        duration: "cerca de 2 minutos",
    };
    websocat.install_if_missing(project)
}

/// The version of `package` that Cargo.lock fixes: wasm-bindgen's programs must be of the library's.
fn locked_version(project: &Project, package: &str) -> Result<String> {
    let shell = &project.shell;
    let id = cmd!(shell, "cargo pkgid {package}").read()?;
    let (_, version) = id.rsplit_once('@').with_context(|| format!("`{id}` não tem versão"))?;
    Ok(version.to_owned())
}

impl Tool {
    fn install_if_missing(&self, project: &Project) -> Result<()> {
        if self.programs.iter().all(|program| self.is_installed(project, program)) {
            return Ok(());
        }
        let &Self { package, ref version, flags, duration, .. } = self;
        say(&format!("Instalando {package} {version} (uma vez só; {duration})"));
        let (shell, root) = (&project.shell, &project.tools);
        let install = cmd!(shell, "cargo install --locked --root {root} {flags...} {package}@{version}");
        // A build folder of its own, which Cargo removes: what is built here serves nothing else.
        set_up(install.env_remove("CARGO_TARGET_DIR"))
    }

    /// Whether PATH, where the project's tools come first, has `program` at exactly this version.
    fn is_installed(&self, project: &Project, program: &str) -> bool {
        let shell = &project.shell;
        let printed = cmd!(shell, "{program} --version").ignore_stderr().read().unwrap_or_default();
        printed.split_whitespace().any(|word| word == self.version)
    }
}
