//! Problems, each described once for all operations.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::schemas::Schemas;
use crate::problem::ProblemBody;
use crate::routes::Operation;

/// The responses to which [`reference`] refers.
pub(super) fn responses(operations: &[Operation], schemas: &mut Schemas) -> Map<String, Value> {
    let statuses: BTreeSet<_> = operations.iter().flat_map(Operation::problems).collect();
    let described = statuses.into_iter().map(|status| {
        let schema = schemas.of_answer(SchemaGenerator::subschema_for::<ProblemBody<'_>>);
        let mut response = json!({
            "description": meaning(status),
            "content": {
                "application/problem+json": { "schema": schema, "example": example(status) }
            }
        });
        if let (Some((name, description)), Some(members)) =
            (header(status), response.as_object_mut())
        {
            let header = json!({ "description": description, "schema": { "type": "string" } });
            members.insert("headers".to_owned(), json!({ name: header }));
        }
        (name(status), response)
    });
    described.collect()
}

pub(super) fn reference(status: StatusCode) -> Value {
    json!({ "$ref": format!("#/components/responses/{}", name(status)) })
}

/// The status in words, without spaces.
fn name(status: StatusCode) -> String {
    let words = status.canonical_reason().unwrap_or("Error");
    words.split(' ').collect()
}

fn meaning(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "The request cannot be read.",
        StatusCode::UNAUTHORIZED => "The credentials are missing or wrong.",
        StatusCode::PAYMENT_REQUIRED => "The budget is used up.",
        StatusCode::FORBIDDEN => {
            "The caller may not use this service, or may see the spec and not do this with it; or a \
             browser sent a command for a page of another origin."
        }
        StatusCode::NOT_FOUND => "There is no such thing, or the caller may not see it.",
        StatusCode::REQUEST_TIMEOUT => "The body took too long to arrive.",
        StatusCode::CONFLICT => "The state of the spec does not allow it; the detail names both.",
        StatusCode::PRECONDITION_FAILED => {
            "What the request was made for has changed in the meantime; look at it again."
        }
        StatusCode::PAYLOAD_TOO_LARGE => "The body is too large.",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "The body is not JSON by its content type.",
        StatusCode::UNPROCESSABLE_ENTITY => "Fields of the request are wrong; each is named.",
        StatusCode::UPGRADE_REQUIRED => "This path is a WebSocket, and the request asked for none.",
        StatusCode::TOO_MANY_REQUESTS => "Too much at once; try again later.",
        StatusCode::INTERNAL_SERVER_ERROR => "Something went wrong on the server's side.",
        StatusCode::SERVICE_UNAVAILABLE => {
            "The server, or one that it needs, cannot answer now; try again."
        }
        _ => status.canonical_reason().unwrap_or("An error."),
    }
}

fn header(status: StatusCode) -> Option<(&'static str, &'static str)> {
    match status {
        StatusCode::UPGRADE_REQUIRED => Some(("Upgrade", "`websocket`.")),
        StatusCode::UNAUTHORIZED => Some(("WWW-Authenticate", "How to authenticate.")),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            Some(("Retry-After", "When to try again, in seconds."))
        }
        _ => None,
    }
}

fn example(status: StatusCode) -> Value {
    json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "detail": meaning(status),
        "instance": "/api/v1/specs/01932b5e-7c00-7000-8000-000000000001"
    })
}
