//! The end of a sandbox: its processes, then its folders.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
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
    let moved = place.clone();
    // First out of the way: a supervisor that is just being started finds no folder to record
    // itself in, and goes away.
    blocking(move || move_away(&moved)).await?;
    if !process::end_all(place, GRACE, LIMIT).await {
        return Ok(Termination::Accepted);
    }
    let place = place.clone();
    blocking(move || {
        for folder in place
            .removed()
            .map_err(failure::io("list what is to be removed"))?
        {
            remove_tree(&folder).map_err(failure::io("remove the sandbox"))?;
        }
        lock.remove().map_err(failure::io("remove the lock"))
    })
    .await?;
    Ok(Termination::Confirmed)
}

/// Clears away what a maker that died has left. The caller holds the lock.
pub(crate) async fn clear(place: &Place) -> Result<(), SpawnError> {
    let moved = place.clone();
    let any = blocking(move || {
        move_away(&moved)?;
        let removed = moved.removed();
        Ok(!removed
            .map_err(failure::io("list what is to be removed"))?
            .is_empty())
    })
    .await?;
    if !any {
        return Ok(());
    }
    if !process::end_all(place, Duration::ZERO, LIMIT).await {
        return Err(failure::internal(
            "a process of the former sandbox does not end",
        ));
    }
    let place = place.clone();
    blocking(move || {
        for folder in place
            .removed()
            .map_err(failure::io("list what is to be removed"))?
        {
            remove_tree(&folder).map_err(failure::io("remove the former sandbox"))?;
        }
        Ok(())
    })
    .await
}

/// Takes the lock, ending the git of a maker that holds it.
async fn take_from_maker(place: &Place) -> Result<Option<Lock>, SpawnError> {
    let begun = tokio::time::Instant::now();
    loop {
        let path = place.lock();
        let taken =
            blocking(move || Lock::try_take(&path).map_err(failure::io("lock the sandbox")))
                .await?;
        if taken.is_some() {
            return Ok(taken);
        }
        if begun.elapsed() > LOCK_LIMIT {
            return Ok(None);
        }
        process::end_all(place, GRACE, GRACE * 2).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn move_away(place: &Place) -> Result<(), SpawnError> {
    for folder in [place.finished(), place.making()] {
        match fs::rename(&folder, place.fresh_removed()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failure::io("move the sandbox away")(error)),
        }
    }
    Ok(())
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
