//! Output of SYNC: computed from the other outputs, never reported by an agent.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RequirementId, TaskId, TicketId};

/// Results of the structural checks, recomputed over all phases together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a report of independent checks"
)]
pub struct ValidationResults {
    /// Every requirement has at least one task.
    pub all_requirements_covered: bool,
    /// Every component serves a requirement that some task addresses.
    pub all_design_components_have_tasks: bool,
    /// Every task comes after the tasks it depends on.
    pub dependency_order_valid: bool,
    /// No task waits for itself, however indirectly.
    pub no_circular_dependencies: bool,
    /// Every id is well-formed, unique and resolves.
    pub all_ids_valid: bool,
    /// What is wrong.
    pub issues_found: Vec<String>,
    /// What looks odd.
    pub warnings: Vec<String>,
}

/// How far a requirement is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// By the design and by a task.
    FullyCovered,
    /// By one of the two.
    PartiallyCovered,
    /// By neither.
    NotCovered,
}

/// One requirement, followed through design and tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CoverageRow {
    /// The requirement.
    pub requirement_id: RequirementId,
    /// Its title.
    pub requirement_title: String,
    /// Names of the components that serve it.
    pub covered_by_components: Vec<String>,
    /// Tasks that address it.
    pub covered_by_tasks: Vec<TaskId>,
    /// Tickets that name it, or hold a task that addresses it.
    pub covered_by_tickets: Vec<TicketId>,
    /// How far it is covered.
    pub status: Coverage,
}

/// Counts of what was traced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceabilityStats {
    /// Requirements.
    pub requirements: u32,
    /// Components.
    pub components: u32,
    /// Tickets.
    pub tickets: u32,
    /// Tasks.
    pub tasks: u32,
    /// Edges of the task graph.
    pub dependencies: u32,
}

/// Order of the work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DependencyAnalysis {
    /// Task to the tasks it waits for.
    pub task_dependency_graph: BTreeMap<TaskId, Vec<TaskId>>,
    /// Ticket to the tickets it waits for.
    pub ticket_dependency_graph: BTreeMap<TicketId, Vec<TicketId>>,
    /// The chain of tasks that takes longest, first to last.
    pub critical_path: Vec<TaskId>,
    /// Hours along that chain.
    pub critical_path_hours: f64,
    /// Tasks that can be done at the same time, wave after wave.
    pub waves: Vec<Vec<TaskId>>,
}

/// Figures of the whole spec.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpecSummary {
    /// Requirements.
    pub total_requirements: u32,
    /// Tickets.
    pub total_tickets: u32,
    /// Tasks.
    pub total_tasks: u32,
    /// Hours over all tasks.
    pub total_estimated_hours: f64,
    /// Distinct files that will be new.
    pub files_to_create: u32,
    /// Distinct files that will change.
    pub files_to_modify: u32,
    /// Share of requirements that are fully covered, 0 to 100.
    pub requirement_coverage_percent: f64,
}

/// The commit that carries the rendered files, made in the SYNC sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RepositoryCommit {
    /// Branch it is on, `spec/<slug>`.
    pub branch: String,
    /// Its hash.
    pub commit: String,
    /// Its parent: the commit that the spec is pinned to.
    pub parent: String,
    /// Files it adds or changes, from the repository's root.
    pub files: Vec<String>,
}

/// Output of SYNC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SyncOutput {
    /// Folder-safe name of the spec, as in `specs/<slug>/`.
    pub slug: String,
    /// Results of the structural checks.
    pub validation_results: ValidationResults,
    /// One row per requirement.
    pub coverage_matrix: Vec<CoverageRow>,
    /// Counts.
    pub traceability_stats: TraceabilityStats,
    /// Order of the work.
    pub dependency_analysis: DependencyAnalysis,
    /// Figures.
    pub spec_summary: SpecSummary,
    /// True when there are no blockers.
    pub ready_for_execution: bool,
    /// What has to be resolved first.
    pub blockers: Vec<String>,
    /// What would be good to do.
    pub recommendations: Vec<String>,
    /// The commit with the rendered files.
    #[serde(default)]
    pub repository_commit: Option<RepositoryCommit>,
}
