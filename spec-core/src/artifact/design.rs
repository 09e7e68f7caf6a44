//! Output of DESIGN: which parts change, which are new, and how they work together.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Assumption, Question, RequirementId};

/// One operation that a component offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interface {
    /// Its name.
    pub method: String,
    /// What goes in.
    #[serde(default)]
    pub inputs: String,
    /// What comes out.
    #[serde(default)]
    pub outputs: String,
}

/// One part of the solution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Component {
    /// Its name, unique within the design.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Kind of part: module, service, page, table, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it lives in the repository.
    pub file_path: String,
    /// True when the file exists at the pinned commit, which the host verifies.
    #[serde(default)]
    pub exists: bool,
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// The one thing it is responsible for.
    #[schemars(length(min = 1))]
    pub responsibility: String,
    /// What it offers.
    #[serde(default)]
    pub interfaces: Vec<Interface>,
    /// Names of components it uses.
    #[serde(default)]
    pub dependencies: Vec<String>,
    /// Requirements it serves.
    pub requirements: Vec<RequirementId>,
}

/// A data type that is stored or exchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DataModel {
    /// Its name.
    pub name: String,
    /// The table that holds it, if any.
    #[serde(default)]
    pub table_name: Option<String>,
    /// What it stands for.
    #[serde(default)]
    pub description: String,
    /// Field to type and meaning.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Indexes, one each.
    #[serde(default)]
    pub indexes: Vec<String>,
    /// Relations to other models.
    #[serde(default)]
    pub relationships: Vec<String>,
}

/// One HTTP operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiEndpoint {
    /// HTTP method.
    pub method: String,
    /// Path with its parameters.
    pub path: String,
    /// What it does.
    pub description: String,
    /// Whether the caller has to be known.
    #[serde(default)]
    pub auth_required: bool,
    /// Shape of the request.
    #[serde(default)]
    pub request_schema: String,
    /// Shape of the response.
    #[serde(default)]
    pub response_schema: String,
    /// Errors it can answer with.
    #[serde(default)]
    pub error_responses: Vec<String>,
}

/// How the design is tested.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestingStrategy {
    /// What unit tests cover.
    #[serde(default)]
    pub unit_tests: Vec<String>,
    /// What integration tests cover.
    #[serde(default)]
    pub integration_tests: Vec<String>,
}

/// A choice that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DesignDecision {
    /// What was chosen.
    pub decision: String,
    /// Why.
    pub rationale: String,
    /// What else was considered.
    #[serde(default)]
    pub alternatives: Vec<String>,
}

/// Something that may go wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DesignRisk {
    /// What.
    pub risk: String,
    /// What is done about it.
    pub mitigation: String,
}

/// Output of DESIGN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DesignOutput {
    /// Short name of the feature.
    #[schemars(length(min = 1))]
    pub feature_name: String,
    /// How the parts work together, in a few paragraphs.
    #[schemars(length(min = 1))]
    pub architecture_overview: String,
    /// The same as a Mermaid diagram.
    #[serde(default)]
    pub architecture_diagram: String,
    /// The parts.
    #[schemars(length(min = 1))]
    pub components: Vec<Component>,
    /// Data that is stored or exchanged.
    #[serde(default)]
    pub data_models: Vec<DataModel>,
    /// HTTP operations.
    #[serde(default)]
    pub api_endpoints: Vec<ApiEndpoint>,
    /// Where it meets what exists.
    #[serde(default)]
    pub integration_points: Vec<String>,
    /// Kind of failure to what happens then.
    #[serde(default)]
    pub error_handling: BTreeMap<String, String>,
    /// How it is tested.
    #[serde(default)]
    pub testing_strategy: TestingStrategy,
    /// What an attacker would try, and why it fails.
    #[serde(default)]
    pub security_considerations: Vec<String>,
    /// Choices that were made.
    #[serde(default)]
    pub decisions: Vec<DesignDecision>,
    /// What may go wrong.
    #[serde(default)]
    pub risks: Vec<DesignRisk>,
    /// How one gets from the present state to this one.
    #[serde(default)]
    pub migration_plan: Vec<String>,
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
