//! The versions of a phase's artifact.

use super::SpecStateMachine;
use crate::artifact::{Artifact, Author};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::{ArtifactVersion, ContentHash, SpecId};
use crate::phase::Phase;
use crate::sandbox::SandboxSpawner;
use crate::store::{PageLimit, SpecStore};

/// A version of a phase's artifact, without what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactSummary {
    /// Which one.
    pub version: ArtifactVersion,
    /// Hash of the content.
    pub content_hash: ContentHash,
    /// Who wrote it.
    pub author: Author,
    /// How many findings came with it.
    pub findings: usize,
    /// When it was accepted.
    pub created_at: Timestamp,
}

impl From<Artifact> for ArtifactSummary {
    fn from(artifact: Artifact) -> Self {
        Self {
            version: artifact.version,
            content_hash: artifact.content_hash,
            author: artifact.author,
            findings: artifact.findings.len(),
            created_at: artifact.created_at,
        }
    }
}

impl<S: SpecStore, P: SandboxSpawner> SpecStateMachine<S, P> {
    /// The versions of a phase's artifact, newest first, at most `limit`. They are read one after the
    /// other, so that no more than one is held in full.
    ///
    /// # Errors
    ///
    /// [`NotFound`](Error::NotFound) when there is no such spec; [`Store`](Error::Store).
    pub async fn artifact_versions(
        &self,
        id: SpecId,
        phase: Phase,
        limit: PageLimit,
    ) -> Result<Vec<ArtifactSummary>, Error> {
        let mut versions = Vec::new();
        let Some(newest) = self.artifact(id, phase, None).await? else {
            return Ok(versions);
        };
        // Versions are dense from 1.
        let before = (1..newest.version.get()).rev().map(ArtifactVersion::new);
        versions.push(newest.into());
        let more = usize::try_from(limit.get() - 1).unwrap_or(usize::MAX);
        for version in before.take(more) {
            let artifact = self.artifact(id, phase, Some(version)).await?;
            versions.extend(artifact.map(ArtifactSummary::from));
        }
        Ok(versions)
    }
}
