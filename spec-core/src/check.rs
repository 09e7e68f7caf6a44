//! Checks of phase outputs: hard rules that veto, and advice that does not.
//!
//! Everything here is a function of its arguments and answers for any input. Rules block only on
//! structure, and on texts that say nothing of their own; what a text sounds like is advice, because
//! such rules are often wrong.

mod content;
mod coverage;
pub mod ears;
mod evidence;
mod graph;
mod read;
mod references;
mod schema;
mod text;

pub use crate::finding::{Finding, Severity};
pub use evidence::{
    design_file_findings, evidence_findings, evidence_paths, existing_component_paths,
};
pub(crate) use graph::{task_graph, ticket_graph};
pub use read::read;

use serde_json::Value;

use crate::artifact::{
    self, DesignOutput, ExploreOutput, PhaseOutput, RequirementsOutput, TasksOutput,
};
use crate::finding::Findings;
use crate::phase::Phase;

/// The idea, and the accepted outputs of the phases before, as far as they exist.
///
/// Rules that need something which is not there are skipped.
#[derive(Debug, Clone, Copy, Default)]
pub struct Earlier<'a> {
    /// The idea, exactly as typed.
    pub idea: Option<&'a str>,
    /// Of EXPLORE.
    pub explore: Option<&'a ExploreOutput>,
    /// Of REQUIREMENTS.
    pub requirements: Option<&'a RequirementsOutput>,
    /// Of DESIGN.
    pub design: Option<&'a DesignOutput>,
    /// Of TASKS.
    pub tasks: Option<&'a TasksOutput>,
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Errors first, then warnings, each by place; at most 100 of each, and then how many more.
    pub findings: Vec<Finding>,
    /// The typed output, when the document has the shape of one.
    pub output: Option<PhaseOutput>,
}

impl Checked {
    /// True when nothing vetoes.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.output.is_some() && self.errors().next().is_none()
    }

    /// The findings that veto.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        let is_error = |finding: &&Finding| finding.severity == Severity::Error;
        self.findings.iter().filter(is_error)
    }
}

/// Checks a document as the output of `phase`: its schema, and if that holds, its structure.
#[must_use]
pub fn check(phase: Phase, document: &Value, earlier: &Earlier<'_>) -> Checked {
    let mut findings = Findings::default();
    let schema = artifact::schema(phase);
    schema::validate(schema, document, &mut findings);
    let mut output = None;
    if !findings.has_errors() {
        match PhaseOutput::parse(phase, document) {
            Ok(parsed) => {
                text::blank(schema, document, &mut findings);
                content::content(schema, document, &parsed, earlier, &mut findings);
                structure(&parsed, earlier, &mut findings);
                output = Some(parsed);
            }
            Err(error) => findings.push(Finding::error("schema.shape", "", error.to_string())),
        }
    }
    Checked {
        findings: findings.into_sorted(),
        output,
    }
}

/// The structural rules of one output, against the outputs before it.
pub(crate) fn structure(output: &PhaseOutput, earlier: &Earlier<'_>, findings: &mut Findings) {
    match output {
        PhaseOutput::Explore(output) => references::explore(output, findings),
        PhaseOutput::Requirements(output) => requirements(output, findings),
        PhaseOutput::Design(output) => design(output, earlier, findings),
        PhaseOutput::Tasks(output) => tasks(output, earlier, findings),
        // Computed by this crate, from outputs that were checked.
        PhaseOutput::Sync(_) => {}
    }
}

/// The structural rules of REQUIREMENTS.
pub(crate) fn requirements(output: &RequirementsOutput, findings: &mut Findings) {
    references::requirements(output, findings);
    graph::requirements(output, findings);
    coverage::requirements(output, findings);
    text::requirements(output, findings);
}

/// The structural rules of DESIGN.
pub(crate) fn design(output: &DesignOutput, earlier: &Earlier<'_>, findings: &mut Findings) {
    references::design(output, earlier.requirements, findings);
    graph::components(output, findings);
    coverage::design(output, earlier.requirements, findings);
}

/// The structural rules of TASKS.
pub(crate) fn tasks(output: &TasksOutput, earlier: &Earlier<'_>, findings: &mut Findings) {
    references::tasks(output, earlier.requirements, findings);
    graph::tasks(output, findings);
    coverage::tasks(output, earlier.requirements, findings);
    text::tasks(output, findings);
}

#[cfg(test)]
mod tests;
