//! Ids are well-formed and unique, references lead somewhere, and paths stay in the repository.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::{
    DesignOutput, ExploreOutput, Question, Requirement, RequirementId, RequirementsOutput, TaskId,
    TasksOutput, TicketId,
};
use crate::finding::{Finding, Findings, shown};
use crate::sandbox::SandboxPath;

/// Names of one kind, each with the place that declares it.
struct Names<'a> {
    kind: &'static str,
    declared: BTreeMap<&'a str, String>,
}

impl<'a> Names<'a> {
    fn new(kind: &'static str) -> Self {
        Self {
            kind,
            declared: BTreeMap::new(),
        }
    }

    fn declare(&mut self, name: &'a str, at: String, findings: &mut Findings) {
        if let Some(first) = self.declared.get(name) {
            let name = shown(name, 80);
            let message = format!("{} `{name}` is declared at {first} already", self.kind);
            findings.push(Finding::error("id.duplicate", at, message));
        } else {
            self.declared.insert(name, at);
        }
    }

    fn declare_id(&mut self, id: &'a str, prefix: &str, good: bool, at: String, f: &mut Findings) {
        if !good {
            let id = shown(id, 80);
            let message = format!("`{id}` is not a {} id", self.kind);
            let fix = format!("write it like `{prefix}-001` or `{prefix}-AREA-001`");
            f.push(Finding::error("id.malformed", at.clone(), message).with_fix(fix));
        }
        self.declare(id, at, f);
    }

    fn resolve(&self, name: &str, at: &str, findings: &mut Findings) {
        if !self.declared.contains_key(name) {
            let message = format!("there is no {} `{}`", self.kind, shown(name, 80));
            findings.push(Finding::error("reference.unresolved", at, message));
        }
    }

    /// Like [`resolve`](Self::resolve) for every name of a list that stands at `at`.
    fn resolve_all<'n>(
        &self,
        names: impl IntoIterator<Item = &'n str>,
        at: &str,
        findings: &mut Findings,
    ) {
        for (index, name) in names.into_iter().enumerate() {
            self.resolve(name, &format!("{at}/{index}"), findings);
        }
    }

    /// Like [`resolve_all`](Self::resolve_all), for a list that must not name `own`.
    fn resolve_others<'n>(
        &self,
        own: &str,
        names: impl IntoIterator<Item = &'n str>,
        at: &str,
        findings: &mut Findings,
    ) {
        for (index, name) in names.into_iter().enumerate() {
            let at = format!("{at}/{index}");
            if name == own {
                let message = format!("{} `{}` refers to itself", self.kind, shown(own, 80));
                findings.push(Finding::error("reference.self", at, message));
            } else {
                self.resolve(name, &at, findings);
            }
        }
    }
}

pub(super) fn explore(output: &ExploreOutput, findings: &mut Findings) {
    questions(&output.questions, findings);
}

pub(super) fn requirements(output: &RequirementsOutput, findings: &mut Findings) {
    let mut criteria = Names::new("criterion");
    for (index, requirement) in output.requirements.iter().enumerate() {
        for (place, criterion) in requirement.acceptance_criteria.iter().enumerate() {
            let at = format!("/requirements/{index}/acceptance_criteria/{place}/id");
            let id = &criterion.id;
            criteria.declare_id(id.as_str(), "AC", id.is_well_formed(), at, findings);
        }
    }
    let names = requirement_names(&output.requirements, findings);
    for (index, requirement) in output.requirements.iter().enumerate() {
        let at = format!("/requirements/{index}/dependencies");
        let others = requirement.dependencies.iter().map(RequirementId::as_str);
        names.resolve_others(requirement.id.as_str(), others, &at, findings);
    }
    let mut stories = Names::new("story");
    for (index, story) in output.user_stories.iter().enumerate() {
        let at = format!("/user_stories/{index}");
        let good = story.id.is_well_formed();
        stories.declare_id(story.id.as_str(), "US", good, format!("{at}/id"), findings);
        let served = story.requirements.iter().map(RequirementId::as_str);
        names.resolve_all(served, &format!("{at}/requirements"), findings);
    }
    questions(&output.questions, findings);
}

pub(super) fn design(
    output: &DesignOutput,
    requirements: Option<&RequirementsOutput>,
    findings: &mut Findings,
) {
    let mut names = Names::new("component");
    for (index, component) in output.components.iter().enumerate() {
        names.declare(
            &component.name,
            format!("/components/{index}/name"),
            findings,
        );
    }
    let served = requirements.map(known_requirements);
    for (index, component) in output.components.iter().enumerate() {
        let at = format!("/components/{index}");
        path(&component.file_path, &format!("{at}/file_path"), findings);
        let others = component.dependencies.iter().map(String::as_str);
        names.resolve_others(
            &component.name,
            others,
            &format!("{at}/dependencies"),
            findings,
        );
        if let Some(served) = &served {
            let ids = component.requirements.iter().map(RequirementId::as_str);
            served.resolve_all(ids, &format!("{at}/requirements"), findings);
        }
    }
    questions(&output.questions, findings);
}

pub(super) fn tasks(
    output: &TasksOutput,
    requirements: Option<&RequirementsOutput>,
    findings: &mut Findings,
) {
    let mut tickets = Names::new("ticket");
    for (index, ticket) in output.tickets.iter().enumerate() {
        let (id, at) = (&ticket.id, format!("/tickets/{index}/id"));
        tickets.declare_id(id.as_str(), "TKT", id.is_well_formed(), at, findings);
    }
    let mut tasks = Names::new("task");
    for (index, task) in output.tasks.iter().enumerate() {
        let (id, at) = (&task.id, format!("/tasks/{index}/id"));
        tasks.declare_id(id.as_str(), "TSK", id.is_well_formed(), at, findings);
    }
    let served = requirements.map(known_requirements);
    for (index, ticket) in output.tickets.iter().enumerate() {
        let (own, at) = (ticket.id.as_str(), format!("/tickets/{index}"));
        let held = ticket.tasks.iter().map(TaskId::as_str);
        tasks.resolve_all(held, &format!("{at}/tasks"), findings);
        let before = ticket.dependencies.blocked_by.iter().map(TicketId::as_str);
        tickets.resolve_others(
            own,
            before,
            &format!("{at}/dependencies/blocked_by"),
            findings,
        );
        let after = ticket.dependencies.blocks.iter().map(TicketId::as_str);
        tickets.resolve_others(own, after, &format!("{at}/dependencies/blocks"), findings);
        if let Some(served) = &served {
            let ids = ticket.requirements.iter().map(RequirementId::as_str);
            served.resolve_all(ids, &format!("{at}/requirements"), findings);
        }
    }
    for (index, task) in output.tasks.iter().enumerate() {
        let (own, at) = (task.id.as_str(), format!("/tasks/{index}"));
        tickets.resolve(
            task.parent_ticket.as_str(),
            &format!("{at}/parent_ticket"),
            findings,
        );
        let before = task.dependencies.depends_on.iter().map(TaskId::as_str);
        tasks.resolve_others(
            own,
            before,
            &format!("{at}/dependencies/depends_on"),
            findings,
        );
        let after = task.dependencies.blocks.iter().map(TaskId::as_str);
        tasks.resolve_others(own, after, &format!("{at}/dependencies/blocks"), findings);
        if let Some(served) = &served {
            let ids = task
                .requirements_addressed
                .iter()
                .map(RequirementId::as_str);
            served.resolve_all(ids, &format!("{at}/requirements_addressed"), findings);
        }
        for (field, paths) in [
            ("files_to_create", &task.files_to_create),
            ("files_to_modify", &task.files_to_modify),
        ] {
            for (place, file) in paths.iter().enumerate() {
                path(file, &format!("{at}/{field}/{place}"), findings);
            }
        }
    }
    parents(output, findings);
    questions(&output.questions, findings);
}

/// Tickets and tasks say the same about who belongs to whom. A ticket may leave its list out.
fn parents(output: &TasksOutput, findings: &mut Findings) {
    let parent_of: BTreeMap<_, _> = output
        .tasks
        .iter()
        .map(|task| (&task.id, &task.parent_ticket))
        .collect();
    for (index, ticket) in output.tickets.iter().enumerate() {
        for (place, task) in ticket.tasks.iter().enumerate() {
            if let Some(parent) = parent_of.get(task).filter(|parent| ***parent != ticket.id) {
                let message = format!(
                    "`{}` is listed here, but its parent ticket is `{}`",
                    shown(task.as_str(), 80),
                    shown(parent.as_str(), 80)
                );
                let at = format!("/tickets/{index}/tasks/{place}");
                findings.push(Finding::error("reference.disagrees", at, message));
            }
        }
    }
    let listed: BTreeMap<&TicketId, BTreeSet<&TaskId>> = output
        .tickets
        .iter()
        .map(|ticket| (&ticket.id, ticket.tasks.iter().collect()))
        .collect();
    for (index, task) in output.tasks.iter().enumerate() {
        let list = listed.get(&task.parent_ticket);
        if list.is_some_and(|list| !list.is_empty() && !list.contains(&task.id)) {
            let message = format!(
                "ticket `{}` does not list `{}` among its tasks",
                shown(task.parent_ticket.as_str(), 80),
                shown(task.id.as_str(), 80)
            );
            let at = format!("/tasks/{index}/parent_ticket");
            findings.push(Finding::error("reference.disagrees", at, message));
        }
    }
}

fn requirement_names<'a>(requirements: &'a [Requirement], findings: &mut Findings) -> Names<'a> {
    let mut names = Names::new("requirement");
    for (index, requirement) in requirements.iter().enumerate() {
        let (id, at) = (&requirement.id, format!("/requirements/{index}/id"));
        names.declare_id(id.as_str(), "REQ", id.is_well_formed(), at, findings);
    }
    names
}

/// The requirements of an earlier phase, whose own faults are not this output's.
fn known_requirements(output: &RequirementsOutput) -> Names<'_> {
    requirement_names(&output.requirements, &mut Findings::default())
}

fn questions(questions: &[Question], findings: &mut Findings) {
    let mut names = Names::new("question");
    for (index, question) in questions.iter().enumerate() {
        let (id, at) = (&question.id, format!("/questions/{index}/id"));
        names.declare_id(id.as_str(), "Q", id.is_well_formed(), at, findings);
    }
}

fn path(path: &str, at: &str, findings: &mut Findings) {
    if let Err(invalid) = SandboxPath::in_repository(path) {
        let finding = Finding::error("path.invalid", at, invalid.reason());
        findings.push(
            finding.with_fix("write the path from the repository's root, like `src/main.rs`"),
        );
    }
}
