//! The tools that xtask uses, from crates.io at exact versions.

use anyhow::Result;

use crate::{
    crates_io::{Tool, locked_version},
    project::Project,
};

/// The version of trunk, which no manifest names.
pub(crate) const TRUNK: &str = "0.21.14";

/// The version of websocat, which no manifest names either.
const WEBSOCAT: &str = "1.14.1";

/// The version of Firefox's driver.
const GECKODRIVER: &str = "0.37.1";

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

/// Installs the runner of gungraun, which counts instructions.
///
/// # Errors
/// When it is missing and cannot be installed.
pub(crate) fn install_gungraun(project: &Project) -> Result<()> {
    let runner = Tool {
        package: "gungraun-runner",
        version: locked_version(project, "gungraun")?,
        flags: &["--debug"],
        programs: &["gungraun-runner"],
        duration: "cerca de 2 minutos",
    };
    runner.install_if_missing(project)
}

/// Installs the driver of Firefox.
///
/// # Errors
/// When it is missing and cannot be installed.
pub(crate) fn install_geckodriver(project: &Project) -> Result<()> {
    let geckodriver = Tool {
        package: "geckodriver",
        version: GECKODRIVER.to_owned(),
        flags: &["--debug"],
        programs: &["geckodriver"],
        duration: "cerca de 2 minutos",
    };
    geckodriver.install_if_missing(project)
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
