//! What came of it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use spec_core::event::SpecEvent;
use spec_core::id::Sequence;
use spec_core::machine::replay;
use spec_core::store::PageLimit;
use spec_core::{Spec, SpecStatus};

use super::{ChaosMachine, FolderSpawner};

/// What was done, and what it led to.
#[derive(Debug, Default, Serialize)]
pub struct Figures {
    /// Specs that were launched.
    pub specs: usize,
    /// Runner processes.
    pub runners: u32,
    /// Runner processes that were killed.
    pub kills: u32,
    /// Times that Postgres crashed and recovered.
    pub postgres_crashes: u32,
    /// Launches that had to be tried again because Postgres was down.
    pub launches_repeated: u32,
    /// Seconds until the last spec had ended.
    pub seconds: f64,
    /// Specs that completed.
    pub completed: usize,
    /// Events that were stored.
    pub events: usize,
    /// Sandboxes that were made.
    pub sandboxes_created: usize,
    /// Times that a runner found the sandbox that another had made.
    pub sandboxes_adopted: usize,
    /// Runs that were started.
    pub runs_started: usize,
    /// Times that a spec went to another runner.
    pub takeovers: i64,
    /// Sandboxes that were made twice for one attempt.
    pub created_twice: usize,
    /// Runs that were started twice.
    pub started_twice: usize,
    /// Attempts beyond the first of a phase.
    pub repeated_attempts: usize,
    /// Sandboxes that were left.
    pub sandboxes_left: usize,
    /// Specs whose events have a gap, a repeat, or tell of another state.
    pub broken_histories: usize,
}

/// Whether that is as it should be.
#[derive(Debug)]
pub struct Verdict(Vec<String>);

impl Figures {
    /// Says what is wrong, if anything is.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let checks = [
            (self.specs - self.completed, "specs did not complete"),
            (self.created_twice, "sandboxes were made twice"),
            (self.started_twice, "runs were started twice"),
            (self.repeated_attempts, "attempts were repeated"),
            (self.sandboxes_left, "sandboxes were left"),
            (self.broken_histories, "specs have a broken history"),
        ];
        Verdict(
            checks
                .into_iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| format!("{count} {what}"))
                .collect(),
        )
    }
}

impl Verdict {
    /// True when nothing is wrong.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_good() {
            return f.write_str("nothing was lost, repeated or left behind");
        }
        f.write_str(&self.0.join("; "))
    }
}

/// Adds to `figures` what the store and the ledger tell of `specs`.
///
/// # Errors
///
/// When the store or the ledger cannot be read.
pub async fn judge(
    machine: &ChaosMachine,
    spawner: &FolderSpawner,
    specs: &[Spec],
    mut figures: Figures,
) -> anyhow::Result<Figures> {
    for spec in specs {
        if spec.status == SpecStatus::Completed {
            figures.completed += 1;
        }
        figures.repeated_attempts += spec.attempts().count().saturating_sub(5);
        let events = history(machine, spec).await?;
        figures.events += events.len();
        let dense = events
            .iter()
            .zip(1..)
            .all(|(event, place)| event.sequence == Sequence::new(place));
        if !dense || replay(&events).ok().as_ref() != Some(spec) {
            figures.broken_histories += 1;
        }
    }
    let mut counts = BTreeMap::<(String, String), usize>::new();
    for entry in spawner.ledger()? {
        *counts.entry(entry).or_default() += 1;
    }
    let of = |what: &'static str| {
        counts
            .iter()
            .filter(move |((of, _), _)| of == what)
            .map(|(_, count)| *count)
    };
    figures.sandboxes_created = of("created").count();
    figures.created_twice = of("created").filter(|count| *count > 1).count();
    figures.sandboxes_adopted = of("adopted").sum();
    figures.runs_started = of("started").count();
    figures.started_twice = of("started").filter(|count| *count > 1).count();
    figures.sandboxes_left = spawner.left()?;
    Ok(figures)
}

async fn history(machine: &ChaosMachine, spec: &Spec) -> anyhow::Result<Vec<SpecEvent>> {
    let mut events: Vec<SpecEvent> = Vec::new();
    loop {
        let after = events
            .last()
            .map_or(Sequence::default(), |event| event.sequence);
        let page = machine.events(spec.id, after, PageLimit::MAX).await?;
        if page.is_empty() {
            return Ok(events);
        }
        events.extend(page);
    }
}
