//! Installs programs from crates.io.

use anyhow::{Context, Result};
use xshell::cmd;

use crate::{
    project::Project,
    step::{say, set_up},
};

/// A package of crates.io that installs programs.
pub(crate) struct Tool {
    /// The package's name.
    pub(crate) package: &'static str,
    /// The only version that will do.
    pub(crate) version: String,
    /// What `cargo install` needs to know besides.
    pub(crate) flags: &'static [&'static str],
    /// The programs that are used.
    pub(crate) programs: &'static [&'static str],
    /// How long it takes to build on two cores.
    pub(crate) duration: &'static str,
}

/// The version of `package` that Cargo.lock fixes: these programs must be of their library's.
///
/// # Errors
/// When it fixes none.
pub(crate) fn locked_version(project: &Project, package: &str) -> Result<String> {
    let shell = &project.shell;
    let id = cmd!(shell, "cargo pkgid {package}").read()?;
    let (_, version) = id.rsplit_once('@').with_context(|| format!("`{id}` não tem versão"))?;
    Ok(version.to_owned())
}

impl Tool {
    /// Installs the package where one of its programs is missing.
    ///
    /// # Errors
    /// When it cannot be installed.
    pub(crate) fn install_if_missing(&self, project: &Project) -> Result<()> {
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
