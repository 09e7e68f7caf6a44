//! Operations that are about the service and not about a spec.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::operation::{About, Access, Operation, Tag};
use super::part::Answer;
use crate::dto::HealthBody;
use crate::handlers::{health, openapi};

pub(super) fn operations() -> Vec<Operation> {
    vec![get_open_api(), get_health(), get_readiness()]
}

fn get_open_api() -> Operation {
    let about = About {
        id: "getOpenApi",
        tag: Tag::Service,
        summary: "This document",
        access: Access::Public,
    };
    Operation::get("/openapi.json", openapi::document, about).answer(
        Answer::ok::<Map<String, Value>>(
            "The OpenAPI document of this API.",
            json!({ "openapi": "3.1.0", "info": { "title": "spec-http", "version": "0.1.0" } }),
        ),
    )
}

fn get_health() -> Operation {
    let about = About {
        id: "getHealth",
        tag: Tag::Service,
        summary: "The process answers",
        access: Access::Public,
    };
    Operation::get("/healthz", health::healthz, about).answer(Answer::ok::<HealthBody>(
        "It does.",
        json!({ "status": "ok" }),
    ))
}

fn get_readiness() -> Operation {
    let about = About {
        id: "getReadiness",
        tag: Tag::Service,
        summary: "The store answers within 2 seconds, and the server is not stopping",
        access: Access::Public,
    };
    Operation::get("/readyz", health::readyz, about)
        .answer(Answer::ok::<HealthBody>(
            "Requests can be answered.",
            json!({ "status": "ok" }),
        ))
        .problem(StatusCode::SERVICE_UNAVAILABLE)
}
