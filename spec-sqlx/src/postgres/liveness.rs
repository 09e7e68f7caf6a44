//! Whether the processes of runners live, known within a second or two of a death.
//!
//! A lease is long, because a slow minute must not cost a healthy runner its work. That a process has
//! *died* shows at once: its connections close. So the store's own session holds an advisory lock for
//! every runner that reports through this store, and the runner's row says so: `pinned` is the start of
//! the server under which the lock was taken. A pinned runner whose lock is gone is dead: its lease
//! ends now. The lock comes first and `pinned` after it, and the other way round when they go, so that
//! a living runner never looks dead.
//!
//! **Who looks.** Claims do, at most twice a second for each store, in the transaction of the claim. An
//! idle runner claims about once a second anyway; a timer of the session's own would double the
//! transactions of an idle replica. Who has no slot free to take a spec over does not look either.
//!
//! **Twice.** The first look marks a runner as suspect; one at least [`GRACE`] later ends its lease,
//! and the claim that follows in the same transaction takes what it held. The session's timer has the
//! local runners claim again when the grace is over, whoever ended the lease tells all others, and so
//! a death costs at most one interval of claims (1.25 s for the longest of the defaults), the grace,
//! and a claim.
//!
//! **False alarms.** Only the lease decides
//! - after a restart of the server, until runners are pinned again: `pinned` of an earlier start is void;
//! - for a store that has just lost its session, and [`QUIET`] after it has another one: whatever cut
//!   it off, a crash of all sessions among them, may have cut off the others, who need time to return;
//! - for a process that is frozen: it keeps its session, and its locks.
//!
//! A session that ends alone is made again, with its locks, before the grace is over. If that fails,
//! its runners are fenced and come back as other incarnations: a disturbance, never an error. Locks
//! are shared and named by a hash: two runners of one name, or a session that the server has not yet
//! given up, only hide a death from this watch, and the lease decides.

mod locks;
mod look;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use spec_core::id::RunnerId;
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use super::lease::LONGEST;

pub(super) use self::locks::Locks;
pub(super) use self::look::look;

/// How long a lock may be missing.
const GRACE: Duration = Duration::from_millis(250);
/// Looks without a suspect are no closer than this: less than the shortest interval of claims.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a store that lost its session judges nobody: more than the longest pause before another
/// store connects again.
const QUIET: Duration = Duration::from_secs(5);

/// What the store's callers and its session tell each other about runners.
#[derive(Debug, Clone, Default)]
pub(super) struct Liveness(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// The session has something to do.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    is_off: bool,
    /// Who reports through this store.
    runners: HashMap<Uuid, Reported>,
    /// Since when, or from when on, this store judges others; `None` without a session.
    judges_from: Option<Instant>,
    next_look: Option<Instant>,
    /// When the local runners are to claim again.
    tell_at: Option<Instant>,
}

#[derive(Debug)]
struct Reported {
    /// A runner that is dropped without a word is not kept for ever.
    until: Instant,
    to_be_pinned: bool,
}

/// What the session is to hold.
struct Asked {
    all: Vec<Uuid>,
    to_be_pinned: Vec<Uuid>,
}

impl Liveness {
    /// No locks from now on.
    pub(super) fn turn_off(&self) {
        let mut state = self.state();
        state.is_off = true;
        state.runners.clear();
    }

    /// A runner has reported. `pinned` is what its row says; if it is wrong, it is mended.
    pub(super) fn heard_of(&self, runner: RunnerId, lease: Duration, pinned: bool) {
        let until = Instant::now() + lease.min(LONGEST);
        let mut state = self.state();
        if state.is_off {
            return;
        }
        let is_new = !state.runners.contains_key(&runner.as_uuid());
        let reported = state.runners.entry(runner.as_uuid()).or_insert(Reported {
            until,
            to_be_pinned: true,
        });
        reported.until = until;
        reported.to_be_pinned |= !pinned;
        if is_new || !pinned {
            self.0.changed.notify_one();
        }
    }

    /// A runner is retired or fenced.
    pub(super) fn let_go(&self, runner: RunnerId) {
        self.forget(runner.as_uuid());
    }

    fn forget(&self, runner: Uuid) {
        if self.state().runners.remove(&runner).is_some() {
            self.0.changed.notify_one();
        }
    }

    /// The session is there, for the first time or again, and holds nothing yet.
    pub(super) fn connected(&self, again: bool) {
        let mut state = self.state();
        let quiet = if again { QUIET } else { Duration::ZERO };
        state.judges_from = Some(Instant::now() + quiet);
        for reported in state.runners.values_mut() {
            reported.to_be_pinned = true;
        }
    }

    /// The session is lost.
    pub(super) fn disconnected(&self) {
        let mut state = self.state();
        state.judges_from = None;
        state.tell_at = None;
    }

    /// Waits until the session has something to do.
    pub(super) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// When the local runners are to be told to claim again.
    pub(super) fn tell_at(&self) -> Option<Instant> {
        self.state().tell_at
    }

    /// They have been told.
    pub(super) fn told(&self) {
        self.state().tell_at = None;
    }

    /// True when it is time for a look, which the caller then takes.
    pub(super) fn is_time_to_look(&self) -> bool {
        let now = Instant::now();
        let mut state = self.state();
        let judges = !state.is_off && state.judges_from.is_some_and(|from| from <= now);
        let is_time = judges && state.next_look.is_none_or(|next| next <= now);
        if is_time {
            state.next_look = Some(now + LOOK_EVERY);
        }
        is_time
    }

    /// A look found suspects: another one follows when their grace is over.
    fn suspects(&self) {
        let mut state = self.state();
        let then = Instant::now() + GRACE;
        state.next_look = Some(then);
        state.tell_at = Some(then);
        drop(state);
        self.0.changed.notify_one();
    }

    fn asked(&self) -> Asked {
        let now = Instant::now();
        let mut state = self.state();
        state.runners.retain(|_, reported| reported.until > now);
        let mut asked = Asked {
            all: Vec::new(),
            to_be_pinned: Vec::new(),
        };
        for (runner, reported) in &mut state.runners {
            asked.all.push(*runner);
            if std::mem::take(&mut reported.to_be_pinned) {
                asked.to_be_pinned.push(*runner);
            }
        }
        asked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const LEASE: Duration = Duration::from_secs(15);

    fn runner() -> RunnerId {
        RunnerId::from_uuid(Uuid::now_v7())
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_no_session_judges_nobody() {
        let liveness = Liveness::default();
        assert!(!liveness.is_time_to_look());
        liveness.connected(false);
        assert!(liveness.is_time_to_look());
        liveness.disconnected();
        advance(QUIET).await;
        assert!(!liveness.is_time_to_look());
    }

    #[tokio::test(start_paused = true)]
    async fn who_lost_its_session_gives_the_others_time_to_return() {
        let liveness = Liveness::default();
        liveness.connected(true);
        advance(QUIET / 2).await;
        assert!(!liveness.is_time_to_look());
        advance(QUIET / 2).await;
        assert!(liveness.is_time_to_look());
    }

    #[tokio::test(start_paused = true)]
    async fn looks_are_rare_and_follow_a_suspicion_soon() {
        let liveness = Liveness::default();
        liveness.connected(false);
        assert!(liveness.is_time_to_look());
        assert!(!liveness.is_time_to_look());
        advance(LOOK_EVERY).await;
        assert!(liveness.is_time_to_look());

        liveness.suspects();
        assert_eq!(liveness.tell_at(), Some(Instant::now() + GRACE));
        assert!(!liveness.is_time_to_look());
        advance(GRACE).await;
        assert!(liveness.is_time_to_look());
        liveness.told();
        assert_eq!(liveness.tell_at(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_runner_that_is_dropped_without_a_word_is_forgotten_after_its_lease() {
        let liveness = Liveness::default();
        let (dropped, living) = (runner(), runner());
        liveness.heard_of(dropped, LEASE, false);
        liveness.heard_of(living, LEASE, false);
        assert_eq!(liveness.asked().all.len(), 2);
        advance(LEASE / 2).await;
        liveness.heard_of(living, LEASE, true);
        advance(LEASE / 2).await;
        let asked = liveness.asked();
        assert_eq!(asked.all, [living.as_uuid()]);
        assert!(asked.to_be_pinned.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn everybody_is_pinned_again_in_a_new_session() {
        let liveness = Liveness::default();
        let runner = runner();
        liveness.heard_of(runner, LEASE, false);
        assert_eq!(liveness.asked().to_be_pinned, [runner.as_uuid()]);
        assert!(liveness.asked().to_be_pinned.is_empty());
        liveness.connected(true);
        assert_eq!(liveness.asked().to_be_pinned, [runner.as_uuid()]);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_held_without_the_lock() {
        let liveness = Liveness::default();
        liveness.turn_off();
        liveness.connected(false);
        liveness.heard_of(runner(), LEASE, false);
        assert!(liveness.asked().all.is_empty());
        assert!(!liveness.is_time_to_look());
    }
}
