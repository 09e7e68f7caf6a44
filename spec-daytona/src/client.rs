//! Requests to Daytona: one method for each that this adapter makes, and nothing more.
//!
//! Two hosts answer: the API, which makes and ends sandboxes, and a toolbox in every sandbox, which
//! runs programs and keeps files there.

mod carrier;
mod error;
mod limits;
mod socket;
mod toolbox;
mod wire;

pub(crate) use carrier::{Carried, Carrier, Log};
pub(crate) use error::ApiError;
pub(crate) use socket::Received;
pub(crate) use toolbox::{Toolbox, Upload};
pub(crate) use wire::{BuildInfo, CreateSandbox, CurrentKey, SandboxRecord, ServerConfig, State};

use std::future::Future;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use futures_util::StreamExt as _;
use reqwest::{Method, RequestBuilder, Response, header};
use serde::de::DeserializeOwned;
use spec_core::sandbox::Labels;
use tokio::time::Instant;
use url::Url;

use crate::config::{ConfigError, DaytonaConfig};
use limits::{Class, Limits};
use wire::Page;

/// Longest answer that is read.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// Longest account of an error that is read.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// Sandboxes on a page of a list; the API allows no more.
const PAGE: u32 = 200;
/// Nothing is asked again sooner, whatever was configured.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// The toolbox forms its answers by this. Any version from 0.167.0 on means the same.
const API_VERSION: &str = "0.205.1";

/// Who talks to Daytona, and how often.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    config: DaytonaConfig,
    limits: Limits,
}

impl Client {
    pub(crate) fn new(config: DaytonaConfig) -> Result<Self, ConfigError> {
        let http = reqwest::Client::builder()
            // A log is followed by an upgrade, which only this version of HTTP has.
            .http1_only()
            // Nobody but the configured API says where the key may go.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .build()
            .map_err(|source| ConfigError::Http { source })?;
        Ok(Self::with_http(config, http))
    }

    pub(crate) fn with_http(config: DaytonaConfig, http: reqwest::Client) -> Self {
        let limits = Limits::new(config.creates_per_minute, config.requests_per_minute);
        Self {
            http,
            config,
            limits,
        }
    }

    pub(crate) fn config(&self) -> &DaytonaConfig {
        &self.config
    }

    /// Makes a sandbox. The answer often says `creating` of one that is started already.
    pub(crate) async fn create(&self, sandbox: &CreateSandbox) -> Result<SandboxRecord, ApiError> {
        let request = self.api(Method::POST, &["sandbox"]).json(sandbox);
        self.answer(Class::Create, request, "POST /sandbox").await
    }

    /// The sandbox of that id or name; `None` when there is none.
    pub(crate) async fn sandbox(
        &self,
        id_or_name: &str,
    ) -> Result<Option<SandboxRecord>, ApiError> {
        let request = self.api(Method::GET, &["sandbox", id_or_name]);
        let answer = self
            .answer(Class::Other, request, "GET /sandbox/{id}")
            .await;
        match answer {
            Ok(record) => Ok(Some(record)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sandboxes with these labels, at most `limit`. What it says may be out of date in any way.
    pub(crate) async fn sandboxes(
        &self,
        labels: &Labels,
        limit: usize,
    ) -> Result<Vec<SandboxRecord>, ApiError> {
        let labels = serde_json::json!(labels).to_string();
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut request = self
                .api(Method::GET, &["sandbox"])
                .query(&[("labels", labels.as_str())])
                .query(&[("limit", PAGE)]);
            if let Some(cursor) = &cursor {
                request = request.query(&[("cursor", cursor)]);
            }
            let page: Page = self.answer(Class::Other, request, "GET /sandbox").await?;
            let is_empty = page.items.is_empty();
            found.extend(page.items);
            cursor = page.next_cursor.filter(|next| !next.is_empty());
            if cursor.is_none() || is_empty || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    /// Asks for the end of a sandbox; `false` when there is none.
    pub(crate) async fn delete(&self, id: &str) -> Result<bool, ApiError> {
        let request = self.api(Method::DELETE, &["sandbox", id]);
        let call = "DELETE /sandbox/{id}";
        match self.perform(Class::Lifecycle, request, call).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Replaces all labels.
    pub(crate) async fn set_labels(&self, id: &str, labels: &Labels) -> Result<(), ApiError> {
        let request = self
            .api(Method::PUT, &["sandbox", id, "labels"])
            .json(&serde_json::json!({ "labels": labels }));
        let call = "PUT /sandbox/{id}/labels";
        self.perform(Class::Other, request, call).await
    }

    pub(crate) async fn current_key(&self) -> Result<CurrentKey, ApiError> {
        let request = self.api(Method::GET, &["api-keys", "current"]);
        self.answer(Class::Other, request, "GET /api-keys/current")
            .await
    }

    pub(crate) async fn server_config(&self) -> Result<ServerConfig, ApiError> {
        let request = self.api(Method::GET, &["config"]);
        self.answer(Class::Other, request, "GET /config").await
    }

    /// The toolbox of a sandbox.
    ///
    /// # Errors
    ///
    /// When the API names a host to which the key must not be sent.
    pub(crate) fn toolbox(&self, record: &SandboxRecord) -> Result<Toolbox, ApiError> {
        let call = "GET /sandbox/{id}";
        let base = Url::parse(&record.toolbox_proxy_url)
            .map_err(|error| ApiError::protocol(call, "names no toolbox").with_source(error))?;
        if !self.config.trusts(&base) || base.cannot_be_a_base() {
            let message = "names a toolbox to which the key must not be sent: it is not on https";
            return Err(ApiError::protocol(call, message));
        }
        Ok(Toolbox::new(base, &record.id))
    }

    /// Does what may be done again, until it succeeds, it is clear that it never will, or `limit` has
    /// passed.
    pub(crate) async fn persist<T, F, Fut>(
        &self,
        limit: Duration,
        operation: F,
    ) -> Result<T, ApiError>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, ApiError>>,
    {
        let begun = Instant::now();
        operation
            .retry(self.backoff())
            .when(|error| error.is_passing() && begun.elapsed() < limit)
            .adjust(move |error, wait| {
                let asked = error.retry_after().filter(|asked| *asked <= limit);
                wait.map(|wait| wait.max(asked.unwrap_or_default()))
            })
            .await
    }

    /// Waits that grow, and that differ between those who wait for the same thing.
    pub(crate) fn backoff(&self) -> ExponentialBuilder {
        let shortest = self.config.poll_interval.max(SHORTEST_WAIT);
        ExponentialBuilder::default()
            .with_jitter()
            .with_factor(1.5)
            .with_min_delay(shortest)
            .with_max_delay(shortest.saturating_mul(8))
            .without_max_times()
    }

    fn api(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.config.url().clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let request = self.http.request(method, url);
        match self.config.organization_id() {
            Some(id) => request.header("X-Daytona-Organization-ID", id),
            None => request,
        }
    }

    /// Sends a request and reads its answer.
    async fn answer<T: DeserializeOwned>(
        &self,
        class: Class,
        request: RequestBuilder,
        call: &'static str,
    ) -> Result<T, ApiError> {
        let response = self.send(class, request, call).await?;
        let is_page = is_web_page(&response);
        let body = read(response, MAX_ANSWER_BYTES, call).await?;
        serde_json::from_slice(&body).map_err(|error| {
            if is_page {
                let message = "was answered with a web page; check that the URL of the API is right \
                               (it ends in /api)";
                return ApiError::protocol(call, message);
            }
            ApiError::protocol(call, "was answered with something else than expected")
                .with_source(error)
        })
    }

    /// Sends a request of whose answer nothing is needed. It is read all the same, so that the
    /// connection can be used again.
    async fn perform(
        &self,
        class: Class,
        request: RequestBuilder,
        call: &'static str,
    ) -> Result<(), ApiError> {
        let response = self.send(class, request, call).await?;
        read(response, MAX_ANSWER_BYTES, call).await.map(drop)
    }

    /// Sends a request; an answer other than success is an error.
    async fn send(
        &self,
        class: Class,
        request: RequestBuilder,
        call: &'static str,
    ) -> Result<Response, ApiError> {
        self.send_within(class, request, call, self.config.request_timeout())
            .await
    }

    async fn send_within(
        &self,
        class: Class,
        request: RequestBuilder,
        call: &'static str,
        limit: Duration,
    ) -> Result<Response, ApiError> {
        self.limits.wait(class).await;
        let key = self.config.api_key().expose();
        let response = request
            .bearer_auth(key)
            .header(
                header::USER_AGENT,
                concat!("spec-daytona/", env!("CARGO_PKG_VERSION")),
            )
            .header("X-Daytona-Source", "spec-daytona")
            .header("X-Daytona-SDK-Version", API_VERSION)
            .timeout(limit)
            .send()
            .await
            .map_err(|error| ApiError::transport(call, error))?;
        let status = response.status();
        let wait = self.limits.learn(class, status, response.headers());
        if let Some(version) = response.headers().get("X-Daytona-Api-Version") {
            tracing::trace!(?version, call, status = status.as_u16(), "Daytona answered");
        }
        if status.is_success() || status.is_informational() {
            return Ok(response);
        }
        let body = read(response, MAX_ERROR_BYTES, call)
            .await
            .unwrap_or_default();
        // Before it is cut to a length, which may leave a part of a key, and once it is read.
        let body = String::from_utf8_lossy(&body).replace(key, "[redacted]");
        Err(ApiError::refusal(call, status, body.as_bytes(), wait).without_text(key))
    }
}

fn is_web_page(response: &Response) -> bool {
    let content = response.headers().get(header::CONTENT_TYPE);
    content.is_some_and(|content| content.as_bytes().starts_with(b"text/html"))
}

/// Reads a body of at most `max` bytes.
async fn read(response: Response, max: usize, call: &'static str) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| ApiError::transport(call, error))?;
        if body.len() + chunk.len() > max {
            return Err(ApiError::too_large(call, max));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_time_that_answers_take_counts_against_the_limit() {
        let config = DaytonaConfig::new("http://localhost/api", "k")
            .unwrap()
            .with_poll_interval(Duration::ZERO);
        let client = Client::new(config).unwrap();
        let asked = Cell::new(0);
        let outcome = client.persist(Duration::from_mins(1), async || {
            asked.set(asked.get() + 1);
            tokio::time::sleep(Duration::from_secs(25)).await;
            Err::<(), _>(ApiError::connection("no answer"))
        });
        outcome.await.unwrap_err();
        assert_eq!(asked.get(), 3);
    }
}
