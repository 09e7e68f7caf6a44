//! CPU time of a process of ours, of Postgres when it runs on this machine, and of everybody else.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use nix::unistd::{SysconfVar, sysconf};

/// CPU time that was used up to now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuTime {
    pub(crate) client: Duration,
    /// `None` when the server is on another machine.
    pub(crate) server: Option<Duration>,
    /// Of the whole machine.
    machine: Duration,
}

/// CPU time between two readings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuSpent {
    pub(crate) client: Duration,
    pub(crate) server: Option<Duration>,
    /// What neither side used: above a fifth of a core, a round is noisy.
    pub(crate) others: Option<Duration>,
}

impl CpuTime {
    /// Reads the clocks; `postmaster` is the server's first process if it is on this machine.
    pub(crate) fn now(postmaster: Option<i32>) -> Result<Self> {
        Self::with(own()?, postmaster)
    }

    /// Likewise, when the client is another process.
    pub(crate) fn of(client: u32, postmaster: Option<i32>) -> Result<Self> {
        Self::with(
            from_ticks(Stat::read(client.try_into()?)?.own_ticks)?,
            postmaster,
        )
    }

    fn with(client: Duration, postmaster: Option<i32>) -> Result<Self> {
        Ok(Self {
            client,
            server: postmaster.map(family).transpose()?,
            machine: machine()?,
        })
    }

    pub(crate) fn since(self, earlier: Self) -> CpuSpent {
        let client = self.client.saturating_sub(earlier.client);
        let server = self
            .server
            .zip(earlier.server)
            .map(|(now, before)| now.saturating_sub(before));
        let others = server.map(|server| {
            self.machine
                .saturating_sub(earlier.machine)
                .saturating_sub(client + server)
        });
        CpuSpent {
            client,
            server,
            others,
        }
    }
}

/// The parent of backend `pid`, if that is a process of Postgres on this machine.
pub(crate) fn postmaster_of(pid: i32) -> Option<i32> {
    let stat = Stat::read(pid).ok()?;
    (stat.name == "postgres").then_some(stat.parent)
}

/// Memory of process `pid` that is not elsewhere, in bytes.
pub(crate) fn resident(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kib: u64 = kib.context("no resident size")?.parse()?;
    Ok(kib * 1024)
}

fn own() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).context("getrusage")?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(micros.unsigned_abs()))
}

/// The postmaster, its children, and the children it has already buried.
fn family(postmaster: i32) -> Result<Duration> {
    let first = Stat::read(postmaster)?;
    let mut ticks = first.own_ticks + first.buried_ticks;
    for entry in fs::read_dir("/proc").context("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process may end while it is looked at.
        if let Ok(stat) = Stat::read(pid)
            && stat.parent == postmaster
        {
            ticks += stat.own_ticks;
        }
    }
    from_ticks(ticks)
}

/// Time that all CPUs together did not idle.
fn machine() -> Result<Duration> {
    let text = fs::read_to_string("/proc/stat").context("/proc/stat")?;
    let line = text.lines().next().context("/proc/stat is empty")?;
    let fields: Vec<u64> = line
        .split_whitespace()
        .skip(1)
        .filter_map(|field| field.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal; what follows is counted in `user` too.
    let busy = fields
        .iter()
        .take(7)
        .enumerate()
        .filter(|(column, _)| *column != 3 && *column != 4)
        .map(|(_, ticks)| ticks)
        .sum();
    from_ticks(busy)
}

fn from_ticks(ticks: u64) -> Result<Duration> {
    let per_second = sysconf(SysconfVar::CLK_TCK)?
        .and_then(|ticks| u64::try_from(ticks).ok())
        .context("the length of a tick is unknown")?;
    Ok(Duration::from_millis(ticks * 1000 / per_second))
}

/// What `/proc/<pid>/stat` says.
struct Stat {
    name: String,
    parent: i32,
    own_ticks: u64,
    buried_ticks: u64,
}

impl Stat {
    fn read(pid: i32) -> Result<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name is in parentheses and may hold anything, also parentheses.
        let (before, after) = text.rsplit_once(')').context("no name")?;
        let (_, name) = before.split_once('(').context("no name")?;
        let fields: Vec<&str> = after.split_whitespace().collect();
        let number = |at: usize| -> Result<u64> {
            let field = fields.get(at).context("too few fields")?;
            Ok(field.parse()?)
        };
        Ok(Self {
            name: name.to_owned(),
            parent: i32::try_from(number(1)?)?,
            own_ticks: number(11)? + number(12)?,
            buried_ticks: number(13)? + number(14)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_time_and_is_not_postgres() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let first = CpuTime::now(Some(pid)).unwrap();
        std::hint::black_box((0..50_000_000_u64).fold(0, |sum, n| sum ^ n.rotate_left(7)));
        let spent = CpuTime::now(Some(pid)).unwrap().since(first);
        assert!(spent.client > Duration::ZERO, "{spent:?}");
        assert_eq!(postmaster_of(pid), None);
    }

    #[test]
    fn this_process_can_be_looked_at_like_another() {
        let pid = std::process::id();
        let spent = CpuTime::of(pid, None).unwrap();
        let spent = CpuTime::of(pid, None).unwrap().since(spent);
        assert!(spent.server.is_none(), "{spent:?}");
        assert!(resident(pid).unwrap() > 100_000);
    }
}
