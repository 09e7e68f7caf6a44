//! The output of SYNC, computed from the outputs of the other phases.

use std::collections::{BTreeMap, BTreeSet};

use super::Outputs;
use crate::artifact::{
    Coverage, CoverageRow, DependencyAnalysis, Estimate, RepositoryCommit, Requirement,
    RequirementId, SpecSummary, SyncOutput, Task, TaskId, TicketId, TraceabilityStats,
    ValidationResults,
};
use crate::check::{self, Earlier, task_graph, ticket_graph};
use crate::finding::{Finding, Findings, Severity};
use crate::graph::Graph;
use crate::phase::Phase;
use crate::text::count;

/// Computes coverage, order and figures of a spec.
///
/// Answers for any input: what breaks a rule is listed as a blocker, tasks that wait for each other
/// are in no wave, and hours that are no positive number count by the task's estimate.
#[must_use]
pub fn sync_report(
    slug: &str,
    outputs: &Outputs,
    repository_commit: Option<RepositoryCommit>,
) -> SyncOutput {
    let found = findings(outputs);
    let matrix = coverage_matrix(outputs);
    let hours: BTreeMap<&TaskId, f64> = outputs
        .tasks
        .tasks
        .iter()
        .map(|task| (&task.id, hours(task)))
        .collect();
    let graph = task_graph(&outputs.tasks);
    let analysis = analysis(outputs, &graph, &hours);
    let blockers = lines(&found, Severity::Error);
    SyncOutput {
        slug: slug.to_owned(),
        validation_results: validation(outputs, &found, &matrix, &analysis, &graph),
        traceability_stats: TraceabilityStats {
            requirements: size(outputs.requirements.requirements.len()),
            components: size(outputs.design.components.len()),
            tickets: size(outputs.tasks.tickets.len()),
            tasks: size(outputs.tasks.tasks.len()),
            dependencies: size(graph.edges()),
        },
        spec_summary: summary(outputs, &matrix, hours.values().copied()),
        ready_for_execution: blockers.is_empty(),
        recommendations: recommendations(outputs, &found, &analysis),
        blockers,
        coverage_matrix: matrix,
        dependency_analysis: analysis,
        repository_commit,
    }
}

/// Everything the structural rules say, each finding with its phase.
fn findings(outputs: &Outputs) -> Vec<(Phase, Finding)> {
    let earlier = Earlier {
        idea: None,
        explore: Some(&outputs.explore),
        requirements: Some(&outputs.requirements),
        design: Some(&outputs.design),
        tasks: Some(&outputs.tasks),
    };
    let mut found = Vec::new();
    let mut add = |phase, findings: Findings| {
        found.extend(
            findings
                .into_sorted()
                .into_iter()
                .map(|finding| (phase, finding)),
        );
    };
    let mut findings = Findings::default();
    check::requirements(&outputs.requirements, &mut findings);
    add(Phase::Requirements, findings);
    let mut findings = Findings::default();
    check::design(&outputs.design, &earlier, &mut findings);
    add(Phase::Design, findings);
    let mut findings = Findings::default();
    check::tasks(&outputs.tasks, &earlier, &mut findings);
    add(Phase::Tasks, findings);
    found
}

fn lines(found: &[(Phase, Finding)], severity: Severity) -> Vec<String> {
    let of_severity = found
        .iter()
        .filter(|(_, finding)| finding.severity == severity);
    of_severity
        .map(|(phase, finding)| format!("{phase} {finding}"))
        .collect()
}

fn coverage_matrix(outputs: &Outputs) -> Vec<CoverageRow> {
    let mut components: BTreeMap<&RequirementId, Vec<String>> = BTreeMap::new();
    for component in &outputs.design.components {
        for id in component.requirements.iter().collect::<BTreeSet<_>>() {
            components
                .entry(id)
                .or_default()
                .push(component.name.clone());
        }
    }
    let mut tasks: BTreeMap<&RequirementId, BTreeSet<&TaskId>> = BTreeMap::new();
    let mut tickets: BTreeMap<&RequirementId, BTreeSet<&TicketId>> = BTreeMap::new();
    for task in &outputs.tasks.tasks {
        for id in &task.requirements_addressed {
            tasks.entry(id).or_default().insert(&task.id);
            tickets.entry(id).or_default().insert(&task.parent_ticket);
        }
    }
    for ticket in &outputs.tasks.tickets {
        for id in &ticket.requirements {
            tickets.entry(id).or_default().insert(&ticket.id);
        }
    }
    let row = |requirement: &Requirement| {
        let id = &requirement.id;
        let covered_by_components = components.get(id).cloned().unwrap_or_default();
        let covered_by_tasks: Vec<TaskId> = owned(tasks.get(id));
        CoverageRow {
            requirement_id: id.clone(),
            requirement_title: requirement.title.clone(),
            status: match (
                covered_by_components.is_empty(),
                covered_by_tasks.is_empty(),
            ) {
                (false, false) => Coverage::FullyCovered,
                (true, true) => Coverage::NotCovered,
                (true, false) | (false, true) => Coverage::PartiallyCovered,
            },
            covered_by_components,
            covered_by_tasks,
            covered_by_tickets: owned(tickets.get(id)),
        }
    };
    outputs.requirements.requirements.iter().map(row).collect()
}

fn analysis(
    outputs: &Outputs,
    graph: &Graph<&TaskId>,
    hours: &BTreeMap<&TaskId, f64>,
) -> DependencyAnalysis {
    let (path, length) = graph.longest_path(|task| hours.get(task).copied().unwrap_or(0.0));
    DependencyAnalysis {
        task_dependency_graph: owned_graph(graph),
        ticket_dependency_graph: owned_graph(&ticket_graph(&outputs.tasks)),
        critical_path: path.into_iter().cloned().collect(),
        critical_path_hours: finite(length),
        waves: graph
            .waves()
            .into_iter()
            .map(|wave| wave.into_iter().cloned().collect())
            .collect(),
    }
}

fn validation(
    outputs: &Outputs,
    found: &[(Phase, Finding)],
    matrix: &[CoverageRow],
    analysis: &DependencyAnalysis,
    graph: &Graph<&TaskId>,
) -> ValidationResults {
    let none = |of: &[&str]| {
        !found
            .iter()
            .any(|(_, finding)| of.contains(&finding.rule.as_str()))
    };
    let addressed: BTreeSet<&RequirementId> = outputs
        .tasks
        .tasks
        .iter()
        .flat_map(|task| &task.requirements_addressed)
        .collect();
    let ordered: usize = analysis.waves.iter().map(Vec::len).sum();
    ValidationResults {
        all_requirements_covered: matrix.iter().all(|row| !row.covered_by_tasks.is_empty()),
        all_design_components_have_tasks: outputs.design.components.iter().all(|component| {
            component
                .requirements
                .iter()
                .any(|id| addressed.contains(id))
        }),
        dependency_order_valid: ordered == graph.nodes().count()
            && none(&["reference.self", "reference.unresolved"]),
        no_circular_dependencies: none(&["graph.cycle", "reference.self"]),
        all_ids_valid: none(&["id.malformed", "id.duplicate", "reference.unresolved"]),
        issues_found: lines(found, Severity::Error),
        warnings: lines(found, Severity::Warning),
    }
}

fn summary(
    outputs: &Outputs,
    matrix: &[CoverageRow],
    hours: impl Iterator<Item = f64>,
) -> SpecSummary {
    let files = |of: fn(&Task) -> &Vec<String>| {
        let distinct: BTreeSet<&String> = outputs.tasks.tasks.iter().flat_map(of).collect();
        size(distinct.len())
    };
    let covered = matrix
        .iter()
        .filter(|row| row.status == Coverage::FullyCovered)
        .count();
    let requirements = size(matrix.len());
    SpecSummary {
        total_requirements: requirements,
        total_tickets: size(outputs.tasks.tickets.len()),
        total_tasks: size(outputs.tasks.tasks.len()),
        total_estimated_hours: finite(hours.sum()),
        files_to_create: files(|task| &task.files_to_create),
        files_to_modify: files(|task| &task.files_to_modify),
        requirement_coverage_percent: if requirements == 0 {
            0.0
        } else {
            f64::from(size(covered)) * 100.0 / f64::from(requirements)
        },
    }
}

fn recommendations(
    outputs: &Outputs,
    found: &[(Phase, Finding)],
    analysis: &DependencyAnalysis,
) -> Vec<String> {
    let mut advice = Vec::new();
    let large = found
        .iter()
        .filter(|(_, finding)| finding.rule == "task.size")
        .count();
    if large > 0 {
        advice.push(format!(
            "Split {} that would take more than a day each.",
            count(large, "task")
        ));
    }
    let wording = |rule: &str| rule.starts_with("ears.") || rule.starts_with("text.");
    let put = found
        .iter()
        .filter(|(_, f)| f.severity == Severity::Warning && wording(&f.rule));
    let put = put.count();
    if put > 0 {
        advice.push(format!(
            "Read the wording of the requirements again: {}.",
            count(put, "warning")
        ));
    }
    let open = outputs.explore.questions.len()
        + outputs.requirements.questions.len()
        + outputs.design.questions.len()
        + outputs.tasks.questions.len();
    if open > 0 {
        advice.push(format!(
            "Answer what is open, or check its default: {}.",
            count(open, "question")
        ));
    }
    // Two tasks of one wave that write the same file cannot be done at the same time after all.
    let files: BTreeMap<&TaskId, BTreeSet<&String>> = outputs
        .tasks
        .tasks
        .iter()
        .map(|task| {
            (
                &task.id,
                task.files_to_create
                    .iter()
                    .chain(&task.files_to_modify)
                    .collect(),
            )
        })
        .collect();
    for (index, wave) in analysis.waves.iter().enumerate() {
        let mut writers: BTreeMap<&String, Vec<&str>> = BTreeMap::new();
        for task in wave {
            for file in files.get(task).into_iter().flatten() {
                writers.entry(file).or_default().push(task.as_str());
            }
        }
        for (file, tasks) in writers.into_iter().filter(|(_, tasks)| tasks.len() > 1) {
            let tasks = tasks.join(", ");
            let wave = index + 1;
            advice.push(format!(
                "Wave {wave}: do {tasks} one after the other; all change {file}."
            ));
        }
    }
    advice
}

/// Hours that a task counts for.
pub(crate) fn hours(task: &Task) -> f64 {
    if task.estimated_hours.is_finite() && task.estimated_hours > 0.0 {
        return task.estimated_hours;
    }
    match task.estimate {
        Estimate::S => 2.0,
        Estimate::M => 4.0,
        Estimate::L => 8.0,
        Estimate::Xl => 16.0,
    }
}

fn owned_graph<K: Ord + Clone>(graph: &Graph<&K>) -> BTreeMap<K, Vec<K>> {
    let owned = |(node, others): (&K, &BTreeSet<&K>)| (node.clone(), owned(Some(others)));
    graph.nodes().map(owned).collect()
}

fn owned<K: Ord + Clone>(ids: Option<&BTreeSet<&K>>) -> Vec<K> {
    ids.into_iter().flatten().map(|id| (*id).clone()).collect()
}

/// Sums of huge numbers must not become infinite: JSON cannot say so.
fn finite(number: f64) -> f64 {
    number.min(f64::MAX)
}

fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
