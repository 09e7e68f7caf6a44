//! Output of TASKS: tickets, and tasks with their dependencies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Assumption, Estimate, Priority, Question, RequirementId, TaskId, TicketId};

/// Tickets before and after a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TicketDependencies {
    /// Must be done first.
    #[serde(default)]
    pub blocked_by: Vec<TicketId>,
    /// Wait for this one.
    #[serde(default)]
    pub blocks: Vec<TicketId>,
}

/// A piece of work worth reporting on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ticket {
    /// Identifies the ticket within the spec.
    pub id: TicketId,
    /// Short title.
    #[schemars(length(min = 1))]
    pub title: String,
    /// What is to be done, as markdown.
    #[serde(default)]
    pub description: String,
    /// How much it matters.
    pub priority: Priority,
    /// How big it is.
    pub estimate: Estimate,
    /// Requirements it serves.
    #[serde(default)]
    pub requirements: Vec<RequirementId>,
    /// Its tasks.
    #[serde(default)]
    pub tasks: Vec<TaskId>,
    /// How one sees that it is done.
    #[serde(default)]
    pub acceptance_criteria: Vec<String>,
    /// What it waits for.
    #[serde(default)]
    pub dependencies: TicketDependencies,
}

/// Kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskType {
    /// New behaviour.
    Implementation,
    /// Same behaviour, better code.
    Refactor,
    /// Tests.
    Test,
    /// Documentation.
    Documentation,
    /// Set-up, build, deployment.
    Configuration,
    /// Finding something out.
    Research,
}

/// Tasks before and after a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskDependencies {
    /// Must be done first.
    #[serde(default)]
    pub depends_on: Vec<TaskId>,
    /// Wait for this one.
    #[serde(default)]
    pub blocks: Vec<TaskId>,
}

/// One step that an implementer takes in a sitting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// Identifies the task within the spec.
    pub id: TaskId,
    /// Short title.
    #[schemars(length(min = 1))]
    pub title: String,
    /// What is to be done, as markdown.
    #[serde(default)]
    pub description: String,
    /// The ticket it belongs to.
    pub parent_ticket: TicketId,
    /// Kind of work.
    #[serde(rename = "type")]
    pub kind: TaskType,
    /// How much it matters.
    pub priority: Priority,
    /// How big it is.
    pub estimate: Estimate,
    /// Hours of work; 1 to 4 is a good size.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub estimated_hours: f64,
    /// Files that will be new.
    #[serde(default)]
    pub files_to_create: Vec<String>,
    /// Files that will change.
    #[serde(default)]
    pub files_to_modify: Vec<String>,
    /// How one sees that it is done.
    #[serde(default)]
    pub acceptance_criteria: Vec<String>,
    /// What it waits for.
    #[serde(default)]
    pub dependencies: TaskDependencies,
    /// Requirements it serves.
    pub requirements_addressed: Vec<RequirementId>,
}

/// Output of TASKS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TasksOutput {
    /// Short name of the feature.
    #[schemars(length(min = 1))]
    pub feature_name: String,
    /// Pieces of work worth reporting on.
    #[schemars(length(min = 1))]
    pub tickets: Vec<Ticket>,
    /// Steps.
    #[schemars(length(min = 1))]
    pub tasks: Vec<Task>,
    /// Questions whose answers change the spec.
    #[serde(default)]
    pub questions: Vec<Question>,
    /// What was taken for granted.
    #[serde(default)]
    pub assumptions: Vec<Assumption>,
    /// Anything else, including how the output was made.
    #[serde(default)]
    pub notes: String,
}
