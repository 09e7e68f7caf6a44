//! Nothing is lost on the way from requirement to component to task.

use std::collections::BTreeSet;

use crate::artifact::{DesignOutput, RequirementId, RequirementsOutput, TasksOutput};
use crate::finding::{Finding, Findings, shown};

pub(super) fn requirements(output: &RequirementsOutput, findings: &mut Findings) {
    for (index, requirement) in output.requirements.iter().enumerate() {
        if requirement.acceptance_criteria.is_empty() {
            let message = format!(
                "`{}` has no acceptance criterion",
                shown(requirement.id.as_str(), 80)
            );
            let at = format!("/requirements/{index}/acceptance_criteria");
            let finding = Finding::error("coverage.criterion", at, message);
            findings.push(finding.with_fix("say how one sees that the requirement is met"));
        }
    }
}

pub(super) fn design(
    output: &DesignOutput,
    requirements: Option<&RequirementsOutput>,
    findings: &mut Findings,
) {
    for (index, component) in output.components.iter().enumerate() {
        if component.requirements.is_empty() {
            let message = format!(
                "component `{}` serves no requirement",
                shown(&component.name, 80)
            );
            let at = format!("/components/{index}/requirements");
            let finding = Finding::error("coverage.component", at, message);
            findings.push(finding.with_fix("name the requirements it serves, or leave it out"));
        }
    }
    let served = output
        .components
        .iter()
        .flat_map(|component| &component.requirements)
        .collect();
    for (id, title) in missing(requirements, &served) {
        let message = format!("no component serves `{id}` ({title})");
        let finding = Finding::error("coverage.requirement", "/components", message);
        findings.push(finding.with_fix("add the id to the `requirements` of a component"));
    }
}

pub(super) fn tasks(
    output: &TasksOutput,
    requirements: Option<&RequirementsOutput>,
    findings: &mut Findings,
) {
    let addressed = output
        .tasks
        .iter()
        .flat_map(|task| &task.requirements_addressed)
        .collect();
    for (id, title) in missing(requirements, &addressed) {
        let message = format!("no task addresses `{id}` ({title})");
        let finding = Finding::error("coverage.requirement", "/tasks", message);
        findings.push(finding.with_fix("add the id to the `requirements_addressed` of a task"));
    }
    for (index, task) in output.tasks.iter().enumerate() {
        if task.requirements_addressed.is_empty() {
            let message = format!("`{}` addresses no requirement", shown(task.id.as_str(), 80));
            let at = format!("/tasks/{index}/requirements_addressed");
            findings.push(Finding::warning("coverage.task", at, message));
        }
    }
    let parents: BTreeSet<_> = output
        .tasks
        .iter()
        .map(|task| &task.parent_ticket)
        .collect();
    for (index, ticket) in output.tickets.iter().enumerate() {
        if !parents.contains(&ticket.id) {
            let message = format!("`{}` has no task", shown(ticket.id.as_str(), 80));
            let at = format!("/tickets/{index}");
            findings.push(Finding::warning("coverage.ticket", at, message));
        }
    }
}

/// Requirements that are not in `named`, with their titles.
fn missing<'a>(
    requirements: Option<&'a RequirementsOutput>,
    named: &'a BTreeSet<&RequirementId>,
) -> impl Iterator<Item = (String, String)> {
    requirements
        .into_iter()
        .flat_map(|output| &output.requirements)
        .filter(|requirement| !named.contains(&requirement.id))
        .map(|requirement| {
            (
                shown(requirement.id.as_str(), 80),
                shown(&requirement.title, 80),
            )
        })
}
