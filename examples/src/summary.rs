//! The end of a spec as a table.

use std::collections::BTreeMap;

use comfy_table::{ContentArrangement, Table, presets};
use spec_core::artifact::{Artifact, PhaseOutput};
use spec_core::attempt::{AttemptOutcome, FailureKind, SandboxStatus};
use spec_core::id::AgentName;
use spec_core::machine::progress;
use spec_core::spec::PhaseState;
use spec_core::usage::{AttemptUsage, SpecUsage};
use spec_core::{Phase, Spec, SpecStatus, Usage};
use spec_local::DirectoryTarget;

use crate::consumption::{consumption, cost, grouped, limits};

/// What a person wants to know of a spec that has ended or waits: what became of each phase, who drafted it,
/// what that has consumed, and where its files are.
#[must_use]
pub fn summary(
    spec: &Spec,
    artifacts: &[Artifact],
    usage: &SpecUsage,
    descriptions: &BTreeMap<AgentName, String>,
    target: &DirectoryTarget,
) -> String {
    let table = table(spec, artifacts, usage);
    let sandboxes = spec.attempts().count();
    let gone = spec
        .attempts()
        .filter(|(_, a)| a.sandbox == SandboxStatus::Gone)
        .count();
    let mut text = format!(
        "{table}\nSpec {}: {}. {sandboxes} sandboxes created, {gone} terminated.\n",
        spec.id, spec.status
    );
    for (agent, facts) in workers(usage) {
        text.push_str(&facts.line(agent, descriptions.get(agent).map(String::as_str)));
    }
    if let Some(total) = consumption(usage.total) {
        let of = limits(usage.budget).map_or_else(String::new, |limits| format!(", of {limits}"));
        text.extend(["Consumed in all: ", &total, &of, ".\n"]);
    }
    for (_, attempt) in spec.attempts() {
        let Some(AttemptOutcome::Failed { failure }) = attempt.outcome() else {
            continue;
        };
        if Some(failure) != spec.failure.as_ref() {
            text.extend(["Tried again after ", &failure.to_string(), "\n"]);
        }
    }
    if let Some(failure) = &spec.failure {
        text.extend(["It failed in ", &failure.to_string(), "\n"]);
        if failure.kind == FailureKind::BudgetExceeded {
            text.push_str(
                "Go on with a larger budget: launch --resume --budget-usd D.DD, or --budget-tokens N\n",
            );
        }
    }
    if let Some(waits) = waits(spec) {
        text.push_str(&waits);
    }
    if spec.status == SpecStatus::Completed {
        text.push_str(&files(artifacts, spec, target));
    }
    text
}

/// What a person has to do before it goes on, if somebody has to.
fn waits(spec: &Spec) -> Option<String> {
    let to_do = match spec.status {
        SpecStatus::AwaitingApproval => "Approve it, or ask for changes,",
        SpecStatus::AwaitingAnswers => "Answer",
        SpecStatus::Paused => "Resume it",
        SpecStatus::Draft
        | SpecStatus::Executing
        | SpecStatus::Completed
        | SpecStatus::Failed
        | SpecStatus::Cancelled => return None,
    };
    let stands = progress(spec).headline;
    Some(format!(
        "{stands}. {to_do} in the pages of `serve` on the same database, which then goes on with it.\n"
    ))
}

fn table(spec: &Spec, artifacts: &[Artifact], usage: &SpecUsage) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    // An agent that asks no model has nothing to show there.
    let consumed = usage.total != Usage::default();
    let mut header = vec!["Phase", "Result", "Attempts", "Time", "Agent"];
    if consumed {
        header.extend(["Tokens", "Cost"]);
    }
    header.push("Outcome");
    table.set_header(header);
    for (phase, state) in spec.phases.iter() {
        let time = match (state.started_at, state.completed_at) {
            (Some(from), Some(to)) => format!("{:.1} s", to.since(from).as_secs_f64()),
            _ => String::new(),
        };
        let mut row = vec![
            phase.to_string(),
            state.status.to_string(),
            attempts(state),
            time,
            agents(state),
        ];
        if consumed {
            let of_phase = usage.phases.iter().find(|of| of.phase == phase);
            let of_phase = of_phase.map(|of| of.usage).unwrap_or_default();
            row.extend([grouped(of_phase.tokens()), cost(of_phase)]);
        }
        let outcome = artifacts.iter().find(|artifact| artifact.phase == phase);
        let mut outcome = outcome.map_or_else(String::new, describe);
        if let Some(accepted) = state.accepted.filter(|accepted| accepted.warnings > 0) {
            outcome.extend(["; warnings: ", &accepted.warnings.to_string()]);
        }
        row.push(outcome);
        table.add_row(row);
    }
    table
}

/// How many attempts there were, and how many repairs in them.
fn attempts(state: &PhaseState) -> String {
    let repairs: u32 = state.attempts.iter().map(|a| a.repair.get()).sum();
    match (state.attempts.len(), repairs) {
        (attempts, 0) => attempts.to_string(),
        (attempts, 1) => format!("{attempts}, 1 repair"),
        (attempts, repairs) => format!("{attempts}, {repairs} repairs"),
    }
}

/// Who worked on a phase, in turn.
fn agents(state: &PhaseState) -> String {
    let mut names: Vec<&str> = state.attempts.iter().map(|a| a.agent.as_str()).collect();
    names.dedup();
    names.join(" → ")
}

/// What is known of an agent that worked on a spec.
#[derive(Debug, Default)]
struct Worker<'a> {
    versions: Vec<&'a str>,
    models: Vec<&'a str>,
    usage: Usage,
}

/// The agents that worked on a spec, the machine left out.
fn workers(usage: &SpecUsage) -> BTreeMap<&AgentName, Worker<'_>> {
    let machine = AgentName::machine();
    let mut workers: BTreeMap<&AgentName, Worker<'_>> = BTreeMap::new();
    let attempts = usage.phases.iter().flat_map(|phase| &phase.attempts);
    for AttemptUsage {
        agent,
        agent_version,
        model,
        usage,
        attempt: _,
    } in attempts.filter(|attempt| attempt.agent != machine)
    {
        let worker = workers.entry(agent).or_default();
        worker.usage += *usage;
        for (known, told) in [
            (&mut worker.versions, agent_version),
            (&mut worker.models, model),
        ] {
            known.extend(told.as_deref());
            known.sort_unstable();
            known.dedup();
        }
    }
    workers
}

impl Worker<'_> {
    fn line(&self, agent: &AgentName, description: Option<&str>) -> String {
        let description = description.unwrap_or("not known to this program");
        let mut parts = vec![format!("Agent `{agent}`: {description}")];
        for (what, told) in [("version", &self.versions), ("model", &self.models)] {
            if !told.is_empty() {
                parts.push(format!("{what} {}", told.join(", ")));
            }
        }
        parts.extend(consumption(self.usage));
        format!("{}.\n", parts.join("; "))
    }
}

fn files(artifacts: &[Artifact], spec: &Spec, target: &DirectoryTarget) -> String {
    let folder = target.folder_of(spec);
    let commit = artifacts
        .iter()
        .find(|a| a.phase == Phase::Sync)
        .and_then(|artifact| match artifact.output().ok()? {
            PhaseOutput::Sync(sync) => sync.repository_commit,
            PhaseOutput::Explore(_)
            | PhaseOutput::Requirements(_)
            | PhaseOutput::Design(_)
            | PhaseOutput::Tasks(_) => None,
        });
    let at = commit.map_or_else(String::new, |c| {
        format!(
            " (commit {} on {}, in the sandbox only)",
            c.commit.get(..12).unwrap_or(""),
            c.branch
        )
    });
    format!(
        "Read it{at} in\n  {}\n",
        ["requirements.md", "design.md", "tasks.md"]
            .map(|name| folder.join(name).display().to_string())
            .join("\n  ")
    )
}

/// The gist of an artifact.
fn describe(artifact: &Artifact) -> String {
    match artifact.output() {
        Ok(PhaseOutput::Explore(explore)) => format!(
            "{}; {} key files, {} entry points",
            explore.project_type,
            explore.key_files.len(),
            explore.entry_points.len()
        ),
        Ok(PhaseOutput::Requirements(requirements)) => format!(
            "{} requirements, {} criteria",
            requirements.requirements.len(),
            requirements
                .requirements
                .iter()
                .map(|r| r.acceptance_criteria.len())
                .sum::<usize>()
        ),
        Ok(PhaseOutput::Design(design)) => format!("{} components", design.components.len()),
        Ok(PhaseOutput::Tasks(tasks)) => {
            format!(
                "{} tickets, {} tasks",
                tasks.tickets.len(),
                tasks.tasks.len()
            )
        }
        Ok(PhaseOutput::Sync(sync)) => format!(
            "{:.0} % of requirements covered, {} waves, critical path {:.1} h",
            sync.spec_summary.requirement_coverage_percent,
            sync.dependency_analysis.waves.len(),
            sync.dependency_analysis.critical_path_hours
        ),
        Err(error) => format!("cannot be read: {error}"),
    }
}
