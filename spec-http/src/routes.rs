//! Which path leads to which handler.

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post, put};
use axum::{Router, middleware};
use spec_core::DynSpecStateMachine;

use crate::config::HttpConfig;
use crate::error::ApiError;
use crate::handlers::{commands, events, health, launch, specs, usage};
use crate::middleware::require_principal;
use crate::problem;
use crate::state::AppState;

/// The routes of this crate, relative to wherever the host nests them. See the [crate] for a list.
pub fn router(machine: DynSpecStateMachine, config: HttpConfig) -> Router {
    let max_body_bytes = config.max_body_bytes;
    let state = AppState::new(machine, config);

    let specs = Router::new()
        .route("/specs", get(specs::list))
        .route("/specs/launch", post(launch::launch))
        .route("/specs/{spec_id}", get(specs::detail))
        .route("/specs/{spec_id}/execute", post(commands::execute))
        .route("/specs/{spec_id}/cancel", post(commands::cancel))
        .route("/specs/{spec_id}/budget", put(commands::set_budget))
        .route("/specs/{spec_id}/usage", get(usage::usage))
        .route("/specs/{spec_id}/events", get(events::page))
        .route("/specs/{spec_id}/events/stream", get(events::stream))
        .route("/specs/{spec_id}/ws", get(events::ws))
        .route_layer(middleware::from_fn_with_state(
            state.clone(),
            require_principal,
        ));

    Router::new()
        .merge(specs)
        .route("/healthz", get(health::healthz))
        .fallback(async || ApiError::no_such_path())
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(DefaultBodyLimit::max(max_body_bytes))
        .layer(middleware::from_fn(problem::render))
        .with_state(state)
}
