//! What one replica at a time does for all of them, now and then.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::SpecStateMachine;
use super::runner::jittered;
use crate::clock::{Clock, Timestamp};
use crate::error::Error;
use crate::id::{Duty, RunnerId};
use crate::sandbox::SandboxSpawner;
use crate::store::{SpecStore, StoreError, StoreErrorKind};

/// Longest wait for the first time after a start: soon, but behind what people wait for.
const FIRST_AFTER: Duration = Duration::from_secs(30);
/// How often archived specs are looked for.
const RETENTION_INTERVAL: Duration = Duration::from_hours(1);
/// Longest wait for an answer about a term.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Longest wait for a duty to be given back; its term ends by itself.
const GIVE_BACK_WITHIN: Duration = Duration::from_secs(2);

/// What is to be done.
#[derive(Debug, Clone, Copy)]
enum Chore {
    /// End sandboxes that nobody needs.
    Reap,
    /// Delete specs that were archived so long ago.
    Purge(Duration),
}

impl<S: SpecStore, P: SandboxSpawner> SpecStateMachine<S, P> {
    /// Starts what a runner does besides driving, until `token` is cancelled. The set owns the tasks.
    pub(super) fn start_chores(&self, runner: RunnerId, token: &CancellationToken) -> JoinSet<()> {
        let config = &self.host.config;
        let reap = config.reap_interval.map(|every| (Chore::Reap, every));
        let purge = config
            .retention
            .map(|kept| (Chore::Purge(kept), RETENTION_INTERVAL));
        let mut tasks = JoinSet::new();
        for (chore, every) in reap.into_iter().chain(purge) {
            let (machine, token) = (self.clone(), token.clone());
            tasks.spawn(async move { machine.do_again(chore, every, runner, &token).await });
        }
        tasks
    }

    async fn do_again(
        &self,
        chore: Chore,
        every: Duration,
        runner: RunnerId,
        token: &CancellationToken,
    ) {
        let term = match chore {
            Chore::Reap => self.reaping_term(runner),
            Chore::Purge(_) => self.term("delete archived specs", runner, RETENTION_INTERVAL),
        };
        let mut term = match term {
            Ok(term) => term,
            Err(error) => return complain(&error),
        };
        let mut wait = every.min(FIRST_AFTER);
        loop {
            let due = self.host.clock.sleep(jittered(wait, runner));
            wait = every;
            tokio::select! {
                () = token.cancelled() => break,
                () = due => {}
            }
            tokio::select! {
                () = token.cancelled() => break,
                () = self.do_once(chore, &mut term) => {}
            }
        }
        // So that another replica need not wait for the end of the term.
        term.give_back().await;
    }

    async fn do_once(&self, chore: Chore, term: &mut Term<'_>) {
        match term.take().await {
            Ok(true) => {}
            Ok(false) => return tracing::debug!(duty = %term.duty, "another replica sees to it"),
            Err(error) => return complain(&Error::store("take a duty")(error)),
        }
        let outcome = match chore {
            Chore::Reap => self.reap_under(term).await.map(drop),
            Chore::Purge(kept) => self.purge_under(term, kept).await,
        };
        if let Err(error) = outcome {
            complain(&error);
        }
    }

    /// A term of `duty` that outlasts the wait between two times, `every` so often.
    pub(super) fn term(
        &self,
        duty: &str,
        runner: RunnerId,
        every: Duration,
    ) -> Result<Term<'_>, Error> {
        Ok(Term {
            store: &*self.store,
            clock: &*self.host.clock,
            duty: Duty::new(duty)?,
            runner,
            length: every.saturating_mul(2),
            until: None,
        })
    }
}

fn complain(error: &Error) {
    tracing::warn!(
        error = error as &dyn std::error::Error,
        "will be tried again"
    );
}

/// The time for which a duty is a runner's.
#[derive(Debug)]
pub(super) struct Term<'a> {
    store: &'a dyn SpecStore,
    clock: &'a dyn Clock,
    duty: Duty,
    runner: RunnerId,
    length: Duration,
    /// Its end, while it lasts.
    until: Option<Timestamp>,
}

impl Term<'_> {
    /// Begins or renews it; false when another runner has the duty.
    pub(super) async fn take(&mut self) -> Result<bool, StoreError> {
        // Counted from before the request: the store may have answered late.
        let asked = self.clock.now();
        let leads = tokio::select! {
            answer = self.store.lead(&self.duty, self.runner, self.length) => answer?,
            () = self.clock.sleep(ANSWER_WITHIN.min(self.length / 3)) => {
                return Err(StoreError::new(StoreErrorKind::Unavailable, "no answer in time"));
            }
        };
        self.until = leads.then(|| asked + self.length);
        Ok(leads)
    }

    /// Does `work` while the term lasts, and renews it meanwhile; `None` when it was lost.
    pub(super) async fn hold<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.renewals() => None,
        }
    }

    /// Ends when the term was lost, or may be.
    async fn renewals(&mut self) {
        loop {
            let end = self.until.unwrap_or(self.clock.now());
            // Others may see the end a little earlier.
            let left = end.since(self.clock.now()).saturating_sub(self.length / 5);
            if left.is_zero() {
                return tracing::warn!(duty = %self.duty, "the duty was lost on the way");
            }
            self.clock.sleep(left.min(self.length / 3)).await;
            if let Err(error) = self.take().await {
                complain(&Error::store("renew a duty")(error));
            }
        }
    }

    /// Ends it, if it lasts.
    pub(super) async fn give_back(mut self) {
        if self.until.take().is_none() {
            return;
        }
        tokio::select! {
            given = self.store.lead(&self.duty, self.runner, Duration::ZERO) => {
                if let Err(error) = given {
                    complain(&Error::store("give a duty back")(error));
                }
            }
            () = self.clock.sleep(GIVE_BACK_WITHIN) => {}
        }
    }
}
