//! Following a run: its lines become progress events, in small timed batches.

use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;

use super::Observation;
use super::driver::{Current, Driver, Performed};
use super::effect::sandbox_ref;
use crate::agent::{AgentDecoder, AgentEvent, CommandAgent};
use crate::attempt::FailureKind;
use crate::clock::Timestamp;
use crate::event::{EventBody, NewEvent, ProgressItem};
use crate::id::{AttemptKey, OutputCursor, RunKey};
use crate::phase::Phase;
use crate::sandbox::{Channel, Output, OutputLine, SandboxSpawner};
use crate::spec::Spec;
use crate::store::{Checkpoint, SpecStore};
use crate::usage::Usage;

/// Progress items stored per run; what comes after is counted.
const MAX_ITEMS: u64 = 2000;
/// How long a run goes on before what its driver remembers is let go.
const MIN_IDLE: Duration = Duration::from_secs(1);
/// Progress items per event.
const MAX_BATCH: usize = 50;
/// Characters of a progress item.
const MAX_ITEM_CHARS: usize = 500;
/// Lines and bytes of standard error that are kept for a failure's message.
const TAIL_LINES: usize = 20;
const TAIL_BYTES: usize = 2000;

/// What was read of a run and not stored yet, and the totals so far.
#[derive(Debug)]
struct Reader {
    run: RunKey,
    decoder: Box<dyn AgentDecoder>,
    items: Vec<ProgressItem>,
    omitted: u64,
    stored_items: u64,
    bytes: u64,
    usage: Usage,
    tail: VecDeque<String>,
    /// Position after the last line read; `None` when nothing is new since the last checkpoint.
    cursor: Option<OutputCursor>,
    has_read: bool,
}

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
        let decoder = match self.decoder(spec, key.phase) {
            Ok(decoder) => decoder,
            Err(unprepared) => return unprepared.into_performed(key),
        };
        let checkpoint = current
            .checkpoint
            .as_ref()
            .filter(|checkpoint| checkpoint.run == run);
        let mut reader = Reader::resume(run, decoder, checkpoint);
        let after = checkpoint.map(|checkpoint| checkpoint.cursor.clone());
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
                    reader.take(line);
                    due.get_or_insert_with(|| self.now() + interval);
                    if reader.bytes > spec.policy.max_output_bytes {
                        break too_much_output(spec, key);
                    }
                    if reader.items.len() < MAX_BATCH {
                        continue;
                    }
                }
                Some(Some(Ok(Output::Ended(end)))) => {
                    let stderr_tail = reader.tail_text();
                    break Observation::RunEnded {
                        run,
                        end,
                        stderr_tail,
                        usage: reader.usage,
                    };
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

    fn decoder(
        &self,
        spec: &Spec,
        phase: Phase,
    ) -> Result<Box<dyn AgentDecoder>, super::prepare::Unprepared> {
        match spec.active_attempt() {
            Some((_, attempt)) if phase != Phase::Sync => Ok(self.agent(&attempt.agent)?.decoder()),
            _ => Ok(CommandAgent::line_decoder()),
        }
    }

    /// Has what was read stored; `last` when nothing follows.
    async fn store(&self, spec: &Spec, reader: &mut Reader, last: bool) {
        let Some(cursor) = reader.cursor.take() else {
            return;
        };
        let RunKey {
            attempt: key,
            repair,
        } = reader.run;
        let items = std::mem::take(&mut reader.items);
        reader.stored_items += items.len() as u64;
        let mut events = Vec::new();
        // What was omitted is told with the next item, or at the end: a flood of lines must not
        // become a flood of events.
        if !items.is_empty() || (last && reader.omitted > 0) {
            let omitted = std::mem::take(&mut reader.omitted);
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
        let checkpoint = Checkpoint {
            run: reader.run,
            cursor,
            bytes: reader.bytes,
            items: reader.stored_items,
            usage: reader.usage,
            stderr_tail: reader.tail_text(),
        };
        self.writes.append(events, checkpoint).await;
    }
}

fn too_much_output(spec: &Spec, key: AttemptKey) -> Observation {
    let limit = spec.policy.max_output_bytes;
    let who = spec.worker();
    let message = format!(
        "{who} printed more than {limit} bytes; raise policy.max_output_bytes if that is meant"
    );
    Observation::AttemptFailed {
        key,
        kind: FailureKind::TooMuchOutput,
        message,
    }
}

impl Reader {
    fn resume(
        run: RunKey,
        decoder: Box<dyn AgentDecoder>,
        checkpoint: Option<&Checkpoint>,
    ) -> Self {
        let tail = checkpoint.map_or("", |checkpoint| &checkpoint.stderr_tail);
        Self {
            run,
            decoder,
            items: Vec::new(),
            omitted: 0,
            stored_items: checkpoint.map_or(0, |checkpoint| checkpoint.items),
            bytes: checkpoint.map_or(0, |checkpoint| checkpoint.bytes),
            usage: checkpoint.map_or(Usage::default(), |checkpoint| checkpoint.usage),
            tail: tail.lines().map(str::to_owned).collect(),
            cursor: None,
            has_read: false,
        }
    }

    fn take(&mut self, line: OutputLine) {
        self.bytes += line.text.len() as u64 + line.dropped + 1;
        match self.decoder.line(&line) {
            Some(AgentEvent::Progress(item)) => self.show(item),
            Some(AgentEvent::Usage(usage)) => self.usage = usage,
            Some(AgentEvent::Error(text)) => self.keep(&text),
            None => {}
        }
        if line.channel == Channel::Stderr {
            self.keep(&line.text);
        }
        self.cursor = Some(line.cursor);
        self.has_read = true;
    }

    fn show(&mut self, mut item: ProgressItem) {
        if self.stored_items + self.items.len() as u64 >= MAX_ITEMS {
            self.omitted += 1;
            return;
        }
        if let Some((at, _)) = item.text.char_indices().nth(MAX_ITEM_CHARS) {
            item.text.truncate(at);
            item.text.push('…');
        }
        // NUL cannot be stored everywhere, and no person can read it.
        item.text.retain(|c| c != '\0');
        self.items.push(item);
    }

    fn keep(&mut self, line: &str) {
        let kept: String = line
            .chars()
            .filter(|c| *c != '\0')
            .take(TAIL_BYTES / 4)
            .collect();
        self.tail.push_back(kept);
        while self.tail.len() > TAIL_LINES
            || (self.tail.len() > 1
                && self.tail.iter().map(|line| line.len() + 1).sum::<usize>() > TAIL_BYTES)
        {
            self.tail.pop_front();
        }
    }

    fn tail_text(&self) -> String {
        self.tail
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n")
    }
}
