//! A repository and folders for one test, and looks at what the programs leave behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use spec_core::testing::git;
use tempfile::TempDir;
use tokio::process::Command;

use crate::program::Program;

/// Longest wait for anything.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// What the programs read from their environment.
const VARIABLES: [&str; 14] = [
    "RUST_LOG",
    "DATABASE_URL",
    "SPEC_OFFLINE_DELAY_MS",
    "DAYTONA_API_URL",
    "DAYTONA_API_KEY",
    "DAYTONA_TARGET",
    "DAYTONA_ORGANIZATION_ID",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "OPENAI_API_KEY",
    "CODEX_API_KEY",
    "GIT_TOKEN",
    "GIT_HOST",
    "GIT_USERNAME",
];

/// A folder with a git repository, and room for data and finished specs.
#[derive(Debug)]
pub(crate) struct World {
    folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self {
            folder: TempDir::with_prefix("spec-examples-").unwrap(),
        };
        let repository = world.repository();
        fs::create_dir_all(repository.join("src")).unwrap();
        fs::write(repository.join("src/main.rs"), "fn main() {\n}\n").unwrap();
        fs::write(repository.join("README.md"), "# Demo\n").unwrap();
        git(&repository, &["init", "--quiet", "--initial-branch=main"]);
        git(&repository, &["add", "--all"]);
        git(&repository, &["commit", "--quiet", "--message", "Begin"]);
        world
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn repository(&self) -> PathBuf {
        self.folder().join("repository")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.folder().join("out")
    }

    /// The program at `path`, in a known environment, with an end at the end of the test.
    pub(crate) fn command(&self, path: &str) -> Command {
        let mut command = Command::new(path);
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        command
            .current_dir(self.folder())
            .env("GIT_CEILING_DIRECTORIES", self.folder())
            .kill_on_drop(true);
        command
    }

    /// `launch` with these arguments, on the folders of this world.
    pub(crate) fn launch(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_launch"));
        command
            .args(["--repo".into(), self.repository()])
            .args(["--data".into(), self.data()])
            .args(["--out".into(), self.out()])
            .args(arguments);
        command
    }

    /// Goes on with what is unfinished, to its end.
    pub(crate) async fn resume(&self) -> crate::program::Finished {
        let mut command = self.command(env!("CARGO_BIN_EXE_launch"));
        command
            .arg("--resume")
            .args(["--data".into(), self.data()])
            .args(["--out".into(), self.out()]);
        Program::start(command).finish().await
    }

    /// Living processes of any sandbox below this world's folder.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let mark = format!("SPEC_SANDBOX={}/", self.folder().display()).into_bytes();
        let carries = |pid: &u32| {
            fs::read(format!("/proc/{pid}/environ")).is_ok_and(|all| {
                all.split(|byte| *byte == 0)
                    .any(|one| one.starts_with(&mark))
            })
        };
        fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
            .filter(carries)
            .collect()
    }

    /// Folders of sandboxes that are there, whole, half made, half removed or locked.
    pub(crate) fn sandboxes(&self) -> Vec<PathBuf> {
        entries(&self.data().join("sandboxes"))
            .iter()
            .flat_map(|folder| entries(folder))
            .collect()
    }

    /// No process of a sandbox lives, and none of its folders is there.
    pub(crate) fn assert_nothing_is_left(&self) {
        assert_eq!(self.processes(), Vec::<u32>::new(), "processes");
        assert_eq!(self.sandboxes(), Vec::<PathBuf>::new(), "folders");
    }

    /// The user's repository is as [`new`](Self::new) made it.
    pub(crate) fn assert_repository_is_untouched(&self) {
        let repository = self.repository();
        assert_eq!(git(&repository, &["status", "--porcelain"]), "");
        let branches = git(&repository, &["for-each-ref", "--format=%(refname)"]);
        assert_eq!(branches.trim(), "refs/heads/main");
        let commits = git(&repository, &["rev-list", "--all", "--count"]);
        assert_eq!(commits.trim(), "1");
        let worktrees = git(&repository, &["worktree", "list", "--porcelain"]);
        assert_eq!(worktrees.matches("worktree ").count(), 1, "{worktrees}");
    }
}

/// What is in a folder, by name; nothing where there is none.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(found) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Waits until something is there.
pub(crate) async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "no {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
