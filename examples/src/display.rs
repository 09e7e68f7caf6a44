//! Events of a spec, shown as they come: a bar per phase on a terminal, plain lines elsewhere.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "an event that nobody described here is not shown"
)]

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use spec_core::agent::RunReport;
use spec_core::event::{EventBody, ProgressItem, ProgressKind, SpecEvent};
use spec_core::id::AgentName;
use spec_core::{Phase, Usage};

use crate::consumption::{consumption, limits};

/// Shows events on standard error.
#[derive(Debug)]
pub struct Display {
    bars: Option<Bars>,
}

#[derive(Debug)]
struct Bars {
    multi: MultiProgress,
    phases: BTreeMap<Phase, ProgressBar>,
    /// What the ended runs of each phase have consumed.
    consumed: Mutex<BTreeMap<Phase, Usage>>,
}

impl Display {
    /// Bars when standard error is a terminal, else lines.
    #[must_use]
    pub fn new() -> Self {
        let bars = std::io::stderr().is_terminal().then(|| {
            let multi = MultiProgress::new();
            let phases = Phase::ALL.map(|phase| (phase, add_bar(&multi, phase)));
            Bars {
                multi,
                phases: BTreeMap::from(phases),
                consumed: Mutex::default(),
            }
        });
        Self { bars }
    }

    /// Shows a line that belongs to no phase.
    pub fn note(&self, text: &str) {
        match &self.bars {
            // Fails only when the terminal is gone, and then nobody reads it.
            Some(bars) => drop(bars.multi.println(text)),
            None => line(text),
        }
    }

    /// Shows an event.
    pub fn event(&self, event: &SpecEvent) {
        match &self.bars {
            Some(bars) => bars.event(&event.body),
            None => {
                for text in lines(&event.body) {
                    line(&text);
                }
            }
        }
    }
}

impl Default for Display {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes a line to standard error. A reader that went away is no reason to stop the work.
fn line(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

fn add_bar(multi: &MultiProgress, phase: Phase) -> ProgressBar {
    let bar = multi.add(ProgressBar::new(1000));
    bar.set_prefix(phase.as_str());
    show_waiting(&bar);
    bar
}

fn show_waiting(bar: &ProgressBar) {
    let waiting = ProgressStyle::with_template("  {prefix:12} {bar:24.dim} {wide_msg:.dim}");
    if let Ok(style) = waiting {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar.set_message("waiting");
}

impl Bars {
    /// What a phase has consumed, with what is added now.
    fn consumed(&self, phase: Phase, now: Usage) -> Usage {
        let mut consumed = self.consumed.lock().unwrap_or_else(PoisonError::into_inner);
        let of_phase = consumed.entry(phase).or_default();
        *of_phase += now;
        *of_phase
    }

    fn forget(&self) {
        let mut consumed = self.consumed.lock().unwrap_or_else(PoisonError::into_inner);
        consumed.clear();
        drop(consumed);
        for bar in self.phases.values() {
            bar.reset();
            show_waiting(bar);
        }
    }

    /// Lines that a later one must not wipe away.
    fn remark(&self, body: &EventBody) {
        let remarks = match body {
            EventBody::PhaseRetry { .. }
            | EventBody::PhaseRepair { .. }
            | EventBody::BudgetChanged { .. }
            | EventBody::ExecutionPaused { .. }
            | EventBody::ExecutionResumed { .. }
            | EventBody::ApprovalRequested { .. }
            | EventBody::PhaseApproved { .. }
            | EventBody::ChangesRequested { .. }
            | EventBody::RetryRequested { .. } => lines(body),
            EventBody::Progress { phase, items, .. } => {
                let warnings = items.iter().filter(|i| i.kind == ProgressKind::Warning);
                warnings.map(|item| at(*phase, &progress(item))).collect()
            }
            _ => Vec::new(),
        };
        for remark in remarks {
            // Fails only when the terminal is gone, and then nobody reads it.
            drop(self.multi.println(remark));
        }
    }

    fn event(&self, body: &EventBody) {
        self.remark(body);
        if matches!(body, EventBody::Created { .. }) {
            // Another spec than before.
            self.forget();
            return;
        }
        if matches!(body, EventBody::ExecutionResumed { .. }) {
            for bar in self
                .phases
                .values()
                .filter(|bar| bar.position() < bar_end(bar))
            {
                bar.reset();
                show_waiting(bar);
            }
            return;
        }
        if matches!(
            body,
            EventBody::CancelRequested { .. }
                | EventBody::ExecutionFailed { .. }
                | EventBody::ExecutionPaused { .. }
        ) {
            for bar in self.phases.values().filter(|bar| !bar.is_finished()) {
                bar.abandon();
            }
            return;
        }
        let Some((phase, bar)) = body
            .phase()
            .and_then(|phase| Some((phase, self.phases.get(&phase)?)))
        else {
            return;
        };
        let style = |template| {
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("━╸─").tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
            }
        };
        match body {
            EventBody::PhaseStarted { .. } => {
                style("{spinner} {prefix:12} {bar:24.cyan} {elapsed:>4} {wide_msg}");
                bar.reset();
                bar.enable_steady_tick(Duration::from_millis(100));
                bar.set_message("making a sandbox");
            }
            EventBody::PhaseCompleted { phase, .. } => {
                style("{spinner:.green} {prefix:12} {bar:24.green} {elapsed:>4} {wide_msg}");
                bar.set_position(1000);
                let done = consumption(self.consumed(*phase, Usage::default()));
                bar.finish_with_message(match done {
                    Some(consumed) => format!("done, {consumed}"),
                    None => "done".to_owned(),
                });
            }
            EventBody::PhaseFailed { failure, .. } => {
                style("✗ {prefix:12.red} {bar:24.red} {elapsed:>4} {wide_msg:.red}");
                bar.abandon_with_message(failure.message.clone());
            }
            EventBody::Progress { items, .. } => {
                if let Some(permille) = items.iter().rev().find_map(|item| item.permille) {
                    // The last twentieth is the host's: it judges the result.
                    bar.set_position(u64::from(permille) * 19 / 20);
                }
                if let Some(item) = items.last() {
                    bar.set_message(progress(item));
                }
            }
            EventBody::RunEnded { phase, report, .. } => {
                self.consumed(*phase, report.usage);
                bar.set_message("checking the result");
            }
            EventBody::RunStopped { phase, report, .. } => {
                self.consumed(*phase, report.usage);
            }
            _ => {
                if let Some(text) = lines(body).into_iter().next_back() {
                    // The bar has a name of its own.
                    let text = text.strip_prefix(&at(phase, "")).unwrap_or(&text);
                    bar.set_message(text.to_owned());
                }
            }
        }
    }
}

fn bar_end(bar: &ProgressBar) -> u64 {
    bar.length().unwrap_or_default()
}

fn at(phase: Phase, text: &str) -> String {
    format!("{phase:12} {text}")
}

fn progress(item: &ProgressItem) -> String {
    match item.kind {
        ProgressKind::Warning => format!("warning: {}", item.text),
        ProgressKind::Message
        | ProgressKind::Thinking
        | ProgressKind::Tool
        | ProgressKind::File
        | ProgressKind::Output => item.text.clone(),
    }
}

/// What a run has consumed, and who says so; nothing when it says nothing.
fn told(report: &RunReport) -> Option<String> {
    let version = report
        .version
        .as_ref()
        .map(|version| format!("version {version}"));
    let model = report.model.as_ref().map(|model| format!("model {model}"));
    let consumed = consumption(report.usage).map(|consumed| format!("consumed {consumed}"));
    let parts: Vec<String> = consumed.into_iter().chain(version).chain(model).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// An event as lines for a person.
fn lines(body: &EventBody) -> Vec<String> {
    let at = |phase: &Phase, text: String| at(*phase, &text);
    match body {
        EventBody::PhaseStarted { phase, agent, .. } => {
            let by = if *agent == AgentName::machine() {
                "computed by the machine".to_owned()
            } else {
                format!("agent `{agent}`")
            };
            vec![at(phase, format!("started, {by}"))]
        }
        EventBody::PhaseRetry {
            phase,
            attempt,
            agent,
            failure,
            ..
        } => {
            let why = &failure.message;
            let by = if *phase == Phase::Sync {
                String::new()
            } else {
                format!(", agent `{agent}`")
            };
            vec![at(
                phase,
                format!("trying again (attempt {attempt}{by}): {why}"),
            )]
        }
        EventBody::PhaseRepair {
            phase,
            repair,
            findings,
            ..
        } => {
            let first = findings
                .first()
                .map_or_else(String::new, |f| format!(": {f}"));
            vec![at(phase, format!("result refused, repair {repair}{first}"))]
        }
        EventBody::EffectFailed { phase, message, .. } => vec![at(phase, message.clone())],
        EventBody::SandboxSpawned { phase, sandbox, .. } => {
            let isolation = &sandbox.isolation.mechanism;
            vec![at(
                phase,
                format!("sandbox {} (isolation: {isolation})", sandbox.id),
            )]
        }
        EventBody::Progress { phase, items, .. } => {
            items.iter().map(|item| at(phase, progress(item))).collect()
        }
        EventBody::RunEnded { phase, report, .. } | EventBody::RunStopped { phase, report, .. } => {
            told(report)
                .map(|told| at(phase, told))
                .into_iter()
                .collect()
        }
        EventBody::BudgetChanged { budget, .. } => {
            let limits = limits(*budget).unwrap_or_else(|| "no limit".to_owned());
            vec![format!("the budget is now {limits}")]
        }
        EventBody::ExecutionResumed { .. } => vec!["going on".to_owned()],
        EventBody::ExecutionPaused { .. } => vec!["paused".to_owned()],
        EventBody::ApprovalRequested { phase, .. } => {
            vec![at(phase, "waits for approval".to_owned())]
        }
        EventBody::PhaseApproved { phase, by, .. } => {
            vec![at(phase, format!("approved by {by}"))]
        }
        EventBody::ChangesRequested { phase, by, .. } => {
            vec![at(phase, format!("{by} asks for changes"))]
        }
        EventBody::RetryRequested { phase, by, .. } => {
            vec![at(phase, format!("{by} has it done again"))]
        }
        EventBody::PhaseCompleted { phase, .. } => vec![at(phase, "completed".to_owned())],
        EventBody::PhaseFailed { failure, .. } => {
            vec![at(&failure.phase, format!("failed: {}", failure.message))]
        }
        EventBody::SandboxAbandoned { phase, message, .. } => {
            vec![at(phase, format!("sandbox left behind: {message}"))]
        }
        EventBody::CancelRequested { .. } => vec!["cancelling".to_owned()],
        _ => Vec::new(),
    }
}
