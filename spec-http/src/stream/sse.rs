//! Server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_core::stream::{BoxStream, Stream};
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use spec_core::Error;
use spec_core::event::SpecEvent;
use spec_core::id::{Sequence, SpecId};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use crate::error::ApiError;
use crate::state::AppState;

/// When to come back after a stream that this side cut off.
const RETRY: Duration = Duration::from_secs(1);

/// The events of a spec after `after`, as they happen.
pub(crate) fn respond(state: &AppState, id: SpecId, after: Sequence) -> Result<Response, ApiError> {
    if state.shutdown().is_cancelled() {
        return Err(ApiError::shutting_down());
    }
    let permit = state
        .stream_permit()
        .ok_or_else(ApiError::too_many_streams)?;
    let feed = Feed {
        id,
        last: after,
        events: state.machine().watch(id, after),
        shutdown: state.shutdown().clone(),
        stage: Stage::Opening,
        _permit: permit,
    };
    let keep_alive = KeepAlive::new().interval(state.heartbeat()).text("alive");
    let mut response = Sse::new(feed.into_stream())
        .keep_alive(keep_alive)
        .into_response();
    let headers = response.headers_mut();
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-transform"),
    );
    // Asks nginx not to gather the stream before it passes it on.
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(response)
}

struct Feed {
    id: SpecId,
    last: Sequence,
    events: BoxStream<'static, Result<SpecEvent, Error>>,
    shutdown: CancellationToken,
    stage: Stage,
    _permit: OwnedSemaphorePermit,
}

enum Stage {
    /// A first comment makes proxies and clients see the headers at once.
    Opening,
    Following,
    Closed,
}

impl Feed {
    fn into_stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut feed| async move {
            let frame = feed.next().await?;
            Some((Ok(frame), feed))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        match self.stage {
            Stage::Opening => {
                self.stage = Stage::Following;
                Some(Event::default().comment("open"))
            }
            Stage::Following => Some(self.follow().await),
            Stage::Closed => None,
        }
    }

    async fn follow(&mut self) -> Event {
        loop {
            let next = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return self.cut_off(),
                next = self.events.next() => next,
            };
            match next {
                None => return self.end(),
                Some(Ok(event)) if event.sequence <= self.last => {}
                Some(Ok(event)) => {
                    self.last = event.sequence;
                    return frame(&event).unwrap_or_else(|error| self.failed(&error));
                }
                Some(Err(error)) => return self.failed(&error),
            }
        }
    }

    /// Nothing more will happen: the client need not come back. The end has no id of its own.
    fn end(&mut self) -> Event {
        self.stage = Stage::Closed;
        let data = json!({ "spec_id": self.id, "last_event_id": self.last });
        Event::default().event("end").data(data.to_string())
    }

    /// The client is to come back and go on where it was.
    fn cut_off(&mut self) -> Event {
        self.stage = Stage::Closed;
        Event::default().retry(RETRY)
    }

    fn failed(&mut self, error: &(dyn std::error::Error + 'static)) -> Event {
        tracing::error!(spec.id = %self.id, error, "a stream of events failed");
        self.cut_off()
    }
}

fn frame(event: &SpecEvent) -> Result<Event, axum::Error> {
    Event::default()
        .id(event.sequence.to_string())
        .event(event.body.name())
        .json_data(event)
}
