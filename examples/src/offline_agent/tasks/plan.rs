//! Tickets and tasks under construction, with the order that their files force on them.

use std::collections::BTreeMap;

use spec_core::artifact::{
    Estimate, Priority, RequirementId, RequirementsOutput, Task, TaskDependencies, TaskId,
    TaskType, Ticket, TicketDependencies, TicketId,
};

use crate::offline_agent::ids::id;
use crate::offline_agent::survey::Survey;

/// Tickets and tasks so far.
pub(super) struct Plan<'a> {
    pub(super) survey: &'a Survey,
    pub(super) requirements: &'a RequirementsOutput,
    pub(super) tickets: Vec<Ticket>,
    pub(super) tasks: Vec<Task>,
    /// The last task that changes a file; the next one waits for it.
    pub(super) touched: BTreeMap<String, TaskId>,
}

/// What a step needs besides what follows from the plan.
pub(super) struct Step {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) kind: TaskType,
    pub(super) hours: f64,
    pub(super) create: Vec<String>,
    pub(super) modify: Vec<String>,
    pub(super) criteria: Vec<String>,
    pub(super) after: Vec<TaskId>,
    pub(super) requirements: Vec<RequirementId>,
}

impl Plan<'_> {
    pub(super) fn ticket(
        &mut self,
        title: String,
        description: String,
        priority: Priority,
        requirements: Vec<RequirementId>,
    ) {
        self.tickets.push(Ticket {
            id: id("TKT", self.tickets.len() + 1),
            title,
            description,
            priority,
            estimate: Estimate::S,
            requirements,
            tasks: Vec::new(),
            acceptance_criteria: Vec::new(),
            dependencies: TicketDependencies::default(),
        });
    }

    /// Adds a step to the last ticket. It waits for earlier steps that change the same files.
    pub(super) fn step(&mut self, step: Step) -> TaskId {
        let task: TaskId = id("TSK", self.tasks.len() + 1);
        let mut depends_on = step.after;
        for path in step.create.iter().chain(&step.modify) {
            if let Some(before) = self.touched.insert(path.clone(), task.clone())
                && !depends_on.contains(&before)
            {
                depends_on.push(before);
            }
        }
        depends_on.sort();
        let (parent_ticket, priority) = match self.tickets.last_mut() {
            Some(ticket) => {
                ticket.tasks.push(task.clone());
                (ticket.id.clone(), ticket.priority)
            }
            None => (id("TKT", 1), Priority::Medium),
        };
        self.tasks.push(Task {
            id: task.clone(),
            title: step.title,
            description: step.description,
            parent_ticket,
            kind: step.kind,
            priority,
            estimate: if step.hours <= 2.0 {
                Estimate::S
            } else {
                Estimate::M
            },
            estimated_hours: step.hours,
            files_to_create: step.create,
            files_to_modify: step.modify,
            acceptance_criteria: step.criteria,
            dependencies: TaskDependencies {
                depends_on,
                blocks: Vec::new(),
            },
            requirements_addressed: step.requirements,
        });
        task
    }

    /// Fills in what follows from the rest: blocked tasks, ticket dependencies, estimates.
    pub(super) fn close(&mut self) {
        let edges: Vec<(TaskId, TaskId)> = self
            .tasks
            .iter()
            .flat_map(|task| {
                task.dependencies
                    .depends_on
                    .iter()
                    .map(|before| (before.clone(), task.id.clone()))
            })
            .collect();
        let parents: BTreeMap<TaskId, TicketId> = self
            .tasks
            .iter()
            .map(|task| (task.id.clone(), task.parent_ticket.clone()))
            .collect();
        for task in &mut self.tasks {
            task.dependencies.blocks = edges
                .iter()
                .filter(|(before, _)| *before == task.id)
                .map(|(_, after)| after.clone())
                .collect();
        }
        for ticket in &mut self.tickets {
            let mut blocked_by: Vec<TicketId> = Vec::new();
            let mut blocks: Vec<TicketId> = Vec::new();
            for (before, after) in &edges {
                if let (Some(before), Some(after)) = (parents.get(before), parents.get(after))
                    && before != after
                {
                    if *after == ticket.id && !blocked_by.contains(before) {
                        blocked_by.push(before.clone());
                    }
                    if *before == ticket.id && !blocks.contains(after) {
                        blocks.push(after.clone());
                    }
                }
            }
            ticket.dependencies = TicketDependencies { blocked_by, blocks };
            let own = self
                .tasks
                .iter()
                .filter(|task| task.parent_ticket == ticket.id);
            let hours: f64 = own.clone().map(|task| task.estimated_hours).sum();
            ticket.estimate = match hours {
                hours if hours <= 2.0 => Estimate::S,
                hours if hours <= 4.0 => Estimate::M,
                hours if hours <= 8.0 => Estimate::L,
                _ => Estimate::Xl,
            };
            ticket.acceptance_criteria = own
                .map(|task| format!("{} “{}” is done.", task.id, task.title))
                .collect();
        }
    }
}
