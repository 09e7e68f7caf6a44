//! A stream as server-sent events.

use std::convert::Infallible;
use std::future;

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_core::stream::Stream;
use futures_util::{StreamExt as _, stream};
use serde_json::json;

use super::feed::{Feed, Item};
use crate::state::AppState;

/// Answers with what `feed` tells.
pub(crate) fn respond(state: &AppState, feed: Feed) -> Response {
    let keep_alive = KeepAlive::new().interval(state.heartbeat()).text("alive");
    let mut response = Sse::new(frames(feed))
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
    response
}

fn frames(feed: Feed) -> impl Stream<Item = Result<Event, Infallible>> {
    // A first comment makes proxies and clients see the headers at once.
    let open = stream::once(future::ready(Event::default().comment("open")));
    let told = stream::unfold(feed, |mut feed| async move {
        let item = feed.next().await?;
        Some((frame(item), feed))
    });
    open.chain(told).map(Ok)
}

fn frame(item: Item) -> Event {
    match item {
        Item::Event {
            sequence,
            name,
            json,
        } => Event::default()
            .id(sequence.to_string())
            .event(name)
            .data(json),
        // The end has no id of its own.
        Item::End {
            spec_id,
            last_event_id,
        } => {
            let data = json!({ "spec_id": spec_id, "last_event_id": last_event_id });
            Event::default().event("end").data(data.to_string())
        }
        Item::CutOff { retry_after } => Event::default().retry(retry_after),
    }
}
