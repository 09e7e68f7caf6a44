//! The end of a spec as a table.

use comfy_table::{ContentArrangement, Table, presets};
use spec_core::artifact::{Artifact, PhaseOutput};
use spec_core::attempt::SandboxStatus;
use spec_core::{Phase, Spec, SpecStatus};
use spec_local::DirectoryTarget;

/// What a person wants to know of a spec that has ended: what became of each phase, what kind of
/// agent drafted it, and where its files are.
#[must_use]
pub fn summary(
    spec: &Spec,
    artifacts: &[Artifact],
    agent_description: &str,
    target: &DirectoryTarget,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["Phase", "Result", "Attempts", "Time", "Outcome"]);
    for (phase, state) in spec.phases.iter() {
        let time = match (state.started_at, state.completed_at) {
            (Some(from), Some(to)) => format!("{:.1} s", to.since(from).as_secs_f64()),
            _ => String::new(),
        };
        let outcome = artifacts.iter().find(|artifact| artifact.phase == phase);
        table.add_row([
            phase.to_string(),
            state.status.to_string(),
            state.attempts.len().to_string(),
            time,
            outcome.map_or_else(String::new, describe),
        ]);
    }
    let sandboxes = spec.attempts().count();
    let gone = spec
        .attempts()
        .filter(|(_, a)| a.sandbox == SandboxStatus::Gone)
        .count();
    let mut text = format!(
        "{table}\nSpec {}: {}. {sandboxes} sandboxes created, {gone} terminated.\n",
        spec.id, spec.status
    );
    if let Some(failure) = &spec.failure {
        text.extend(["It failed in ", &failure.to_string(), "\n"]);
    }
    text.push_str(&format!("Agent `{}`: {agent_description}.\n", spec.agent));
    if spec.status == SpecStatus::Completed {
        text.push_str(&files(artifacts, spec, target));
    }
    text
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
