//! The Autobahn cases, run by `kosoku`, for the tests of server and client.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

/// All cases.
pub const CASES: usize = 517;

/// Cases of permessage-deflate (RFC 7692), which is not offered.
const COMPRESSION: usize = 216;

/// Text that turns invalid in the middle of a frame: tungstenite checks a frame's text when it has the whole
/// frame, so the connection fails with the right code, but not at the first wrong byte.
const LATE: [&str; 2] = ["6.4.3", "6.4.4"];

/// `kosoku` in one of its modes, whose reports go to a folder; it ends when it is dropped.
///
/// # Panics
/// When `VEZ_PYTHON` does not name the Python that kosoku is installed for.
pub fn kosoku(mode: &str, reports: &Path, address: &str) -> Command {
    let python = std::env::var_os("VEZ_PYTHON").expect("VEZ_PYTHON names Python's path");
    let mut command = Command::new(Path::new(&python).with_file_name("kosoku"));
    command.args(["-m", mode, "-o"]).arg(reports).arg(address).env("PYTHONUNBUFFERED", "1");
    command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    command
}

/// Checks the reports of a run of all cases: nothing failed, nothing was closed in another way than it must be,
/// and nothing but compression is missing.
///
/// # Panics
/// When that is not so; the message names the case.
pub fn assert_all_pass(reports: &Path) {
    let results = results(reports);
    assert_eq!(results.len(), CASES);
    let (unimplemented, offered): (Vec<_>, Vec<_>) =
        results.iter().partition(|(_, (behavior, _))| behavior == "UNIMPLEMENTED");
    assert_eq!(unimplemented.len(), COMPRESSION);
    assert!(unimplemented.iter().all(|(id, _)| id.starts_with("12.") || id.starts_with("13.")));
    for (id, (behavior, close)) in offered {
        let behaves = match behavior.as_str() {
            "OK" | "INFORMATIONAL" => true,
            "NON-STRICT" => LATE.contains(&id.as_str()),
            _ => false,
        };
        let closes = matches!(close.as_str(), "OK" | "INFORMATIONAL");
        assert!(behaves && closes, "case {id}: {behavior}, {close}");
    }
}

/// The results by case: how the one under test behaved, and how it closed.
fn results(folder: &Path) -> BTreeMap<String, (String, String)> {
    let files = std::fs::read_dir(folder).expect("kosoku has written reports");
    let paths = files.map(|entry| entry.expect("the folder can be read").path());
    let reports = paths.filter(|path| path.extension().is_some_and(|kind| kind == "json"));
    let cases = reports.map(read).filter_map(|report| {
        let text = |name: &str| report[name].as_str().map(str::to_owned);
        Some((text("id")?, (text("behavior")?, text("behaviorClose")?)))
    });
    cases.collect()
}

fn read(path: PathBuf) -> serde_json::Value {
    let report = std::fs::read(path).expect("a report can be read");
    serde_json::from_slice(&report).expect("a report is JSON")
}
