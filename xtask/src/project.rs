//! Where things are: the workspace, Cargo's target folder, and the tools that xtask installs.

use std::{env, ffi::OsString, iter, path::PathBuf};

use anyhow::{Context, Result};
use xshell::Shell;

/// The workspace, and a shell to work in it.
pub(crate) struct Project {
    /// Runs commands in the root, with the installed tools first in PATH.
    pub(crate) shell: Shell,
    /// The folder of the workspace's Cargo.toml.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    /// Tools that take minutes to build, kept outside the workspace so that every clone shares them.
    pub(crate) tools: PathBuf,
}

impl Project {
    /// Finds the workspace that this xtask was built from.
    ///
    /// # Errors
    /// When the folders cannot be told, as without a home folder.
    pub(crate) fn open() -> Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into());
        let root = PathBuf::from(manifest).parent().context("xtask está fora do projeto")?.to_owned();
        // Cargo put this very program into `target/debug/`: that holds for each of its ways to choose `target`.
        let program = env::current_exe()?;
        let target = program.ancestors().nth(2).context("xtask está fora de target/")?.to_owned();
        let tools = cache_folder()?.join("vez/tools");
        let shell = Shell::new()?;
        shell.change_dir(&root);
        shell.set_var("PATH", path_with(tools.join("bin"))?);
        if let Some(chosen) = env::var_os("CARGO_TARGET_DIR") {
            shell.set_var("CARGO_TARGET_DIR", std::path::absolute(chosen)?);
        }
        Ok(Self { shell, root, target, tools })
    }
}

/// The user's cache (XDG Base Directory Specification, which has relative paths ignored).
fn cache_folder() -> Result<PathBuf> {
    let chosen = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    chosen
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .context("nem XDG_CACHE_HOME nem HOME estão definidas")
}

fn path_with(first: PathBuf) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(iter::once(first).chain(env::split_paths(&path)))?)
}
