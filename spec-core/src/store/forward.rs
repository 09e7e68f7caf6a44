//! `SpecStore` for shared and boxed stores.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_core::stream::BoxStream;

use super::{
    Append, Appended, Claim, Claimed, Commit, Committed, Create, Created, Heartbeat, Lease, Page,
    PageLimit, SpecQuery, SpecStore, SpecSummary, StoreError, StoredSpec, Wakeup,
};
use crate::artifact::Artifact;
use crate::clock::Timestamp;
use crate::event::SpecEvent;
use crate::id::{ArtifactVersion, Duty, RunnerId, SandboxId, Sequence, SpecId};
use crate::phase::Phase;

macro_rules! forward {
    ($pointer:ident) => {
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: SpecStore + ?Sized> SpecStore for $pointer<T> {
            async fn create(&self, create: Create) -> Result<Created, StoreError> {
                (**self).create(create).await
            }

            async fn get(&self, id: SpecId) -> Result<Option<StoredSpec>, StoreError> {
                (**self).get(id).await
            }

            async fn list(&self, query: &SpecQuery) -> Result<Page<SpecSummary>, StoreError> {
                (**self).list(query).await
            }

            async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
                (**self).commit(commit).await
            }

            async fn append(&self, append: Append) -> Result<Appended, StoreError> {
                (**self).append(append).await
            }

            async fn events(
                &self,
                id: SpecId,
                after: Sequence,
                limit: PageLimit,
            ) -> Result<Vec<SpecEvent>, StoreError> {
                (**self).events(id, after, limit).await
            }

            async fn artifact(
                &self,
                id: SpecId,
                phase: Phase,
                version: Option<ArtifactVersion>,
            ) -> Result<Option<Artifact>, StoreError> {
                (**self).artifact(id, phase, version).await
            }

            async fn artifacts(&self, id: SpecId) -> Result<Vec<Artifact>, StoreError> {
                (**self).artifacts(id).await
            }

            async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
                (**self).claim(claim).await
            }

            async fn heartbeat(
                &self,
                runner: RunnerId,
                lease: Duration,
            ) -> Result<Heartbeat, StoreError> {
                (**self).heartbeat(runner, lease).await
            }

            async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
                (**self).release(lease).await
            }

            async fn retire(&self, runner: RunnerId) -> Result<(), StoreError> {
                (**self).retire(runner).await
            }

            async fn lead(
                &self,
                duty: &Duty,
                runner: RunnerId,
                term: Duration,
            ) -> Result<bool, StoreError> {
                (**self).lead(duty, runner, term).await
            }

            async fn purge(
                &self,
                archived_before: Timestamp,
                limit: PageLimit,
            ) -> Result<u32, StoreError> {
                (**self).purge(archived_before, limit).await
            }

            async fn announce(&self, sandbox: &SandboxId) -> Result<(), StoreError> {
                (**self).announce(sandbox).await
            }

            fn wakeups(&self) -> BoxStream<'static, Wakeup> {
                (**self).wakeups()
            }
        }
    };
}

forward!(Arc);
forward!(Box);
