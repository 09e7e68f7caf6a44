//! Following a run: its lines become progress events, in small timed batches.

use std::pin::pin;
use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;

use super::Observation;
use super::driver::{Current, Driver, Performed};
use super::effect::sandbox_ref;
use super::reader::{MAX_BATCH, Reader};
use crate::agent::{AgentDecoder, CommandAgent, RunOutcome, RunRecord};
use crate::attempt::{Attempt, AttemptStage, FailureKind};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::event::{EventBody, NewEvent};
use crate::id::{AttemptKey, RunKey};
use crate::phase::Phase;
use crate::policy::Budget;
use crate::sandbox::{Output, RunEnd, SandboxSpawner, SpawnError};
use crate::spec::Spec;
use crate::store::{Checkpoint, SpecStore};
use crate::usage::Usage;

/// How long a run goes on before what its driver remembers is let go.
const MIN_IDLE: Duration = Duration::from_secs(1);
/// How long a run that nobody needs any more is listened to for what it has consumed.
const MAX_ACCOUNT: Duration = Duration::from_secs(1);
/// How long it may be silent meanwhile.
const MAX_ACCOUNT_SILENCE: Duration = Duration::from_millis(100);

impl<S: SpecStore, P: SandboxSpawner> Driver<'_, S, P> {
    /// Follows `run` until it ends, prints too much, or `until` has come.
    pub(super) async fn follow(
        &self,
        current: &Current,
        run: RunKey,
        until: Timestamp,
    ) -> Performed {
        let spec = &current.spec;
        let key = run.attempt;
        let Some(sandbox) = sandbox_ref(spec, key) else {
            return Performed::Again;
        };
        let Some((_, attempt)) = spec.active_attempt() else {
            return Performed::Again;
        };
        let decoder = match self.decoder(attempt, key.phase) {
            Ok(decoder) => decoder,
            Err(unprepared) => return unprepared.into_performed(key),
        };
        let secrets = match self.result_of(spec, run).await {
            Ok(place) => place.secrets,
            Err(performed) => return performed,
        };
        let mut reader =
            reader_of(run, attempt, decoder, current.checkpoint.as_ref()).hiding(secrets);
        // The budget may be another one since a line was read.
        let mut stop = over_limit(spec, &mut reader);
        let after = reader.cursor().cloned();
        let mut output = match self.machine.spawner.output(&sandbox, &run, after).await {
            Ok(output) => output,
            Err(error) => {
                return Self::judge_error(key, "cannot follow the run", &error).into();
            }
        };
        let interval = self.machine.host.config.progress_interval;
        let enough = self.sleep(until.since(self.now()));
        tokio::pin!(enough);
        // An agent that takes its time: what is remembered for the next step takes memory meanwhile.
        let mut idle = pin!(self.sleep(interval.max(MIN_IDLE)));
        let mut remembers = true;
        // When what was read is stored at the latest; none while there is nothing to store.
        let mut due: Option<Timestamp> = None;
        let observation = loop {
            if let Some(outcome) = stop.take() {
                self.hear_out(&mut reader, &mut output, spec).await;
                let report = Box::new(reader.record.report(outcome));
                break Observation::RunStopped { run, report };
            }
            let item = tokio::select! {
                biased;
                () = &mut enough => {
                    self.store(spec, &mut reader, false).await;
                    return Performed::Again;
                }
                () = self.sleep(due.map_or(interval, |due| due.since(self.now()))),
                    if due.is_some() => None,
                () = &mut idle, if remembers => {
                    self.known.forget();
                    remembers = false;
                    continue;
                }
                item = output.next() => Some(item),
            };
            match item {
                Some(Some(Ok(Output::Line(line)))) => {
                    let told = reader.take(line, &self.machine.host.prices);
                    due.get_or_insert_with(|| self.now() + interval);
                    stop = told.or_else(|| over_limit(spec, &mut reader));
                    if stop.is_some() || reader.items.len() < MAX_BATCH {
                        continue;
                    }
                }
                Some(Some(Ok(Output::Ended(end)))) => {
                    break reader.ended(&spec.worker(), end);
                }
                Some(Some(Err(error))) => {
                    break Self::judge_error(key, "cannot follow the run", &error);
                }
                // A stream without an end breaks the contract; it is followed again from here.
                Some(None) => {
                    let message = "the run's output broke off".to_owned();
                    break Observation::EffectFailed {
                        key,
                        message,
                        retry_after: None,
                    };
                }
                None => {}
            }
            due = None;
            self.store(spec, &mut reader, false).await;
        };
        let broken = matches!(
            observation,
            Observation::EffectFailed {
                retry_after: None,
                ..
            }
        );
        self.store(spec, &mut reader, !broken).await;
        // A connection that is cut now and then is no row of failures as long as it yields
        // something each time: the run is followed from there at once.
        if broken && reader.has_read {
            Performed::Again
        } else {
            observation.into()
        }
    }

    /// Counts what a run of an ended attempt has consumed, as far as its sandbox still tells.
    pub(super) async fn account(&self, current: &Current, run: RunKey) -> Performed {
        let found = current.spec.attempts().find(|(key, _)| *key == run.attempt);
        let Some((key, attempt)) = found else {
            return Performed::Again;
        };
        let reader = self.read_to_the_end(current, key, run, attempt).await;
        let report = Box::new(reader.record.report(RunOutcome::Done));
        Observation::RunStopped { run, report }.into()
    }

    /// The attempt's time is up. A run that is under way is ended with it, and what it consumed counts.
    pub(super) async fn expire(&self, current: &Current, key: AttemptKey) -> Observation {
        let running = current
            .spec
            .active_attempt()
            .filter(|(active, attempt)| *active == key && attempt.stage == AttemptStage::Running);
        let Some((_, attempt)) = running else {
            return Observation::DeadlinePassed { key };
        };
        let run = key.run_key(attempt.repair);
        // Whoever followed it may be gone since long before.
        let reader = self.read_to_the_end(current, key, run, attempt).await;
        reader.ended(&current.spec.worker(), RunEnd::TimedOut)
    }

    /// Reads what a run that nobody needs any more has told since its checkpoint.
    async fn read_to_the_end(
        &self,
        current: &Current,
        key: AttemptKey,
        run: RunKey,
        attempt: &Attempt,
    ) -> Reader {
        let decoder = self
            .decoder(attempt, key.phase)
            .unwrap_or_else(|_unknown| CommandAgent::line_decoder());
        // Of an ended attempt, no words are stored.
        let place = match attempt.outcome() {
            None => self.result_of(&current.spec, run).await.ok(),
            Some(_) => None,
        };
        let secrets = place.map(|place| place.secrets).unwrap_or_default();
        let mut reader =
            reader_of(run, attempt, decoder, current.checkpoint.as_ref()).hiding(secrets);
        let sandbox = attempt.sandbox_ref(key);
        let after = reader.cursor().cloned();
        let output = tokio::select! {
            biased;
            output = self.machine.spawner.output(&sandbox, &run, after) => output,
            () = SystemClock.sleep(MAX_ACCOUNT) => return reader,
        };
        // What cannot be read any more was counted up to the checkpoint.
        if let Ok(mut output) = output {
            self.hear_out(&mut reader, &mut output, &current.spec).await;
        }
        reader
    }

    /// Reads what is on its way of a run that is to end.
    ///
    /// Waits by the system's clock, whatever the machine goes by: only for what is on its way, and in
    /// a test nobody would know to move the clock for it.
    async fn hear_out(
        &self,
        reader: &mut Reader,
        output: &mut BoxStream<'static, Result<Output, SpawnError>>,
        spec: &Spec,
    ) {
        let shown = reader.items.len();
        let mut over = pin!(SystemClock.sleep(MAX_ACCOUNT));
        while reader.bytes <= spec.policy.max_output_bytes {
            tokio::select! {
                biased;
                item = output.next() => match item {
                    Some(Ok(Output::Line(line))) => {
                        reader.take(line, &self.machine.host.prices);
                        reader.leave_out_items_after(shown);
                    }
                    Some(Ok(Output::Ended(_)) | Err(_)) | None => return,
                },
                () = SystemClock.sleep(MAX_ACCOUNT_SILENCE) => return,
                () = &mut over => return,
            }
        }
    }

    fn decoder(
        &self,
        attempt: &Attempt,
        phase: Phase,
    ) -> Result<Box<dyn AgentDecoder>, super::prepare::Unprepared> {
        if phase == Phase::Sync {
            return Ok(CommandAgent::line_decoder());
        }
        Ok(self.agent(&attempt.agent)?.decoder())
    }

    /// Has what was read stored; `last` when nothing follows.
    async fn store(&self, spec: &Spec, reader: &mut Reader, last: bool) {
        let Some((items, omitted, checkpoint)) = reader.take_unstored(last) else {
            return;
        };
        let RunKey {
            attempt: key,
            repair,
        } = checkpoint.run;
        let mut events = Vec::new();
        if !items.is_empty() || omitted > 0 {
            events.push(NewEvent {
                at: self.now().max(spec.updated_at),
                revision: spec.revision,
                body: EventBody::Progress {
                    phase: key.phase,
                    attempt: key.attempt,
                    repair,
                    items,
                    omitted,
                },
            });
        }
        self.writes.append(events, checkpoint).await;
    }
}

/// A reader that goes on where the checkpoint of this run is, if there is one.
fn reader_of(
    run: RunKey,
    attempt: &Attempt,
    decoder: Box<dyn AgentDecoder>,
    checkpoint: Option<&Checkpoint>,
) -> Reader {
    if let Some(checkpoint) = checkpoint.filter(|checkpoint| checkpoint.run == run) {
        return Reader::resume(decoder, checkpoint.clone());
    }
    // What was counted for the session before is not counted again.
    let session = attempt.session.clone().filter(|_| run.repair.get() > 0);
    let record = session.map(|session| RunRecord::resuming(session, attempt.session_usage));
    Reader::begin(run, decoder, record.unwrap_or_default())
}

/// Why the run may not go on, if so.
fn over_limit(spec: &Spec, reader: &mut Reader) -> Option<RunOutcome> {
    let policy = &spec.policy;
    if reader.bytes > policy.max_output_bytes {
        let (who, limit) = (spec.worker(), policy.max_output_bytes);
        let message = format!(
            "{who} printed more than {limit} bytes; raise policy.max_output_bytes if that is meant"
        );
        let kind = FailureKind::TooMuchOutput;
        return Some(RunOutcome::Failed { kind, message });
    }
    let phase = reader.run().attempt.phase;
    if phase == Phase::Sync {
        // It costs nothing, whatever was consumed before it.
        return None;
    }
    if reader.record.end().is_some() {
        // What has just been done is paid for: it is judged, and nothing more is begun.
        return None;
    }
    let (last, mut used) = reader.usage_to_check()?;
    if reader.record.model().is_none() {
        // Some agents name their model after their first tokens: prices are missed when it is known, or
        // when the run has ended.
        used.unpriced_tokens = 0;
    }
    let mut watch = |name: &str, budget: &Budget, before: Usage| {
        let (mut earlier, mut now) = (before, before);
        earlier += last;
        now += used;
        if let Some(exceeded) = budget.exceeded_by(now) {
            return Some(format!("the budget of the {name} is used up: {exceeded}"));
        }
        if let Some(warning) = budget.warning(policy.budget_warning_percent, earlier, now) {
            reader.warn(format!("{warning} of the budget of the {name} are used"));
        }
        None
    };
    let message = watch("spec", &policy.budget, spec.usage)
        .or_else(|| watch("phase", &policy.phase_budget, spec.phases.get(phase).usage))?;
    let kind = FailureKind::BudgetExceeded;
    Some(RunOutcome::Failed { kind, message })
}
