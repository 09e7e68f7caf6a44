//! Events as a stream: what is stored, then what is being stored.

use std::sync::Arc;
use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use futures_util::{future, stream};

use super::hub::{Found, Hub, Tail, Topic, Watching};
use crate::clock::Clock;
use crate::error::Error;
use crate::event::SpecEvent;
use crate::id::{Sequence, SpecId};
use crate::store::{PageLimit, SpecStore, Wakeup};

/// The store's hints. A store that has no more of them is polled, and its stream not asked again.
pub(super) fn hints<S: SpecStore>(store: &S) -> BoxStream<'static, Wakeup> {
    store.wakeups().chain(stream::pending()).boxed()
}

/// What a watcher reads from, and how often.
pub(super) struct Source<S> {
    pub(super) hub: Hub,
    pub(super) store: Arc<S>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) poll: Duration,
}

pub(super) fn watch<S: SpecStore>(
    source: Source<S>,
    id: SpecId,
    after: Sequence,
) -> BoxStream<'static, Result<SpecEvent, Error>> {
    // Joined at the first poll, as there may be no runtime before.
    stream::once(future::lazy(move |_| Watch::begin(source, id, after)))
        .flat_map(|watch| {
            stream::unfold(Some(watch), |watch| async move {
                let mut watch = watch?;
                match watch.next().await {
                    Ok(None) => None,
                    Ok(Some(event)) => Some((Ok(event), Some(watch))),
                    Err(error) => Some((Err(error), None)),
                }
            })
        })
        .boxed()
}

struct Watch<S> {
    reader: Reader<S>,
    _watching: Watching,
    /// The last event that is not shown.
    after: Sequence,
    /// The last event that was read.
    place: Sequence,
    page: Option<(Arc<Vec<SpecEvent>>, usize)>,
    standing: Standing,
}

/// How a watcher stands to the others of its spec.
#[derive(Debug, Clone, Copy)]
enum Standing {
    /// It has not looked yet.
    Newcomer,
    /// It has seen everything up to its place.
    Abreast,
    /// The look that it shared has failed.
    Alone,
}

impl<S: SpecStore> Watch<S> {
    fn begin(source: Source<S>, id: SpecId, after: Sequence) -> Self {
        let Source {
            hub,
            store,
            clock,
            poll,
        } = source;
        let watching = hub.join(&*store, id);
        let reader = Reader {
            store,
            clock,
            poll,
            id,
            topic: Arc::clone(watching.topic()),
        };
        Self {
            reader,
            _watching: watching,
            after,
            place: after,
            page: None,
            standing: Standing::Newcomer,
        }
    }

    async fn next(&mut self) -> Result<Option<SpecEvent>, Error> {
        loop {
            while let Some(event) = self.take() {
                if event.sequence > self.after {
                    return Ok(Some(event));
                }
            }
            match self.found().await? {
                Found::Page(page) => self.page = Some((page, 0)),
                Found::Ahead(last) => self.place = last,
                Found::Ended => return Ok(None),
                Found::Missing => return Err(Error::NotFound { id: self.reader.id }),
            }
        }
    }

    /// The next event of the page, which is let go after its last.
    fn take(&mut self) -> Option<SpecEvent> {
        let (page, next) = self.page.as_mut()?;
        let event = page.get(*next).cloned();
        *next += 1;
        match &event {
            Some(event) => self.place = event.sequence,
            None => self.page = None,
        }
        event
    }

    async fn found(&mut self) -> Result<Found, Error> {
        loop {
            let standing = std::mem::replace(&mut self.standing, Standing::Abreast);
            let tail = match standing {
                Standing::Newcomer => self.reader.tail(self.place, true),
                Standing::Abreast => self.reader.tail(self.place, false),
                Standing::Alone => return self.reader.follow(self.place, None).await,
            };
            if let Some(tail) = tail {
                match tail.await {
                    Some(found) => return Ok(found),
                    None => self.standing = Standing::Alone,
                }
            } else {
                let reasons = self.reader.topic.reasons();
                if let Some(found) = self.reader.look(self.place, reasons).await? {
                    return Ok(found);
                }
            }
        }
    }
}

struct Reader<S> {
    store: Arc<S>,
    clock: Arc<dyn Clock>,
    poll: Duration,
    id: SpecId,
    topic: Arc<Topic>,
}

impl<S> Clone for Reader<S> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            poll: self.poll,
            id: self.id,
            topic: Arc::clone(&self.topic),
        }
    }
}

impl<S: SpecStore> Reader<S> {
    /// The wait for what comes after `after`, together with the others who stand there.
    fn tail(&self, after: Sequence, newcomer: bool) -> Option<Tail> {
        self.topic.tail(after, newcomer, |nothing_since| {
            let reader = self.clone();
            async move { reader.follow(after, nothing_since).await.ok() }
        })
    }

    /// Waits for what comes after `after`. Up to the reasons `nothing_since` there is nothing.
    async fn follow(&self, after: Sequence, nothing_since: Option<u64>) -> Result<Found, Error> {
        let mut seen = nothing_since;
        loop {
            let polled = match seen {
                Some(seen) => self.topic.wait(seen, &*self.clock, self.poll).await,
                None => false,
            };
            // Before the read: what comes during it is not answered by it.
            let reasons = self.topic.reasons();
            if let Some(found) = self.look(after, reasons).await? {
                if polled && matches!(found, Found::Page(_)) {
                    self.topic.found_unhinted();
                }
                return Ok(found);
            }
            seen = Some(reasons);
        }
    }

    /// Looks once; `None` when there is nothing yet.
    async fn look(&self, after: Sequence, reasons: u64) -> Result<Option<Found>, Error> {
        let limit = PageLimit::default();
        loop {
            let page = self.store.events(self.id, after, limit).await;
            let page = page.map_err(Error::store("read events"))?;
            if !page.is_empty() {
                self.topic.read(after, &page, limit, reasons);
                return Ok(Some(Found::Page(Arc::new(page))));
            }
            if !self.topic.is_open_at(after) {
                let stored = self.store.get(self.id).await;
                let Some(stored) = stored.map_err(Error::store("read a spec"))? else {
                    return Ok(Some(Found::Missing));
                };
                if stored.last_sequence > after {
                    continue;
                }
                if stored.spec.status.is_terminal() {
                    return Ok(Some(Found::Ended));
                }
                if stored.spec.archived_at.is_none() {
                    self.topic.open_at(stored.last_sequence);
                }
                if stored.last_sequence < after {
                    return Ok(Some(Found::Ahead(stored.last_sequence)));
                }
            }
            self.topic.read(after, &[], limit, reasons);
            return Ok(None);
        }
    }
}
