//! Embeds the built page, each file plain, with gzip and with brotli.
//!
//! Without a built page (`cargo xtask page`) a single file is embedded that says so.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine};
use sha2::{Digest, Sha256};

fn main() -> Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").context("cargo sets OUT_DIR")?);
    let dist = Path::new("../web-client/dist");
    println!("cargo::rerun-if-changed=../web-client/dist");
    println!("cargo::rerun-if-changed=src/http/missing.html");
    let built = dist.join("index.html").exists();
    let index = if built { dist.join("index.html") } else { PathBuf::from("src/http/missing.html") };
    let mut table = "static FILES: &[File] = &[\n".to_owned();
    table.push_str(&embed(&index, "index.html", &out)?);
    if built {
        let mut files = fs::read_dir(dist)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        files.sort();
        for file in files.iter().filter(|file| file.is_file() && **file != index) {
            let name = file.file_name().and_then(|name| name.to_str()).context("file names are text")?;
            table.push_str(&embed(file, name, &out)?);
        }
    }
    table.push_str("];\n");
    fs::write(out.join("page.rs"), table)?;
    let hashes = script_hashes(&fs::read_to_string(&index)?);
    fs::write(out.join("script_hashes.rs"), format!("{hashes:?}"))?;
    Ok(())
}

/// Compresses a file into `out` and returns its row of the table.
fn embed(file: &Path, name: &str, out: &Path) -> Result<String> {
    let plain = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&plain)?;
    fs::write(out.join(format!("{name}.gz")), gzip.finish()?)?;
    let mut brotli = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut plain.as_slice(), &mut brotli, &parameters)?;
    fs::write(out.join(format!("{name}.br")), brotli)?;
    fs::write(out.join(name), &plain)?;

    let mime = mime_guess::from_path(name).first_or_octet_stream();
    let mime = if mime.type_() == "text" { format!("{mime}; charset=utf-8") } else { mime.to_string() };
    let etag = format!("\"{}\"", BASE64_STANDARD.encode(&Sha256::digest(&plain)[..12]));
    let include = |suffix: &str| format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}{suffix}\"))");
    let mut row = String::new();
    writeln!(
        row,
        "    File {{ path: {:?}, mime: {mime:?}, etag: {etag:?}, hashed: {}, plain: {}, gzip: {}, brotli: {} }},",
        format!("/{name}"),
        is_hashed(name),
        include(""),
        include(".gz"),
        include(".br")
    )?;
    Ok(row)
}

/// Whether trunk put a hash in the name: `vez-web-0123456789abcdef_bg.wasm`, its leading zeros left out.
fn is_hashed(name: &str) -> bool {
    let is_hash =
        |part: &str| (12..=16).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.split(['-', '.', '_']).any(is_hash)
}

/// The page's own scripts as sources of a Content-Security-Policy (CSP level 3, §2.3.1).
fn script_hashes(html: &str) -> String {
    let scripts = html.split("<script").skip(1).filter_map(|rest| {
        let (_, script) = rest.split_once('>')?;
        let (script, _) = script.split_once("</script>")?;
        (!script.trim().is_empty()).then_some(script)
    });
    let hash = |script: &str| format!(" 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script)));
    scripts.map(hash).collect()
}
