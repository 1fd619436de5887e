//! The Autobahn cases, by `kosoku`, against the echo responder.

use std::time::Duration;

use tempfile::TempDir;

use crate::common::TestServer;
use vez_server::Responder;

#[tokio::test]
#[ignore = "needs kosoku: run cargo xtask test"]
async fn every_autobahn_case_passes() {
    let server = TestServer::with(|options| {
        options.behind.responder = Responder::Echo;
        options.connections.max_message = 64 << 20;
    })
    .await;
    let reports = TempDir::new().unwrap();
    let mut command = vez_conformance::kosoku("fuzzingclient", reports.path(), &server.http.to_string());
    // The status tells of the cases that are not offered; the reports tell more.
    let run = tokio::time::timeout(Duration::from_secs(300), command.status()).await;
    run.expect("the cases end").expect("kosoku starts");
    vez_conformance::assert_all_pass(reports.path());
}
