//! Operations by which a person decides about a phase. Each answers with the spec.

use axum::http::StatusCode;
use serde_json::json;

use super::examples;
use super::operation::{About, Access, Operation, Tag};
use super::specs::spec_answer;
use crate::auth::SpecAction;
use crate::dto::{ApproveBody, RequestChangesBody, RetryBody};
use crate::handlers::review;

pub(super) fn operations() -> Vec<Operation> {
    vec![approve_phase(), request_changes(), retry_spec()]
}

fn approve_phase() -> Operation {
    let about = About {
        id: "approvePhase",
        tag: Tag::Commands,
        summary: "Approve the artifact that waits at a gate; the spec goes on",
        access: Access::Spec(SpecAction::Approve),
    };
    let path = "/specs/{spec_id}/phases/{phase}/approve";
    Operation::post(path, review::approve, about)
        .body::<ApproveBody>(json!({ "content_hash": examples::CONTENT_HASH }))
        .answer(spec_answer())
        .problem(StatusCode::CONFLICT)
        .problem(StatusCode::PRECONDITION_FAILED)
}

fn request_changes() -> Operation {
    let about = About {
        id: "requestChanges",
        tag: Tag::Commands,
        summary: "Have the phase that waits at a gate done again, and say what to change",
        access: Access::Spec(SpecAction::Approve),
    };
    let path = "/specs/{spec_id}/phases/{phase}/request-changes";
    Operation::post(path, review::request_changes, about)
        .body::<RequestChangesBody>(json!({
            "content_hash": examples::CONTENT_HASH,
            "comment": "Say who may see the history, and for how long it is kept."
        }))
        .answer(spec_answer())
        .problem(StatusCode::CONFLICT)
        .problem(StatusCode::PAYMENT_REQUIRED)
        .problem(StatusCode::PRECONDITION_FAILED)
}

fn retry_spec() -> Operation {
    let about = About {
        id: "retrySpec",
        tag: Tag::Commands,
        summary: "Do a phase again, and after it those that build on it",
        access: Access::Spec(SpecAction::Retry),
    };
    Operation::post("/specs/{spec_id}/retry", review::retry, about)
        .optional_body::<RetryBody>(json!({
            "phase": "tasks",
            "feedback": "Make the tasks smaller."
        }))
        .answer(spec_answer())
        .problem(StatusCode::CONFLICT)
        .problem(StatusCode::PAYMENT_REQUIRED)
}
