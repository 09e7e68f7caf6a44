//! An [axum] router for `spec-core`: launch a spec, watch it happen, cancel it.
//!
//! [`router`] takes the machine and a [`HttpConfig`], which cannot be made without an
//! [`Authenticator`], and yields a [`Router`](axum::Router) to be nested under any prefix:
//!
//! ```
//! use axum::Router;
//! use spec_core::DynSpecStateMachine;
//! use spec_core::id::UserId;
//! use spec_http::{BearerTokens, HttpConfig};
//!
//! fn app(machine: DynSpecStateMachine, token: &str) -> Result<Router, spec_core::InvalidInput> {
//!     let tokens = BearerTokens::new([(token, UserId::new("ada")?)]);
//!     let specs = spec_http::router(machine, HttpConfig::new(tokens));
//!     Ok(Router::new().nest("/api/v1", specs))
//! }
//! ```
//!
//! Nest it, rather than merge it: the router answers unknown paths below its prefix itself, and axum
//! does not merge two routers that both do.
//!
//! | verb and path | meaning |
//! |---|---|
//! | `POST /specs/launch` | create a spec and, unless told otherwise, start it |
//! | `GET /specs` | a page of the caller's specs, newest first |
//! | `GET /specs/{spec_id}` | one of them, with an `ETag` |
//! | `DELETE /specs/{spec_id}` | put a draft, or one that has ended, away |
//! | `POST /specs/{spec_id}/execute` | start a draft |
//! | `POST /specs/{spec_id}/pause` | stop it for now; what was accepted is kept |
//! | `POST /specs/{spec_id}/resume` | go on after a pause |
//! | `POST /specs/{spec_id}/cancel` | stop it for good |
//! | `POST /specs/{spec_id}/retry` | do a phase again, and those that build on it |
//! | `POST /specs/{spec_id}/phases/{phase}/approve` | let it go on after a gate |
//! | `POST /specs/{spec_id}/phases/{phase}/request-changes` | have the phase before a gate done again |
//! | `PUT /specs/{spec_id}/budget` | change what its agents may consume; what failed for it goes on |
//! | `GET /specs/{spec_id}/usage` | what they have consumed, by phase, attempt and agent |
//! | `GET /specs/{spec_id}/phases/{phase}` | what a phase has produced, the newest or `?version` |
//! | `GET /specs/{spec_id}/phases/{phase}/versions` | which versions there are |
//! | `GET /specs/{spec_id}/trace` | coverage and order, computed from the newest outputs |
//! | `GET /specs/{spec_id}/export` | all of it as a file, Markdown or JSON |
//! | `GET /specs/{spec_id}/events` | its events, page by page |
//! | `GET /specs/{spec_id}/events/stream` | its events as they happen (server-sent events) |
//! | `GET /specs/{spec_id}/ws` | the same as frames of a WebSocket |
//! | `GET /projects` | the projects that the caller may pick from |
//! | `GET /capabilities` | agents, the default policy, and whether there are quick tasks |
//! | `POST /quick-tasks` | a task without a spec, where the host [makes](QuickTasks) them |
//! | `GET /openapi.json` | this API as an OpenAPI 3.1 document; for everybody |
//! | `GET /healthz` | the process answers; for everybody |
//! | `GET /readyz` | the store answers too, and the server is not stopping; for everybody |
//!
//! All routes are declared in one table, from which the document at `GET /openapi.json` is made, too.
//!
//! Who may do what with a spec is decided by an [`Authorizer`]: by default, its owner everything and
//! everybody else nothing. What a browser sends for a page of another origin is answered 403 if it could
//! change something or opens a WebSocket, unless [`HttpConfig::with_allowed_origins`] names that origin.
//!
//! Every error is an RFC 9457 `application/problem+json`. What goes wrong on this side is told as a
//! constant text and logged once, with its causes; that includes panics. A body has 30 seconds to arrive.
//!
//! With the feature `daytona-webhook`, `daytona_webhook` is a route of its own for what the sandbox
//! provider Daytona tells by webhook.
//!
//! With the feature `ui`, `ui` is a router of web pages for all of this, embedded in the program.
//!
//! The crate holds no rule about specs: it translates, and the machine decides.

mod auth;
mod config;
mod dto;
mod error;
mod extract;
mod handlers;
mod middleware;
mod openapi;
mod problem;
mod quick_tasks;
mod routes;
mod state;
mod stream;
#[cfg(feature = "ui")]
mod ui;
#[cfg(feature = "daytona-webhook")]
mod webhook;

pub use auth::{
    AuthError, Authenticator, Authorizer, BearerTokens, NoAuth, OwnerOnly, Principal, SpecAction,
    SpecScope,
};
pub use config::HttpConfig;
pub use quick_tasks::{CreatedQuickTask, QuickTask, QuickTaskError, QuickTasks};
pub use routes::router;
#[cfg(feature = "ui")]
pub use ui::{UiConfig, ui};
#[cfg(feature = "daytona-webhook")]
pub use webhook::{WebhookSecrets, daytona_webhook};

#[cfg(all(doctest, feature = "daytona-webhook", feature = "ui"))]
#[doc = include_str!("../README.md")]
struct Readme;
