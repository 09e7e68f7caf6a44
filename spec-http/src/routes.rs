//! The one table of routes. The router, its document and the tests of who may do what follow from it.
//!
//! An operation is added by declaring it in the file of its group. Tests then ask for a row in the lists
//! for readers, and for `openapi.json` to be rewritten.

mod commands;
mod events;
mod examples;
mod operation;
mod part;
mod results;
mod review;
mod service;
mod specs;

pub(crate) use operation::{Access, Operation, Tag};
pub(crate) use part::{Answer, Body, MakeSchema, Parameter, Place};

use axum::extract::DefaultBodyLimit;
use axum::routing::any;
use axum::{Router, middleware};
use spec_core::DynSpecStateMachine;

use crate::config::HttpConfig;
use crate::error::ApiError;
use crate::middleware::{Guard, catch_panics, guard, keep_private, refuse_cross_origin, see_base};
use crate::problem;
use crate::state::AppState;

/// Every operation of this crate, in the order in which they are documented.
pub(crate) fn operations() -> Vec<Operation> {
    let groups = [
        specs::operations(),
        results::operations(),
        commands::operations(),
        review::operations(),
        events::operations(),
        service::operations(),
    ];
    groups.into_iter().flatten().collect()
}

/// The routes of this crate, relative to wherever the host nests them. See the [crate] for a list.
pub fn router(machine: DynSpecStateMachine, config: HttpConfig) -> Router {
    let max_body_bytes = config.max_body_bytes;
    let allowed_origins = config.allowed_origins.clone();
    let base = config.base.clone();
    let state = AppState::new(machine, config);

    let mut routes = Router::new();
    for operation in operations() {
        let guarding = Guard {
            state: state.clone(),
            access: operation.access,
        };
        let layer = middleware::from_fn_with_state(guarding, guard);
        routes = routes.route(operation.path, operation.handler.route_layer(layer));
    }
    routes
        // Routes and not a fallback alone, which axum forgets when a router is nested twice.
        .route("/", any(no_such_path))
        .route("/{*path}", any(no_such_path))
        .fallback(no_such_path)
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(DefaultBodyLimit::max(max_body_bytes))
        .layer(middleware::from_fn_with_state(
            allowed_origins,
            refuse_cross_origin,
        ))
        .layer(middleware::from_fn(catch_panics))
        .layer(middleware::from_fn(problem::render))
        .layer(middleware::map_response(keep_private))
        .layer(middleware::from_fn_with_state(base, see_base))
        .with_state(state)
}

/// What is asked for is not in the table.
async fn no_such_path() -> ApiError {
    ApiError::no_such_path()
}
