//! Asks a model as an agent would, and reads the answer strictly.

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use spec_tests::model::{Dialect, ScriptedModel};

pub(super) const DIALECTS: [Dialect; 2] = [Dialect::AnthropicMessages, Dialect::OpenAiResponses];

/// An answer, as far as it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<String>,
    /// Of a stream.
    pub(super) events: Vec<Value>,
    /// Of anything else.
    pub(super) body: Value,
    /// Whether the connection was cut before the end.
    pub(super) cut: bool,
}

impl Answer {
    /// The events of this type.
    pub(super) fn of(&self, kind: &str) -> Vec<&Value> {
        let events = self.events.iter();
        events.filter(|event| event["type"] == kind).collect()
    }
}

/// A request with all tools, as the first of a conversation.
pub(super) fn body(dialect: Dialect, conversation: &str, prompt: &str) -> Value {
    match dialect {
        Dialect::AnthropicMessages => {
            let user = json!({ "session_id": conversation });
            json!({
                "model": "m", "stream": true, "metadata": { "user_id": user.to_string() },
                "messages": [{ "role": "user", "content": prompt }],
                "tools": [
                    { "name": "Bash" },
                    { "name": "Read" },
                    { "name": "StructuredOutput", "input_schema": { "type": "object" } },
                ],
            })
        }
        Dialect::OpenAiResponses => json!({
            "model": "m", "stream": true, "prompt_cache_key": conversation,
            "input": [
                { "type": "additional_tools", "tools": [
                    { "type": "namespace", "name": "functions", "tools": [
                        { "type": "custom", "name": "exec" },
                    ] },
                ] },
                { "type": "message", "role": "user", "content": [
                    { "type": "input_text", "text": prompt },
                ] },
            ],
            "text": { "format": { "type": "json_schema", "schema": { "type": "object" } } },
        }),
    }
}

pub(super) fn path(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::AnthropicMessages => "/v1/messages?beta=true",
        Dialect::OpenAiResponses => "/v1/responses",
    }
}

/// Asks for the first answer of a conversation.
pub(super) async fn ask(
    model: &ScriptedModel,
    dialect: Dialect,
    conversation: &str,
    prompt: &str,
) -> Answer {
    post(model, dialect, &body(dialect, conversation, prompt)).await
}

pub(super) async fn post(model: &ScriptedModel, dialect: Dialect, body: &Value) -> Answer {
    send(
        reqwest::Client::new()
            .post(model.url() + path(dialect))
            .json(body),
    )
    .await
}

pub(super) async fn send(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    let mut answer = Answer {
        status: response.status().as_u16(),
        retry_after: header("retry-after"),
        events: Vec::new(),
        body: Value::Null,
        cut: false,
    };
    let streams = header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
    let mut received = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => received.extend(chunk),
            Err(_) => answer.cut = true,
        }
    }
    if streams {
        answer.events = events(std::str::from_utf8(&received).unwrap());
    } else if !received.is_empty() {
        answer.body = serde_json::from_slice(&received).unwrap();
    }
    answer
}

/// Every event is two lines and an empty one, and named as its data says.
pub(super) fn events(text: &str) -> Vec<Value> {
    let mut events = Vec::new();
    for block in text.split_terminator("\n\n") {
        let [name, data] = block.lines().collect::<Vec<_>>()[..] else {
            panic!("not two lines: {block}");
        };
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(data["type"], name.strip_prefix("event: ").unwrap());
        events.push(data);
    }
    assert!(text.is_empty() || text.ends_with("\n\n"), "{text}");
    events
}
