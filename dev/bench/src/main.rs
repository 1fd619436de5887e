//! The `vez-bench` binary.

#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<()> {
    vez_bench::run()
}

#[cfg(not(target_os = "linux"))]
fn main() -> anyhow::Result<()> {
    anyhow::bail!("o que aqui se mede só o Linux conta (/proc)")
}
