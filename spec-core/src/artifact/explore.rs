//! Output of EXPLORE: what is in the repository and what of it matters for the idea.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Assumption, Question};

/// Where in the repository a claim can be verified.
///
/// The host reads the file at the pinned commit and refuses the output when the line does not exist
/// or does not contain the excerpt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Path from the repository's root, with `/`.
    pub path: String,
    /// Line, counted from 1.
    #[schemars(range(min = 1))]
    pub line: u32,
    /// Text that stands on that line (any part of it, trimmed).
    pub excerpt: String,
}

/// A file one has to know for this idea.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyFile {
    /// Path from the repository's root.
    pub path: String,
    /// What the file is for.
    pub purpose: String,
    /// Lines that show it.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

/// A way of doing things that new code should follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pattern {
    /// Short name.
    pub pattern: String,
    /// What it is and when it is used.
    pub description: String,
    /// Files that show it.
    #[serde(default)]
    pub files: Vec<String>,
    /// Lines that show it.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

/// A data type the repository already has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExistingModel {
    /// Its name in the code.
    pub name: String,
    /// The file that defines it.
    pub file: String,
    /// Its fields, as far as they matter.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Lines that define it.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

/// Conventions that the repository follows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conventions {
    /// How files, types and functions are named.
    #[serde(default)]
    pub naming: String,
    /// How tests are written and where they live.
    #[serde(default)]
    pub testing: String,
    /// Anything else that recurs.
    #[serde(default)]
    pub patterns: Vec<String>,
}

/// A place where execution starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryPoint {
    /// Path from the repository's root.
    pub path: String,
    /// What starts there.
    pub description: String,
    /// Lines that show it.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

/// The five fields in which an idea is usually unclear.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum DiscoveryCategory {
    /// Which problem it solves, for whom it is worth what.
    #[serde(rename = "Problem & Value")]
    ProblemAndValue,
    /// Who uses it and how.
    #[serde(rename = "Users & Journeys")]
    UsersAndJourneys,
    /// What belongs to it and what does not.
    #[serde(rename = "Scope & Boundaries")]
    ScopeAndBoundaries,
    /// What it has to fit into.
    #[serde(rename = "Technical Context")]
    TechnicalContext,
    /// What may go wrong and what one would give up for what.
    #[serde(rename = "Trade-offs & Risks")]
    TradeOffsAndRisks,
}

/// Questions of one category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiscoveryQuestion {
    /// The field they belong to.
    pub category: DiscoveryCategory,
    /// The questions.
    pub questions: Vec<String>,
}

/// The idea, restated against the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeatureSummary {
    /// Short name of the feature.
    pub name: String,
    /// The feature in one sentence.
    pub one_liner: String,
    /// What is missing or wrong today.
    pub problem_statement: String,
    /// What belongs to it.
    #[schemars(length(min = 1))]
    pub scope_in: Vec<String>,
    /// What does not.
    #[serde(default)]
    pub scope_out: Vec<String>,
    /// What the repository dictates.
    #[serde(default)]
    pub technical_constraints: Vec<String>,
    /// What may go wrong.
    #[serde(default)]
    pub risks_identified: Vec<String>,
    /// How one would know that it worked.
    #[serde(default)]
    pub success_metrics: Vec<String>,
}

/// Existing code that the idea touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RelatedFile {
    /// Name of the part.
    pub name: String,
    /// Its file.
    pub file: String,
    /// Why it matters for the idea.
    pub relevance: String,
    /// Lines that show it.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

/// Output of EXPLORE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExploreOutput {
    /// What the repository is, in a paragraph.
    #[schemars(length(min = 1))]
    pub codebase_summary: String,
    /// Kind of project, for example "Rust library" or "Django web application".
    #[schemars(length(min = 1))]
    pub project_type: String,
    /// Languages, frameworks and tools in use.
    pub tech_stack: Vec<String>,
    /// Folder to what it holds.
    #[serde(default)]
    pub structure: BTreeMap<String, String>,
    /// Files one has to know for this idea.
    pub key_files: Vec<KeyFile>,
    /// Ways of doing things that new code should follow.
    #[serde(default)]
    pub relevant_patterns: Vec<Pattern>,
    /// Data types that exist already.
    #[serde(default)]
    pub existing_models: Vec<ExistingModel>,
    /// Conventions that the repository follows.
    #[serde(default)]
    pub conventions: Conventions,
    /// Where execution starts.
    #[serde(default)]
    pub entry_points: Vec<EntryPoint>,
    /// Where the tests are and how they are run.
    #[serde(default)]
    pub test_structure: String,
    /// What one would ask the user, by category.
    #[serde(default)]
    pub discovery_questions: Vec<DiscoveryQuestion>,
    /// The idea, restated against the repository.
    pub feature_summary: FeatureSummary,
    /// Existing code that the idea touches.
    #[serde(default)]
    pub related_to_feature: Vec<RelatedFile>,
    /// Anything else, including how the output was made.
    #[serde(default)]
    pub notes: String,
    /// Questions whose answers change the spec.
    #[serde(default)]
    pub questions: Vec<Question>,
    /// What was taken for granted.
    #[serde(default)]
    pub assumptions: Vec<Assumption>,
}

impl ExploreOutput {
    /// Every piece of evidence, with the JSON pointer at which it stands.
    pub fn evidence(&self) -> impl Iterator<Item = (String, &Evidence)> {
        fn of<'a>(
            field: &'static str,
            lists: impl Iterator<Item = &'a Vec<Evidence>>,
        ) -> impl Iterator<Item = (String, &'a Evidence)> {
            lists.enumerate().flat_map(move |(item, list)| {
                list.iter().enumerate().map(move |(index, evidence)| {
                    (format!("/{field}/{item}/evidence/{index}"), evidence)
                })
            })
        }
        of(
            "key_files",
            self.key_files.iter().map(|item| &item.evidence),
        )
        .chain(of(
            "relevant_patterns",
            self.relevant_patterns.iter().map(|i| &i.evidence),
        ))
        .chain(of(
            "existing_models",
            self.existing_models.iter().map(|i| &i.evidence),
        ))
        .chain(of(
            "entry_points",
            self.entry_points.iter().map(|i| &i.evidence),
        ))
        .chain(of(
            "related_to_feature",
            self.related_to_feature.iter().map(|i| &i.evidence),
        ))
    }
}
