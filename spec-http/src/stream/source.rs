//! Where the events of a stream come from, as long as its reader takes them.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, ready};
use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use spec_core::Error;
use spec_core::event::SpecEvent;
use tokio::time::Instant;

type Events = BoxStream<'static, Result<SpecEvent, Error>>;

/// The events of one stream. They can be taken away from a reader that asks for no more, while that
/// reader still holds on to the stream: a connection whose peer reads nothing is not polled any more,
/// so it cannot end by itself.
pub(crate) struct Source(Mutex<Option<Open>>);

struct Open {
    events: Events,
    asked_at: Instant,
}

/// What a source yields.
pub(super) enum Next {
    Event(Box<Result<SpecEvent, Error>>),
    Ended,
    TakenAway,
}

impl Source {
    pub(super) fn new(events: Events) -> Self {
        Self(Mutex::new(Some(Open {
            events,
            asked_at: Instant::now(),
        })))
    }

    /// Waits for the next event. Nothing is lost when the wait is given up.
    pub(super) async fn next(&self) -> Next {
        poll_fn(|context| {
            let mut source = self.lock();
            let Some(open) = source.as_mut() else {
                return Poll::Ready(Next::TakenAway);
            };
            open.asked_at = Instant::now();
            let next = ready!(open.events.poll_next_unpin(context));
            Poll::Ready(next.map_or(Next::Ended, |event| Next::Event(Box::new(event))))
        })
        .await
    }

    /// Takes the events away if nobody has asked for any for longer than `patience`; whether they are
    /// gone.
    pub(super) fn take_away_after(&self, patience: Duration) -> bool {
        let mut source = self.lock();
        let is_left = |open: &Open| open.asked_at.elapsed() > patience;
        let taken = if source.as_ref().is_some_and(is_left) {
            source.take()
        } else {
            None
        };
        let is_gone = source.is_none();
        drop(source);
        drop(taken);
        is_gone
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
