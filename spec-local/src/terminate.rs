//! The end of a sandbox: its processes, then its folders.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use spec_core::sandbox::{SpawnError, Termination};

use crate::failure::{self, blocking};
use crate::lock::Lock;
use crate::place::Place;
use crate::process;

/// How long processes may take to end when asked.
const GRACE: Duration = Duration::from_secs(1);
/// How long they may take when forced.
const LIMIT: Duration = Duration::from_secs(10);
/// How long a maker that was disturbed may take to let go.
const LOCK_LIMIT: Duration = Duration::from_secs(10);

/// Ends every process of a sandbox and removes it, finished or half made.
pub(crate) async fn terminate(place: &Place) -> Result<Termination, SpawnError> {
    let Some(lock) = take_from_maker(place).await? else {
        return Ok(Termination::Accepted);
    };
    // First out of the way: a supervisor that is just being started finds no folder to record
    // itself in, and goes away.
    move_away(place, &lock).await?;
    if !process::end_all(place, GRACE, LIMIT).await {
        return Ok(Termination::Accepted);
    }
    remove_moved(place, &lock).await?;
    lock.remove().map_err(failure::io("remove the lock"))?;
    Ok(Termination::Confirmed)
}

/// Clears away what a maker that died has left.
pub(crate) async fn clear(place: &Place, lock: &Arc<Lock>) -> Result<(), SpawnError> {
    if !move_away(place, lock).await? {
        return Ok(());
    }
    if !process::end_all(place, Duration::ZERO, LIMIT).await {
        return Err(failure::internal(
            "a process of the former sandbox does not end",
        ));
    }
    remove_moved(place, lock).await
}

/// Takes the lock, ending the git of a maker that holds it.
async fn take_from_maker(place: &Place) -> Result<Option<Arc<Lock>>, SpawnError> {
    let begun = tokio::time::Instant::now();
    loop {
        let path = place.lock();
        let taken =
            blocking(move || Lock::try_take(&path).map_err(failure::io("lock the sandbox")))
                .await?;
        if taken.is_some() {
            return Ok(taken.map(Arc::new));
        }
        if begun.elapsed() > LOCK_LIMIT {
            return Ok(None);
        }
        process::end_all(place, GRACE, GRACE * 2).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Moves what there is out of the way. True when there is something to be removed.
async fn move_away(place: &Place, lock: &Arc<Lock>) -> Result<bool, SpawnError> {
    let place = place.clone();
    // The work goes on when its future is dropped, and the lock with it.
    let lock = Arc::clone(lock);
    blocking(move || {
        for folder in [place.finished(), place.making()] {
            match fs::rename(&folder, place.fresh_removed()) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failure::io("move the sandbox away")(error)),
            }
        }
        let removed = place.removed();
        drop(lock);
        Ok(!removed
            .map_err(failure::io("list what is to be removed"))?
            .is_empty())
    })
    .await
}

async fn remove_moved(place: &Place, lock: &Arc<Lock>) -> Result<(), SpawnError> {
    let place = place.clone();
    let lock = Arc::clone(lock);
    blocking(move || {
        let removed = place.removed();
        for folder in removed.map_err(failure::io("list what is to be removed"))? {
            remove_tree(&folder).map_err(failure::io("remove the sandbox"))?;
        }
        drop(lock);
        Ok(())
    })
    .await
}

/// Removes a folder, also when a program has taken the right to do so away.
fn remove_tree(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            allow(folder)?;
            fs::remove_dir_all(folder)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn allow(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Of the entry itself, so that no link is followed out of the folder.
        if entry.file_type()?.is_dir() {
            allow(&entry.path())?;
        }
    }
    Ok(())
}
