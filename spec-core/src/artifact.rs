//! What the phases produce: one typed output per [`Phase`], each with a JSON Schema.
//!
//! Field names are those of the JSON documents that agents write and clients read. Fields without
//! `#[serde(default)]` are required; an agent that has nothing to say leaves the others out.

mod design;
mod explore;
mod local_id;
mod requirements;
mod strict;
mod sync;
mod tasks;

pub use design::{
    ApiEndpoint, Component, DataModel, DesignDecision, DesignOutput, DesignRisk, Interface,
    TestingStrategy,
};
pub use explore::{
    Conventions, DiscoveryCategory, DiscoveryQuestion, EntryPoint, Evidence, ExistingModel,
    ExploreOutput, FeatureSummary, KeyFile, Pattern, RelatedFile,
};
pub use local_id::{
    CriterionId, LocalIdError, QuestionId, RequirementId, StoryId, TaskId, TicketId,
};
pub use requirements::{
    AcceptanceCriterion, Requirement, RequirementCategory, RequirementType, RequirementsOutput,
    UserStory,
};
pub use strict::{from_strict, strict_schema};
pub use sync::{
    Coverage, CoverageRow, DependencyAnalysis, RepositoryCommit, SpecSummary, SyncOutput,
    TraceabilityStats, ValidationResults,
};
pub use tasks::{Task, TaskDependencies, TaskType, TasksOutput, Ticket, TicketDependencies};

use schemars::{JsonSchema, generate::SchemaSettings};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::clock::Timestamp;
use crate::finding::Finding;
use crate::id::{ArtifactVersion, AttemptNumber, ContentHash, SpecId, UserId};
use crate::phase::Phase;

/// How much an item matters, from the most to the least.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Priority {
    /// Nothing works without it.
    Critical,
    /// Wanted in the first release.
    High,
    /// Wanted soon after.
    Medium,
    /// Would be nice.
    Low,
}

/// Size of a piece of work.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Estimate {
    /// Up to two hours.
    S,
    /// Up to four hours.
    M,
    /// Up to a day.
    L,
    /// More than a day: a candidate for splitting.
    Xl,
}

/// A question to the user that the agent could not answer from the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// Identifies the question within its phase output, for example `Q-001`.
    pub id: QuestionId,
    /// The question, as one sentence.
    pub text: String,
    /// Why the answer changes the spec.
    #[serde(default)]
    pub why: String,
    /// Suggested answers; empty when it is an open question.
    #[serde(default)]
    pub options: Vec<String>,
    /// What is assumed when nobody answers.
    #[serde(default)]
    pub default: Option<String>,
}

/// Something the agent took for granted instead of asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assumption {
    /// What is assumed, as one sentence.
    pub text: String,
    /// What suggested it.
    #[serde(default)]
    pub basis: String,
}

/// The typed output of one phase.
#[derive(Debug, Clone, PartialEq)]
pub enum PhaseOutput {
    /// What EXPLORE found in the repository.
    Explore(Box<ExploreOutput>),
    /// User stories and EARS requirements.
    Requirements(Box<RequirementsOutput>),
    /// Architecture over the files found.
    Design(Box<DesignOutput>),
    /// Tickets and tasks with their dependencies.
    Tasks(Box<TasksOutput>),
    /// Computed coverage, order and summary.
    Sync(Box<SyncOutput>),
}

impl PhaseOutput {
    /// Reads `content` as the output of `phase`.
    ///
    /// # Errors
    ///
    /// Fails when the content does not have the shape of that phase's output.
    pub fn parse(phase: Phase, content: &Value) -> Result<Self, serde_json::Error> {
        Ok(match phase {
            Phase::Explore => Self::Explore(Box::deserialize(content)?),
            Phase::Requirements => Self::Requirements(Box::deserialize(content)?),
            Phase::Design => Self::Design(Box::deserialize(content)?),
            Phase::Tasks => Self::Tasks(Box::deserialize(content)?),
            Phase::Sync => Self::Sync(Box::deserialize(content)?),
        })
    }

    /// The phase that produces this kind of output.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self {
            Self::Explore(_) => Phase::Explore,
            Self::Requirements(_) => Phase::Requirements,
            Self::Design(_) => Phase::Design,
            Self::Tasks(_) => Phase::Tasks,
            Self::Sync(_) => Phase::Sync,
        }
    }
}

/// The JSON Schema (draft 2020-12) that an output of `phase` must satisfy.
///
/// References are inlined, so that the document stands alone in an agent's prompt.
#[must_use]
pub fn schema(phase: Phase) -> &'static Value {
    &of_phase(phase).document
}

/// Hash of the schema of `phase`.
pub(crate) fn schema_hash(phase: Phase) -> ContentHash {
    of_phase(phase).hash
}

struct PhaseSchema {
    document: Value,
    hash: ContentHash,
}

/// Made once: generating one takes longer than checking a document against it.
static SCHEMAS: LazyLock<[PhaseSchema; 5]> = LazyLock::new(|| {
    Phase::ALL.map(|phase| {
        let document = match phase {
            Phase::Explore => root_schema::<ExploreOutput>(),
            Phase::Requirements => root_schema::<RequirementsOutput>(),
            Phase::Design => root_schema::<DesignOutput>(),
            Phase::Tasks => root_schema::<TasksOutput>(),
            Phase::Sync => root_schema::<SyncOutput>(),
        };
        let hash = ContentHash::of(document.to_string().as_bytes());
        PhaseSchema { document, hash }
    })
});

fn of_phase(phase: Phase) -> &'static PhaseSchema {
    one_of(&SCHEMAS, phase)
}

/// What stands at the place of `phase` where there is one for each, in order.
fn one_of<T>(each: &[T; 5], phase: Phase) -> &T {
    let [explore, requirements, design, tasks, sync] = each;
    match phase {
        Phase::Explore => explore,
        Phase::Requirements => requirements,
        Phase::Design => design,
        Phase::Tasks => tasks,
        Phase::Sync => sync,
    }
}

/// Whether `schema` asks for the member `name`.
pub(crate) fn is_required(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|required| required == name))
}

fn root_schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
    settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// Who wrote a version of an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Author {
    /// An agent, in the given attempt.
    Agent {
        /// Name of the agent.
        name: crate::id::AgentName,
        /// The attempt whose output was accepted.
        attempt: AttemptNumber,
    },
    /// A person, by editing.
    User {
        /// Who.
        id: UserId,
    },
}

/// One accepted version of a phase's output. Versions are insert-only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Artifact {
    /// The spec it belongs to.
    pub spec_id: SpecId,
    /// The phase that produced it.
    pub phase: Phase,
    /// Dense from 1 within the phase.
    pub version: ArtifactVersion,
    /// Hash of [`content`](Self::content); approvals are bound to it.
    pub content_hash: ContentHash,
    /// The output, as validated.
    pub content: Value,
    /// Who wrote it.
    pub author: Author,
    /// Advice that did not block acceptance.
    pub findings: Vec<Finding>,
    /// When it was accepted.
    pub created_at: Timestamp,
}

impl Artifact {
    /// Reads the content as its phase's typed output.
    ///
    /// # Errors
    ///
    /// Fails when stored content does not have that shape, which validation rules out for content
    /// that was accepted by this version of the crate.
    pub fn output(&self) -> Result<PhaseOutput, serde_json::Error> {
        PhaseOutput::parse(self.phase, &self.content)
    }
}

/// Hashes `content` in canonical form: object keys sorted, no insignificant white space.
#[must_use]
pub fn content_hash(content: &Value) -> ContentHash {
    // `serde_json::Map` sorts its keys unless `preserve_order` is switched on somewhere in the
    // host's build, so sorting is done here and not left to it.
    fn canonical(value: &Value, out: &mut String) {
        match value {
            Value::Object(map) => {
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| *key);
                out.push('{');
                for (index, (key, value)) in entries.into_iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    out.push_str(&Value::String(key.clone()).to_string());
                    out.push(':');
                    canonical(value, out);
                }
                out.push('}');
            }
            Value::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    canonical(item, out);
                }
                out.push(']');
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                out.push_str(&value.to_string());
            }
        }
    }
    let mut text = String::new();
    canonical(content, &mut text);
    ContentHash::from_digest(Sha256::digest(text.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn content_hash_ignores_the_order_of_keys_and_nothing_else() {
        let hash = |text: &str| content_hash(&serde_json::from_str(text).unwrap());
        assert_eq!(
            hash(r#"{"a":1,"b":[1,2]}"#),
            hash(r#"{ "b": [1, 2], "a": 1 }"#)
        );
        assert_ne!(hash(r#"{"a":1,"b":[1,2]}"#), hash(r#"{"a":1,"b":[2,1]}"#));
        assert_ne!(content_hash(&json!("1")), content_hash(&json!(1)));
    }

    #[test]
    fn every_phase_has_a_schema_without_references() {
        for phase in Phase::ALL {
            let schema = schema(phase);
            assert_eq!(schema["type"], "object", "{phase}");
            assert!(!schema.to_string().contains("$ref"), "{phase}");
        }
    }
}
