//! The programs for Windows: built where their compiler is, run where wine is.

use crate::project::{Project, stderr};

const BUILDS: [&str; 2] = [
    "cargo clippy --target x86_64-pc-windows-gnu --package vez-server --package vez-client -- -D warnings -A clippy::result_large_err",
    "cargo build --target x86_64-pc-windows-gnu --package vez-server --package vez-client",
];
const RUN: &str = "wine wineboot --init";
const TESTS: &str = "cargo test --workspace --no-fail-fast -- --include-ignored";

/// Which of the calls that matter here were made, in their order, until the tests, with `missing` not installed.
fn calls_without(missing: &'static str) -> (Vec<String>, String) {
    let project = Project::new().with("FAKE_MISSING", missing).with("FAKE_FAILURE", "cargo test");
    let output = project.xtask(&["test"]);
    let mut calls = project.calls("");
    calls.retain(|call| BUILDS.contains(&call.as_str()) || call == RUN || call == TESTS);
    (calls, stderr(&output).to_owned())
}

#[test]
fn they_are_checked_built_and_run_before_the_tests() {
    let (calls, stderr) = calls_without("nothing");
    assert_eq!(calls, [BUILDS[0], BUILDS[1], RUN, TESTS], "{stderr}");
}

#[test]
fn without_wine_they_are_built_all_the_same() {
    let (calls, stderr) = calls_without("wine");
    assert_eq!(calls, [BUILDS[0], BUILDS[1], TESTS], "{stderr}");
    assert!(stderr.contains("» Sem wine"), "{stderr}");
}

#[test]
fn without_their_compiler_they_are_passed_over() {
    let (calls, stderr) = calls_without("x86_64-w64-mingw32-gcc");
    assert_eq!(calls, [TESTS], "{stderr}");
    assert!(stderr.contains("» Sem gcc-mingw-w64-x86-64"), "{stderr}");
}

#[test]
fn what_does_not_compile_for_windows_fails_the_run() {
    let project = Project::new().with("FAKE_FAILURE", "cargo build --target x86_64-pc-windows-gnu");
    let output = project.xtask(&["test"]);
    let last = stderr(&output).lines().last().unwrap();
    assert!(last.starts_with("Erro: o passo \"Windows\" falhou: `cargo build --target"), "{last}");
    assert_eq!(project.calls("cargo test"), [""; 0]);
}
