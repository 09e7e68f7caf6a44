//! Which spec a folder belongs to.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use spec_core::clock::{IdGenerator, UuidV7Generator};
use spec_core::id::SpecId;
use spec_core::sync::SyncError;

use super::{failed, pretty, write_whole};

pub(super) const CLAIM_FILE: &str = ".spec.json";

/// The content of `.spec.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claim {
    pub(super) spec_id: SpecId,
    /// Files that were written, or are about to be.
    pub(super) files: BTreeSet<String>,
}

/// Whose a folder is.
#[derive(Debug)]
pub(super) enum Taken {
    Ours(Claim),
    Theirs(SpecId),
}

impl Claim {
    /// Claims `folder` for a spec, or finds whose it is.
    pub(super) fn take(folder: &Path, spec_id: SpecId) -> Result<Taken, SyncError> {
        if let Some(claim) = Self::read(folder)? {
            return Ok(claim.seen_by(spec_id));
        }
        if !is_empty(folder)? {
            // Another caller may have claimed it between our two looks.
            let claim = Self::read(folder)?.ok_or_else(|| {
                SyncError::rejected(format!(
                    "{} holds something that is not a spec; move it away",
                    folder.display()
                ))
            })?;
            return Ok(claim.seen_by(spec_id));
        }
        let claim = Self {
            spec_id,
            files: BTreeSet::new(),
        };
        // A link is made by one of several callers, and the file is whole when it appears.
        let next = folder.with_file_name(format!(".{}.next", UuidV7Generator.uuid()));
        let linked = write_whole(&next, &pretty(&claim)?)
            .and_then(|()| fs::hard_link(&next, folder.join(CLAIM_FILE)));
        let _left = fs::remove_file(&next);
        match linked {
            Ok(()) => Ok(Taken::Ours(claim)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let winner = Self::read(folder)?.ok_or_else(|| {
                    SyncError::unavailable("the claim to the folder vanished while it was read")
                })?;
                Ok(winner.seen_by(spec_id))
            }
            Err(error) => Err(failed(format_args!("claim {}", folder.display()))(error)),
        }
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), SyncError> {
        let path = folder.join(CLAIM_FILE);
        write_whole(&path, &pretty(self)?).map_err(failed(format_args!("write {}", path.display())))
    }

    pub(super) fn read(folder: &Path) -> Result<Option<Self>, SyncError> {
        let path = folder.join(CLAIM_FILE);
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| {
                SyncError::rejected(format!("{} cannot be read", path.display())).with_source(error)
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(format_args!("read {}", path.display()))(error)),
        }
    }

    fn seen_by(self, spec_id: SpecId) -> Taken {
        if self.spec_id == spec_id {
            Taken::Ours(self)
        } else {
            Taken::Theirs(self.spec_id)
        }
    }
}

fn is_empty(folder: &Path) -> Result<bool, SyncError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) => Err(failed(format_args!("look into {}", folder.display()))(
            error,
        )),
    }
}
