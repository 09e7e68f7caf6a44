//! What one driver has read of a run.

use std::collections::VecDeque;

use super::Observation;
use crate::agent::{AgentDecoder, Noted, RunOutcome, RunRecord, outcome};
use crate::event::{ProgressItem, ProgressKind};
use crate::id::{OutputCursor, RunKey};
use crate::sandbox::{Channel, OutputLine, RunEnd};
use crate::store::Checkpoint;
use crate::usage::{PriceTable, Tokens, Usage, UsageReport};

/// Progress items stored per run; what comes after is counted.
const MAX_ITEMS: u64 = 2000;
/// Progress items per event.
pub(super) const MAX_BATCH: usize = 50;
/// Characters of a progress item.
const MAX_ITEM_CHARS: usize = 500;
/// Lines and bytes of what was said last that are kept for a failure's message.
const TAIL_LINES: usize = 20;
const TAIL_BYTES: usize = 2000;

/// What was read of a run and not stored yet, and the totals so far.
#[derive(Debug)]
pub(super) struct Reader {
    run: RunKey,
    decoder: Box<dyn AgentDecoder>,
    /// What its output has told.
    pub(super) record: RunRecord,
    /// Items that are not stored yet.
    pub(super) items: Vec<ProgressItem>,
    omitted: u64,
    stored_items: u64,
    /// Bytes printed so far.
    pub(super) bytes: u64,
    tail: VecDeque<String>,
    /// Position after the last line read.
    cursor: Option<OutputCursor>,
    /// Whether something was read since the last checkpoint.
    is_new: bool,
    /// Whether anything was read.
    pub(super) has_read: bool,
    /// What was consumed when it was last checked against the budgets, by this driver or another one.
    checked: Usage,
    /// Whether this driver has checked it.
    is_checked: bool,
}

impl Reader {
    pub(super) fn begin(run: RunKey, decoder: Box<dyn AgentDecoder>, record: RunRecord) -> Self {
        Self {
            run,
            decoder,
            record,
            items: Vec::new(),
            omitted: 0,
            stored_items: 0,
            bytes: 0,
            tail: VecDeque::new(),
            cursor: None,
            is_new: false,
            has_read: false,
            checked: Usage::default(),
            is_checked: false,
        }
    }

    pub(super) fn resume(decoder: Box<dyn AgentDecoder>, checkpoint: Checkpoint) -> Self {
        let Checkpoint {
            run,
            cursor,
            bytes,
            items,
            record,
            stderr_tail,
        } = checkpoint;
        Self {
            stored_items: items,
            bytes,
            tail: stderr_tail.lines().map(str::to_owned).collect(),
            cursor: Some(cursor),
            checked: record.usage(),
            ..Self::begin(run, decoder, record)
        }
    }

    pub(super) fn run(&self) -> RunKey {
        self.run
    }

    /// Position after the last line read, now or before.
    pub(super) fn cursor(&self) -> Option<&OutputCursor> {
        self.cursor.as_ref()
    }

    /// Takes a line, and says why the run is to be stopped, if so.
    pub(super) fn take(&mut self, line: OutputLine, prices: &PriceTable) -> Option<RunOutcome> {
        self.bytes += line.text.len() as u64 + line.dropped + 1;
        let mut stop = None;
        for event in self.decoder.line(&line) {
            let price = |report: &UsageReport| price(prices, report);
            match self.record.note(event, self.cursor.as_ref(), price) {
                Noted::Quiet => {}
                Noted::Show(item) => self.show(item),
                Noted::Warn(text) => {
                    self.keep(&text);
                    self.warn(text);
                }
                Noted::Stop(outcome) => stop = Some(outcome),
            }
        }
        if line.channel == Channel::Stderr {
            self.keep(&line.text);
        }
        self.cursor = Some(line.cursor);
        self.is_new = true;
        self.has_read = true;
        stop
    }

    /// What was consumed when this was last asked and what is now, if that is new.
    pub(super) fn usage_to_check(&mut self) -> Option<(Usage, Usage)> {
        let now = self.record.usage();
        let before = std::mem::replace(&mut self.checked, now);
        let was_checked = std::mem::replace(&mut self.is_checked, true);
        (now != before || !was_checked).then_some((before, now))
    }

    /// Shows that something is not as it should be.
    pub(super) fn warn(&mut self, text: String) {
        self.show(ProgressItem {
            kind: ProgressKind::Warning,
            text,
            permille: None,
        });
    }

    /// What the end of the run means.
    pub(super) fn ended(&self, who: &str, end: RunEnd) -> Observation {
        let stderr_tail = self.tail_text();
        let tells = self.decoder.tells_its_end();
        let outcome = outcome(who, &self.record, tells, &end, &stderr_tail);
        let unknown = self.record.unknown();
        if unknown > 0 {
            tracing::debug!(run = %self.run, unknown, "lines of unknown types");
        }
        Observation::RunEnded {
            run: self.run,
            end,
            stderr_tail,
            report: Box::new(self.record.report(outcome)),
        }
    }

    /// What is to be stored, if anything is new: items, how many were left out, and how far it was
    /// read. What was left out is told with the next item, or when nothing follows: a flood of lines
    /// must not become a flood of events.
    pub(super) fn take_unstored(
        &mut self,
        last: bool,
    ) -> Option<(Vec<ProgressItem>, u64, Checkpoint)> {
        let cursor = self.cursor.clone().filter(|_| self.is_new)?;
        self.is_new = false;
        let items = std::mem::take(&mut self.items);
        self.stored_items += items.len() as u64;
        let omitted = if items.is_empty() && !last {
            0
        } else {
            std::mem::take(&mut self.omitted)
        };
        let checkpoint = Checkpoint {
            run: self.run,
            cursor,
            bytes: self.bytes,
            items: self.stored_items,
            record: self.record.clone(),
            stderr_tail: self.tail_text(),
        };
        Some((items, omitted, checkpoint))
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

fn price(prices: &PriceTable, report: &UsageReport) -> Option<u64> {
    let Tokens {
        input,
        cached_input,
        cache_write,
        output,
    } = report.tokens;
    let model = report.model.as_deref()?;
    prices.cost_micro_usd(model, input, cached_input, cache_write, output)
}
