//! What `./test` installs for tests below `target`, whatever `CARGO_TARGET_DIR` says.

use std::io;
use std::path::{Path, PathBuf};

/// The folder `target/<name>`, in which what the file `pins` names is installed. Both are relative to
/// the workspace.
///
/// # Errors
///
/// When nothing is installed there, or something else than the pins name; says what to do.
pub fn folder(name: &str, pins: &str) -> io::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = root.parent().unwrap_or(root);
    let folder = root.join("target").join(name);
    let Ok(installed) = std::fs::read(folder.join("installed")) else {
        return Err(missing(&format!("nothing is in {}", folder.display())));
    };
    if installed != std::fs::read(root.join(pins))? {
        let other = format!("what is in {} is not what {pins} names", folder.display());
        return Err(missing(&other));
    }
    Ok(folder)
}

fn missing(what: &str) -> io::Error {
    let text = format!("{what}: run `./test tests` once, it installs this");
    io::Error::new(io::ErrorKind::NotFound, text)
}
