//! Operations that are about the service and not about a spec.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::examples;
use super::operation::{About, Access, Operation, Tag};
use super::part::Answer;
use crate::dto::{Capabilities, HealthBody, ProjectList, QuickTaskBody, QuickTaskCreated};
use crate::handlers::{health, offer, openapi, quick_tasks};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        list_projects(),
        get_capabilities(),
        create_quick_task(),
        get_open_api(),
        get_health(),
        get_readiness(),
    ]
}

fn list_projects() -> Operation {
    let about = About {
        id: "listProjects",
        tag: Tag::Service,
        summary: "The projects that the caller may pick from",
        access: Access::Principal,
    };
    Operation::get("/projects", offer::projects, about).answer(Answer::ok::<ProjectList>(
        "The projects, at most 1,000.",
        json!({
            "projects": [{ "id": "shop", "name": "The shop" }],
            "default_project_id": "shop"
        }),
    ))
}

fn get_capabilities() -> Operation {
    let about = About {
        id: "getCapabilities",
        tag: Tag::Service,
        summary: "What the server offers to the caller",
        access: Access::Principal,
    };
    Operation::get("/capabilities", offer::capabilities, about).answer(Answer::ok::<Capabilities>(
        "What it offers.",
        examples::capabilities(),
    ))
}

fn create_quick_task() -> Operation {
    let about = About {
        id: "createQuickTask",
        tag: Tag::Service,
        summary: "Make a task without a spec, where the server can",
        access: Access::Principal,
    };
    Operation::post("/quick-tasks", quick_tasks::create, about)
        .body::<QuickTaskBody>(json!({
            "title": "Rename the button",
            "description": "It should say Save.",
            "project_id": "shop"
        }))
        .answer(Answer::json::<QuickTaskCreated>(
            StatusCode::CREATED,
            "The task was made.",
            json!({ "task_id": "T-17", "url": "https://tasks.example.org/T-17" }),
        ))
        .problem(StatusCode::NOT_FOUND)
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
