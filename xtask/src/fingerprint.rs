//! Tells whether files changed, by their contents: a fresh checkout changes every time stamp and nothing else.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::Path,
};

/// Folders that hold results or tests, which change nothing in what is built.
const SKIPPED: [&str; 3] = ["dist", "target", "tests"];

/// A hash of the names and contents of all files at and under `paths`.
///
/// # Errors
/// When one of them cannot be read.
pub(crate) fn of(paths: &[&Path]) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        add(path, &mut hasher)?;
    }
    Ok(hasher.finish())
}

fn add(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    path.hash(hasher);
    if path.is_dir() {
        return add_folder(path, hasher);
    }
    fs::read(path)?.hash(hasher);
    Ok(())
}

fn add_folder(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    let entries: io::Result<Vec<_>> = fs::read_dir(path)?.collect();
    let mut entries = entries?;
    entries.sort_unstable_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let skipped = SKIPPED.iter().any(|name| entry.file_name() == *name);
        if !skipped {
            add(&entry.path(), hasher)?;
        }
    }
    Ok(())
}
