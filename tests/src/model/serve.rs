//! How requests are answered.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{Request as HttpRequest, State as Shared};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::stream;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::model::ledger::{Entry, Ledger, Outcome};
use crate::model::request::{Dialect, Key, Request};
use crate::model::turn::End;
use crate::model::wire::{Event, Message, Names, Wording};
use crate::model::{ModelOptions, Refusal, Script, Tokens, Turn, anthropic, openai};

/// The longest body that is read.
const LONGEST_BODY: usize = 32 * 1024 * 1024;
/// How many requests are served.
const MOST_REQUESTS: u64 = 10_000;
/// How many paths of other requests are kept.
const KEPT_PATHS: usize = 1_000;

/// The server without its handle.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) options: ModelOptions,
    pub(crate) ledger: Arc<Ledger>,
    /// Ends every hang.
    pub(crate) ended: CancellationToken,
    script: Mutex<Numbered>,
    /// What was asked besides answers, as `METHOD /path`.
    others: Mutex<Vec<String>>,
}

/// The script, and how many requests it was asked about.
#[derive(Debug)]
struct Numbered {
    script: Script,
    requests: u64,
}

impl State {
    pub(crate) fn new(options: ModelOptions, script: Script) -> Self {
        Self {
            options,
            ledger: Arc::default(),
            ended: CancellationToken::new(),
            script: Mutex::new(Numbered {
                script,
                requests: 0,
            }),
            others: Mutex::default(),
        }
    }

    pub(crate) fn others(&self) -> Vec<String> {
        let others = self.others.lock();
        others.unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn hang(&self, entry: &Entry) {
        entry.hangs();
        let slept = tokio::time::sleep(self.options.longest_hang);
        let _in_time = self.ended.run_until_cancelled(slept).await;
    }

    fn key(&self, headers: &HeaderMap) -> Key {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = header("authorization").map(|value| {
            let key = value.strip_prefix("Bearer ");
            key.unwrap_or(value)
        });
        match header("x-api-key").or(bearer) {
            None => Key::Absent,
            sent if sent == self.options.expected_key.as_deref() => Key::Expected,
            Some(_) => Key::Other,
        }
    }
}

pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route(
            "/v1/messages",
            post(async |Shared(state): Shared<Arc<State>>, request| {
                answer(state, Dialect::AnthropicMessages, request).await
            }),
        )
        .route(
            "/v1/responses",
            post(async |Shared(state): Shared<Arc<State>>, request| {
                answer(state, Dialect::OpenAiResponses, request).await
            }),
        )
        .fallback(other)
}

/// What agents ask besides, and can do without.
async fn other(Shared(state): Shared<Arc<State>>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    {
        let mut others = state.others.lock().unwrap_or_else(PoisonError::into_inner);
        if others.len() < KEPT_PATHS {
            others.push(format!("{} {path}", parts.method));
        }
    }
    match (&parts.method, path) {
        (&Method::HEAD | &Method::GET, "/") => StatusCode::OK.into_response(),
        (&Method::GET, "/v1/models") => {
            Json(json!({ "object": "list", "data": [], "models": [], "has_more": false }))
                .into_response()
        }
        (&Method::POST, "/v1/messages/count_tokens") => {
            let read = axum::body::to_bytes(body, LONGEST_BODY).await;
            let tokens = read.map_or(0, |body| body.len() / 4);
            Json(json!({ "input_tokens": tokens })).into_response()
        }
        _ => {
            let error = json!({ "type": "not_found_error", "message": "there is nothing here" });
            let body = json!({ "type": "error", "error": error });
            (StatusCode::NOT_FOUND, Json(body)).into_response()
        }
    }
}

async fn answer(state: Arc<State>, dialect: Dialect, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, LONGEST_BODY).await else {
        let text = format!("the body is longer than {LONGEST_BODY} bytes or was cut off");
        let mut wording = word(dialect, &Refusal::Invalid(text));
        wording.status = StatusCode::PAYLOAD_TOO_LARGE;
        return refuse(wording);
    };
    let body: Value = match serde_json::from_slice(&bytes) {
        Ok(body) => body,
        Err(error) => return refuse(word(dialect, &Refusal::Invalid(error.to_string()))),
    };
    let key = state.key(&parts.headers);
    let Some((request, turn, mut entry)) = decide(&state, dialect, key, body, bytes.len()) else {
        let text = format!("this server answers {MOST_REQUESTS} requests and no more");
        return refuse(word(dialect, &Refusal::Invalid(text)));
    };

    if let End::Refuse(refusal) = &turn.end {
        return refused(&mut entry, word(dialect, refusal));
    }
    if turn.end == End::HangBefore || (turn.end == End::Hang && !request.streams) {
        state.hang(&entry).await;
        return StatusCode::GATEWAY_TIMEOUT.into_response();
    }
    let names = Names::new();
    let tokens = turn
        .tokens
        .unwrap_or_else(|| Tokens::of_request(request.number));
    let message = match dialect {
        Dialect::AnthropicMessages => anthropic::message(&turn.steps, &request, &names, tokens),
        Dialect::OpenAiResponses => openai::message(&turn.steps, &request, &names, tokens),
    };
    let message = match message {
        Ok(message) => message,
        Err(text) => return refused(&mut entry, word(dialect, &Refusal::Invalid(text))),
    };
    let id = match dialect {
        Dialect::AnthropicMessages => names.message("msg"),
        Dialect::OpenAiResponses => names.message("resp"),
    };
    entry.answered(StatusCode::OK.as_u16(), Some(id));
    if !request.streams && turn.end == End::Complete {
        entry.told(tokens);
        entry.close(Outcome::Complete);
        return Json(message.whole).into_response();
    }
    let kind = [(header::CONTENT_TYPE, "text/event-stream")];
    let streams = request.streams;
    (
        kind,
        Streaming::new(state, entry, message, turn.end, streams).body(),
    )
        .into_response()
}

/// Numbers a request, asks the script about it and enters it in the ledger, one after another; `None`
/// when there were too many.
fn decide(
    state: &State,
    dialect: Dialect,
    key: Key,
    body: Value,
    bytes: usize,
) -> Option<(Arc<Request>, Turn, Entry)> {
    let mut numbered = state.script.lock().unwrap_or_else(PoisonError::into_inner);
    if numbered.requests >= MOST_REQUESTS {
        return None;
    }
    numbered.requests += 1;
    let request = Arc::new(read(dialect, numbered.requests, key, body));
    let turn = numbered.script.answer(&request);
    let entry = state.ledger.enter(Arc::clone(&request), bytes);
    Some((request, turn, entry))
}

fn read(dialect: Dialect, number: u64, key: Key, body: Value) -> Request {
    let view = match dialect {
        Dialect::AnthropicMessages => anthropic::view(&body),
        Dialect::OpenAiResponses => openai::view(&body),
    };
    let model = body.get("model").and_then(Value::as_str);
    Request {
        number,
        dialect,
        model: model.unwrap_or_default().to_owned(),
        conversation: view.conversation,
        user_texts: view.user_texts,
        assistant_turns: view.assistant_turns,
        tool_results: view.tool_results,
        tools: view.tools,
        schema: view.schema,
        streams: body.get("stream") == Some(&Value::Bool(true)),
        key,
        body,
    }
}

fn word(dialect: Dialect, refusal: &Refusal) -> Wording {
    match dialect {
        Dialect::AnthropicMessages => anthropic::refusal(refusal),
        Dialect::OpenAiResponses => openai::refusal(refusal),
    }
}

fn refused(entry: &mut Entry, wording: Wording) -> Response {
    entry.answered(wording.status.as_u16(), None);
    entry.close(Outcome::Refused);
    refuse(wording)
}

fn refuse(wording: Wording) -> Response {
    let mut response = (wording.status, Json(wording.body)).into_response();
    if let Some(seconds) = wording.retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// A message that is being sent.
struct Streaming {
    state: Arc<State>,
    entry: Entry,
    events: VecDeque<Event>,
    end: End,
}

impl Streaming {
    fn new(state: Arc<State>, entry: Entry, message: Message, end: End, streams: bool) -> Self {
        let mut events = VecDeque::new();
        if streams {
            events.extend(message.opening);
        }
        if end == End::Complete {
            events.extend(message.closing);
        }
        Self {
            state,
            entry,
            events,
            end,
        }
    }

    fn body(self) -> Body {
        Body::from_stream(stream::unfold(Some(self), async |streaming| {
            let mut streaming = streaming?;
            let piece = streaming.next().await?;
            let next = piece.is_ok().then_some(streaming);
            Some((piece, next))
        }))
    }

    /// The next piece; an error cuts the connection.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if let Some(event) = self.events.pop_front() {
            if let Some(tokens) = event.told {
                self.entry.told(tokens);
            }
            return Some(Ok(event.to_bytes()));
        }
        if self.end == End::Complete {
            self.entry.close(Outcome::Complete);
            return None;
        }
        // The connection writes out what it has when it has to wait for more.
        tokio::task::yield_now().await;
        if self.end == End::Cut {
            self.entry.close(Outcome::Cut);
        } else {
            self.state.hang(&self.entry).await;
        }
        Some(Err(io::Error::other("the script ends here")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn more_requests_than_the_bound_are_refused_and_not_written_down() {
        let script = Script::always(Turn::new().say("x"));
        let state = Arc::new(State::new(ModelOptions::default(), script));
        let ask = |body: &'static str| {
            let request = HttpRequest::new(Body::from(body));
            answer(Arc::clone(&state), Dialect::AnthropicMessages, request)
        };
        for _ in 0..MOST_REQUESTS {
            assert_eq!(ask("{}").await.status(), StatusCode::OK);
        }
        assert_eq!(ask("{}").await.status(), StatusCode::BAD_REQUEST);
        let served = state.ledger.served();
        assert_eq!(served.len() as u64, MOST_REQUESTS);
        assert_eq!(served.last().unwrap().number, MOST_REQUESTS);
    }
}
