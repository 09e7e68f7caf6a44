//! Where things are below a spawner's root.
//!
//! ```text
//! <root>/sandboxes/<key>/   a finished sandbox: meta.json, root/, ctl/<run>/
//! <root>/making/<key>/      a sandbox that is being made, or was when its maker died
//! <root>/removed/<key>.<n>/ a sandbox that is being removed
//! <root>/locks/<key>        held while any of these changes
//! ```
//!
//! Agents get `root/` alone: their record and the files that tell how they ended lie outside.

use std::io;
use std::path::{Path, PathBuf};

use spec_core::clock::{IdGenerator, UuidV7Generator};
use spec_core::id::{RunKey, SandboxKey};
use spec_core::sandbox::Layout;

/// Variable by which every process of a sandbox is known, whatever its parent or session.
pub(crate) const MARKER: &str = "SPEC_SANDBOX";

/// The folders of one sandbox.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    root: PathBuf,
    pub(crate) key: SandboxKey,
}

impl Place {
    pub(crate) fn new(root: &Path, key: SandboxKey) -> Self {
        Self {
            root: root.to_owned(),
            key,
        }
    }

    pub(crate) fn finished(&self) -> PathBuf {
        sandboxes(&self.root).join(self.key.to_string())
    }

    pub(crate) fn making(&self) -> PathBuf {
        making(&self.root).join(self.key.to_string())
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("locks").join(self.key.to_string())
    }

    /// A fresh name to move the sandbox to before it is deleted.
    pub(crate) fn fresh_removed(&self) -> PathBuf {
        removed(&self.root).join(format!("{}.{}", self.key, UuidV7Generator.uuid()))
    }

    /// What earlier removals of this sandbox have left.
    pub(crate) fn removed(&self) -> io::Result<Vec<PathBuf>> {
        let prefix = format!("{}.", self.key);
        Ok(entries(&removed(&self.root))?
            .into_iter()
            .filter(|(name, _)| name.starts_with(&prefix))
            .map(|(_, path)| path)
            .collect())
    }

    /// Everything that programs in the sandbox may use.
    pub(crate) fn inside(&self) -> PathBuf {
        self.finished().join("root")
    }

    pub(crate) fn repository(&self) -> PathBuf {
        self.inside().join("repo")
    }

    pub(crate) fn control(&self, run: &RunKey) -> PathBuf {
        self.finished().join("ctl").join(run.to_string())
    }

    pub(crate) fn controls(&self) -> PathBuf {
        self.finished().join("ctl")
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout {
            root: self.inside().display().to_string(),
            repository: self.repository().display().to_string(),
        }
    }

    /// Value of [`MARKER`]: no other sandbox of this machine has it.
    pub(crate) fn mark(&self) -> String {
        self.finished().display().to_string()
    }
}

fn sandboxes(root: &Path) -> PathBuf {
    root.join("sandboxes")
}

fn making(root: &Path) -> PathBuf {
    root.join("making")
}

fn removed(root: &Path) -> PathBuf {
    root.join("removed")
}

/// Makes the folders that all sandboxes share, readable by this user alone.
pub(crate) fn prepare(root: &Path) -> io::Result<()> {
    for folder in [
        sandboxes(root),
        making(root),
        removed(root),
        root.join("locks"),
    ] {
        private_folder(&folder)?;
    }
    Ok(())
}

/// Makes a folder and its parents, readable by this user alone.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

/// Keys of the finished sandboxes.
pub(crate) fn finished_keys(root: &Path) -> io::Result<Vec<SandboxKey>> {
    Ok(keys(entries(&sandboxes(root))?))
}

/// Keys of everything that is there, finished or not.
pub(crate) fn all_keys(root: &Path) -> io::Result<Vec<SandboxKey>> {
    let mut keys = finished_keys(root)?;
    keys.extend(self::keys(entries(&making(root))?));
    keys.extend(self::keys(
        entries(&removed(root))?
            .into_iter()
            .filter_map(|(name, path)| Some((name.split_once('.')?.0.to_owned(), path)))
            .collect(),
    ));
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}

fn keys(entries: Vec<(String, PathBuf)>) -> Vec<SandboxKey> {
    entries
        .into_iter()
        .filter_map(|(name, _)| name.parse().ok())
        .collect()
}

fn entries(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    entries
        .map(|entry| {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            Ok((name, entry.path()))
        })
        .collect()
}
