//! The processes of a stage, and what they keep.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use super::{Claude, CodexCli, Program};

/// How long a test waits for what is on its way.
const LONGEST: Duration = Duration::from_mins(1);

/// The living processes whose environment, arguments or working directory are below this folder.
pub(crate) fn processes_of(folder: &Path) -> Vec<Pid> {
    let name = folder.to_str().unwrap();
    let own = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap() {
        let path = entry.unwrap().path();
        let Some(pid) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let Ok(number) = pid.parse() else { continue };
        if pid == own || !is_alive(&path) {
            continue;
        }
        let says = |file: &str| {
            let content = std::fs::read(path.join(file)).unwrap_or_default();
            String::from_utf8_lossy(&content).contains(name)
        };
        let is_inside =
            std::fs::read_link(path.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
        if is_inside || says("environ") || says("cmdline") {
            found.push(Pid::from_raw(number));
        }
    }
    found
}

/// What has ended and waits to be noticed by its parent does not live.
fn is_alive(process: &Path) -> bool {
    let stat = std::fs::read_to_string(process.join("stat")).unwrap_or_default();
    let state = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start());
    state.is_some_and(|state| !state.starts_with(['Z', 'X']))
}

/// The processes among them that are the agent's program itself.
pub(crate) fn programs_of(folder: &Path, program: Program) -> Vec<Pid> {
    let name = match program {
        Claude => "claude",
        CodexCli => "codex",
    };
    let is_program = |pid: &Pid| {
        let image = std::fs::read_link(format!("/proc/{pid}/exe"));
        image.is_ok_and(|image| image.file_name().is_some_and(|found| found == name))
    };
    let mut found = processes_of(folder);
    found.retain(is_program);
    found
}

/// Waits until the program has kept this text in its record of a session. It does so a moment after it
/// has acted, and cannot resume what it has not kept. Gives the record.
pub(crate) async fn kept(folder: &Path, text: &str) -> PathBuf {
    let begun = Instant::now();
    loop {
        if let Some(record) = find(folder, text) {
            return record;
        }
        assert!(begun.elapsed() < LONGEST, "no session holds {text:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn find(folder: &Path, text: &str) -> Option<PathBuf> {
    for entry in std::fs::read_dir(folder).ok()?.flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            if let Some(found) = find(&path, text) {
                return Some(found);
            }
        } else if path.extension().is_some_and(|end| end == "jsonl")
            && path.components().any(|part| part.as_os_str() == ".spec")
            && std::fs::read_to_string(&path).is_ok_and(|record| record.contains(text))
        {
            return Some(path);
        }
    }
    None
}
