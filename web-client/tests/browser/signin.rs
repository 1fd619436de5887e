//! Who may come in, at the page.

use anyhow::Result;
use tempfile::TempDir;

use crate::stage::{Said, Tab, play_in_both};

/// What `htpasswd -B -C 4` writes for a name that looks like markup, with the password `segredo`.
const PEOPLE: &str = "<b>ana</b>:$2y$04$4n6AgrOOJDA.srMA/4RrgecZKDmI.ty3odE664Q0P1JouCICYfNcy\n";

/// A file with that name in a folder.
pub(crate) fn people(folder: &TempDir) -> Result<String> {
    let path = folder.path().join("people");
    std::fs::write(&path, PEOPLE)?;
    Ok(path.to_string_lossy().into_owned())
}

pub(crate) async fn sign_in(tab: &Tab, password: &str) -> Result<()> {
    tab.run("document.querySelector('#nome').value = '<b>ana</b>'").await?;
    tab.run(&format!("document.querySelector('#senha').value = '{password}'")).await?;
    tab.press("main button").await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_form_lets_in_and_signing_out_leaves_nothing_behind() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = people(&folder)?;
    play_in_both(&["--htpasswd", &path, "--tcp-anyone", "--grace", "100ms"], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until("document.querySelector('#nome')").await?;
        sign_in(&tab, "errada").await?;
        tab.until_text("[role=alert]", "O nome ou a senha não está certo.").await?;
        sign_in(&tab, "segredo").await?;
        tab.until_state("talking").await?;
        tab.until_text("#account", "<b>ana</b>").await?;
        tab.say("segredo").await?;
        tab.until_count("[data-from=server]", 1).await?;
        let other = browser.open_another(&house.url()).await?;
        other.until_text("#detail", "Uma pessoa à sua frente. <b>ana</b> conversa agora.").await?;
        other.close().await?;

        tab.press("#account").await?;
        tab.until_text("strong", "<b>ana</b>").await?;
        tab.press("main button").await?;
        tab.until("document.querySelector('#nome')").await?;
        assert_eq!(tab.value("sessionStorage.length").await?, 0);
        // Nor does the page that was left come back, with another's eyes on it.
        tab.run("window.left = true; history.go(-2)").await?;
        tab.until("!window.left && document.querySelector('#nome')").await?;
        sign_in(&tab, "segredo").await?;
        tab.until_state("talking").await?;
        assert_eq!(tab.said().await?, [Said::new("page", "", "A sua vez começou")]);
        Ok(())
    })
    .await
}
