//! Who a process is, which processes belong to a sandbox, and their end.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::place::{MARKER, Place};

/// A process that is told from every other, also after its number was given to another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) pid: i32,
    /// Clock ticks from boot to its start.
    started: u64,
    boot: String,
}

impl Identity {
    /// What a supervisor wrote about itself: `<pid> <start> <boot id>`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split_whitespace();
        Some(Self {
            pid: parts.next()?.parse().ok()?,
            started: parts.next()?.parse().ok()?,
            boot: parts.next()?.to_owned(),
        })
    }

    /// The identity in a file; `None` when there is none or it makes no sense.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(path).ok()?)
    }

    /// True while this very process runs; false for its successor under the same number.
    pub(crate) fn is_alive(&self) -> bool {
        boot_id().is_some_and(|boot| boot == self.boot)
            && Stat::of(self.pid).is_some_and(|stat| stat.started == self.started && stat.runs())
    }
}

fn boot_id() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned())
}

/// The part of `/proc/<pid>/stat` that matters here.
#[derive(Debug, Clone, Copy)]
struct Stat {
    state: char,
    parent: i32,
    session: i32,
    started: u64,
}

impl Stat {
    fn of(pid: i32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        // The name before may hold anything, also parentheses.
        let (_, rest) = text.rsplit_once(')')?;
        let field = |number: usize| rest.split_whitespace().nth(number - 3);
        Some(Self {
            state: field(3)?.chars().next()?,
            parent: field(4)?.parse().ok()?,
            session: field(6)?.parse().ok()?,
            started: field(22)?.parse().ok()?,
        })
    }

    /// False for what has ended and waits to be noticed by its parent.
    fn runs(self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }
}

/// The living processes of a sandbox: those that carry its mark, those in the session of a living
/// supervisor, and the descendants of all these.
pub(crate) fn belonging_to(place: &Place) -> Vec<Identity> {
    let Some(boot) = boot_id() else {
        return Vec::new();
    };
    let all = all_processes();
    let mark = format!("{MARKER}={}", place.mark()).into_bytes();
    let sessions: Vec<i32> = supervisors(place)
        .into_iter()
        .filter(Identity::is_alive)
        .map(|supervisor| supervisor.pid)
        .collect();
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let mut ours: BTreeMap<i32, Stat> = all
        .iter()
        .filter(|(pid, stat)| sessions.contains(&stat.session) || carries(**pid, &mark))
        .map(|(pid, stat)| (*pid, *stat))
        .collect();
    // A process that has wiped its environment and left the session is still its parent's child.
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
        .filter(|(pid, _)| *pid > 1 && *pid != own)
        .map(|(pid, stat)| Identity {
            pid,
            started: stat.started,
            boot: boot.clone(),
        })
        .collect()
}

fn supervisors(place: &Place) -> Vec<Identity> {
    // A sandbox is moved away before its processes are ended.
    let moved = place.removed().unwrap_or_default();
    moved
        .into_iter()
        .map(|folder| folder.join("ctl"))
        .chain([place.controls()])
        .filter_map(|controls| fs::read_dir(controls).ok())
        .flatten()
        .filter_map(|run| Identity::read(&run.ok()?.path().join("pid")))
        .collect()
}

fn all_processes() -> BTreeMap<i32, Stat> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return BTreeMap::new();
    };
    entries
        .filter_map(|entry| {
            let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = Stat::of(pid).filter(|stat| stat.runs())?;
            Some((pid, stat))
        })
        .collect()
}

fn carries(pid: i32, mark: &[u8]) -> bool {
    fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|e| e == mark))
}

/// Signals a process if it is still the one that was meant.
pub(crate) fn signal(process: &Identity, signal: Signal) {
    if process.is_alive() {
        // It may end at any time; then there is nothing to be done.
        let _ended = kill(Pid::from_raw(process.pid), signal);
    }
}

/// Ends every process of a sandbox: asks, then forces. True when none is left.
pub(crate) async fn end_all(place: &Place, grace: Duration, limit: Duration) -> bool {
    let mut asked = false;
    // What made a process known, its parent or its session, may end before it does.
    let mut known: Vec<Identity> = Vec::new();
    let begun = tokio::time::Instant::now();
    loop {
        let scanned = place.clone();
        let scan = tokio::task::spawn_blocking(move || {
            known.retain(Identity::is_alive);
            for process in belonging_to(&scanned) {
                if !known.contains(&process) {
                    known.push(process);
                }
            }
            known
        });
        let Ok(processes) = scan.await else {
            return false;
        };
        if processes.is_empty() {
            return true;
        }
        let elapsed = begun.elapsed();
        if elapsed > limit {
            return false;
        }
        let force = elapsed >= grace;
        if force || !asked {
            for process in &processes {
                let with = if force {
                    Signal::SIGKILL
                } else {
                    Signal::SIGTERM
                };
                signal(process, with);
            }
            asked = true;
        }
        known = processes;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_with_parentheses_does_not_confuse_its_record() {
        let text = format!("7 (a) b (c)) S 3 7 9 {} 42 0", "0 ".repeat(15).trim_end());
        let stat = Stat::parse(&text).unwrap();
        assert_eq!((stat.parent, stat.session, stat.started), (3, 9, 42));
    }

    #[test]
    fn a_number_that_was_given_to_another_process_is_not_that_process() {
        let own = i32::try_from(std::process::id()).unwrap();
        let own = Identity {
            pid: own,
            started: Stat::of(own).unwrap().started,
            boot: boot_id().unwrap(),
        };
        assert!(own.is_alive());
        let predecessor = Identity {
            started: own.started - 1,
            ..own.clone()
        };
        assert!(!predecessor.is_alive());
        let before_reboot = Identity {
            boot: "another".to_owned(),
            ..own
        };
        assert!(!before_reboot.is_alive());
        // Would end this test process if it were mistaken for its predecessor.
        signal(&predecessor, Signal::SIGKILL);
    }
}
