//! Following a run: over a socket while there is one, and by asking when there is none.
//!
//! What a run prints is in files in its sandbox. A socket is only a quick way to hear of it: when it is
//! cut, when its session is gone, when the host is another one, the files are asked from the same
//! position on, and a new socket begins there.

mod reading;

pub(super) use reading::Reading;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::stream::{self, StreamExt as _};
use spec_core::id::{OutputCursor, RunKey};
use spec_core::sandbox::{ByteCursor, Output, RunEnd, SandboxRef, SpawnError, SpawnErrorKind};
use tokio::runtime::Handle;
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
        from: ByteCursor,
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
    let cursor = ByteCursor::after(after)?;
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
    let follower = Follower {
        lines,
        frames: frames.into(),
        ready: VecDeque::new(),
        ended: false,
        socket: None,
        look_first: false,
        troubled_since: None,
        waits: Waits::new(shared.client.config().poll_interval),
        shared,
        place,
        sandbox: sandbox.clone(),
        run: name,
    };
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
        match follower.frames.pop_front() {
            Some(frame) => follower.take(frame),
            None => follower.advance().await,
        }
    }
}

struct Follower {
    shared: Arc<Shared>,
    place: Place,
    sandbox: SandboxRef,
    run: String,
    lines: Lines,
    /// What came and was not taken yet: one frame's lines are in memory at a time.
    frames: VecDeque<Frame>,
    ready: VecDeque<Result<Output, SpawnError>>,
    ended: bool,
    socket: Option<Stream>,
    /// A socket ended: the files are looked at, after a wait, before there is another one.
    look_first: bool,
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
    /// `None` before it is known by what it could be ended.
    carried: Option<Carried>,
    /// Where it is ended: a stream may be dropped anywhere.
    runtime: Handle,
}

impl Drop for Printer {
    fn drop(&mut self) {
        let Some(carried) = self.carried.take() else {
            return;
        };
        let (client, toolbox) = (Arc::clone(&self.shared.client), self.toolbox.clone());
        let _entered = self.runtime.enter();
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
        self.next = self
            .next
            .saturating_mul(2)
            .min(self.shortest.saturating_mul(20));
    }
}

impl Follower {
    /// Waits for something to happen, and takes it in.
    async fn advance(&mut self) {
        if std::mem::take(&mut self.look_first) {
            self.waits.wait().await;
            self.look().await;
            return;
        }
        let Some(stream) = &mut self.socket else {
            let positions = self.lines.positions();
            match connect(&self.shared, &self.place, &self.run, positions).await {
                Ok(stream) => self.socket = Some(stream),
                Err(error) => {
                    tracing::debug!(run = self.run, %error, "no socket; asking instead");
                    self.look_first = true;
                }
            }
            return;
        };
        let received = tokio::time::timeout(SILENCE, stream.log.receive()).await;
        match received {
            Ok(Received::Bytes(bytes)) => {
                let frames = &mut self.frames;
                stream.frames.push(&bytes, |frame| frames.push_back(frame));
            }
            Ok(Received::Closed) => self.drop_socket(),
            Err(_silence) => {
                self.look().await;
                if !self.frames.is_empty() {
                    // The socket should have told.
                    self.socket = None;
                }
            }
        }
    }

    fn drop_socket(&mut self) {
        self.socket = None;
        self.look_first = true;
    }

    /// Looks at the files, and at the sandbox when that fails.
    async fn look(&mut self) {
        let positions = self.lines.positions();
        match self.shared.poll(&self.place, &self.run, positions).await {
            Ok(frames) => {
                self.troubled_since = None;
                let says_something = |frame: &Frame| !matches!(frame, Frame::More | Frame::Alive);
                self.frames
                    .extend(frames.into_iter().filter(says_something));
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

    fn take(&mut self, frame: Frame) {
        match frame {
            Frame::Bytes {
                channel,
                position,
                bytes,
            } => {
                let before = self.lines.positions();
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
                    self.frames.clear();
                    self.drop_socket();
                } else if self.lines.positions() != before {
                    self.troubled_since = None;
                    self.waits.reset();
                }
            }
            Frame::More | Frame::Alive => {}
            Frame::End(record) => self.end(reading::read_end(&record)),
            Frame::Dead => self.end(RunEnd::Lost {
                reason: "what ran it in the sandbox was killed, perhaps for want of memory"
                    .to_owned(),
            }),
            Frame::Missing => self.end(RunEnd::Lost {
                reason: "the sandbox does not know the run any more".to_owned(),
            }),
        }
    }

    /// The run is over, or nothing will be heard of it any more: lines that lack their end end here.
    fn end(&mut self, end: RunEnd) {
        self.socket = None;
        let ready = &mut self.ready;
        self.lines
            .finish(|line| ready.push_back(line.map(Output::Line)));
        self.ready.push_back(Ok(Output::Ended(end)));
        self.ended = true;
    }
}

/// Has the run's output printed, from these positions on, by a command of its own, and listens to it.
async fn connect(
    shared: &Arc<Shared>,
    place: &Place,
    run: &str,
    from: ByteCursor,
) -> Result<Stream, ApiError> {
    let (client, toolbox) = (&shared.client, &place.toolbox);
    let (out, err) = (from.out.to_string(), from.err.to_string());
    let command = place.folders.verb("frames", &[run, &out, &err, "follow"]);
    let name = format!("spec-follow-{}", uuid::Uuid::now_v7());
    // From here on: what a lost answer or a dropped future leaves is ended as well.
    let mut printer = Printer {
        shared: Arc::clone(shared),
        toolbox: toolbox.clone(),
        carried: Carried::expected(place.carrier, &name),
        runtime: Handle::current(),
    };
    let carried = toolbox
        .carry(client, place.carrier, &name, &command)
        .await?;
    printer.carried = Some(carried.clone());
    Ok(Stream {
        log: toolbox.listen(client, &carried).await?,
        frames: FrameReader::default(),
        _printer: printer,
    })
}
