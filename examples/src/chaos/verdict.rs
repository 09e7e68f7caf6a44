//! What came of it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use spec_core::event::SpecEvent;
use spec_core::id::Sequence;
use spec_core::machine::replay;
use spec_core::store::PageLimit;
use spec_core::{Phase, Spec, SpecStatus};

use super::{ChaosMachine, Evidence, FolderSpawner};

/// What was done, and what it led to.
#[derive(Debug, Default, Serialize)]
pub struct Figures {
    /// Specs that were launched.
    pub specs: usize,
    /// Runner processes.
    pub runners: u32,
    /// Runner processes that were killed.
    pub kills: u32,
    /// Runner processes that ended by themselves.
    pub runners_ended: u32,
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
    /// Attempts at phases.
    pub attempts: usize,
    /// Sandboxes that were made.
    pub sandboxes_created: usize,
    /// Times that a runner found the sandbox that another had made.
    pub sandboxes_adopted: usize,
    /// Runs that were started.
    pub runs_started: usize,
    /// Times that a spec was claimed again: by another runner, or after an outage.
    pub takeovers: i64,
    /// Specs in the database beyond one for each launch, or launches without.
    pub launched_twice: usize,
    /// Sandboxes that were made twice for one attempt.
    pub created_twice: usize,
    /// Runs that were started twice.
    pub started_twice: usize,
    /// Attempts beyond the first of a phase.
    pub repeated_attempts: usize,
    /// Sandboxes and runs beyond one for each attempt, or attempts without.
    pub unaccounted: usize,
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
            (
                self.specs.saturating_sub(self.completed),
                "specs did not complete",
            ),
            (self.launched_twice, "launches do not have one spec each"),
            (self.created_twice, "sandboxes were made twice"),
            (self.started_twice, "runs were started twice"),
            (self.repeated_attempts, "attempts were repeated"),
            (
                self.unaccounted,
                "sandboxes or runs do not belong to one attempt each",
            ),
            (self.sandboxes_left, "sandboxes were left"),
            (self.broken_histories, "specs have a broken history"),
            (
                self.runners_ended.try_into().unwrap_or(usize::MAX),
                "runners ended by themselves",
            ),
        ];
        let wrong = checks.into_iter().filter(|(count, _)| *count > 0);
        let mut wrong: Vec<_> = wrong
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if self.specs == 0 {
            wrong.push("nothing was launched".to_owned());
        }
        Verdict(wrong)
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

/// Adds to `figures` what the store and the folders tell of `specs`.
///
/// # Errors
///
/// When the store or the folders cannot be read.
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
        let attempts = spec.attempts().count();
        figures.attempts += attempts;
        figures.repeated_attempts += attempts.saturating_sub(Phase::ALL.len());
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
    let Evidence {
        created,
        started,
        adopted,
        left,
    } = spawner.evidence()?;
    let twice = |counts: &BTreeMap<_, usize>| counts.values().filter(|count| **count > 1).count();
    figures.sandboxes_created = created.len();
    figures.created_twice = twice(&created);
    figures.sandboxes_adopted = adopted;
    figures.runs_started = started.len();
    figures.started_twice = twice(&started);
    figures.unaccounted =
        created.len().abs_diff(figures.attempts) + started.len().abs_diff(figures.attempts);
    figures.sandboxes_left = left;
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

#[cfg(test)]
mod tests {
    use super::*;

    type Wrong = fn(&mut Figures);

    fn good() -> Figures {
        Figures {
            specs: 3,
            completed: 3,
            ..Figures::default()
        }
    }

    #[test]
    fn what_is_as_it_should_be_is_good() {
        let busy = Figures {
            kills: 9,
            postgres_crashes: 1,
            launches_repeated: 2,
            sandboxes_adopted: 4,
            takeovers: 7,
            ..good()
        };
        assert!(busy.verdict().is_good(), "{}", busy.verdict());
    }

    #[test]
    fn every_single_thing_that_goes_wrong_is_named() {
        let wrongs: [(Wrong, &str); 9] = [
            (|it| it.completed = 2, "1 specs did not complete"),
            (|it| it.launched_twice = 1, "1 launches"),
            (|it| it.created_twice = 1, "1 sandboxes were made twice"),
            (|it| it.started_twice = 1, "1 runs"),
            (|it| it.repeated_attempts = 1, "1 attempts"),
            (|it| it.unaccounted = 1, "1 sandboxes or runs"),
            (|it| it.sandboxes_left = 1, "1 sandboxes were left"),
            (|it| it.broken_histories = 1, "broken history"),
            (|it| it.runners_ended = 1, "1 runners"),
        ];
        for (break_it, told) in wrongs {
            let mut figures = good();
            break_it(&mut figures);
            let verdict = figures.verdict();
            assert!(!verdict.is_good(), "{told}");
            assert!(verdict.to_string().contains(told), "{verdict}");
        }
    }

    #[test]
    fn a_run_that_did_nothing_proves_nothing() {
        assert!(!Figures::default().verdict().is_good());
    }
}
