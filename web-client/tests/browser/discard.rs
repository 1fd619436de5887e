//! A tab that the browser discards to save memory, and loads again when it is looked at.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::process::Command;

use crate::stage::House;

#[tokio::test]
#[ignore = "needs Chromium and Python's websockets: run cargo xtask test"]
async fn a_discarded_tab_comes_back_to_its_turn_and_its_conversation() -> Result<()> {
    let house = House::open(&[])?;
    let profile = TempDir::with_prefix("vez-discard-")?;
    // Without it the page that discards tabs is switched off.
    std::fs::write(profile.path().join("Local State"), r#"{"internal_only_uis_enabled":true}"#)?;
    let program = std::env::var("VEZ_CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    let mut chromium = Command::new(program);
    chromium.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--lang=pt-BR"]);
    chromium.args(["--accept-lang=pt-BR", "--remote-debugging-port=0"]);
    chromium.arg(format!("--user-data-dir={}", profile.path().display())).arg("about:blank");
    chromium.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let mut chromium = chromium.spawn().context("Chromium does not start")?;
    let python = std::env::var("VEZ_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut talk = Command::new(python);
    talk.arg("-c").arg(include_str!("discard.py")).arg(profile.path()).arg(house.url());
    let output = talk.kill_on_drop(true).output().await.context("Python does not start")?;
    chromium.kill().await?;
    house.close().await;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout)?, "A sua vez começou|oi|Servidor recebeu: 'oi'\n");
    Ok(())
}
