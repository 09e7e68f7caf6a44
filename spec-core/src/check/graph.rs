//! Nothing waits for itself, however indirectly.

use std::collections::BTreeMap;

use crate::artifact::{DesignOutput, RequirementsOutput, TaskId, TasksOutput, TicketId};
use crate::finding::{Finding, Findings, shown};
use crate::graph::Graph;

/// Cycles reported per graph, and ids spelled out per cycle.
const MAX_CYCLES: usize = 10;
const MAX_NODES_SHOWN: usize = 20;

pub(super) fn requirements(output: &RequirementsOutput, findings: &mut Findings) {
    let mut graph = Graph::new(output.requirements.iter().map(|item| item.id.as_str()));
    for item in &output.requirements {
        for other in &item.dependencies {
            graph.add(item.id.as_str(), other.as_str());
        }
    }
    let places = places(output.requirements.iter().map(|item| item.id.as_str()));
    report(&graph, "requirements", &places, "/requirements", findings);
}

pub(super) fn components(output: &DesignOutput, findings: &mut Findings) {
    let mut graph = Graph::new(output.components.iter().map(|item| item.name.as_str()));
    for item in &output.components {
        for other in &item.dependencies {
            graph.add(item.name.as_str(), other.as_str());
        }
    }
    let places = places(output.components.iter().map(|item| item.name.as_str()));
    report(&graph, "components", &places, "/components", findings);
}

pub(super) fn tasks(output: &TasksOutput, findings: &mut Findings) {
    let of_tickets = ticket_graph(output);
    let ticket_places = places(output.tickets.iter().map(|item| &item.id));
    report(&of_tickets, "tickets", &ticket_places, "/tickets", findings);
    let of_tasks = task_graph(output);
    let task_places = places(output.tasks.iter().map(|item| &item.id));
    report(&of_tasks, "tasks", &task_places, "/tasks", findings);
}

/// Which task waits for which, from both ends of the relation.
pub(crate) fn task_graph(output: &TasksOutput) -> Graph<&TaskId> {
    let mut graph = Graph::new(output.tasks.iter().map(|task| &task.id));
    for task in &output.tasks {
        for before in &task.dependencies.depends_on {
            graph.add(&task.id, before);
        }
        for after in &task.dependencies.blocks {
            graph.add(after, &task.id);
        }
    }
    graph
}

/// Which ticket waits for which, from both ends of the relation.
pub(crate) fn ticket_graph(output: &TasksOutput) -> Graph<&TicketId> {
    let mut graph = Graph::new(output.tickets.iter().map(|ticket| &ticket.id));
    for ticket in &output.tickets {
        for before in &ticket.dependencies.blocked_by {
            graph.add(&ticket.id, before);
        }
        for after in &ticket.dependencies.blocks {
            graph.add(after, &ticket.id);
        }
    }
    graph
}

fn places<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    let mut places = BTreeMap::new();
    for (index, key) in keys.enumerate() {
        places.entry(key).or_insert(index);
    }
    places
}

fn report<K: Ord + Copy + ToString>(
    graph: &Graph<K>,
    kind: &str,
    places: &BTreeMap<K, usize>,
    list: &str,
    findings: &mut Findings,
) {
    for cycle in graph.cycles(MAX_CYCLES) {
        let mut names: Vec<String> = cycle
            .iter()
            .map(|node| shown(&node.to_string(), 60))
            .collect();
        let first = names.first().cloned().unwrap_or_default();
        if names.len() > MAX_NODES_SHOWN {
            let left_out = names.len() - MAX_NODES_SHOWN;
            names.truncate(MAX_NODES_SHOWN);
            names.push(format!("({left_out} more)"));
        }
        names.push(first);
        let place = cycle
            .first()
            .and_then(|node| places.get(node))
            .copied()
            .unwrap_or_default();
        let message = format!("{kind} wait for each other: {}", names.join(" → "));
        let finding = Finding::error("graph.cycle", format!("{list}/{place}"), message);
        findings.push(finding.with_fix("each waits for the next one; take one of these away"));
    }
}
