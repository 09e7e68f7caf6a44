//! Operations by which a person asks something of a spec. Each answers with the spec.

use axum::http::StatusCode;
use serde_json::json;

use super::operation::{About, Access, Operation, Tag};
use super::specs::spec_answer;
use crate::auth::SpecAction;
use crate::dto::{BudgetBody, CancelBody};
use crate::handlers::commands;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        execute_spec(),
        pause_spec(),
        resume_spec(),
        cancel_spec(),
        set_budget(),
        archive_spec(),
    ]
}

fn execute_spec() -> Operation {
    let about = About {
        id: "executeSpec",
        tag: Tag::Commands,
        summary: "Start a draft",
        access: Access::Spec(SpecAction::Execute),
    };
    Operation::post("/specs/{spec_id}/execute", commands::execute, about)
        .answer(spec_answer())
        .problem(StatusCode::CONFLICT)
}

fn pause_spec() -> Operation {
    let about = About {
        id: "pauseSpec",
        tag: Tag::Commands,
        summary: "Stop a spec for now; its sandbox ends, and what was accepted is kept",
        access: Access::Spec(SpecAction::Pause),
    };
    Operation::post("/specs/{spec_id}/pause", commands::pause, about)
        .answer(spec_answer())
        .problem(StatusCode::CONFLICT)
}

fn resume_spec() -> Operation {
    let about = About {
        id: "resumeSpec",
        tag: Tag::Commands,
        summary: "Let a paused spec go on; the phase that was under way begins anew",
        access: Access::Spec(SpecAction::Resume),
    };
    Operation::post("/specs/{spec_id}/resume", commands::resume, about)
        .answer(spec_answer())
        .problem(StatusCode::CONFLICT)
        .problem(StatusCode::PAYMENT_REQUIRED)
}

fn cancel_spec() -> Operation {
    let about = About {
        id: "cancelSpec",
        tag: Tag::Commands,
        summary: "Stop a spec for good",
        access: Access::Spec(SpecAction::Cancel),
    };
    Operation::post("/specs/{spec_id}/cancel", commands::cancel, about)
        .optional_body::<CancelBody>(json!({ "reason": "The idea has changed." }))
        .answer(spec_answer())
        .problem(StatusCode::CONFLICT)
}

fn set_budget() -> Operation {
    let about = About {
        id: "setBudget",
        tag: Tag::Commands,
        summary: "Change what its agents may consume; what failed for it goes on",
        access: Access::Spec(SpecAction::SetBudget),
    };
    Operation::put("/specs/{spec_id}/budget", commands::set_budget, about)
        .body::<BudgetBody>(json!({ "budget": { "tokens": 2_000_000 } }))
        .answer(spec_answer())
        .problem(StatusCode::CONFLICT)
        .problem(StatusCode::PAYMENT_REQUIRED)
}

fn archive_spec() -> Operation {
    let about = About {
        id: "archiveSpec",
        tag: Tag::Commands,
        summary: "Put a draft, or a spec that has ended, away",
        access: Access::Spec(SpecAction::Archive),
    };
    Operation::delete("/specs/{spec_id}", commands::archive, about)
        .answer(spec_answer())
        .problem(StatusCode::CONFLICT)
}
