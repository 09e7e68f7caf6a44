//! Following a run: over a socket while there is one, and by asking when there is none.
//!
//! What a run prints is in files in its sandbox. A socket is only a quick way to hear of it: when it is
//! cut, when its session is gone, when the host is another one, the files are asked from the same
//! position on, and a new socket begins there.

mod reading;

pub(super) use reading::{Positions, Reading};

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::stream::{self, StreamExt as _};
use spec_core::id::{OutputCursor, RunKey};
use spec_core::sandbox::{ByteCursor, Output, RunEnd, SandboxRef, SpawnError, SpawnErrorKind};
use tokio::time::Instant;

use super::place::{Place, SHORT, Standing};
use super::shared::Shared;
use crate::client::{ApiError, Carried, Log, Received, Toolbox};
use crate::frames::{Frame, FrameReader};
use crate::script::name_of;
use reading::Lines;

/// How long a socket may be silent before the files are looked at. A request also tells Daytona that
/// the sandbox is in use, which programs in it do not.
const SILENCE: Duration = Duration::from_mins(1);

impl Shared {
    /// Asks once for what a run has printed from these positions on.
    pub(super) async fn poll(
        &self,
        place: &Place,
        run: &str,
        from: Positions,
    ) -> Result<Vec<Frame>, ApiError> {
        let (out, err) = (from.out.to_string(), from.err.to_string());
        let said = self
            .verb(place, "frames", &[run, &out, &err, "once"], SHORT)
            .await?;
        let mut frames = Vec::new();
        FrameReader::default().push(said.as_bytes(), |frame| frames.push(frame));
        match frames.last() {
            None | Some(Frame::Bytes { .. }) => Err(ApiError::interrupted("the output of a run")),
            Some(_) => Ok(frames),
        }
    }
}

/// Follows a run from `after` on.
pub(super) async fn follow(
    shared: Arc<Shared>,
    sandbox: &SandboxRef,
    run: &RunKey,
    after: Option<&OutputCursor>,
) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
    let cursor = after
        .map_or(Ok(ByteCursor::default()), ByteCursor::parse)
        .map_err(|invalid| {
            let message = "the position in the output is not one of this spawner's";
            SpawnError::new(SpawnErrorKind::Rejected, message).with_source(invalid)
        })?;
    let place = shared.place(sandbox).await?;
    let name = name_of(run);
    let lines = Lines::resume_at(cursor);
    let frames = shared
        .insist(sandbox.key, &place.id, "look at a run", || {
            shared.poll(&place, &name, lines.positions())
        })
        .await?;
    if frames.contains(&Frame::Missing) {
        let message = format!("run {run} was never started in the sandbox {}", sandbox.key);
        return Err(SpawnError::new(SpawnErrorKind::NotFound, message));
    }
    let mut follower = Follower {
        lines,
        ready: VecDeque::new(),
        ended: false,
        socket: None,
        troubled_since: None,
        waits: Waits::new(shared.client.config().poll_interval),
        shared,
        place,
        sandbox: sandbox.clone(),
        run: name,
    };
    follower.take(frames);
    Ok(stream::unfold(follower, step).boxed())
}

async fn step(mut follower: Follower) -> Option<(Result<Output, SpawnError>, Follower)> {
    loop {
        if let Some(item) = follower.ready.pop_front() {
            return Some((item, follower));
        }
        if follower.ended {
            return None;
        }
        follower.advance().await;
    }
}

struct Follower {
    shared: Arc<Shared>,
    place: Place,
    sandbox: SandboxRef,
    run: String,
    lines: Lines,
    ready: VecDeque<Result<Output, SpawnError>>,
    ended: bool,
    socket: Option<Stream>,
    /// Since when nothing in the sandbox answers.
    troubled_since: Option<Instant>,
    waits: Waits,
}

/// What is listened to.
struct Stream {
    log: Log,
    frames: FrameReader,
    _printer: Printer,
}

/// A command that prints the output of a run, and that ends when this is dropped.
struct Printer {
    shared: Arc<Shared>,
    toolbox: Toolbox,
    carried: Carried,
}

impl Drop for Printer {
    fn drop(&mut self) {
        let client = Arc::clone(&self.shared.client);
        let (toolbox, carried) = (self.toolbox.clone(), self.carried.clone());
        // Nobody waits for it, and it is of no harm if it fails: the sandbox ends it at the latest.
        drop(self.shared.in_background(async move {
            let ended = toolbox.drop_carried(&client, &carried);
            if let Ok(Err(error)) = tokio::time::timeout(SHORT, ended).await {
                tracing::debug!(%error, "a command was left to its sandbox");
            }
        }));
    }
}

/// Waits between two looks, growing while nothing is new.
struct Waits {
    shortest: Duration,
    next: Duration,
}

impl Waits {
    fn new(shortest: Duration) -> Self {
        Self {
            shortest,
            next: shortest,
        }
    }

    fn reset(&mut self) {
        self.next = self.shortest;
    }

    async fn wait(&mut self) {
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(self.shortest.saturating_mul(20));
    }
}

impl Follower {
    /// Waits for something to happen, and takes it in.
    async fn advance(&mut self) {
        let Some(stream) = &mut self.socket else {
            let positions = self.lines.positions();
            match connect(&self.shared, &self.place, &self.run, positions).await {
                Ok(stream) => self.socket = Some(stream),
                Err(error) => {
                    tracing::debug!(run = self.run, %error, "no socket; asking instead");
                    self.waits.wait().await;
                    self.look().await;
                }
            }
            return;
        };
        let received = tokio::time::timeout(SILENCE, stream.log.receive()).await;
        match received {
            Ok(Received::Bytes(bytes)) => {
                let mut frames = Vec::new();
                stream.frames.push(&bytes, |frame| frames.push(frame));
                if !frames.is_empty() {
                    self.troubled_since = None;
                    self.waits.reset();
                }
                self.take(frames);
            }
            Ok(Received::Closed) => {
                self.socket = None;
                self.waits.wait().await;
                self.look().await;
            }
            Err(_silence) => {
                let before = self.lines.positions();
                self.look().await;
                if self.lines.positions() != before {
                    // The socket should have told.
                    self.socket = None;
                }
            }
        }
    }

    /// Looks at the files, and at the sandbox when that fails.
    async fn look(&mut self) {
        let positions = self.lines.positions();
        match self.shared.poll(&self.place, &self.run, positions).await {
            Ok(frames) => {
                self.troubled_since = None;
                if frames.len() > 1 {
                    self.waits.reset();
                }
                self.take(frames);
            }
            Err(error) => self.diagnose(error).await,
        }
    }

    /// A sandbox that does not answer has been stopped, is gone, or has trouble that may pass.
    async fn diagnose(&mut self, error: ApiError) {
        tracing::debug!(run = self.run, %error, "no answer from the sandbox");
        self.socket = None;
        match self.shared.standing(&self.place.id).await {
            Ok(Standing::Over(why)) => {
                self.shared.forget_place(&self.place.id);
                return self.end(RunEnd::Lost {
                    reason: format!("the sandbox {} is over: {why}", self.sandbox.key),
                });
            }
            Ok(Standing::Running | Standing::Pending) => {}
            Err(error) => tracing::debug!(run = self.run, %error, "no answer from Daytona"),
        }
        let since = *self.troubled_since.get_or_insert_with(Instant::now);
        let limit = self.shared.client.config().outage_limit;
        if since.elapsed() > limit {
            let message = format!(
                "the sandbox {} has not answered for {} seconds, and Daytona does not say that it is \
                 over",
                self.sandbox.key,
                limit.as_secs()
            );
            self.ready.push_back(Err(error.into_spawn_error(message)));
            self.ended = true;
        }
    }

    fn take(&mut self, frames: Vec<Frame>) {
        for frame in frames {
            match frame {
                Frame::Bytes {
                    channel,
                    position,
                    bytes,
                } => {
                    let ready = &mut self.ready;
                    let follows = self.lines.push(channel, position, &bytes, |line| {
                        ready.push_back(line.map(Output::Line));
                    });
                    if !follows {
                        // Something on the way was lost. The files still have it.
                        tracing::debug!(
                            run = self.run,
                            position,
                            "a gap in the output; asking again"
                        );
                        self.socket = None;
                        return;
                    }
                }
                Frame::More | Frame::Alive => {}
                Frame::End(record) => {
                    let ready = &mut self.ready;
                    self.lines
                        .finish(|line| ready.push_back(line.map(Output::Line)));
                    return self.end(reading::read_end(&record));
                }
                Frame::Dead => {
                    return self.end(RunEnd::Lost {
                        reason: "what ran it in the sandbox was killed, perhaps for want of memory"
                            .to_owned(),
                    });
                }
                Frame::Missing => {
                    return self.end(RunEnd::Lost {
                        reason: "the sandbox does not know the run any more".to_owned(),
                    });
                }
            }
        }
    }

    fn end(&mut self, end: RunEnd) {
        self.socket = None;
        self.ready.push_back(Ok(Output::Ended(end)));
        self.ended = true;
    }
}

/// Has the run's output printed, from these positions on, by a command of its own, and listens to it.
async fn connect(
    shared: &Arc<Shared>,
    place: &Place,
    run: &str,
    from: Positions,
) -> Result<Stream, ApiError> {
    let (client, toolbox) = (&shared.client, &place.toolbox);
    let (out, err) = (from.out.to_string(), from.err.to_string());
    let command = place.folders.verb("frames", &[run, &out, &err, "follow"]);
    let name = format!("spec-follow-{}", uuid::Uuid::now_v7());
    let carried = toolbox
        .carry(client, place.carrier, &name, &command)
        .await?;
    let printer = Printer {
        shared: Arc::clone(shared),
        toolbox: toolbox.clone(),
        carried: carried.clone(),
    };
    Ok(Stream {
        log: toolbox.listen(client, &carried).await?,
        frames: FrameReader::default(),
        _printer: printer,
    })
}
