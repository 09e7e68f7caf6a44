//! Sandboxes that outlive every process of the program: folders, and agents that are only a time
//! table. A sandbox or run is made by giving its folder its name, and ended by moving it away. So
//! nothing is made without a trace, whenever a process is killed, and all traces can be counted.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, unfold};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spec_core::Phase;
use spec_core::clock::{Clock as _, SystemClock, Timestamp};
use spec_core::id::{CommitId, OutputCursor, RunKey, SandboxId, SandboxKey};
use spec_core::sandbox::{
    Capabilities, Channel, FoundSandbox, Isolation, Labels, Layout, Origin, Output, OutputLine,
    RunEnd, RunRequest, Sandbox, SandboxFile, SandboxPath, SandboxRef, SandboxSpawner,
    SandboxState, SpawnError, SpawnErrorKind, SpawnRequest, Termination,
};
use tempfile::TempDir;

const COMMIT: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";
/// Lines that each run prints, evenly spread over its time, unless it is told otherwise.
const LINES: u32 = 8;

/// Sandboxes that are there.
const LIVE: &str = "live";
/// Those that have been, each in a folder of its own.
const GONE: &str = "gone";
/// What has no name yet.
const HALF: &str = "half";
/// A line for each time that a sandbox was found rather than made.
const ADOPTIONS: &str = "adoptions";
const RUN: &str = "run.json";

/// Makes sandboxes that are folders below one folder.
#[derive(Debug, Clone)]
pub struct FolderSpawner {
    root: PathBuf,
    /// The time that the longest run takes.
    longest: Duration,
    keeps: bool,
    steady: Option<Steady>,
}

/// Runs that all take the longest time.
#[derive(Debug, Clone, Copy)]
struct Steady {
    lines: u32,
    bytes: usize,
}

/// What has been done, as the folders tell.
#[derive(Debug, Default)]
pub struct Evidence {
    /// How often each sandbox was made.
    pub created: BTreeMap<String, usize>,
    /// How often each run was started.
    pub started: BTreeMap<String, usize>,
    /// Times that a sandbox was found rather than made.
    pub adopted: usize,
    /// Sandboxes that are there.
    pub left: usize,
}

/// What is kept of a run.
#[derive(Debug, Serialize, Deserialize)]
struct Run {
    started_at_ms: u64,
    takes_ms: u64,
    result: Value,
}

impl FolderSpawner {
    /// Sandboxes below `root`.
    ///
    /// # Errors
    ///
    /// When folders cannot be made there.
    pub fn new(root: PathBuf, longest: Duration) -> io::Result<Self> {
        for folder in [LIVE, GONE, HALF] {
            fs::create_dir_all(root.join(folder))?;
        }
        Ok(Self {
            root,
            longest,
            keeps: false,
            steady: None,
        })
    }

    /// Says of sandboxes that they are ended, and keeps them: a fault to be found.
    #[must_use]
    pub fn that_keeps_sandboxes(mut self, keeps: bool) -> Self {
        self.keeps = keeps;
        self
    }

    /// Makes every run take the longest time, and print so many `lines` of about so many `bytes`.
    #[must_use]
    pub fn that_prints(mut self, lines: u32, bytes: usize) -> Self {
        self.steady = Some(Steady { lines, bytes });
        self
    }

    /// What has been done.
    ///
    /// # Errors
    ///
    /// When the folders cannot be read.
    pub fn evidence(&self) -> io::Result<Evidence> {
        let live = entries(&self.root.join(LIVE))?;
        let mut evidence = Evidence {
            left: live.len(),
            adopted: match fs::read_to_string(self.root.join(ADOPTIONS)) {
                Err(error) if error.kind() == ErrorKind::NotFound => 0,
                text => text?.lines().count(),
            },
            ..Evidence::default()
        };
        let mut sandboxes = live;
        for place in entries(&self.root.join(GONE))? {
            sandboxes.extend(entries(&place)?);
        }
        for sandbox in sandboxes {
            let key = name(&sandbox);
            for run in entries(&sandbox)?.iter().filter(|entry| entry.is_dir()) {
                let run = format!("{key}/{}", name(run));
                *evidence.started.entry(run).or_default() += 1;
            }
            *evidence.created.entry(key).or_default() += 1;
        }
        Ok(evidence)
    }

    fn folder(&self, key: SandboxKey) -> PathBuf {
        self.root.join(LIVE).join(key.to_string())
    }

    fn sandbox(&self, key: SandboxKey, origin: Origin) -> Result<Sandbox, SpawnError> {
        let root = self.folder(key).display().to_string();
        Ok(Sandbox {
            key,
            id: SandboxId::new(key.to_string()).map_err(defect)?,
            state: SandboxState::Running,
            origin,
            commit: CommitId::new(COMMIT).map_err(defect)?,
            layout: Layout {
                repository: format!("{root}/repo"),
                root,
            },
            isolation: Isolation::none(),
            created_at: Timestamp::from_micros(0),
        })
    }

    fn run(&self, key: SandboxKey, run: &str) -> Result<Run, SpawnError> {
        let path = self.folder(key).join(run).join(RUN);
        let bytes = fs::read(path).map_err(unknown)?;
        serde_json::from_slice(&bytes).map_err(defect)
    }

    /// Makes `folder`, with a file in it, in one step; false if it is there already.
    fn make(&self, folder: &Path, file: &str, content: &[u8]) -> io::Result<bool> {
        // Removed when it is dropped, unless it has got its name.
        let half = TempDir::new_in(self.root.join(HALF))?;
        fs::write(half.path().join(file), content)?;
        // A folder that is not empty is never replaced, so that the first one counts.
        match fs::rename(half.path(), folder) {
            Ok(()) => Ok(true),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn note_adoption(&self, key: SandboxKey) -> io::Result<()> {
        let mut notes = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.root.join(ADOPTIONS))?;
        // One write, so that lines of several processes never mix.
        notes.write_all(format!("{key}\n").as_bytes())
    }

    fn put_away(&self, key: SandboxKey) -> io::Result<()> {
        let place = TempDir::new_in(self.root.join(GONE))?;
        match fs::rename(self.folder(key), place.path().join(key.to_string())) {
            Ok(()) => {
                let _kept = place.keep();
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Between a tenth of the longest and the longest, the same for every try.
    fn takes(&self, key: SandboxKey) -> Duration {
        if self.steady.is_some() {
            return self.longest;
        }
        let spread = key.to_string().bytes().fold(7_u32, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(u32::from(byte))
        });
        self.longest * (10 + spread % 91) / 100
    }
}

#[async_trait]
impl SandboxSpawner for FolderSpawner {
    async fn spawn(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
        let is_new = self
            .make(&self.folder(request.key), "made", b"")
            .map_err(broken)?;
        let origin = if is_new {
            Origin::Created
        } else {
            self.note_adoption(request.key).map_err(broken)?;
            Origin::Adopted
        };
        self.sandbox(request.key, origin)
    }

    async fn write_files(
        &self,
        sandbox: &SandboxRef,
        _files: &[SandboxFile],
    ) -> Result<(), SpawnError> {
        // Nobody reads them: what an agent does here is known beforehand.
        fs::metadata(self.folder(sandbox.key)).map_err(unknown)?;
        Ok(())
    }

    async fn start(&self, sandbox: &SandboxRef, request: &RunRequest) -> Result<(), SpawnError> {
        let run = Run {
            started_at_ms: now_ms(),
            takes_ms: millis(self.takes(sandbox.key)),
            result: result(request)?,
        };
        let text = serde_json::to_vec(&run).map_err(defect)?;
        let folder = self.folder(sandbox.key).join(request.key.to_string());
        self.make(&folder, RUN, &text).map(drop).map_err(unknown)
    }

    async fn output(
        &self,
        sandbox: &SandboxRef,
        run: &RunKey,
        after: Option<OutputCursor>,
    ) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
        let Run {
            started_at_ms,
            takes_ms,
            ..
        } = self.run(sandbox.key, &run.to_string())?;
        let seen = after
            .map_or(Ok(0), |cursor| cursor.as_str().parse::<u32>())
            .map_err(defect)?;
        let Steady { lines: all, bytes } = self.steady.unwrap_or(Steady {
            lines: LINES,
            bytes: 0,
        });
        let lines = unfold(Some(seen), move |seen| async move {
            let seen = seen?;
            let number = seen + 1;
            let due = started_at_ms + takes_ms * u64::from(number) / u64::from(all + 1);
            tokio::time::sleep(Duration::from_millis(due.saturating_sub(now_ms()))).await;
            Some(if number > all {
                (Ok(Output::Ended(RunEnd::Exited { code: 0 })), None)
            } else {
                (line(number, bytes), Some(number))
            })
        });
        Ok(lines.boxed())
    }

    async fn read_file(
        &self,
        sandbox: &SandboxRef,
        path: &SandboxPath,
        _max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, SpawnError> {
        let path = path.as_str();
        Ok(match path.strip_prefix("repo/") {
            Some("src/main.rs") => Some(b"fn main() {\n}\n".to_vec()),
            Some("README.md") => Some(b"# Demo\n".to_vec()),
            Some(_) => None,
            None => {
                let run = path.split('/').nth(1).unwrap_or_default();
                let result = self.run(sandbox.key, run)?.result;
                Some(result.to_string().into_bytes())
            }
        })
    }

    async fn terminate(&self, sandbox: &SandboxRef) -> Result<Termination, SpawnError> {
        if !self.keeps {
            self.put_away(sandbox.key).map_err(broken)?;
        }
        Ok(Termination::Confirmed)
    }

    async fn find(&self, key: SandboxKey) -> Result<Option<FoundSandbox>, SpawnError> {
        if Path::new(&self.folder(key)).exists() {
            let sandbox = self.sandbox(key, Origin::Adopted)?;
            return Ok(Some(sandbox.into()));
        }
        Ok(None)
    }

    async fn list(&self, _labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError> {
        entries(&self.root.join(LIVE))
            .map_err(broken)?
            .iter()
            .filter_map(|folder| name(folder).parse().ok())
            .map(|key| self.sandbox(key, Origin::Adopted).map(FoundSandbox::from))
            .collect()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().with_detached_runs(true)
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect()
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(OsStr::new(""))
        .to_string_lossy()
        .into_owned()
}

fn line(number: u32, bytes: usize) -> Result<Output, SpawnError> {
    let step = format!("{:bytes$}", format!("step {number}"));
    let text = json!({"type": "progress", "text": step.replace("  ", " .")}).to_string();
    Ok(Output::Line(OutputLine {
        channel: Channel::Stdout,
        text,
        dropped: 0,
        cursor: OutputCursor::new(number.to_string()).map_err(defect)?,
    }))
}

/// What the agent of a phase, or the script of SYNC, leaves behind.
fn result(request: &RunRequest) -> Result<Value, SpawnError> {
    let text = match request.key.attempt.phase {
        Phase::Explore => include_str!("outputs/explore.json"),
        Phase::Requirements => include_str!("outputs/requirements.json"),
        Phase::Design => include_str!("outputs/design.json"),
        Phase::Tasks => include_str!("outputs/tasks.json"),
        Phase::Sync => {
            return Ok(json!({
                "branch": request.env.get("SPEC_BRANCH"),
                "commit": "5".repeat(40),
                "parent": COMMIT,
            }));
        }
    };
    serde_json::from_str(text).map_err(defect)
}

fn now_ms() -> u64 {
    u64::try_from(SystemClock.now().as_micros() / 1000).unwrap_or(0)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn unknown(error: io::Error) -> SpawnError {
    let kind = if error.kind() == ErrorKind::NotFound {
        SpawnErrorKind::NotFound
    } else {
        SpawnErrorKind::Unavailable
    };
    SpawnError::new(kind, "no such sandbox, or no such run in it").with_source(error)
}

fn broken(error: io::Error) -> SpawnError {
    SpawnError::new(SpawnErrorKind::Unavailable, "the folder of sandboxes fails").with_source(error)
}

fn defect(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SpawnError {
    SpawnError::new(SpawnErrorKind::Internal, "a defect in this program").with_source(error)
}

#[cfg(test)]
mod tests;
