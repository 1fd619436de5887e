//! Every test, in the order in which a failure shows soonest.

use std::{ffi::OsString, process::ExitCode, time::Instant};

use anyhow::{Context, Result, bail};
use xshell::cmd;

use crate::{
    debian,
    etcd::Etcd,
    npm, page,
    project::Project,
    python,
    step::{check, say},
    toolchain::{self, WASM},
    tools, torture, windows,
};

/// A part of the test run: its name and what it does.
type Step = (&'static str, fn(&Project) -> Result<()>);

const COMPONENTS: Step = ("preparo do Rust", toolchain::add_components);
const SYSTEM: Step = ("preparo do sistema", debian::install);
const PYTHON: Step = ("preparo do Python", python::install);
const NPM: Step = ("preparo do npm", npm::install);
const FORMAT: Step = ("formatação", format);
const PAGE: Step = ("página", page::build);
const CLIPPY: Step = ("clippy", clippy);
const WINDOWS: Step = ("Windows", windows::prepare);
const QUICK_TESTS: Step = ("testes rápidos", quick_tests);
const TESTS: Step = ("testes", tests);
const PAGE_TESTS: Step = ("testes da página", page_tests);
const SHARED: Step = ("fila compartilhada", shared);
const DOCS: Step = ("documentação", docs);
const STORM: Step = ("tempestade", torture::short);
const INSTRUCTIONS: Step = ("instruções", instructions);

const QUICK: &[Step] = &[COMPONENTS, FORMAT, PAGE, CLIPPY, QUICK_TESTS];
const ALL: &[Step] = &[
    COMPONENTS,
    SYSTEM,
    PYTHON,
    NPM,
    FORMAT,
    PAGE,
    CLIPPY,
    WINDOWS,
    TESTS,
    PAGE_TESTS,
    SHARED,
    DOCS,
    STORM,
    INSTRUCTIONS,
];

/// Tests that cannot hold where the turn is not had at once: who goes at once, or says that nothing comes, leaves while it
/// waits. And those that have an etcd of their own, or compare bytes with it.
const NOT_OVER_ETCD: &[&str] = &[
    "shared::",
    "behind::a_stream_whose_client_only_listens_is_heard",
    "behind::the_last_message_before_a_close_arrives",
    "transcript::one_who_just_goes",
    "websocket::a_close_frame_is_answered_with_its_code",
    "metrics::the_dashboard_and_the_metrics_have_the_same_names",
];

/// Runs every test, or with `--quick` those that need no browser and no Python.
///
/// # Errors
/// When a step fails; the error begins with the step's name.
pub(crate) fn run(options: &[OsString]) -> Result<ExitCode> {
    let steps = match options {
        [] => ALL,
        [option] if option == "--quick" => QUICK,
        _ => bail!("`cargo xtask test` só tem a opção --quick"),
    };
    say("Testando tudo (a primeira vez, cerca de 15 minutos; depois, poucos)");
    let project = Project::open()?;
    let start = Instant::now();
    for (number, (name, step)) in (1..).zip(steps) {
        say(&format!("Passo {number} de {}: {name}", steps.len()));
        step(&project).with_context(|| format!("o passo \"{name}\" falhou"))?;
    }
    say(&format!("Todos os {} passos passaram em {} s", steps.len(), start.elapsed().as_secs()));
    Ok(ExitCode::SUCCESS)
}

fn format(project: &Project) -> Result<()> {
    let shell = &project.shell;
    check(cmd!(shell, "cargo fmt --all --check"))
}

fn clippy(project: &Project) -> Result<()> {
    let shell = &project.shell;
    check(cmd!(shell, "cargo clippy --workspace --all-targets -- -D warnings"))?;
    check(cmd!(shell, "cargo clippy --package vez-web --target {WASM} --all-targets -- -D warnings"))?;
    check(cmd!(shell, "cargo clippy --package vez-terminal --target {WASM} -- -D warnings"))
}

fn quick_tests(project: &Project) -> Result<()> {
    let shell = &project.shell;
    check(cmd!(shell, "cargo test --workspace --no-fail-fast"))
}

fn tests(project: &Project) -> Result<()> {
    let shell = &project.shell;
    if debian::has_firefox(project)
        && let Err(error) = tools::install_geckodriver(project)
    {
        say(&format!("O Firefox fica de fora: {error:#}"));
    }
    check(cmd!(shell, "cargo test --workspace --no-fail-fast -- --include-ignored"))
}

fn page_tests(project: &Project) -> Result<()> {
    let shell = &project.shell;
    let tests = cmd!(shell, "cargo test --package vez-web --target {WASM} --tests");
    check(tests.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner"))
}

/// What is different with the feature `etcd`: the queue, and several servers that share one.
fn shared(project: &Project) -> Result<()> {
    if let Err(error) = debian::install_etcd(project) {
        say(&format!("Pulado: {error:#}"));
        return Ok(());
    }
    let shell = &project.shell;
    let with = ["--package", "vez-server", "--features", "etcd"];
    check(cmd!(shell, "cargo clippy {with...} --all-targets -- -D warnings"))?;
    check(cmd!(shell, "cargo clippy --package vez-bench --features etcd -- -D warnings"))?;
    check(cmd!(shell, "cargo test {with...} --no-fail-fast --lib queue"))?;
    check(cmd!(shell, "cargo test {with...} --no-fail-fast --test it shared -- --include-ignored"))?;
    // What holds of a queue in one process holds of one in etcd.
    let etcd = Etcd::start(project)?;
    let not = NOT_OVER_ETCD.iter().flat_map(|name| ["--skip", name]);
    check(
        cmd!(shell, "cargo test {with...} --no-fail-fast --test it -- {not...}")
            .env("VEZ_TEST_QUEUE", etcd.url()),
    )?;
    drop(etcd);
    torture::short_shared(project)
}

/// Counts the instructions of the hot paths, which have limits.
fn instructions(project: &Project) -> Result<()> {
    tools::install_gungraun(project)?;
    let shell = &project.shell;
    check(cmd!(shell, "cargo bench --package vez-server --bench instructions"))
}

fn docs(project: &Project) -> Result<()> {
    let shell = &project.shell;
    check(cmd!(shell, "cargo doc --workspace --no-deps").env("RUSTDOCFLAGS", "-D warnings"))
}
