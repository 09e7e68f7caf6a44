//! `tasks.md`: the work, in the order in which it can be done.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::markdown::{Document, Form, code, line};
use super::{
    assumptions, hours, links, list, notes, priority, questions, requirement_links, target,
};
use crate::artifact::{Estimate, SyncOutput, Task, TaskId, TaskType, TasksOutput, TicketId};
use crate::spec::Spec;
use crate::sync::{Outputs, task_hours};
use crate::text::count;

/// GitHub draws no larger Mermaid graphs.
const MAX_EDGES: usize = 500;
const MAX_NODES: usize = 200;

/// Characters of a task's title in the graph.
const LABEL_CHARS: usize = 40;

pub(super) fn render(spec: &Spec, outputs: &Outputs, sync: &SyncOutput) -> Document {
    let output = &outputs.tasks;
    let mut document = Document::new(Form::Files);
    document.heading(1, &format!("{}: tasks", line(spec.title.as_str())));
    document.block(&format!(
        "{} in {}, {} of work. See the [requirements](requirements.md) and the [design](design.md).",
        count(output.tasks.len(), "task"),
        count(output.tickets.len(), "ticket"),
        hours(sync.spec_summary.total_estimated_hours)
    ));
    body(&mut document, output, Some(sync));
    document
}

/// The output itself, with what follows from it where that is known.
pub(super) fn body(document: &mut Document, output: &TasksOutput, sync: Option<&SyncOutput>) {
    let ticket_graph = sync.map(|sync| &sync.dependency_analysis.ticket_dependency_graph);
    if let Some(sync) = sync {
        list(document, "To resolve first", &sync.blockers);
        order(document, sync);
        graph(document, &output.tasks, sync);
    }
    let mut by_ticket: BTreeMap<&TicketId, Vec<&Task>> = BTreeMap::new();
    for item in &output.tasks {
        by_ticket.entry(&item.parent_ticket).or_default().push(item);
    }
    for ticket in &output.tickets {
        document.heading(
            2,
            &format!("{}: {}", line(ticket.id.as_str()), line(&ticket.title)),
        );
        let mut facts = format!(
            "{} · size {}",
            priority(ticket.priority),
            size(ticket.estimate)
        );
        if let Some(before) = ticket_graph.and_then(|graph| graph.get(&ticket.id))
            && !before.is_empty()
        {
            let before: Vec<_> = before.iter().map(|id| line(id.as_str())).collect();
            facts = format!("{facts} · after {}", before.join(", "));
        }
        document.block(&facts);
        document.prose(&ticket.description);
        document.bullets(
            ticket
                .acceptance_criteria
                .iter()
                .map(|text| format!("[ ] {}", line(text))),
        );
        for item in by_ticket.remove(&ticket.id).unwrap_or_default() {
            task(document, item, sync);
        }
    }
    // Tasks whose ticket does not exist are still work.
    for item in by_ticket.into_values().flatten() {
        task(document, item, sync);
    }
    if let Some(sync) = sync {
        list(document, "Recommendations", &sync.recommendations);
    }
    assumptions(document, &output.assumptions);
    questions(document, &output.questions);
    notes(document, &output.notes);
}

fn order(document: &mut Document, sync: &SyncOutput) {
    let analysis = &sync.dependency_analysis;
    if analysis.waves.is_empty() {
        return;
    }
    document.heading(2, "Order");
    document.table(
        ["Wave", "Tasks that can be done at the same time"],
        analysis
            .waves
            .iter()
            .enumerate()
            .map(|(index, wave)| [(index + 1).to_string(), links("", wave)]),
    );
    let path: Vec<_> = analysis
        .critical_path
        .iter()
        .map(|id| links("", [id]))
        .collect();
    document.block(&format!(
        "Critical path, {}: {}",
        hours(analysis.critical_path_hours),
        path.join(" → ")
    ));
}

fn graph(document: &mut Document, tasks: &[Task], sync: &SyncOutput) {
    let edges = &sync.dependency_analysis.task_dependency_graph;
    let count: usize = edges.values().map(Vec::len).sum();
    if count == 0 || count > MAX_EDGES || tasks.len() > MAX_NODES {
        return;
    }
    let critical: BTreeSet<&TaskId> = sync.dependency_analysis.critical_path.iter().collect();
    let mut names: BTreeMap<&TaskId, String> = BTreeMap::new();
    let mut text = "flowchart LR".to_owned();
    for item in tasks {
        if names.contains_key(&item.id) {
            continue;
        }
        let name = format!("t{}", names.len());
        let label = label(&format!("{} {}", item.id, item.title));
        let class = if critical.contains(&item.id) {
            ":::critical"
        } else {
            ""
        };
        let _infallible = write!(text, "\n  {name}[\"{label}\"]{class}");
        names.insert(&item.id, name);
    }
    for (task, before) in edges {
        for other in before {
            if let (Some(from), Some(to)) = (names.get(other), names.get(task)) {
                let _infallible = write!(text, "\n  {from} --> {to}");
            }
        }
    }
    text.push_str("\n  classDef critical stroke-width:3px");
    document.fence("mermaid", &text);
}

/// Text that means nothing to Mermaid.
fn label(text: &str) -> String {
    let mut label = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == LABEL_CHARS {
            label.push('…');
            break;
        }
        match c {
            '"' => label.push_str("#quot;"),
            '<' => label.push_str("#lt;"),
            '>' => label.push_str("#gt;"),
            '#' => label.push_str("#35;"),
            '&' => label.push_str("#amp;"),
            '`' | '\\' => label.push('\''),
            c if c.is_control() || c.is_whitespace() => label.push(' '),
            c => label.push(c),
        }
    }
    label
}

fn task(document: &mut Document, task: &Task, sync: Option<&SyncOutput>) {
    document.block(&target(task.id.as_str()));
    document.heading(
        3,
        &format!("{}: {}", line(task.id.as_str()), line(&task.title)),
    );
    let mut facts = vec![
        format!("[ ] {}, {}", kind(task.kind), hours(task_hours(task))),
        format!("Priority: {}", priority(task.priority)),
    ];
    if !task.requirements_addressed.is_empty() {
        facts.push(format!(
            "Requirements: {}",
            requirement_links(document.form(), &task.requirements_addressed)
        ));
    }
    let graph = sync.map(|sync| &sync.dependency_analysis.task_dependency_graph);
    if let Some(before) = graph.and_then(|graph| graph.get(&task.id))
        && !before.is_empty()
    {
        facts.push(format!("After: {}", links("", before)));
    }
    for (what, files) in [
        ("New", &task.files_to_create),
        ("Changes", &task.files_to_modify),
    ] {
        if !files.is_empty() {
            let files: Vec<_> = files.iter().map(|file| code(file)).collect();
            facts.push(format!("{what}: {}", files.join(", ")));
        }
    }
    document.bullets(facts);
    document.prose(&task.description);
    document.bullets(
        task.acceptance_criteria
            .iter()
            .map(|text| format!("[ ] {}", line(text))),
    );
}

fn size(estimate: Estimate) -> &'static str {
    match estimate {
        Estimate::S => "S",
        Estimate::M => "M",
        Estimate::L => "L",
        Estimate::Xl => "XL",
    }
}

fn kind(kind: TaskType) -> &'static str {
    match kind {
        TaskType::Implementation => "Implementation",
        TaskType::Refactor => "Refactoring",
        TaskType::Test => "Test",
        TaskType::Documentation => "Documentation",
        TaskType::Configuration => "Configuration",
        TaskType::Research => "Research",
    }
}
