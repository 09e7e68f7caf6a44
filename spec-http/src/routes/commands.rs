//! Operations by which a person asks something of a spec. Each answers with the spec.

use axum::http::StatusCode;
use serde_json::json;

use super::operation::{About, Access, Operation, Tag};
use super::specs::spec_answer;
use crate::auth::SpecAction;
use crate::dto::{BudgetBody, CancelBody};
use crate::handlers::commands;

pub(super) fn operations() -> Vec<Operation> {
    vec![execute_spec(), cancel_spec(), set_budget()]
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
