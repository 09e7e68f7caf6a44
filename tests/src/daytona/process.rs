//! Which processes belong to a sandbox, and their end.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// The variable in the environment of every process that the fake starts: the sandbox's id.
pub(crate) const MARKER: &str = "SPEC_FAKE_DAYTONA_SANDBOX";

/// How long the kernel may take to end what was killed.
const LIMIT: Duration = Duration::from_secs(10);

/// How the processes of one sandbox are told from all others.
#[derive(Debug, Clone)]
pub(crate) struct Belonging {
    pub(crate) folder: PathBuf,
    pub(crate) id: String,
}

/// A process; the time of its start tells it from a later one under the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Process {
    pid: i32,
    started: u64,
}

#[derive(Debug, Clone, Copy)]
struct Stat {
    parent: i32,
    group: i32,
    started: u64,
}

impl Stat {
    /// Of a process that runs; `None` for what has ended.
    fn of(pid: i32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name before may hold anything, also parentheses.
        let (_, rest) = text.rsplit_once(')')?;
        let field = |number: usize| rest.split_whitespace().nth(number - 3);
        if matches!(field(3)?, "Z" | "X") {
            return None;
        }
        Some(Self {
            parent: field(4)?.parse().ok()?,
            group: field(5)?.parse().ok()?,
            started: field(22)?.parse().ok()?,
        })
    }
}

impl Process {
    fn is_alive(self) -> bool {
        Stat::of(self.pid).is_some_and(|stat| stat.started == self.started)
    }

    fn kill(self) {
        if self.is_alive() {
            // It may end by itself in between; then there is nothing to be done.
            let _ended = kill(Pid::from_raw(self.pid), Signal::SIGKILL);
        }
    }
}

impl Belonging {
    /// The living processes of the sandbox: those that carry its mark or have their working
    /// directory, input or output below its folder, and the descendants of these.
    fn processes(&self) -> Vec<Process> {
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        let own = i32::try_from(std::process::id()).unwrap_or_default();
        let all: BTreeMap<i32, Stat> = entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            // The fake itself holds files of sandboxes open.
            .filter(|pid| *pid > 1 && *pid != own)
            .filter_map(|pid| Some((pid, Stat::of(pid)?)))
            .collect();
        let mark = format!("{MARKER}={}", self.id).into_bytes();
        let mut ours: BTreeMap<i32, Stat> = all
            .iter()
            .filter(|(pid, _)| carries(**pid, &mark) || self.holds(**pid))
            .map(|(pid, stat)| (*pid, *stat))
            .collect();
        loop {
            let more: Vec<(i32, Stat)> = all
                .iter()
                .filter(|(pid, stat)| !ours.contains_key(pid) && ours.contains_key(&stat.parent))
                .map(|(pid, stat)| (*pid, *stat))
                .collect();
            if more.is_empty() {
                break;
            }
            ours.extend(more);
        }
        ours.into_iter()
            .map(|(pid, stat)| Process {
                pid,
                started: stat.started,
            })
            .collect()
    }

    /// True if a process works in the sandbox, reads its input from there or writes its output to
    /// it. Other open files do not count: whoever looks through all folders has them.
    fn holds(&self, pid: i32) -> bool {
        let link = |pid: &str, name: &str| fs::read_link(format!("/proc/{pid}/{name}")).ok();
        let pid = pid.to_string();
        // A child of the fake that has not become its program yet has the files of the fake.
        if link(&pid, "exe") == link("self", "exe") {
            return false;
        }
        let folder = self.folder.as_os_str().as_bytes();
        // A folder that was removed is written `<path> (deleted)`.
        ["cwd", "fd/0", "fd/1", "fd/2"]
            .into_iter()
            .filter_map(|name| link(&pid, name))
            .any(|target| target.as_os_str().as_bytes().starts_with(folder))
    }

    /// Numbers of the living processes of the sandbox.
    pub(crate) fn pids(&self) -> Vec<i32> {
        self.processes()
            .into_iter()
            .map(|process| process.pid)
            .collect()
    }

    /// Kills every process of the sandbox and blocks until none is left. False if one remains.
    pub(crate) fn kill_all(&self) -> bool {
        let begun = Instant::now();
        // What made a process known, its parent, may end before it does.
        let mut known: Vec<Process> = Vec::new();
        loop {
            known.retain(|process| process.is_alive());
            for process in self.processes() {
                if !known.contains(&process) {
                    known.push(process);
                }
            }
            if known.is_empty() {
                return true;
            }
            if begun.elapsed() > LIMIT {
                return false;
            }
            for process in &known {
                process.kill();
            }
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }

    /// Kills every process of the sandbox and removes its folder. Blocks.
    pub(crate) fn end(&self) {
        // A process that was just being started may write once more.
        for _ in 0..5 {
            let ended = self.kill_all();
            let removed = fs::remove_dir_all(&self.folder);
            if ended && (removed.is_ok() || !self.folder.exists()) && self.processes().is_empty() {
                return;
            }
        }
        tracing::warn!(sandbox.id = %self.id, "a sandbox of the fake did not end");
    }
}

fn carries(pid: i32, mark: &[u8]) -> bool {
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
        environment
            .split(|byte| *byte == 0)
            .any(|entry| entry == mark)
    })
}

/// Signals a process group; that it has ended already is no error.
pub(crate) fn signal_group(leader: u32, signal: Signal) {
    if let Ok(leader) = i32::try_from(leader)
        && leader > 1
    {
        let _ended = killpg(Pid::from_raw(leader), signal);
    }
}

/// True while a process of a group runs.
pub(crate) fn group_runs(leader: u32) -> bool {
    let Ok(entries) = fs::read_dir("/proc") else {
        return false;
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(Stat::of)
        .any(|stat| u32::try_from(stat.group) == Ok(leader))
}

/// Kills one process and none of its children.
pub(crate) fn kill_one(pid: u32) {
    if let Ok(pid) = i32::try_from(pid)
        && pid > 1
    {
        let _ended = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}
