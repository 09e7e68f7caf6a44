//! Operations that launch specs and look at them.

use axum::http::StatusCode;
use serde_json::json;
use spec_core::SpecStatus;
use spec_core::id::{IdempotencyKey, ProjectId, SpecId};
use spec_core::store::{PageLimit, TitleSearch};

use super::examples;
use super::operation::{About, Access, Operation, Tag};
use super::part::Answer;
use crate::auth::SpecAction;
use crate::dto::{LaunchBody, LaunchedBody, SpecDetail, SpecPage, SpecUsageDetail};
use crate::handlers::{launch, specs, usage};

pub(super) fn operations() -> Vec<Operation> {
    vec![launch_spec(), list_specs(), get_spec(), get_usage()]
}

fn launch_spec() -> Operation {
    let about = About {
        id: "launchSpec",
        tag: Tag::Specs,
        summary: "Create a spec and, unless told otherwise, start it",
        access: Access::Principal,
    };
    Operation::post("/specs/launch", launch::launch, about)
        .header::<IdempotencyKey>(
            "Idempotency-Key",
            "Makes the launch repeatable: the same key of the same caller never makes a second spec.",
        )
        .body::<LaunchBody>(examples::launch())
        .answer(
            Answer::json::<LaunchedBody>(
                StatusCode::CREATED,
                "The spec was created.",
                examples::launched(),
            )
            .header("Location", "Where the spec is."),
        )
        .answer(
            Answer::ok::<LaunchedBody>(
                "An earlier launch with this key had created the spec.",
                examples::launched(),
            )
            .header("Location", "Where the spec is."),
        )
}

fn list_specs() -> Operation {
    let about = About {
        id: "listSpecs",
        tag: Tag::Specs,
        summary: "A page of the caller's specs, newest first",
        access: Access::Principal,
    };
    Operation::get("/specs", specs::list, about)
        .query::<ProjectId>("project_id", "Only those of this project.")
        .query::<SpecStatus>("status", "Only those with this status.")
        .query::<TitleSearch>(
            "search",
            "Only those with this in their title, in upper or lower case.",
        )
        .query::<bool>("include_archived", "Archived ones too. Default: false.")
        .query::<SpecId>("before", "Only older ones: the `next` of the page before.")
        .query::<PageLimit>("limit", "The size of the page. Default: 100.")
        .answer(Answer::ok::<SpecPage>(
            "The page.",
            json!({ "specs": [examples::item()], "next": examples::SPEC_ID }),
        ))
}

fn get_spec() -> Operation {
    let about = About {
        id: "getSpec",
        tag: Tag::Specs,
        summary: "A spec in full",
        access: Access::Spec(SpecAction::View),
    };
    Operation::get("/specs/{spec_id}", specs::detail, about)
        .header::<String>("If-None-Match", "The `ETag` of what the client has.")
        .answer(spec_answer())
        .answer(
            Answer::empty(
                StatusCode::NOT_MODIFIED,
                "The spec is as the client has it.",
            )
            .header("ETag", "The spec's revision."),
        )
}

fn get_usage() -> Operation {
    let about = About {
        id: "getUsage",
        tag: Tag::Specs,
        summary: "What its agents have consumed, by phase, attempt and agent",
        access: Access::Spec(SpecAction::View),
    };
    Operation::get("/specs/{spec_id}/usage", usage::usage, about).answer(Answer::ok::<
        SpecUsageDetail,
    >(
        "What they have consumed, the run under way included.",
        examples::spec_usage(),
    ))
}

/// The spec in full, as commands answer it too.
pub(super) fn spec_answer() -> Answer {
    Answer::ok::<SpecDetail<'_>>("The spec.", examples::spec())
        .header("ETag", "The spec's revision.")
}
