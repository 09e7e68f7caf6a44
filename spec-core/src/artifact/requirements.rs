//! Output of REQUIREMENTS: user stories and requirements in EARS form.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Assumption, CriterionId, Priority, Question, RequirementId, StoryId};

/// Something a requirement or story is verified by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AcceptanceCriterion {
    /// Identifies the criterion within the output.
    pub id: CriterionId,
    /// One trigger and one observable response.
    #[schemars(length(min = 1))]
    pub text: String,
}

/// What a user wants and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserStory {
    /// Identifies the story within the spec.
    pub id: StoryId,
    /// Who wants it ("As a …").
    pub role: String,
    /// What they want ("I want …").
    pub want: String,
    /// Why ("so that …").
    pub benefit: String,
    /// How much it matters.
    pub priority: Priority,
    /// Requirements that fulfil the story.
    #[serde(default)]
    pub requirements: Vec<RequirementId>,
}

/// Whether a requirement says what the system does or how well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequirementType {
    /// What the system does.
    Functional,
    /// How well it does it.
    NonFunctional,
    /// A limit that the solution must respect.
    Constraint,
}

/// Quality that a requirement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum RequirementCategory {
    /// Function.
    Func,
    /// Performance.
    Perf,
    /// Security.
    Sec,
    /// Usability.
    Use,
    /// Reliability.
    Rel,
    /// Constraint.
    Con,
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requirement {
    /// Identifies the requirement within the spec.
    pub id: RequirementId,
    /// Short title.
    #[schemars(length(min = 1))]
    pub title: String,
    /// Whether it is about function, quality or a limit.
    #[serde(rename = "type")]
    pub kind: RequirementType,
    /// The quality it is about.
    pub category: RequirementCategory,
    /// How much it matters.
    pub priority: Priority,
    /// The requirement in full, in one of the EARS patterns (Mavin et al., 2009).
    #[schemars(length(min = 1))]
    pub text: String,
    /// How it is verified.
    pub acceptance_criteria: Vec<AcceptanceCriterion>,
    /// Requirements that must hold for this one to make sense.
    #[serde(default)]
    pub dependencies: Vec<RequirementId>,
    /// Anything else.
    #[serde(default)]
    pub notes: String,
}

/// Output of REQUIREMENTS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequirementsOutput {
    /// Short name of the feature.
    #[schemars(length(min = 1))]
    pub feature_name: String,
    /// Who wants what.
    #[serde(default)]
    pub user_stories: Vec<UserStory>,
    /// What the system shall do.
    #[schemars(length(min = 1))]
    pub requirements: Vec<Requirement>,
    /// What was taken for granted.
    #[serde(default)]
    pub assumptions: Vec<Assumption>,
    /// What the feature will not do.
    #[serde(default)]
    pub out_of_scope: Vec<String>,
    /// Questions whose answers change the spec.
    #[serde(default)]
    pub questions: Vec<Question>,
    /// Anything else, including how the output was made.
    #[serde(default)]
    pub notes: String,
}
