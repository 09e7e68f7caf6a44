//! The making of a sandbox.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use spec_core::clock::{IdGenerator, UuidV7Generator};
use spec_core::id::SandboxId;
use spec_core::sandbox::{Origin, Sandbox, SpawnError, SpawnRequest};

use super::LocalSpawner;
use crate::clone::Clone as GitClone;
use crate::failure::{self, blocking};
use crate::lock::Lock;
use crate::place::{Place, private_folder};
use crate::record::{self, Record};
use crate::terminate;

impl LocalSpawner {
    /// Makes or adopts a sandbox. It gets its final name when it is complete, so that whoever sees
    /// it there may use it; everything before that is cleared away by the next maker or remover.
    pub(super) async fn make(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
        let isolation = self.isolation().await?.clone();
        let place = self.place(request.key).await?;
        let lock = Arc::new(take(&place).await?);
        if let Some(record) = present(&place).await? {
            return Ok(record.sandbox(Origin::Adopted));
        }
        terminate::clear(&place, &lock).await?;
        let created_at = self.clock.now();
        let expires_at = created_at + request.ttl;
        let making = place.making();
        let folder = making.clone();
        // The work goes on when its future is dropped, and the lock with it.
        let held = Arc::clone(&lock);
        blocking(move || {
            let prepared =
                prepare(&folder).and_then(|()| record::write_expiry(&folder, expires_at));
            drop(held);
            prepared.map_err(failure::io("make the folder of the sandbox"))
        })
        .await?;
        let commit = self.clone_into(request, &place, &making).await;
        let commit = match commit {
            Ok(commit) => commit,
            Err(error) => {
                terminate::clear(&place, &lock).await?;
                lock.remove().map_err(failure::io("remove the lock"))?;
                return Err(error);
            }
        };
        let record = Record {
            format: Record::FORMAT,
            key: request.key,
            id: SandboxId::new(UuidV7Generator.uuid().to_string()).map_err(|invalid| {
                failure::internal("the sandbox id is invalid").with_source(invalid)
            })?,
            labels: request.labels(),
            commit,
            layout: place.layout(),
            isolation,
            created_at,
            expires_at,
        };
        blocking(move || {
            let finish = || {
                fs::remove_dir_all(making.join("git"))?;
                record.write(&making)?;
                fs::rename(&making, place.finished())
            };
            finish().map_err(failure::io("complete the sandbox"))?;
            drop(lock);
            Ok(record.sandbox(Origin::Created))
        })
        .await
    }

    async fn clone_into(
        &self,
        request: &SpawnRequest,
        place: &Place,
        making: &Path,
    ) -> Result<spec_core::id::CommitId, SpawnError> {
        GitClone {
            checkout: &request.checkout,
            workspace: &making.join("git"),
            target: &making.join("root").join("repo"),
            mark: &place.mark(),
            search_path: &self.search_path,
            limit: self.clone_limit,
        }
        .run()
        .await
    }
}

/// Waits until nobody else makes or removes this sandbox.
async fn take(place: &Place) -> Result<Lock, SpawnError> {
    loop {
        let path = place.lock();
        let taken =
            blocking(move || Lock::try_take(&path).map_err(failure::io("lock the sandbox")))
                .await?;
        if let Some(lock) = taken {
            return Ok(lock);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn present(place: &Place) -> Result<Option<Record>, SpawnError> {
    use std::io::ErrorKind::{InvalidData, UnexpectedEof};

    let folder = place.finished();
    blocking(move || match Record::read(&folder) {
        Ok(record) => Ok(record),
        // Damaged: it is made again.
        Err(error) if matches!(error.kind(), InvalidData | UnexpectedEof) => Ok(None),
        Err(error) => Err(failure::io("read the record of the sandbox")(error)),
    })
    .await
}

fn prepare(making: &Path) -> std::io::Result<()> {
    for folder in ["git", "ctl", "root/runs", "root/home", "root/tmp"] {
        private_folder(&making.join(folder))?;
    }
    Ok(())
}
