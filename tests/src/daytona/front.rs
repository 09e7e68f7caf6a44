//! What happens to every request before its handler: record, delay, authentication, rate limits.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::daytona::answer::{self, Refusal};
use crate::daytona::world::World;
use crate::daytona::{API_VERSION, Fault, RecordedRequest};

/// The longest body that is read at all.
const LONGEST_BODY: usize = 256 * 1024 * 1024;
/// How much of a body is kept.
const KEPT_BODY: usize = 1024 * 1024;
/// How many requests are kept.
const KEPT_REQUESTS: usize = 10_000;

/// Requests per minute in a class of requests, as a small organization has.
pub(crate) fn limit(class: &str) -> u32 {
    if class == "sandbox-create" {
        300
    } else {
        10_000
    }
}

/// Handles what all requests have in common.
pub(crate) async fn front(
    Shared(world): Shared<Arc<World>>,
    request: Request,
    next: Next,
) -> Response {
    let request = match record(&world, request).await {
        Ok(request) => request,
        Err(response) => return response,
    };
    if world.strikes(Fault::SlowAnswer) {
        world.lag().await;
    }
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let rest = path.strip_prefix("/api");
    if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        if rest.starts_with("/socket.io") {
            return Refusal::not_found(format!("Cannot {method} {path}")).of_control_plane(&path);
        }
        if world.strikes(Fault::DashboardHtml) {
            return answer::dashboard();
        }
        let mut response = control_plane(&world, &method, rest, &path, request, next).await;
        response.headers_mut().insert(
            "X-Daytona-Api-Version",
            HeaderValue::from_static(API_VERSION),
        );
        return response;
    }
    if path.starts_with("/toolbox/") && !is_authentic(&world, request.headers()) {
        let refusal = Refusal::new(StatusCode::UNAUTHORIZED, "unauthorized: invalid API key");
        return refusal.of_proxy(method.as_str(), &path);
    }
    next.run(request).await
}

async fn control_plane(
    world: &World,
    method: &Method,
    rest: &str,
    path: &str,
    request: Request,
    next: Next,
) -> Response {
    // The one thing that is told to everybody.
    if rest != "/config" && !is_authentic(world, request.headers()) {
        return Refusal::new(StatusCode::UNAUTHORIZED, "Unauthorized").of_control_plane(path);
    }
    let class = class(method, rest);
    let can_be_limited = matches!(class, "sandbox-create" | "sandbox-lifecycle");
    let mut response = if can_be_limited && world.strikes(Fault::RateLimited) {
        too_many(world, class)
    } else {
        let response = next.run(request).await;
        match answer::too_large(&response) {
            Some(refusal) => refusal.of_control_plane(path),
            None => response,
        }
    };
    count(world, class, response.headers_mut());
    response
}

fn is_authentic(world: &World, headers: &HeaderMap) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    bearer == Some(world.api_key.as_str())
        || header("x-daytona-preview-token") == Some(world.api_key.as_str())
}

/// Which of the provider's limits a request counts towards.
fn class(method: &Method, rest: &str) -> &'static str {
    let action = rest.rsplit('/').next().unwrap_or_default();
    let acts = matches!(
        action,
        "start" | "stop" | "pause" | "resize" | "recover" | "archive"
    );
    if rest == "/sandbox" && method == Method::POST {
        "sandbox-create"
    } else if rest == "/sandbox" && method == Method::GET {
        "sandbox-list"
    } else if rest.starts_with("/sandbox/")
        && (method == Method::DELETE || (method == Method::POST && acts))
    {
        "sandbox-lifecycle"
    } else {
        "authenticated"
    }
}

fn set(headers: &mut HeaderMap, name: &str, value: u64) {
    if let Ok(name) = HeaderName::try_from(name) {
        headers.insert(name, HeaderValue::from(value));
    }
}

fn too_many(world: &World, class: &'static str) -> Response {
    let body = json!({
        "statusCode": 429,
        "message": "Rate limit exceeded",
        "error": "Too Many Requests",
    });
    let mut response = (StatusCode::TOO_MANY_REQUESTS, axum::Json(body)).into_response();
    let name = format!("retry-after-{class}");
    set(response.headers_mut(), &name, world.options.retry_after);
    response
}

/// Counts a request in the running minute and says what is left of it.
fn count(world: &World, class: &'static str, headers: &mut HeaderMap) {
    let window = Duration::from_mins(1);
    let (begun, used) = world.with(|inner| {
        let now = Instant::now();
        let entry = inner.throttled.entry(class).or_insert((now, 0));
        if entry.0.elapsed() >= window {
            *entry = (now, 0);
        }
        entry.1 = entry.1.saturating_add(1);
        *entry
    });
    let most = limit(class);
    let reset = window.saturating_sub(begun.elapsed()).as_secs() + 1;
    set(headers, &format!("x-ratelimit-limit-{class}"), most.into());
    let left = if headers.contains_key(format!("retry-after-{class}")) {
        0
    } else {
        most.saturating_sub(used)
    };
    set(
        headers,
        &format!("x-ratelimit-remaining-{class}"),
        left.into(),
    );
    set(headers, &format!("x-ratelimit-reset-{class}"), reset);
}

/// Keeps a request as it came, if told to. It must not be recorded while its body is read.
async fn record(world: &World, request: Request) -> Result<Request, Response> {
    if !world.options.record && world.options.record_file.is_none() {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let bytes = axum::body::to_bytes(body, LONGEST_BODY).await;
    let Ok(bytes) = bytes else {
        let refusal = Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "request entity too large");
        return Err(refusal.of_control_plane(&path));
    };
    let recorded = RecordedRequest {
        method: parts.method.to_string(),
        path,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect(),
        body: bytes.slice(..bytes.len().min(KEPT_BODY)).to_vec(),
    };
    keep(world, recorded, &bytes);
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

fn keep(world: &World, recorded: RecordedRequest, bytes: &Bytes) {
    if let Some(file) = &world.options.record_file {
        let mut headers: BTreeMap<_, _> = recorded.headers.iter().cloned().collect();
        for secret in ["authorization", "x-daytona-preview-token"] {
            headers
                .entry(secret.to_owned())
                .and_modify(|value| "***".clone_into(value));
        }
        let line = json!({
            "method": recorded.method,
            "path": recorded.path,
            "query": recorded.query,
            "headers": headers,
            "body": String::from_utf8_lossy(&recorded.body),
            "bytes": bytes.len(),
        });
        let written = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(file)
            .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
        if let Err(error) = written {
            tracing::warn!(%error, "a request could not be recorded");
        }
    }
    if world.options.record {
        world.with(|inner| {
            if inner.requests.len() == KEPT_REQUESTS {
                inner.requests.pop_front();
            }
            inner.requests.push_back(recorded);
        });
    }
}
