//! Sandboxes that outlive every process of the program: folders, and agents that are only a time
//! table. What is done to them is written down, line by line, by whoever does it.

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
    Capabilities, Channel, Isolation, Labels, Layout, Origin, Output, OutputLine, RunEnd,
    RunRequest, Sandbox, SandboxFile, SandboxPath, SandboxRef, SandboxSpawner, SandboxState,
    SpawnError, SpawnErrorKind, SpawnRequest, Termination,
};

const COMMIT: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";
/// Lines that each run prints, evenly spread over its time.
const LINES: u32 = 8;

/// Makes sandboxes that are folders below one folder, and notes everything in a ledger there.
#[derive(Debug, Clone)]
pub struct FolderSpawner {
    root: PathBuf,
    /// The time that the longest run takes.
    longest: Duration,
}

/// What is kept of a run.
#[derive(Debug, Serialize, Deserialize)]
struct Run {
    started_at_ms: u64,
    takes_ms: u64,
    result: Value,
}

impl FolderSpawner {
    /// Sandboxes below `root`, which must exist.
    #[must_use]
    pub fn new(root: PathBuf, longest: Duration) -> Self {
        Self { root, longest }
    }

    /// The notes: what was done, and to what.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn ledger(&self) -> io::Result<Vec<(String, String)>> {
        let text = match fs::read_to_string(self.root.join("ledger")) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            text => text?,
        };
        Ok(text
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(what, key)| (what.to_owned(), key.to_owned()))
            .collect())
    }

    /// Sandboxes that are there.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn left(&self) -> io::Result<usize> {
        Ok(fs::read_dir(self.root.join("live"))?.count())
    }

    fn note(&self, what: &str, key: &dyn std::fmt::Display) -> io::Result<()> {
        let line = format!("{what} {key}\n");
        let mut ledger = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.root.join("ledger"))?;
        // One write, so that lines of several processes never mix.
        ledger.write_all(line.as_bytes())
    }

    fn folder(&self, key: SandboxKey) -> PathBuf {
        self.root.join("live").join(key.to_string())
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
        let path = self.folder(key).join(run).join("run.json");
        let bytes = fs::read(path).map_err(unknown)?;
        serde_json::from_slice(&bytes).map_err(defect)
    }

    /// Between a tenth of the longest and the longest, the same for every try.
    fn takes(&self, key: SandboxKey) -> Duration {
        let spread = key.to_string().bytes().fold(7_u32, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(u32::from(byte))
        });
        self.longest * (10 + spread % 91) / 100
    }
}

#[async_trait]
impl SandboxSpawner for FolderSpawner {
    async fn spawn(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
        let origin = match fs::create_dir(self.folder(request.key)) {
            Ok(()) => {
                self.note("created", &request.key).map_err(broken)?;
                Origin::Created
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.note("adopted", &request.key).map_err(broken)?;
                Origin::Adopted
            }
            Err(error) => return Err(broken(error)),
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
        let folder = self.folder(sandbox.key);
        let half_made = folder.join(format!(".{}-{}", request.key, std::process::id()));
        fs::create_dir(&half_made).map_err(unknown)?;
        let text = serde_json::to_vec(&run).map_err(defect)?;
        fs::write(half_made.join("run.json"), text).map_err(broken)?;
        // A folder that is not empty is never replaced, so that the first one starts the run.
        match fs::rename(&half_made, folder.join(request.key.to_string())) {
            Ok(()) => {
                let run = format!("{}/{}", sandbox.key, request.key);
                self.note("started", &run).map_err(broken)
            }
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists
                ) =>
            {
                fs::remove_dir_all(&half_made).map_err(broken)
            }
            Err(error) => Err(broken(error)),
        }
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
        let lines = unfold(Some(seen), move |seen| async move {
            let seen = seen?;
            let number = seen + 1;
            let due = started_at_ms + takes_ms * u64::from(number) / u64::from(LINES + 1);
            tokio::time::sleep(Duration::from_millis(due.saturating_sub(now_ms()))).await;
            Some(if number > LINES {
                (Ok(Output::Ended(RunEnd::Exited { code: 0 })), None)
            } else {
                (line(number), Some(number))
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
        match fs::remove_dir_all(self.folder(sandbox.key)) {
            Ok(()) => self.note("terminated", &sandbox.key).map_err(broken)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(broken(error)),
        }
        Ok(Termination::Confirmed)
    }

    async fn find(&self, key: SandboxKey) -> Result<Option<Sandbox>, SpawnError> {
        if Path::new(&self.folder(key)).exists() {
            return self.sandbox(key, Origin::Adopted).map(Some);
        }
        Ok(None)
    }

    async fn list(&self, _labels: &Labels) -> Result<Vec<Sandbox>, SpawnError> {
        fs::read_dir(self.root.join("live"))
            .map_err(broken)?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .map(|key| self.sandbox(key, Origin::Adopted))
            .collect()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().with_detached_runs(true)
    }
}

fn line(number: u32) -> Result<Output, SpawnError> {
    let text = json!({"type": "progress", "text": format!("step {number}")}).to_string();
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
