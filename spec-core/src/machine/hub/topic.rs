//! A spec that is watched: reasons to look at it again, and the looks that its watchers share.

use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::event::{EventBody, SpecEvent};
use crate::id::{Sequence, SpecId};
use crate::store::PageLimit;

/// Looks without a reason are so far apart while hints can be relied on.
const CATCH_UP: Duration = Duration::from_secs(5);

/// What comes after a place in the events of a spec.
#[derive(Debug, Clone)]
pub(in crate::machine) enum Found {
    /// These events.
    Page(Arc<Vec<SpecEvent>>),
    /// The place is beyond the last event, which is this one.
    Ahead(Sequence),
    /// Nothing: the execution has ended.
    Ended,
    /// There is no such spec.
    Missing,
}

/// The wait for what comes after a place, shared by all who stand there. `None` when it failed; each
/// finds out by itself why.
pub(in crate::machine) type Tail = Shared<Following>;

type Following = BoxFuture<'static, Option<Found>>;

/// A spec that is watched.
pub(in crate::machine) struct Topic {
    id: SpecId,
    hears: Arc<AtomicBool>,
    /// The last change was found without a hint: those of this spec do not arrive here.
    unhinted: AtomicBool,
    /// Counts reasons to look. A look that began before a reason does not answer it.
    reasons: watch::Sender<u64>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// The execution had not ended at this place. At the beginning, nobody has to ask.
    open: Sequence,
    /// There was nothing after this place when so many reasons were counted.
    head: Option<(Sequence, u64)>,
    tails: HashMap<Sequence, UnderWay>,
    tails_made: u64,
}

struct UnderWay {
    number: u64,
    tail: WeakShared<Following>,
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topic")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Topic {
    pub(super) fn new(id: SpecId, hears: Arc<AtomicBool>) -> Self {
        Self {
            id,
            hears,
            unhinted: AtomicBool::new(false),
            reasons: watch::Sender::new(0),
            known: Mutex::default(),
        }
    }

    pub(super) fn hinted(&self) {
        self.unhinted.store(false, Ordering::Relaxed);
        self.look_again();
    }

    pub(super) fn look_again(&self) {
        self.reasons.send_modify(|reasons| *reasons += 1);
    }

    /// Reasons to look so far.
    pub(in crate::machine) fn reasons(&self) -> u64 {
        *self.reasons.borrow()
    }

    /// Completes when there is a reason beyond those that were `seen`.
    pub(in crate::machine) async fn changed(&self, seen: u64) {
        let mut reasons = self.reasons.subscribe();
        // The sender is `self`, so this ends only with a reason.
        let _reason = reasons.wait_for(|reasons| *reasons != seen).await;
    }

    /// Waits for a reason beyond those that were `seen`, or for the poll; true when it was the poll.
    pub(in crate::machine) async fn wait(
        &self,
        seen: u64,
        clock: &dyn Clock,
        poll: Duration,
    ) -> bool {
        let hinted = self.hears.load(Ordering::Relaxed) && !self.unhinted.load(Ordering::Relaxed);
        let wait = if hinted { CATCH_UP.max(poll) } else { poll };
        tokio::select! {
            biased;
            () = self.changed(seen) => false,
            () = clock.sleep(self.jittered(wait)) => true,
        }
    }

    /// A poll found what no hint had told of.
    pub(in crate::machine) fn found_unhinted(&self) {
        self.unhinted.store(true, Ordering::Relaxed);
    }

    /// Whether it is known that the spec exists and that its execution goes on after this place.
    pub(in crate::machine) fn is_open_at(&self, place: Sequence) -> bool {
        let known = self.lock();
        known.open >= place && known.open > Sequence::default()
    }

    pub(in crate::machine) fn open_at(&self, place: Sequence) {
        let mut known = self.lock();
        known.open = known.open.max(place);
    }

    /// Notes what was read after a place when so many reasons were counted.
    pub(in crate::machine) fn read(
        &self,
        after: Sequence,
        page: &[SpecEvent],
        limit: PageLimit,
        reasons: u64,
    ) {
        let last = page.last().map_or(after, |event| event.sequence);
        let is_last_page = u32::try_from(page.len()).is_ok_and(|length| length < limit.get());
        // What was archived may be purged: that has to be asked for.
        let goes_on = |event: &SpecEvent| {
            !event.body.ends_execution() && !matches!(event.body, EventBody::Archived { .. })
        };
        let mut known = self.lock();
        if known.open >= after && page.iter().all(goes_on) {
            known.open = known.open.max(last);
        }
        if is_last_page {
            known.head = known.head.max(Some((last, reasons)));
        }
    }

    /// The wait for what comes after a place: the one under way, or the one that `follow` makes.
    /// `follow` is told the reasons up to which there is nothing, if that is known.
    ///
    /// `None` for a newcomer where others have been waiting for a while: it has to look by itself
    /// whether they have missed anything.
    pub(in crate::machine) fn tail<F>(
        self: &Arc<Self>,
        after: Sequence,
        newcomer: bool,
        follow: impl FnOnce(Option<u64>) -> F,
    ) -> Option<Tail>
    where
        F: Future<Output = Option<Found>> + Send + 'static,
    {
        let reasons = self.reasons();
        let mut known = self.lock();
        let nothing_since = known
            .head
            .filter(|(place, _)| *place == after && known.open >= after)
            .map(|(_, reasons)| reasons);
        let under_way = known.tails.get(&after).map(|under_way| &under_way.tail);
        if newcomer && under_way.is_some() && nothing_since == Some(reasons) {
            return None;
        }
        if let Some(tail) = under_way.and_then(WeakShared::upgrade) {
            return Some(tail);
        }
        known.tails_made += 1;
        let place = Place {
            topic: Arc::clone(self),
            after,
            number: known.tails_made,
        };
        let following = follow(nothing_since.filter(|_| !newcomer));
        let tail = async move {
            let _place = place;
            AssertUnwindSafe(following)
                .catch_unwind()
                .await
                .ok()
                .flatten()
        };
        let tail = tail.boxed().shared();
        if let Some(weak) = tail.downgrade() {
            let number = known.tails_made;
            let under_way = UnderWay { number, tail: weak };
            known.tails.insert(after, under_way);
        }
        Some(tail)
    }

    /// A quarter longer or shorter, differently for each spec.
    fn jittered(&self, base: Duration) -> Duration {
        let random = (self.id.as_uuid().as_u128() & 0xff) as u32;
        base.saturating_mul(192 + random / 2) / 256
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Nothing in a critical section can leave it half changed.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entry of a tail, removed when the tail ends or the last who waited has left.
struct Place {
    topic: Arc<Topic>,
    after: Sequence,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut known = self.topic.lock();
        if known
            .tails
            .get(&self.after)
            .is_some_and(|under_way| under_way.number == self.number)
        {
            known.tails.remove(&self.after);
        }
    }
}
