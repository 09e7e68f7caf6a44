//! The output of a scripted run.

use std::future::pending;
use std::sync::Arc;

use futures_core::stream::BoxStream;
use futures_util::stream::{self, StreamExt};
use tokio::sync::watch;
use tokio::task::yield_now;

use super::Shared;
use crate::clock::Timestamp;
use crate::id::{OutputCursor, RunKey, SandboxId};
use crate::sandbox::{
    MAX_LINE_BYTES, Output, OutputLine, RunEnd, SandboxRef, SpawnError, SpawnErrorKind,
};

struct Follower {
    shared: Arc<Shared>,
    sandbox: SandboxRef,
    run: RunKey,
    /// Lines handed out so far; the cursor of a line is its number.
    seen: usize,
    changes: watch::Receiver<u64>,
    ended: bool,
}

enum Next {
    Item(Result<Output, SpawnError>),
    WaitUntil(Timestamp),
    WaitForever,
}

pub(super) fn follow(
    shared: Arc<Shared>,
    sandbox: &SandboxRef,
    run: RunKey,
    after: Option<&OutputCursor>,
) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
    let seen = match after.map(|cursor| cursor.as_str().parse()) {
        None => 0,
        Some(Ok(seen)) => seen,
        Some(Err(_)) => {
            return Err(SpawnError::new(
                SpawnErrorKind::Rejected,
                "the cursor was not issued by this spawner",
            ));
        }
    };
    let id: SandboxId = {
        let mut state = shared.state();
        let stored = state.existing(sandbox)?;
        if !stored.runs.contains_key(&run) {
            return Err(SpawnError::new(
                SpawnErrorKind::NotFound,
                format!("run {run} was never started in this sandbox"),
            ));
        }
        stored.handle.id.clone()
    };
    let follower = Follower {
        changes: shared.changes.subscribe(),
        sandbox: SandboxRef {
            key: sandbox.key,
            id: Some(id),
        },
        shared,
        run,
        seen,
        ended: false,
    };
    Ok(stream::unfold(follower, Follower::step).boxed())
}

impl Follower {
    async fn step(mut self) -> Option<(Result<Output, SpawnError>, Self)> {
        if self.ended {
            return None;
        }
        loop {
            yield_now().await;
            self.changes.mark_unchanged();
            match self.next() {
                Next::Item(item) => {
                    yield_now().await;
                    return Some((item, self));
                }
                Next::WaitUntil(deadline) => {
                    let clock = self.shared.clock();
                    let wait = deadline.since(clock.now());
                    // The sender lives in `shared`, so a change is never the end of changes.
                    tokio::select! {
                        _ = self.changes.changed() => {}
                        () = clock.sleep(wait) => {}
                    }
                }
                Next::WaitForever => pending().await,
            }
        }
    }

    fn next(&mut self) -> Next {
        let now = self.shared.clock().now();
        let mut state = self.shared.state();
        let is_silent = self
            .sandbox
            .id
            .as_ref()
            .is_some_and(|id| state.silent.contains(id));
        let Ok(stored) = state.existing(&self.sandbox) else {
            if is_silent {
                return Next::WaitForever;
            }
            self.ended = true;
            return Next::Item(Ok(Output::Ended(RunEnd::Lost {
                reason: "the sandbox is gone".to_owned(),
            })));
        };
        if stored
            .runs
            .get(&self.run)
            .is_some_and(|r| r.deadline <= now)
        {
            stored.finish(&self.run, Some(RunEnd::TimedOut));
        }
        let Some(run) = stored.runs.get(&self.run) else {
            // Runs are never removed from a sandbox that exists.
            self.ended = true;
            return Next::Item(Err(SpawnError::new(
                SpawnErrorKind::Internal,
                "the run is gone while its sandbox exists",
            )));
        };
        if let Some((channel, text)) = run.script.lines.get(self.seen) {
            self.seen += 1;
            let kept = text.floor_char_boundary(MAX_LINE_BYTES);
            let line = OutputCursor::new(self.seen.to_string()).map(|cursor| OutputLine {
                channel: *channel,
                text: text.get(..kept).unwrap_or_default().to_owned(),
                dropped: (text.len() - kept) as u64,
                cursor,
            });
            return Next::Item(line.map(Output::Line).map_err(|invalid| {
                SpawnError::new(SpawnErrorKind::Internal, "the cursor is invalid")
                    .with_source(invalid)
            }));
        }
        match &run.end {
            Some(end) => {
                self.ended = true;
                Next::Item(Ok(Output::Ended(end.clone())))
            }
            None => Next::WaitUntil(run.deadline),
        }
    }
}
