//! What a phase has produced.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use spec_core::artifact::{Artifact, Author, PhaseOutput, RequirementId};
use spec_core::check::Finding;
use spec_core::check::ears::{self, EarsKeyword, EarsPattern};
use spec_core::clock::Timestamp;
use spec_core::id::{ArtifactVersion, ContentHash, SpecId};
use spec_core::machine::ArtifactSummary;
use spec_core::{Phase, PhaseStatus, Spec};

/// Body of `GET /specs/{spec_id}/phases/{phase}`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PhaseResult {
    spec_id: SpecId,
    phase: Phase,
    status: PhaseStatus,
    /// `null` as long as the phase has produced nothing.
    artifact: Option<ArtifactDetail>,
    /// Of REQUIREMENTS: every requirement that follows a pattern of EARS, taken apart.
    ears: Vec<EarsDetail>,
}

/// One version of a phase's output.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ArtifactDetail {
    version: ArtifactVersion,
    content_hash: ContentHash,
    author: Author,
    /// The output of the phase.
    content: Value,
    findings: Vec<Finding>,
    created_at: Timestamp,
}

#[derive(Debug, Serialize, JsonSchema)]
struct EarsDetail {
    requirement_id: RequirementId,
    pattern: EarsPattern,
    conditions: Vec<EarsConditionDetail>,
    /// What acts.
    system: String,
    /// What it does.
    response: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct EarsConditionDetail {
    keyword: EarsKeyword,
    /// The condition without its keyword.
    text: String,
}

impl PhaseResult {
    pub(crate) fn new(
        spec: &Spec,
        phase: Phase,
        artifact: Option<Artifact>,
    ) -> Result<Self, serde_json::Error> {
        let ears = match &artifact {
            Some(artifact) => ears_of(artifact)?,
            None => Vec::new(),
        };
        Ok(Self {
            spec_id: spec.id,
            phase,
            status: spec.phases.get(phase).status,
            artifact: artifact.map(ArtifactDetail::from),
            ears,
        })
    }
}

impl From<Artifact> for ArtifactDetail {
    fn from(artifact: Artifact) -> Self {
        let Artifact {
            spec_id: _,
            phase: _,
            version,
            content_hash,
            content,
            author,
            findings,
            created_at,
        } = artifact;
        Self {
            version,
            content_hash,
            author,
            content,
            findings,
            created_at,
        }
    }
}

fn ears_of(artifact: &Artifact) -> Result<Vec<EarsDetail>, serde_json::Error> {
    if artifact.phase != Phase::Requirements {
        return Ok(Vec::new());
    }
    let PhaseOutput::Requirements(output) = artifact.output()? else {
        return Ok(Vec::new());
    };
    let parsed = output.requirements.into_iter().filter_map(|requirement| {
        let ears = ears::parse(&requirement.text)?;
        let conditions = ears.conditions.iter();
        Some(EarsDetail {
            pattern: ears.pattern,
            conditions: conditions
                .map(|condition| EarsConditionDetail {
                    keyword: condition.keyword,
                    text: condition.text.to_owned(),
                })
                .collect(),
            system: ears.system.to_owned(),
            response: ears.response.to_owned(),
            requirement_id: requirement.id,
        })
    });
    Ok(parsed.collect())
}

/// Body of `GET /specs/{spec_id}/phases/{phase}/versions`: newest first, at most 50.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct VersionList {
    versions: Vec<VersionItem>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct VersionItem {
    version: ArtifactVersion,
    content_hash: ContentHash,
    author: Author,
    created_at: Timestamp,
    /// How many.
    findings: usize,
    /// Whether it is the version that later phases build upon.
    accepted: bool,
}

impl VersionList {
    pub(crate) fn new(spec: &Spec, phase: Phase, versions: Vec<ArtifactSummary>) -> Self {
        let accepted = spec.phases.get(phase).accepted;
        let item = |summary| {
            let ArtifactSummary {
                version,
                content_hash,
                author,
                findings,
                created_at,
            } = summary;
            VersionItem {
                version,
                content_hash,
                author,
                created_at,
                findings,
                accepted: accepted.is_some_and(|accepted| accepted.version == version),
            }
        };
        Self {
            versions: versions.into_iter().map(item).collect(),
        }
    }
}
