//! A spec as one document: whatever there is of it so far.

use super::markdown::{Document, Form, code, line};
use super::{design, explore, footer, hours, list, requirements, tasks};
use crate::artifact::SyncOutput;
use crate::phase::Phase;
use crate::spec::Spec;
use crate::status::PhaseStatus;
use crate::sync::PartialOutputs;
use crate::text::count;

/// Renders all that there is of a spec as one Markdown document: its title, the idea exactly as typed,
/// and a section for each phase that has an output. With `trace`, what SYNC says of them, it tells the
/// order of the tasks, and coverage. An output that is not approved, or to be replaced, is marked so.
#[must_use]
pub fn document(spec: &Spec, outputs: &PartialOutputs, trace: Option<&SyncOutput>) -> String {
    let PartialOutputs {
        explore,
        requirements,
        design,
        tasks,
        repository_commit,
    } = outputs;
    let mut document = Document::new(Form::One);
    document.block(&format!("# {}", line(spec.title.as_str())));
    let mut facts = vec![
        format!("Status: {}", line(spec.status.as_str())),
        format!("Project: {}", code(spec.project_id.as_str())),
        format!("Created: {}", spec.created_at),
    ];
    if let Some(commit) = repository_commit {
        let (hash, branch) = (code(&commit.commit), code(&commit.branch));
        facts.push(format!("Committed: {hash} on {branch}"));
    }
    document.bullets(facts);
    document.block("## Idea");
    document.verbatim(spec.description.as_str());
    if let Some(output) = explore {
        section(
            &mut document,
            "Exploration",
            spec.phases.get(Phase::Explore).status,
        );
        explore::body(&mut document, output);
    }
    if let Some(output) = requirements {
        section(
            &mut document,
            "Requirements",
            spec.phases.get(Phase::Requirements).status,
        );
        requirements::body(&mut document, output, None);
    }
    if let Some(output) = design {
        section(
            &mut document,
            "Design",
            spec.phases.get(Phase::Design).status,
        );
        design::body(&mut document, output);
    }
    if let Some(output) = tasks {
        section(&mut document, "Tasks", spec.phases.get(Phase::Tasks).status);
        tasks::body(&mut document, output, trace);
    }
    if let Some(trace) = trace {
        coverage(&mut document, trace);
    }
    if *outputs == PartialOutputs::default() {
        document.block("No phase has been completed yet.");
    } else {
        footer(spec, &mut document);
    }
    document.into_text()
}

fn section(document: &mut Document, heading: &str, status: PhaseStatus) {
    document.block(&format!("## {heading}"));
    match status {
        PhaseStatus::AwaitingApproval => document.block("*Awaiting approval.*"),
        // There is an output and the phase is not done: a later one is to take its place.
        PhaseStatus::Running | PhaseStatus::Failed | PhaseStatus::Stale => {
            document.block("*From an earlier run: this phase is to be done again.*");
        }
        PhaseStatus::Pending | PhaseStatus::AwaitingAnswers | PhaseStatus::Completed => {}
    }
}

fn coverage(document: &mut Document, trace: &SyncOutput) {
    let summary = &trace.spec_summary;
    document.block("## Coverage");
    document.block(&format!(
        "{:.0} % of {} designed and planned, in {} of {}.",
        summary.requirement_coverage_percent.floor(),
        count(trace.coverage_matrix.len(), "requirement"),
        count(trace.traceability_stats.tasks as usize, "task"),
        hours(summary.total_estimated_hours),
    ));
    requirements::traceability(document, trace);
    list(document, "What is odd", &trace.validation_results.warnings);
}
