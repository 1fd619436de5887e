//! The programs for Windows, run by wine.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// The folder of the programs; what wine keeps running beside them ends with it, in this WINEPREFIX alone.
pub(crate) struct Wine(PathBuf);

impl Wine {
    /// `None` where `cargo xtask test` has not built the programs, or there is no wine.
    pub(crate) fn find() -> Option<Self> {
        let folder = env::var_os("VEZ_WINDOWS");
        if folder.is_none() {
            eprintln!("skipped: VEZ_WINDOWS does not tell where the programs for Windows are");
        }
        folder.map(|folder| Self(folder.into()))
    }

    /// Runs a program.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("wine");
        command.arg(self.0.join(program)).env_remove("VEZ_ADDRESS").env_remove("VEZ_CA");
        command
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        let _ = Command::new("wineserver").arg("-k").status();
    }
}
