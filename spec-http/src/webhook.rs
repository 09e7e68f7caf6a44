//! What the sandbox provider Daytona tells by webhook.

mod signature;

pub use signature::WebhookSecrets;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Router, middleware};
use serde::Deserialize;
use spec_core::DynSpecStateMachine;
use spec_core::id::SandboxId;

use self::signature::{Refused, Signature};
use crate::auth::AuthError;
use crate::error::ApiError;
use crate::extract::{parse, read};
use crate::middleware::catch_panics;
use crate::problem;

/// Longest body; Daytona's have less than 1 KiB.
const MAX_BODY: usize = 64 * 1024;
/// The event that tells of a sandbox.
const STATE_UPDATED: &str = "sandbox.state.updated";

/// One route, `POST /`, that takes the webhooks of [Daytona](https://www.daytona.io), wherever the
/// host nests it. When one says that the state of a sandbox has changed, whoever works with that
/// sandbox [looks at it](spec_core::SpecStateMachine::sandbox_changed) at once.
///
/// No [`Authenticator`](crate::Authenticator) is asked: webhooks are signed (Svix, or any sender after
/// the [Standard Webhooks] specification) with one of `secrets`, and taken when they were signed less
/// than 5 minutes ago, by the clock of the machine. Taking one twice does no harm.
///
/// | answer | when |
/// |---|---|
/// | 204 | it was taken, or tells of something else |
/// | 400, 422 | it is signed, and no JSON, or not of the shape of its event |
/// | 401 | it is not signed, by somebody else, or too long ago |
/// | 408 | the body takes longer than 30 seconds to arrive |
/// | 413 | the body is longer than 64 KiB |
/// | 503 | the store does not answer; the sender delivers again |
///
/// ```
/// use axum::Router;
/// use spec_core::sandbox::Secret;
/// use spec_core::{DynSpecStateMachine, InvalidInput};
/// use spec_http::{WebhookSecrets, daytona_webhook};
///
/// fn hooks(machine: DynSpecStateMachine, secret: Secret) -> Result<Router, InvalidInput> {
///     let secrets = WebhookSecrets::new([secret])?;
///     Ok(Router::new().nest("/hooks/daytona", daytona_webhook(machine, secrets)))
/// }
/// ```
///
/// [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
pub fn daytona_webhook(machine: DynSpecStateMachine, secrets: WebhookSecrets) -> Router {
    Router::new()
        .route("/", post(receive))
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(catch_panics))
        .layer(middleware::from_fn(problem::render))
        .with_state(Hook { machine, secrets })
}

#[derive(Debug, Clone)]
struct Hook {
    machine: DynSpecStateMachine,
    secrets: WebhookSecrets,
}

/// What every event says.
#[derive(Debug, Deserialize)]
struct Told {
    event: String,
}

/// What an event about a sandbox says beside.
#[derive(Debug, Deserialize)]
struct ToldOfSandbox {
    id: SandboxId,
}

async fn receive(State(hook): State<Hook>, request: Request) -> Result<StatusCode, ApiError> {
    // Before the body is read: whoever signs nothing is not listened to.
    let signature = Signature::of(request.headers(), hook.machine.now()).map_err(refuse)?;
    let body = read(request, &hook).await?;
    hook.secrets.verify(&signature, &body).map_err(refuse)?;
    let told: Told = parse(&body)?;
    if told.event == STATE_UPDATED {
        let of: ToldOfSandbox = parse(&body)?;
        hook.machine.sandbox_changed(&of.id).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The answer is one and the same; what was wrong is for the host.
fn refuse(refused: Refused) -> ApiError {
    tracing::debug!(why = refused.why(), "a webhook was refused");
    AuthError::Unauthenticated {
        challenge: "Webhook-Signature",
    }
    .into()
}
