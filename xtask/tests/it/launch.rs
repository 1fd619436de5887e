//! `server` and `client`: built, then run as themselves.

use crate::project::{Project, stderr, stdout};

#[test]
fn options_stdout_and_exit_status_are_the_programs_own() {
    let project = Project::new();
    for mode in ["server", "client", "SERVER", "Client"] {
        let expected = format!("vez-{}\n--tcp\noff on\n--\n", mode.to_lowercase());
        for args in [&[mode, "--", "--tcp", "off on", "--"][..], &[mode, "--tcp", "off on", "--"]] {
            let output = project.xtask(args);
            assert_eq!(stdout(&output), expected, "{args:?}: {}", stderr(&output));
            assert_eq!(output.status.code(), Some(7), "{args:?}");
        }
    }
}

#[test]
fn the_server_is_built_after_its_page() {
    let project = Project::new();
    project.xtask(&["server"]);
    let calls = project.calls("");
    let position = |start: &str| calls.iter().position(|call| call.starts_with(start)).unwrap();
    assert!(position("trunk build") < position("cargo build --release --package vez-server"), "{calls:?}");
    assert!(position("cargo build --release --package vez-server") < position("vez-server"), "{calls:?}");
}

#[test]
fn the_client_needs_no_page() {
    let project = Project::new();
    project.xtask(&["client"]);
    assert_eq!(project.calls(""), ["cargo build --release --package vez-client", "vez-client "]);
}

#[test]
fn what_does_not_build_is_not_run() {
    let project = Project::new().with("FAKE_FAILURE", "cargo build");
    let output = project.xtask(&["client"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "");
    assert!(
        stderr(&output).contains("Erro: `cargo build --release --package vez-client` falhou"),
        "{}",
        stderr(&output)
    );
    assert_eq!(project.calls("vez-client"), [""; 0]);
}

#[test]
fn the_storm_is_told_where_the_server_is() {
    let project = Project::new();
    let output = project.xtask(&["torture", "--seconds", "7"]);
    let server = project.path("target/release/vez-server");
    let expected = format!("vez-torture\n--server\n{}\n--seconds\n7\n", server.display());
    assert_eq!(stdout(&output), expected, "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(7));
    let builds = ["vez-server", "vez-torture"].map(|name| format!("cargo build --release --package {name}"));
    assert_eq!(project.calls("cargo build"), builds);
}

#[test]
fn a_storm_without_its_server_does_not_begin() {
    let project = Project::new().with("FAKE_FAILURE", "cargo build --release --package vez-server");
    assert_eq!(project.xtask(&["torture"]).status.code(), Some(1));
    assert_eq!(project.calls("vez-torture"), [""; 0]);
}
