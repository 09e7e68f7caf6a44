//! The record of a sandbox: `meta.json`.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use spec_core::clock::Timestamp;
use spec_core::id::{CommitId, SandboxId, SandboxKey};
use spec_core::sandbox::{Isolation, Labels, Layout, Origin, Sandbox, SandboxState};

/// What is known of a sandbox, as kept on disk. Holds no secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Version of this format.
    pub(crate) format: u16,
    pub(crate) key: SandboxKey,
    pub(crate) id: SandboxId,
    pub(crate) labels: Labels,
    pub(crate) commit: CommitId,
    pub(crate) layout: Layout,
    pub(crate) isolation: Isolation,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl Record {
    pub(crate) const FORMAT: u16 = 1;

    /// The record in the folder of a sandbox; `None` when there is none.
    ///
    /// A folder is given its final name only when it is complete, so a record that cannot be read
    /// was damaged from outside: [`io::ErrorKind::InvalidData`] or [`io::ErrorKind::UnexpectedEof`].
    pub(crate) fn read(folder: &Path) -> io::Result<Option<Self>> {
        match fs::read(folder.join("meta.json")) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(Into::into),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        write_whole(&folder.join("meta.json"), &serde_json::to_vec_pretty(self)?)
    }

    pub(crate) fn sandbox(self, origin: Origin) -> Sandbox {
        Sandbox {
            key: self.key,
            id: self.id,
            state: SandboxState::Running,
            origin,
            commit: self.commit,
            layout: self.layout,
            isolation: self.isolation,
            created_at: self.created_at,
        }
    }
}

/// When a sandbox that is being made will have outlived its time: `expires.json` beside it.
pub(crate) fn write_expiry(folder: &Path, expires_at: Timestamp) -> io::Result<()> {
    write_whole(
        &folder.join("expires.json"),
        &serde_json::to_vec(&expires_at)?,
    )
}

/// See [`write_expiry`].
pub(crate) fn read_expiry(folder: &Path) -> io::Result<Option<Timestamp>> {
    match fs::read(folder.join("expires.json")) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(Into::into),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces a file of this user's, so that readers see the old or the new text and never a part.
pub(crate) fn write_whole(path: &Path, text: &[u8]) -> io::Result<()> {
    let next = path.with_extension("next");
    let mut file = fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&next)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&next, path)
}
