//! What is missing is set up, and what is there is left alone.

use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

use crate::project::{Project, stderr};

#[test]
fn an_unchanged_page_is_built_once() {
    let project = Project::new();
    assert!(project.xtask(&["page"]).status.success());
    assert_eq!(project.calls("trunk build"), ["trunk build --release --offline"]);
    assert!(project.xtask(&["page"]).status.success());
    assert_eq!(project.calls("trunk"), [""; 0]);
}

#[test]
fn a_changed_page_is_built_again() {
    for changed in [
        "target/wasm32-unknown-unknown/page/vez_web.wasm",
        "target/wasm32-unknown-unknown/page/vez_terminal.wasm",
        "web-client/index.html",
        "web-client/assets/icon.svg",
        "web-terminal/assets/terminal.js",
    ] {
        let project = Project::new();
        project.xtask(&["page"]);
        project.calls("");
        let file = File::options().append(true).open(project.path(changed)).unwrap();
        // Later than the page also where a file system counts in seconds.
        file.set_modified(SystemTime::now() + Duration::from_secs(10)).unwrap();
        project.xtask(&["page"]);
        assert_eq!(project.calls("trunk build").len(), 1, "{changed}");
    }
}

#[test]
fn a_page_that_is_gone_is_built_again() {
    let project = Project::new();
    project.xtask(&["page"]);
    project.calls("");
    fs::remove_dir_all(project.path("web-client/dist")).unwrap();
    project.xtask(&["page"]);
    assert_eq!(project.calls("trunk build").len(), 1);
}

#[test]
fn a_page_that_failed_is_not_taken_as_built() {
    for failure in ["trunk build", "wasm-bindgen --target"] {
        let project = Project::new().with("FAKE_FAILURE", failure);
        for _ in 0..2 {
            assert_eq!(project.xtask(&["page"]).status.code(), Some(1));
            assert_eq!(project.calls("trunk build").len(), 1);
        }
    }
}

#[test]
fn tools_of_the_right_version_are_reused() {
    let project = Project::new();
    project.xtask(&["page"]);
    assert_eq!(project.calls("cargo install"), [""; 0]);
}

#[test]
fn a_tool_of_another_version_is_installed_beside_it() {
    let project = Project::new().with("FAKE_TRUNK", "0.21.140");
    project.xtask(&["page"]);
    let calls = project.calls("cargo install");
    let root = project.path("cache/vez/tools");
    let expected = format!(
        "cargo install --locked --root {} --debug --no-default-features --features rustls trunk@0.21.14",
        root.display()
    );
    assert_eq!(calls, [expected]);
}

#[test]
fn a_missing_browser_is_installed_with_apt_get() {
    let project = Project::new().with("FAKE_MISSING", "chromium").with("FAKE_FAILURE", "python3 -m venv");
    project.xtask(&["test"]);
    let calls = project.calls("apt-get");
    assert_eq!(calls[..2], ["apt-get --version", "apt-get update"]);
    assert_eq!(calls[2], "apt-get install --yes --no-install-recommends chromium");
}

#[test]
fn a_missing_browser_is_named_where_apt_get_is_not_allowed() {
    let project = Project::new().with("FAKE_MISSING", "chromium");
    let project = project.with("FAKE_USER", "1000").with("FAKE_FAILURE", "sudo");
    let output = project.xtask(&["test"]);
    assert_eq!(output.status.code(), Some(1));
    let last = stderr(&output).lines().last().unwrap();
    assert!(last.contains("o passo \"preparo do sistema\" falhou"), "{last}");
    assert!(last.contains("sudo apt-get install chromium"), "{last}");
    assert_eq!(project.calls("apt-get install"), [""; 0]);
}

#[test]
fn what_only_some_tests_need_is_installed_too() {
    let project = Project::new().with("FAKE_MISSING", "socat").with("FAKE_FAILURE", "python3 -m venv");
    project.xtask(&["test"]);
    let calls = project.calls("apt-get install");
    assert_eq!(calls, ["apt-get install --yes --no-install-recommends socat"]);
}

#[test]
fn without_what_only_some_tests_need_the_run_goes_on() {
    let project = Project::new().with("FAKE_MISSING", "socat");
    let project = project.with("FAKE_USER", "1000").with("FAKE_FAILURE", "sudo");
    let output = project.xtask(&["test"]);
    let word = "» Alguns testes serão pulados: instale o que falta e rode de novo; no Debian: sudo apt-get install socat";
    assert!(stderr(&output).lines().any(|line| line == word), "{}", stderr(&output));
    assert_eq!(project.calls("cargo test --workspace").len(), 1);
}

#[test]
fn a_failed_step_is_named_and_ends_the_run() {
    let project = Project::new().with("FAKE_FAILURE", "cargo clippy --workspace");
    let output = project.xtask(&["test", "--quick"]);
    assert_eq!(output.status.code(), Some(1));
    let last = stderr(&output).lines().last().unwrap();
    assert!(last.starts_with("Erro: o passo \"clippy\" falhou: `cargo clippy --workspace"), "{last}");
    assert_eq!(project.calls("cargo test"), [""; 0]);
}

#[test]
fn the_quick_run_needs_no_browser() {
    let project = Project::new().with("FAKE_MISSING", "chromium");
    let output = project.xtask(&["test", "--quick"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(project.calls("cargo test"), ["cargo test --workspace --no-fail-fast"]);
}
