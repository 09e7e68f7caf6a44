//! Operations that tell what happens to a spec.

use axum::http::StatusCode;
use serde_json::json;
use spec_core::id::Sequence;
use spec_core::store::PageLimit;

use super::examples;
use super::operation::{About, Access, Operation, Tag};
use super::part::Answer;
use crate::auth::SpecAction;
use crate::dto::EventPage;
use crate::handlers::events;

pub(super) fn operations() -> Vec<Operation> {
    vec![list_events(), stream_events()]
}

fn list_events() -> Operation {
    let about = About {
        id: "listEvents",
        tag: Tag::Events,
        summary: "The events of a spec, page by page, oldest first",
        access: Access::Spec(SpecAction::View),
    };
    Operation::get("/specs/{spec_id}/events", events::page, about)
        .query::<Sequence>("after", "Only those after this one. Default: 0.")
        .query::<PageLimit>("limit", "The size of the page. Default: 100.")
        .answer(Answer::ok::<EventPage>(
            "The page.",
            json!({ "events": [examples::event()], "next_after": 2 }),
        ))
}

fn stream_events() -> Operation {
    let about = About {
        id: "streamEvents",
        tag: Tag::Events,
        summary: "The events of a spec as they happen",
        access: Access::Spec(SpecAction::View),
    };
    let event = examples::event();
    let frame = format!("id: 2\nevent: spec.execution_started\ndata: {event}\n\n");
    Operation::get("/specs/{spec_id}/events/stream", events::stream, about)
        .header::<Sequence>(
            "Last-Event-ID",
            "The last event that the client has seen. Browsers send it when they come back.",
        )
        .query::<Sequence>(
            "last_event_id",
            "Likewise, for clients that cannot set headers. The header wins.",
        )
        .answer(
            Answer::empty(
                StatusCode::OK,
                "Server-sent events: `id` is the sequence, `event` the type, `data` a SpecEvent. \
                 After the last event of a spec comes `end`, without an id, with the data \
                 `{spec_id, last_event_id}`; a stream that ends without it is to be opened again.",
            )
            .media::<String>("text/event-stream", frame.into()),
        )
}
