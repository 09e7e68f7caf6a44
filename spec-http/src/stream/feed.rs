//! What a stream consists of, however it is framed: events, and then why no more follow.

use std::sync::Arc;
use std::time::Duration;

use spec_core::event::SpecEvent;
use spec_core::id::{Sequence, SpecId};
use tokio_util::sync::CancellationToken;

use super::places::{Full, Place};
use super::source::{Next, Source};
use crate::auth::Principal;
use crate::error::ApiError;
use crate::state::AppState;

/// When to come back after a stream that this side cut off.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// One thing that a stream tells.
#[derive(Debug)]
pub(super) enum Item {
    Event {
        sequence: Sequence,
        name: &'static str,
        /// The event, on one line.
        json: String,
    },
    /// Nothing more will happen: the client need not come back.
    End {
        spec_id: SpecId,
        last_event_id: Sequence,
    },
    /// The client is to come back and go on where it was.
    CutOff { retry_after: Duration },
}

/// The events of a spec as they happen, until their end or until this side cuts them off.
pub(crate) struct Feed {
    id: SpecId,
    last: Sequence,
    source: Arc<Source>,
    shutdown: CancellationToken,
    is_over: bool,
    _place: Place,
}

impl Feed {
    /// The events of spec `id` after `after`, for `principal`, whose place among the open streams is
    /// taken as long as the feed lives.
    pub(crate) fn open(
        state: &AppState,
        principal: &Principal,
        id: SpecId,
        after: Sequence,
    ) -> Result<Self, ApiError> {
        if state.shutdown().is_cancelled() {
            return Err(ApiError::shutting_down());
        }
        let source = Arc::new(Source::new(state.machine().watch(id, after)));
        let place = state.places().take(&principal.user, &source);
        let place = place.map_err(|full| match full {
            Full::ForUser => ApiError::too_many_streams_of_yours(),
            Full::ForAll => ApiError::too_many_streams(),
        })?;
        Ok(Self {
            id,
            last: after,
            source,
            shutdown: state.shutdown().clone(),
            is_over: false,
            _place: place,
        })
    }

    /// Waits for what is to be told next; `None` after an end or a cut. Nothing is lost when the wait
    /// is given up.
    pub(super) async fn next(&mut self) -> Option<Item> {
        if self.is_over {
            return None;
        }
        let item = self.follow().await;
        self.is_over = !matches!(item, Item::Event { .. });
        Some(item)
    }

    async fn follow(&mut self) -> Item {
        loop {
            let next = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return CUT_OFF,
                next = self.source.next() => next,
            };
            match next {
                Next::Ended => {
                    return Item::End {
                        spec_id: self.id,
                        last_event_id: self.last,
                    };
                }
                Next::TakenAway => return CUT_OFF,
                Next::Event(event) => match *event {
                    Ok(event) if event.sequence <= self.last => {}
                    Ok(event) => return self.told(&event),
                    Err(error) => return self.failed(&error),
                },
            }
        }
    }

    fn told(&mut self, event: &SpecEvent) -> Item {
        match serde_json::to_string(event) {
            Ok(json) => {
                self.last = event.sequence;
                Item::Event {
                    sequence: event.sequence,
                    name: event.body.name(),
                    json,
                }
            }
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&self, error: &(dyn std::error::Error + 'static)) -> Item {
        tracing::error!(spec.id = %self.id, error, "a stream of events failed");
        CUT_OFF
    }
}

const CUT_OFF: Item = Item::CutOff {
    retry_after: RETRY_AFTER,
};
