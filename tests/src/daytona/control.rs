//! The control plane: `/api`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, OriginalUri, Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::daytona::answer::{Answer, Refusal, now};
use crate::daytona::connection::Connection;
use crate::daytona::sandbox::{CreateSandbox, Sandbox, State};
use crate::daytona::world::{Inner, World};
use crate::daytona::{Fault, lifecycle, list};

type Fake = Shared<Arc<World>>;

/// The longest body that the control plane reads.
const LONGEST_BODY: usize = 1024 * 1024;

pub(crate) fn routes() -> Router<Arc<World>> {
    let sandbox = Router::new()
        .route("/", get(sandbox_of).delete(delete))
        .route("/start", post(start))
        .route("/stop", post(stop))
        .route("/labels", put(set_labels))
        .route("/last-activity", post(last_activity))
        .route("/autostop/{minutes}", post(set_auto_stop))
        .route("/autodelete/{minutes}", post(set_auto_delete))
        .route("/autoarchive/{minutes}", post(set_auto_archive))
        .route("/ttl/{minutes}", post(set_ttl))
        .route("/toolbox-proxy-url", get(toolbox_proxy_url));
    Router::new()
        .route("/sandbox", post(create).get(list::list))
        .nest("/sandbox/{sandbox}", sandbox)
        .route("/config", get(config))
        .route("/api-keys/current", get(current_key))
        .fallback(no_route)
        .method_not_allowed_fallback(no_route)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
}

/// Reads a body that may be empty.
pub(crate) fn body<T: DeserializeOwned + Default>(bytes: &Bytes) -> Result<T, Refusal> {
    if bytes.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(bytes).map_err(|error| Refusal::bad_request(error.to_string()))
}

fn answer(OriginalUri(uri): &OriginalUri, result: Answer) -> Response {
    result.unwrap_or_else(|refusal| refusal.of_control_plane(uri.path()))
}

async fn no_route(method: axum::http::Method, uri: OriginalUri) -> Response {
    let message = format!("Cannot {method} {}", uri.path());
    answer(&uri, Err(Refusal::not_found(message)))
}

async fn create(
    Shared(world): Fake,
    ConnectInfo(connection): ConnectInfo<Connection>,
    uri: OriginalUri,
    bytes: Bytes,
) -> Response {
    let result = create_sandbox(&world, &connection, &bytes);
    answer(&uri, result)
}

fn create_sandbox(world: &Arc<World>, connection: &Connection, bytes: &Bytes) -> Answer {
    let request: CreateSandbox = body(bytes)?;
    request.validate()?;
    if world.strikes(Fault::CreateUnavailable) {
        return Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Service Unavailable",
        ));
    }
    let record = lifecycle::create(world, request)?;
    let id = record.id.clone();
    if world.strikes(Fault::FailedStart) {
        let reason = "no space left on device";
        world.with(|inner| {
            if let Ok(sandbox) = inner.find_by_id(&id) {
                sandbox.record.error = Some(reason.to_owned());
                sandbox.set_state(State::Error);
            }
        });
        return Err(Refusal::bad_request(format!(
            "Sandbox failed to start: {reason}"
        )));
    }
    if world.strikes(Fault::SlowStart) {
        let owned = Arc::clone(world);
        world.spawn(async move {
            let half = owned.options.lag / 2;
            owned.wait(half).await;
            let pulling = State::PullingSnapshot;
            lifecycle::settle(&owned, &id, &[State::Creating], pulling);
            owned.wait(half).await;
            lifecycle::settle(&owned, &id, &[pulling], State::Started);
        });
    } else {
        lifecycle::settle(world, &id, &[State::Creating], State::Started);
    }
    if world.strikes(Fault::LostCreateResponse) {
        connection.cut();
    }
    // As it was before it started: what the provider awaited is thrown away there as well.
    Ok(Json(record.whole()).into_response())
}

async fn sandbox_of(
    Shared(world): Fake,
    uri: OriginalUri,
    Path(sandbox): Path<String>,
) -> Response {
    change(&world, &uri, &sandbox, |_, sandbox| {
        Ok(Json(sandbox.record.whole()).into_response())
    })
}

/// Finds a sandbox and does something with it.
fn change(
    world: &Arc<World>,
    uri: &OriginalUri,
    id_or_name: &str,
    act: impl FnOnce(&World, &mut Sandbox) -> Answer,
) -> Response {
    let result = world.with(|inner| act(world, inner.find(id_or_name)?));
    answer(uri, result)
}

/// Refuses what cannot be done while the sandbox changes.
fn refuse_while_changing(world: &World, sandbox: &mut Sandbox) -> Result<(), Refusal> {
    let over = |until: Instant| until <= Instant::now();
    if sandbox.refused_until.is_none_or(|(until, _)| over(until)) {
        sandbox.refused_until = None;
        for (fault, is_old) in [
            (Fault::ConflictWhileCreating, false),
            (Fault::BadRequestWhileCreating, true),
        ] {
            if world.strikes(fault) {
                sandbox.refused_until = Some((Instant::now() + world.options.lag, is_old));
                break;
            }
        }
    }
    let message = "Sandbox state change in progress";
    match sandbox.refused_until {
        Some((_, true)) => Err(Refusal::bad_request(message)),
        Some((_, false)) => Err(Refusal::conflict(message)),
        None if sandbox.record.state.is_changing() => Err(Refusal::conflict(message)),
        None => Ok(()),
    }
}

/// Does something to the life of a sandbox and answers how it then is.
fn live(
    world: &Arc<World>,
    uri: &OriginalUri,
    id_or_name: &str,
    act: impl FnOnce(&mut Inner, &str) -> Result<(), Refusal>,
) -> Response {
    let result = world.with(|inner| {
        let sandbox = inner.find(id_or_name)?;
        refuse_while_changing(world, sandbox)?;
        let id = sandbox.record.id.clone();
        act(inner, &id)?;
        Ok(Json(inner.find_by_id(&id)?.record.whole()).into_response())
    });
    answer(uri, result)
}

async fn delete(Shared(world): Fake, uri: OriginalUri, Path(sandbox): Path<String>) -> Response {
    live(&world, &uri, &sandbox, |inner, id| {
        lifecycle::destroy(&world, inner, id);
        Ok(())
    })
}

async fn stop(Shared(world): Fake, uri: OriginalUri, Path(sandbox): Path<String>) -> Response {
    live(&world, &uri, &sandbox, |inner, id| {
        if inner.find_by_id(id)?.record.state != State::Started {
            return Err(Refusal::bad_request("Sandbox is not started"));
        }
        lifecycle::stop(&world, inner, id);
        Ok(())
    })
}

async fn start(Shared(world): Fake, uri: OriginalUri, Path(sandbox): Path<String>) -> Response {
    live(&world, &uri, &sandbox, |inner, id| {
        let sandbox = inner.find_by_id(id)?;
        match sandbox.record.state {
            State::Started => {}
            State::Stopped => {
                sandbox.set_state(State::Starting);
                sandbox.stopped = None;
                let (owned, id) = (Arc::clone(&world), id.to_owned());
                world.spawn(async move {
                    lifecycle::settle(&owned, &id, &[State::Starting], State::Started);
                });
            }
            State::Creating
            | State::PullingSnapshot
            | State::Starting
            | State::Stopping
            | State::Error
            | State::Destroying
            | State::Destroyed => {
                return Err(Refusal::bad_request("Sandbox is not in a valid state"));
            }
        }
        Ok(())
    })
}

#[derive(Debug, Deserialize)]
struct Labels {
    labels: BTreeMap<String, String>,
}

async fn set_labels(
    Shared(world): Fake,
    uri: OriginalUri,
    Path(sandbox): Path<String>,
    bytes: Bytes,
) -> Response {
    change(&world, &uri, &sandbox, |_, sandbox| {
        let Labels { labels } = serde_json::from_slice(&bytes)
            .map_err(|error| Refusal::bad_request(error.to_string()))?;
        sandbox.record.labels.clone_from(&labels);
        Ok(Json(json!({ "labels": labels })).into_response())
    })
}

async fn last_activity(Shared(world): Fake, uri: OriginalUri, Path(id): Path<String>) -> Response {
    let result = world.with(|inner| {
        inner.find_by_id(&id)?.touch();
        Ok(StatusCode::CREATED.into_response())
    });
    answer(&uri, result)
}

fn set_minutes(
    world: &Arc<World>,
    uri: &OriginalUri,
    (sandbox, minutes): (String, String),
    least: i64,
    set: impl FnOnce(&mut Sandbox, i64),
) -> Response {
    change(world, uri, &sandbox, |_, sandbox| {
        let minutes: i64 = minutes
            .parse()
            .ok()
            .filter(|minutes| *minutes >= least)
            .ok_or_else(|| {
                Refusal::bad_request("Validation failed (numeric string is expected)")
            })?;
        set(sandbox, minutes);
        Ok(Json(sandbox.record.whole()).into_response())
    })
}

async fn set_auto_stop(
    Shared(world): Fake,
    uri: OriginalUri,
    Path(path): Path<(String, String)>,
) -> Response {
    set_minutes(&world, &uri, path, 0, |sandbox, minutes| {
        sandbox.record.auto_stop = minutes;
    })
}

async fn set_auto_delete(
    Shared(world): Fake,
    uri: OriginalUri,
    Path(path): Path<(String, String)>,
) -> Response {
    set_minutes(&world, &uri, path, i64::MIN, |sandbox, minutes| {
        sandbox.record.auto_delete = minutes;
    })
}

async fn set_auto_archive(
    Shared(world): Fake,
    uri: OriginalUri,
    Path(path): Path<(String, String)>,
) -> Response {
    set_minutes(&world, &uri, path, 0, |sandbox, minutes| {
        sandbox.record.request.set_auto_archive(minutes);
    })
}

async fn set_ttl(
    Shared(world): Fake,
    uri: OriginalUri,
    Path(path): Path<(String, String)>,
) -> Response {
    let minute = world.options.minute;
    set_minutes(&world, &uri, path, 0, |sandbox, minutes| {
        sandbox.record.set_ttl(minutes, minute);
        // Counted anew from here.
        sandbox.born = Instant::now();
    })
}

async fn toolbox_proxy_url(
    Shared(world): Fake,
    uri: OriginalUri,
    Path(id): Path<String>,
) -> Response {
    let result = world.with(|inner| {
        let url = inner.find_by_id(&id)?.record.toolbox.clone();
        Ok(Json(json!({ "url": url })).into_response())
    });
    answer(&uri, result)
}

async fn config(Shared(world): Fake) -> Response {
    let origin = &world.origin;
    let limit = |class: &str| json!({ "ttl": 60, "limit": super::front::limit(class) });
    Json(json!({
        "version": super::API_VERSION,
        "oidc": { "issuer": origin, "clientId": "fake", "audience": "fake" },
        "linkedAccountsEnabled": false,
        "announcements": {},
        "proxyTemplateUrl": format!("{origin}/preview/{{{{PORT}}}}/{{{{sandboxId}}}}"),
        "proxyToolboxUrl": format!("{origin}/toolbox"),
        "defaultSnapshot": "daytona-small",
        "dashboardUrl": format!("{origin}/dashboard"),
        "maxAutoArchiveInterval": 43200,
        "maintananceMode": false,
        "environment": "fake",
        "rateLimit": {
            "authenticated": limit("authenticated"),
            "sandboxCreate": limit("sandbox-create"),
            "sandboxLifecycle": limit("sandbox-lifecycle"),
            "sandboxList": limit("sandbox-list"),
        },
    }))
    .into_response()
}

async fn current_key(Shared(world): Fake) -> Response {
    Json(json!({
        "name": "fake",
        "value": "dtn_********************",
        "createdAt": now(),
        "permissions": world.options.permissions,
        "lastUsedAt": now(),
        "expiresAt": null,
        "userId": "fake-user",
    }))
    .into_response()
}
