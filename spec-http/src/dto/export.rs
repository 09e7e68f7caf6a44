//! A spec with all that belongs to it.

use schemars::JsonSchema;
use serde::Serialize;
use spec_core::Phase;
use spec_core::artifact::{Artifact, SyncOutput};
use spec_core::id::SpecId;
use spec_core::usage::SpecUsage;

use super::phase::ArtifactDetail;
use super::{SpecDetail, SpecUsageDetail};

/// Body of `GET /specs/{spec_id}/trace`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TraceBody {
    pub(crate) spec_id: SpecId,
    /// `null` until each of the first four phases has produced something.
    pub(crate) trace: Option<SyncOutput>,
}

/// Body of `GET /specs/{spec_id}/export?format=json`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ExportBody<'a> {
    spec: SpecDetail<'a>,
    /// The newest of each phase that has one, in the order of the phases.
    artifacts: Vec<ExportedArtifact>,
    /// `null` until each of the first four phases has produced something.
    trace: Option<SyncOutput>,
    usage: SpecUsageDetail,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ExportedArtifact {
    phase: Phase,
    #[serde(flatten)]
    artifact: ArtifactDetail,
}

impl<'a> ExportBody<'a> {
    pub(crate) fn new(
        spec_id: SpecId,
        spec: SpecDetail<'a>,
        artifacts: Vec<Artifact>,
        trace: Option<SyncOutput>,
        usage: SpecUsage,
    ) -> Self {
        let exported = |artifact: Artifact| ExportedArtifact {
            phase: artifact.phase,
            artifact: artifact.into(),
        };
        Self {
            spec,
            artifacts: artifacts.into_iter().map(exported).collect(),
            trace,
            usage: SpecUsageDetail::new(spec_id, usage),
        }
    }
}
