//! The output of a run, read from the files it is written to.

mod tail;

use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::stream::{self, StreamExt};
use spec_core::id::{OutputCursor, RunKey};
use spec_core::sandbox::{ByteCursor, Channel, Output, RunEnd, SpawnError, posix};

use crate::failure;
use crate::place::Place;
use crate::process::Identity;
use tail::Tail;

const SHORTEST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// Follows a run from `after` on.
pub(crate) fn follow(
    place: &Place,
    run: &RunKey,
    after: Option<&OutputCursor>,
) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
    let control = place.control(run);
    let supervisor = Identity::read(&control.join("pid")).ok_or_else(|| {
        failure::not_found(format!("run {run} was never started in this sandbox"))
    })?;
    let cursor = ByteCursor::after(after)?;
    let follower = Follower {
        identity: inode(&control),
        out: Tail::new(control.join("out"), cursor.out),
        err: Tail::new(control.join("err"), cursor.err),
        control,
        supervisor,
        cursor,
        ready: VecDeque::new(),
        ended: false,
    };
    Ok(stream::unfold(follower, step).boxed())
}

struct Follower {
    control: PathBuf,
    /// Tells the folder from a later one of the same name.
    identity: Option<(u64, u64)>,
    supervisor: Identity,
    out: Tail,
    err: Tail,
    /// After the last line that was made ready.
    cursor: ByteCursor,
    ready: VecDeque<Result<Output, SpawnError>>,
    ended: bool,
}

async fn step(mut follower: Follower) -> Option<(Result<Output, SpawnError>, Follower)> {
    let mut wait = SHORTEST_WAIT;
    loop {
        if let Some(item) = follower.ready.pop_front() {
            return Some((item, follower));
        }
        if follower.ended {
            return None;
        }
        let looked = failure::blocking(move || {
            let progress = follower.look();
            Ok((follower, progress))
        });
        let progress;
        // The follower is lost with the thread that had it; there is nothing to go on with.
        (follower, progress) = looked.await.ok()?;
        if !progress {
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }
}

impl Follower {
    /// Makes ready what there is. False when there is nothing new.
    fn look(&mut self) -> bool {
        match self.read() {
            Ok(progress) => progress,
            Err(error) => {
                self.ready.push_back(Err(error));
                self.ended = true;
                true
            }
        }
    }

    fn read(&mut self) -> Result<bool, SpawnError> {
        if self.identity != inode(&self.control) {
            self.end(RunEnd::Lost {
                reason: "the sandbox is gone".to_owned(),
            });
            return Ok(true);
        }
        // The end is looked for before the output: what was printed before it is then all there.
        let end = self.recorded_end()?;
        let alive = end.is_some() || self.supervisor.is_alive();
        let ready = &mut self.ready;
        let cursor = &mut self.cursor;
        let mut progress = self.out.read(|line| {
            ready.push_back(cursor.advance(Channel::Stdout, line).map(Output::Line));
        })?;
        progress |= self.err.read(|line| {
            ready.push_back(cursor.advance(Channel::Stderr, line).map(Output::Line));
        })?;
        if progress {
            return Ok(true);
        }
        match end {
            Some(end) => self.end_after_rest(end),
            None if alive => return Ok(false),
            // It may have recorded the end between our two looks.
            None => match self.recorded_end()? {
                Some(_) => {}
                None => self.end_after_rest(RunEnd::Lost {
                    reason: "its supervisor was ended".to_owned(),
                }),
            },
        }
        Ok(true)
    }

    fn end_after_rest(&mut self, end: RunEnd) {
        for (channel, rest) in [
            (Channel::Stdout, self.out.finish()),
            (Channel::Stderr, self.err.finish()),
        ] {
            if let Some(line) = rest {
                self.ready
                    .push_back(self.cursor.advance(channel, line).map(Output::Line));
            }
        }
        self.end(end);
    }

    fn end(&mut self, end: RunEnd) {
        self.ready.push_back(Ok(Output::Ended(end)));
        self.ended = true;
    }

    fn recorded_end(&self) -> Result<Option<RunEnd>, SpawnError> {
        match fs::read_to_string(self.control.join("exit")) {
            Ok(text) => posix::parse_end(&text).map(Some).ok_or_else(|| {
                failure::internal(format!("the record of the end makes no sense: {text:.100}"))
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failure::io("read how the run ended")(error)),
        }
    }
}

fn inode(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}
