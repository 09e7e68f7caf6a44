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
    vec![list_events(), stream_events(), open_socket()]
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
        .problem(StatusCode::TOO_MANY_REQUESTS)
}

fn open_socket() -> Operation {
    let about = About {
        id: "openSocket",
        tag: Tag::Events,
        summary: "The events of a spec as they happen, over a WebSocket",
        access: Access::Spec(SpecAction::View),
    };
    Operation::get("/specs/{spec_id}/ws", events::ws, about)
        .query::<Sequence>(
            "last_event_id",
            "The last event that the client has seen. Default: 0.",
        )
        .header::<String>(
            "Sec-WebSocket-Protocol",
            "`spec.v1`, and beside it maybe `bearer.<token>`, for clients that cannot set \
             `Authorization`.",
        )
        .answer(Answer::empty(
            StatusCode::SWITCHING_PROTOCOLS,
            "Text frames follow, each a JSON object: `{kind: \"event\", event: SpecEvent}`; \
             `{kind: \"heartbeat\"}` now and then; after the last event of a spec `{kind: \"end\", \
             spec_id, last_event_id}` and close code 1000; or, when the server stops, `{kind: \
             \"cut_off\", retry_after_ms}` and 1012. A connection that ends without `end` is to be \
             opened again. Nothing is to be sent: messages are answered with 1008. Pings have to be \
             answered, which browsers do by themselves.",
        ))
        .problem(StatusCode::UPGRADE_REQUIRED)
        .problem(StatusCode::TOO_MANY_REQUESTS)
}
