//! What a driver writes: in order, and without waiting for the store where nothing depends on it.
//!
//! A driver that waited for every commit would spend most of a fast phase waiting. So it goes on in
//! memory while a write is on its way, and what it has to write meanwhile becomes one write. An effect
//! may run ahead of notes about the effects before it: they are idempotent and would be repeated after
//! a crash. It never runs ahead of the intent that it follows from.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::artifact::Artifact;
use crate::event::{EventBody, NewEvent};
use crate::id::Revision;
use crate::spec::Spec;
use crate::store::{Append, Checkpoint, Commit, Lease, SpecStore, StoreError};

/// Events that may wait before whoever adds more has to.
const MAX_QUEUED: usize = 64;

/// The writes of one driver, under one lease.
#[derive(Debug)]
pub(super) struct Writes {
    lease: Lease,
    state: Mutex<State>,
    queued: Notify,
    landed: Notify,
}

#[derive(Debug)]
struct State {
    /// What waits for its turn.
    queue: Queue,
    /// What is on its way holds an intent; `None` when nothing is.
    on_its_way: Option<bool>,
    failure: Option<StoreError>,
    /// A write has failed: what would follow it is not written until the spec was read anew.
    is_broken: bool,
    /// The spec's revision as last stored by this driver, or read.
    revision: Revision,
    /// Somebody else has changed the spec.
    overtaken: bool,
    /// The last one that was queued.
    checkpoint: Option<Checkpoint>,
}

#[derive(Debug, Default)]
struct Queue {
    /// The revision to start from and the state to store.
    change: Option<(Revision, Arc<Spec>)>,
    events: Vec<NewEvent>,
    artifacts: Vec<Artifact>,
    checkpoint: Option<Checkpoint>,
    holds_intent: bool,
    release: bool,
}

#[derive(Debug)]
enum Write {
    Commit(Box<Commit>),
    Append(Box<Append>),
}

/// Why what is under way is to be dropped.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Somebody else has changed the spec.
    Overtaken,
    /// The store failed; what was queued is dropped.
    Failed(StoreError),
}

impl Writes {
    /// For a spec at `revision`.
    pub(super) fn new(lease: Lease, revision: Revision) -> Self {
        Self {
            lease,
            state: Mutex::new(State {
                queue: Queue::default(),
                on_its_way: None,
                failure: None,
                is_broken: false,
                revision,
                overtaken: false,
                checkpoint: None,
            }),
            queued: Notify::new(),
            landed: Notify::new(),
        }
    }

    /// Queues a change of state from the revision `from`.
    pub(super) fn commit(
        &self,
        from: Revision,
        spec: Arc<Spec>,
        events: Vec<NewEvent>,
        artifacts: Vec<Artifact>,
    ) {
        let mut state = self.state();
        let queue = &mut state.queue;
        let from = queue.change.take().map_or(from, |(from, _)| from);
        queue.change = Some((from, spec));
        queue.holds_intent |= !events.iter().all(|event| is_note(&event.body));
        queue.events.extend(events);
        queue.artifacts.extend(artifacts);
        drop(state);
        self.queued.notify_one();
    }

    /// Queues events that change no state. Waits while there is much to be written already.
    pub(super) async fn append(&self, events: Vec<NewEvent>, checkpoint: Checkpoint) {
        self.until(|state| {
            (state.is_broken || state.queue.events.len() < MAX_QUEUED).then_some(())
        })
        .await;
        let mut state = self.state();
        state.queue.events.extend(events);
        state.queue.checkpoint = Some(checkpoint.clone());
        state.checkpoint = Some(checkpoint);
        drop(state);
        self.queued.notify_one();
    }

    /// True when no intent is waiting to be stored.
    pub(super) fn may_run_ahead(&self) -> bool {
        let state = self.state();
        !state.queue.holds_intent && state.on_its_way != Some(true)
    }

    /// How far the output was read by the last append, once.
    pub(super) fn take_checkpoint(&self) -> Option<Checkpoint> {
        self.state().checkpoint.take()
    }

    /// Completes when all is stored.
    pub(super) async fn settled(&self) -> Result<(), StoreError> {
        self.until(|state| {
            if let Some(failure) = state.failure.take() {
                return Some(Err(failure));
            }
            let nothing_left = state.queue.is_empty() || state.is_broken;
            (state.on_its_way.is_none() && nothing_left).then_some(Ok(()))
        })
        .await
    }

    /// Likewise, giving the spec back with the last write if it can; true when it could.
    pub(super) async fn settled_and_released(&self) -> Result<bool, StoreError> {
        let released = {
            let mut state = self.state();
            state.queue.release = state.queue.change.is_some();
            state.queue.release
        };
        self.settled().await.map(|()| released)
    }

    /// Completes when what is under way has lost its ground.
    pub(super) async fn trouble(&self) -> Trouble {
        self.until(|state| {
            if let Some(failure) = state.failure.take() {
                return Some(Trouble::Failed(failure));
            }
            state.overtaken.then_some(Trouble::Overtaken)
        })
        .await
    }

    /// The revision that this driver has last stored or read.
    pub(super) fn revision(&self) -> Revision {
        self.state().revision
    }

    /// Drops what is queued and waits for what is on its way, so that the spec can be read anew.
    pub(super) async fn discard(&self) {
        self.state().queue = Queue::default();
        self.until(|state| state.on_its_way.is_none().then_some(()))
            .await;
        let mut state = self.state();
        state.queue = Queue::default();
        state.failure = None;
        state.is_broken = false;
        state.overtaken = false;
        state.checkpoint = None;
    }

    /// Begins anew from what was read.
    pub(super) fn begin_at(&self, revision: Revision) {
        self.state().revision = revision;
    }

    /// Writes what is queued, one write at a time, for as long as it is polled.
    pub(super) async fn pump<S: SpecStore>(&self, store: &S) -> Infallible {
        loop {
            let Some(write) = self.take() else {
                self.queued.notified().await;
                continue;
            };
            let outcome = match write {
                Write::Commit(commit) => {
                    let committed = store.commit(*commit).await;
                    committed.map(|committed| (committed.revision, true))
                }
                Write::Append(append) => {
                    let appended = store.append(*append).await;
                    appended.map(|appended| (appended.revision, false))
                }
            };
            let mut state = self.state();
            state.on_its_way = None;
            match outcome {
                Ok((revision, own)) => {
                    state.overtaken |= !own && revision != state.revision;
                    if own {
                        state.revision = revision;
                    }
                }
                Err(error) => {
                    state.failure = Some(error);
                    state.is_broken = true;
                }
            }
            drop(state);
            self.landed.notify_waiters();
        }
    }

    fn take(&self) -> Option<Write> {
        let mut state = self.state();
        if state.queue.is_empty() || state.is_broken {
            return None;
        }
        let Queue {
            change,
            events,
            artifacts,
            checkpoint,
            holds_intent,
            release,
        } = std::mem::take(&mut state.queue);
        state.on_its_way = Some(holds_intent);
        drop(state);
        // Room for who waits to add more.
        self.landed.notify_waiters();
        match (change, checkpoint) {
            (Some((expected, spec)), checkpoint) => Some(Write::Commit(Box::new(Commit {
                spec: Arc::unwrap_or_clone(spec),
                expected,
                events,
                artifacts,
                checkpoint,
                lease: Some(self.lease),
                release,
            }))),
            (None, Some(checkpoint)) => Some(Write::Append(Box::new(Append {
                spec_id: self.lease.spec_id,
                lease: self.lease,
                events,
                checkpoint,
            }))),
            (None, None) => None,
        }
    }

    /// Completes when `condition` has something to say.
    async fn until<T>(&self, mut condition: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            let mut landed = pin!(self.landed.notified());
            // Before the look, so that nothing falls between the two.
            landed.as_mut().enable();
            if let Some(answer) = condition(&mut self.state()) {
                return answer;
            }
            landed.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No critical section can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.change.is_none() && self.checkpoint.is_none()
    }
}

/// True of events that tell of an effect and decide nothing: if they are lost, the effect is repeated
/// and they are told again.
fn is_note(event: &EventBody) -> bool {
    match event {
        EventBody::SandboxSpawned { .. }
        | EventBody::RunStarted { .. }
        | EventBody::Progress { .. }
        | EventBody::RunEnded { .. }
        | EventBody::SandboxTerminated { .. } => true,
        EventBody::Created { .. }
        | EventBody::ExecutionStarted { .. }
        | EventBody::PhaseStarted { .. }
        | EventBody::PhaseRetry { .. }
        | EventBody::PhaseRepair { .. }
        | EventBody::EffectFailed { .. }
        | EventBody::PhaseCompleted { .. }
        | EventBody::PhaseFailed { .. }
        // What it tells is gone with the sandbox, which is ended next.
        | EventBody::RunStopped { .. }
        | EventBody::BudgetChanged { .. }
        | EventBody::ExecutionResumed { .. }
        | EventBody::ExecutionPaused { .. }
        | EventBody::RetryRequested { .. }
        | EventBody::ApprovalRequested { .. }
        | EventBody::PhaseApproved { .. }
        | EventBody::ChangesRequested { .. }
        | EventBody::SandboxEnding { .. }
        | EventBody::SandboxAbandoned { .. }
        | EventBody::CancelRequested { .. }
        | EventBody::ExecutionCompleted {}
        | EventBody::ExecutionFailed { .. }
        | EventBody::ExecutionCancelled {}
        | EventBody::Archived { .. } => false,
    }
}
