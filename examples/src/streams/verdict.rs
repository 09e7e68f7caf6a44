//! What came of a round.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// What was done in a round, and how it went.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Figures {
    /// Readers, slow ones included.
    pub clients: usize,
    /// Those that read a few bytes now and then.
    pub slow: usize,
    /// Specs that were worked on.
    pub specs: usize,
    /// Specs that did not complete.
    pub specs_incomplete: usize,
    /// Seconds from the start of the specs to the last fast reader's end.
    pub seconds: f64,
    /// Events that were stored.
    pub events_stored: u64,
    /// Events that were told, to all readers together.
    pub events_told: u64,
    /// Events that a reader was not told.
    pub lost: u64,
    /// Events that a reader was told again.
    pub repeated: u64,
    /// Connections beyond one for each reader.
    pub reconnections: u64,
    /// Events by which slow readers were behind when they came back, all together.
    pub slow_behind: u64,
    /// From the answer to a write until a fast reader has its last event.
    pub latency_ms: Latency,
    /// Of the server.
    pub memory_kib: Memory,
    /// How often each thing was asked of the store.
    pub store_calls: BTreeMap<String, u64>,
    /// Transactions of Postgres.
    pub transactions: i64,
}

/// Times in milliseconds.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Latency {
    /// How many were measured.
    pub measured: usize,
    /// The median.
    pub p50: f64,
    /// Nineteen of twenty are no longer.
    pub p95: f64,
    /// Ninety-nine of a hundred are no longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

/// Resident memory in KiB.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Memory {
    /// Before the streams are opened.
    pub before: u64,
    /// When all are open and nothing happens yet.
    pub open: u64,
    /// The most.
    pub peak: u64,
    /// When all have ended.
    pub after: u64,
}

impl Latency {
    pub(super) fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100);
            times.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
        };
        Self {
            measured: times.len(),
            p50: at(50),
            p95: at(95),
            p99: at(99),
            max: at(100),
        }
    }
}

impl Figures {
    /// What is wrong, if anything is.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        let wanted = self.events_stored * (self.clients / self.specs.max(1)) as u64;
        [
            (self.lost, "events were lost"),
            (self.repeated, "events were told again"),
            (self.specs_incomplete as u64, "specs did not complete"),
            (
                wanted.abs_diff(self.events_told),
                "events too many or too few were told",
            ),
        ]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (latency, memory) = (&self.latency_ms, &self.memory_kib);
        writeln!(
            f,
            "{} readers, {} of them slow, of {} specs in {:.0} s",
            self.clients, self.slow, self.specs, self.seconds
        )?;
        writeln!(
            f,
            "  events: {} stored, {} told, {} lost, {} repeated; {} reconnections, slow ones {} behind",
            self.events_stored,
            self.events_told,
            self.lost,
            self.repeated,
            self.reconnections,
            self.slow_behind
        )?;
        writeln!(
            f,
            "  commit to fast reader: p50 {:.1}, p95 {:.1}, p99 {:.1}, max {:.1} ms of {}",
            latency.p50, latency.p95, latency.p99, latency.max, latency.measured
        )?;
        writeln!(
            f,
            "  memory of the server: {} before, {} open, {} peak, {} after (KiB)",
            memory.before, memory.open, memory.peak, memory.after
        )?;
        write!(
            f,
            "  store: {:?}; {} transactions of Postgres",
            self.store_calls, self.transactions
        )
    }
}
