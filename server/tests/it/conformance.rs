//! The Autobahn cases, by `kosoku`, against the echo responder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;

use crate::common::TestServer;
use vez_server::Responder;

/// Cases of permessage-deflate (RFC 7692), which is not offered.
const COMPRESSION: usize = 216;

/// Text that turns invalid in the middle of a frame: tungstenite checks a frame's text when it has the whole
/// frame, so the connection fails with the right code, but not at the first wrong byte.
const LATE: [&str; 2] = ["6.4.3", "6.4.4"];

/// The results by case: how it behaved, and how it closed.
fn results(folder: &Path) -> BTreeMap<String, (String, String)> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let reports = files.filter(|path| path.extension().is_some_and(|kind| kind == "json"));
    let read = |path: PathBuf| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = reports.map(read).filter_map(|report: serde_json::Value| {
        let text = |name: &str| report[name].as_str().map(str::to_owned);
        Some((text("id")?, (text("behavior")?, text("behaviorClose")?)))
    });
    cases.collect()
}

#[tokio::test]
#[ignore = "needs kosoku: run cargo xtask test"]
async fn every_autobahn_case_passes() {
    let server = TestServer::with(|config| {
        config.responder = Responder::Echo;
        config.limits.max_message = 64 << 20;
    })
    .await;
    let python = PathBuf::from(std::env::var("VEZ_PYTHON").expect("VEZ_PYTHON names Python's path"));
    let reports = TempDir::new().unwrap();
    let mut command = tokio::process::Command::new(python.with_file_name("kosoku"));
    command.args(["-m", "fuzzingclient", "-o"]).arg(reports.path()).arg(server.http.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    // The status tells of the cases that are not offered; the reports tell more.
    let run = tokio::time::timeout(Duration::from_secs(300), command.status()).await;
    run.expect("the cases end").expect("kosoku starts");
    let results = results(reports.path());
    assert_eq!(results.len(), 517);
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
        assert!(
            behaves && matches!(close.as_str(), "OK" | "INFORMATIONAL"),
            "case {id}: {behavior}, {close}"
        );
    }
}
