//! [`DirectoryTarget`].

mod claim;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::Serialize;
use spec_core::Spec;
use spec_core::clock::{IdGenerator, UuidV7Generator};
use spec_core::id::SpecId;
use spec_core::sandbox::SandboxPath;
use spec_core::sync::{FinishedSpec, SyncError, SyncTarget, slug};

use claim::{CLAIM_FILE, Claim, Taken};

/// Digits of a spec's id that tell its folder from another spec's.
const DIGITS: usize = 6;

/// Writes finished specs to `<folder>/<slug>/`: what SYNC rendered, and the output of every phase as
/// JSON.
///
/// Each file is replaced whole. A folder belongs to one spec, which a file in it, `.spec.json`,
/// names together with the files that were written; those that a later version no longer has are
/// removed, other files are left alone. Another spec, or anything else that is there, is never
/// overwritten: where `<slug>` belongs to another spec, the folder is
/// `<slug>-<last six digits of the spec's id>`.
#[derive(Debug, Clone)]
pub struct DirectoryTarget {
    folder: PathBuf,
}

impl DirectoryTarget {
    /// Writes below `folder`, which is made when needed.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Where this spec is, or would be written to now. Looks at the disk, and blocks meanwhile.
    #[must_use]
    pub fn folder_of(&self, spec: &Spec) -> PathBuf {
        let candidates = self.candidates(&slug(&spec.title), spec.id);
        let theirs = |folder: &PathBuf| Claim::read(folder).ok().flatten().map(|c| c.spec_id);
        let has = |folder: &&PathBuf| theirs(folder) == Some(spec.id);
        let free = |folder: &&PathBuf| theirs(folder).is_none();
        let [plain, distinct] = &candidates;
        let found = candidates.iter().find(has);
        found
            .or_else(|| Some(plain).filter(free))
            .unwrap_or(distinct)
            .clone()
    }

    /// The folders that may be this spec's, the preferred one first.
    fn candidates(&self, slug: &str, spec_id: SpecId) -> [PathBuf; 2] {
        let id = spec_id.as_uuid().simple().to_string();
        let (_, digits) = id.split_at(id.len() - DIGITS);
        [
            self.folder.join(slug),
            self.folder.join(format!("{slug}-{digits}")),
        ]
    }
}

#[async_trait]
impl SyncTarget for DirectoryTarget {
    fn name(&self) -> &'static str {
        "directory"
    }

    async fn upsert(&self, finished: &FinishedSpec) -> Result<(), SyncError> {
        let slug = one_part(&finished.sync.slug)?;
        let files = files(finished)?;
        let spec_id = finished.spec.id;
        let candidates = self.candidates(slug, spec_id);
        let work = tokio::task::spawn_blocking(move || {
            let (folder, former) = take_one(&candidates, spec_id)?;
            write(folder, &former, &files)
        });
        work.await.unwrap_or_else(|join| {
            Err(SyncError::unavailable("the files were not all written").with_source(join))
        })
    }
}

/// Finds the folder that belongs to the spec, or claims the first that belongs to no other.
fn take_one(candidates: &[PathBuf; 2], spec_id: SpecId) -> Result<(&Path, Claim), SyncError> {
    for folder in candidates {
        if let Some(claim) = Claim::read(folder)?.filter(|claim| claim.spec_id == spec_id) {
            return Ok((folder, claim));
        }
    }
    let [plain, distinct] = candidates;
    if let Taken::Ours(claim) = take(plain, spec_id)? {
        return Ok((plain, claim));
    }
    match take(distinct, spec_id)? {
        Taken::Ours(claim) => Ok((distinct, claim)),
        Taken::Theirs(other) => Err(SyncError::rejected(format!(
            "{} belongs to spec {other}; give one of the two another title",
            distinct.display()
        ))),
    }
}

fn take(folder: &Path, spec_id: SpecId) -> Result<Taken, SyncError> {
    fs::create_dir_all(folder).map_err(failed(format_args!("make {}", folder.display())))?;
    Claim::take(folder, spec_id)
}

fn write(
    folder: &Path,
    former: &Claim,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<(), SyncError> {
    let spec_id = former.spec_id;
    let names: BTreeSet<String> = files.keys().cloned().collect();
    // Before and after: whatever a crash leaves half done, the next call knows all files of both.
    Claim {
        spec_id,
        files: former.files.union(&names).cloned().collect(),
    }
    .write(folder)?;
    for (name, content) in files {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .and_then(|()| write_whole(&path, content))
            .map_err(failed(format_args!("write {}", path.display())))?;
    }
    for name in former.files.difference(&names) {
        // The list is a file that anybody may have changed.
        if SandboxPath::new(name).is_ok() {
            let path = folder.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed(format_args!("remove {}", path.display()))(error));
                }
                Ok(()) | Err(_) => {}
            }
        }
    }
    Claim {
        spec_id,
        files: names,
    }
    .write(folder)
}

/// Everything that is written, by name.
fn files(finished: &FinishedSpec) -> Result<BTreeMap<String, Vec<u8>>, SyncError> {
    let outputs = &finished.outputs;
    let mut files = BTreeMap::from([
        ("explore.json".to_owned(), pretty(&outputs.explore)?),
        (
            "requirements.json".to_owned(),
            pretty(&outputs.requirements)?,
        ),
        ("design.json".to_owned(), pretty(&outputs.design)?),
        ("tasks.json".to_owned(), pretty(&outputs.tasks)?),
        ("sync.json".to_owned(), pretty(&finished.sync)?),
    ]);
    for file in &finished.files {
        let is_path = SandboxPath::new(&file.name).is_ok();
        if !is_path || file.name == CLAIM_FILE {
            return Err(SyncError::rejected(format!(
                "`{}` is not a name for a file of a spec",
                file.name
            )));
        }
        files.insert(file.name.clone(), file.text.clone().into_bytes());
    }
    Ok(files)
}

fn one_part(slug: &str) -> Result<&str, SyncError> {
    if slug.contains('/') || SandboxPath::new(slug).is_err() {
        return Err(SyncError::rejected(format!(
            "`{slug}` is not a name for the folder of a spec"
        )));
    }
    Ok(slug)
}

fn pretty(value: &impl Serialize) -> Result<Vec<u8>, SyncError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| {
        SyncError::rejected("an output cannot be written as JSON").with_source(error)
    })?;
    text.push(b'\n');
    Ok(text)
}

/// Replaces a file, so that readers see the old or the new text and never a part.
fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let next = path.with_file_name(format!(".{}.next", UuidV7Generator.uuid()));
    let written = fs::File::create_new(&next).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&next, path)
    });
    if written.is_err() {
        // Best effort: the failure to write is what matters.
        let _left = fs::remove_file(&next);
    }
    written
}

/// Says whether another try may help: only where the machine is busy or full. What a person has to
/// change should be told to them at once.
fn failed(what: impl Display) -> impl FnOnce(io::Error) -> SyncError {
    move |error| {
        use io::ErrorKind::{
            Interrupted, QuotaExceeded, ResourceBusy, StorageFull, TimedOut, WouldBlock,
        };
        let message = format!("could not {what}: {error}");
        let passes = matches!(
            error.kind(),
            Interrupted | QuotaExceeded | ResourceBusy | StorageFull | TimedOut | WouldBlock
        );
        if passes {
            SyncError::unavailable(message)
        } else {
            SyncError::rejected(message)
        }
    }
}
