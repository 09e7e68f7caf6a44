//! How much memory a process has.

use anyhow::Context as _;

/// A figure of process `pid` in KiB: `VmRSS` is what it has, `VmHWM` the most it has had.
pub(super) fn kib(pid: u32, name: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .context("cannot read the memory of the server; this takes Linux")?;
    let figure = status
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| *key == name)
        .with_context(|| format!("the system does not tell {name}"))?
        .1;
    Ok(figure.trim().trim_end_matches(" kB").parse()?)
}
