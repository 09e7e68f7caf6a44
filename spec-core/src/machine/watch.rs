//! Events as a stream: what is stored, then what is being stored.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use futures_util::stream;

use crate::clock::Clock;
use crate::error::Error;
use crate::event::SpecEvent;
use crate::id::{Sequence, SpecId};
use crate::store::{PageLimit, SpecStore, Wakeup};

struct Watch<S> {
    store: Arc<S>,
    clock: Arc<dyn Clock>,
    poll: Duration,
    id: SpecId,
    after: Sequence,
    wakeups: BoxStream<'static, Wakeup>,
    ready: VecDeque<SpecEvent>,
    done: bool,
}

/// The store's hints. A store that has no more of them is polled, and its stream not asked again.
pub(super) fn hints<S: SpecStore>(store: &S) -> BoxStream<'static, Wakeup> {
    store.wakeups().chain(stream::pending()).boxed()
}

pub(super) fn watch<S: SpecStore>(
    store: Arc<S>,
    clock: Arc<dyn Clock>,
    poll: Duration,
    id: SpecId,
    after: Sequence,
) -> BoxStream<'static, Result<SpecEvent, Error>> {
    // Listening begins before the first read, so that nothing falls between the two.
    let wakeups = hints(&*store);
    let ready = VecDeque::new();
    let watch = Watch {
        store,
        clock,
        poll,
        id,
        after,
        wakeups,
        ready,
        done: false,
    };
    stream::unfold(watch, |mut watch| async move {
        if watch.done {
            return None;
        }
        match watch.next().await {
            Ok(Some(event)) => {
                watch.done = event.body.ends_execution();
                Some((Ok(event), watch))
            }
            Ok(None) => None,
            Err(error) => {
                watch.done = true;
                Some((Err(error), watch))
            }
        }
    })
    .boxed()
}

impl<S: SpecStore> Watch<S> {
    async fn next(&mut self) -> Result<Option<SpecEvent>, Error> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.after = event.sequence;
                return Ok(Some(event));
            }
            let page = self
                .store
                .events(self.id, self.after, PageLimit::default())
                .await;
            self.ready = page.map_err(Error::store("read events"))?.into();
            if !self.ready.is_empty() {
                continue;
            }
            let stored = self
                .store
                .get(self.id)
                .await
                .map_err(Error::store("read a spec"))?;
            let stored = stored.ok_or(Error::NotFound { id: self.id })?;
            if stored.last_sequence > self.after {
                continue;
            }
            if stored.spec.status.is_terminal() {
                return Ok(None);
            }
            self.wait().await;
        }
    }

    /// Waits for a hint about this spec, or for the poll.
    async fn wait(&mut self) {
        let poll = self.clock.sleep(self.poll);
        tokio::pin!(poll);
        loop {
            tokio::select! {
                () = &mut poll => return,
                hint = self.wakeups.next() => match hint {
                    Some(Wakeup::Spec { id, .. }) if id != self.id => {}
                    Some(Wakeup::Spec { .. } | Wakeup::Lagged) | None => return,
                },
            }
        }
    }
}
