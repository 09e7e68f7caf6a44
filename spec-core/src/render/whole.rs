//! A spec as one document: whatever there is of it so far.

use super::markdown::{Document, Form, code, line};
use super::{design, explore, footer, hours, list, requirements, tasks};
use crate::artifact::SyncOutput;
use crate::spec::Spec;
use crate::sync::PartialOutputs;
use crate::text::count;

/// Renders all that there is of a spec as one Markdown document: its title, the idea exactly as typed,
/// and a section for each phase that has an output. With `trace`, what SYNC says of them, it tells the
/// order of the tasks, and coverage.
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
        document.block("## Exploration");
        explore::body(&mut document, output);
    }
    if let Some(output) = requirements {
        document.block("## Requirements");
        requirements::body(&mut document, output, None);
    }
    if let Some(output) = design {
        document.block("## Design");
        design::body(&mut document, output);
    }
    if let Some(output) = tasks {
        document.block("## Tasks");
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
