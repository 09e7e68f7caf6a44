//! Effects of runners in several processes, in one file.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use spec_core::clock::{Clock as _, SystemClock, Timestamp};
use spec_core::id::{SandboxKey, SpecId};
use tokio::time::sleep;
use uuid::Uuid;

use crate::noop::Effect;

/// How often the file is read for something new: how exact a takeover's time can be, on top of the
/// clock that the entries are stamped with.
const LOOK: Duration = Duration::from_millis(2);

/// One effect.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) pid: u32,
    pub(crate) effect: Effect,
    pub(crate) sandbox: String,
}

impl Entry {
    pub(crate) fn concerns(&self, spec: SpecId) -> bool {
        let key: Result<SandboxKey, _> = self.sandbox.parse();
        key.is_ok_and(|key| key.attempt().spec_id == spec)
    }
}

/// Writes entries; each is one `write` to the end of the file, so those of processes do not mix.
#[derive(Debug)]
pub(super) struct Writer {
    file: File,
}

impl Writer {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut open = OpenOptions::new();
        let file = open.append(true).create(true).open(path);
        Ok(Self {
            file: file.with_context(|| path.display().to_string())?,
        })
    }

    pub(super) fn write(&self, effect: Effect, sandbox: SandboxKey) -> Result<()> {
        let entry = Entry {
            at: SystemClock.now(),
            pid: std::process::id(),
            effect,
            sandbox: sandbox.to_string(),
        };
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        (&self.file).write_all(&line)?;
        Ok(())
    }
}

/// The file, as the measuring process sees it; removed with it.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(crate) path: PathBuf,
}

impl Journal {
    pub(crate) fn create() -> Result<Self> {
        let name = format!("bench-{}.journal", Uuid::now_v7().simple());
        let path = std::env::temp_dir().join(name);
        Writer::open(&path)?;
        Ok(Self { path })
    }

    pub(crate) fn entries(&self) -> Result<Vec<Entry>> {
        let text = fs::read_to_string(&self.path)?;
        // The last line may be on its way.
        let whole = text.rfind('\n').and_then(|end| text.get(..end));
        let lines = whole.unwrap_or_default().lines();
        Ok(lines.map(serde_json::from_str).collect::<Result<_, _>>()?)
    }

    /// Waits for the first entry that `wanted` accepts.
    pub(crate) async fn wait(
        &self,
        at_most: Duration,
        wanted: impl Fn(&Entry) -> bool,
    ) -> Result<Entry> {
        let deadline = Instant::now() + at_most;
        loop {
            if let Some(entry) = self.entries()?.into_iter().find(&wanted) {
                return Ok(entry);
            }
            if Instant::now() > deadline {
                bail!("what was waited for did not happen within {at_most:?}");
            }
            sleep(LOOK).await;
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // It is in the temporary folder: what is left there is cleared away by the system.
        let _removed = fs::remove_file(&self.path);
    }
}
