//! `OpenAI`'s Responses: what is read of a request, and how an answer is written.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::model::request::{Request, ToolResult};
use crate::model::turn::Step;
use crate::model::view::{View, insert, list, text, texts};
use crate::model::wire::{Event, Message, Names, Wording, pieces};
use crate::model::{Refusal, Tokens};

/// The tool with which Codex runs JavaScript, in which its other tools are functions.
const CODE_TOOL: &str = "exec";

pub(crate) fn view(body: &Value) -> View {
    let mut view = View::default();
    let mut answers = false;
    for item in list(body, "input") {
        let kind = text(item, "type");
        let role = text(item, "role");
        let is_answer = match kind {
            "message" => role == "assistant",
            "reasoning" | "function_call" | "custom_tool_call" => true,
            _ => false,
        };
        if is_answer && !answers {
            view.assistant_turns += 1;
        }
        answers = is_answer;
        match kind {
            "message" if role == "user" => {
                view.user_texts
                    .extend(texts(item.get("content"), "input_text"));
            }
            "function_call_output" | "custom_tool_call_output" => {
                view.tool_results.push(ToolResult {
                    call: text(item, "call_id").to_owned(),
                    text: texts(item.get("output"), "input_text").concat(),
                    is_error: false,
                });
            }
            "additional_tools" => name_tools(item, &mut view.tools),
            _ => {}
        }
    }
    name_tools(body, &mut view.tools);
    view.schema = body.pointer("/text/format/schema").cloned();
    text(body, "prompt_cache_key").clone_into(&mut view.conversation);
    view
}

/// Adds the names of the tools in `object`, and of those in its namespaces.
fn name_tools(object: &Value, names: &mut Vec<String>) {
    for tool in list(object, "tools") {
        if text(tool, "type") == "namespace" {
            names.extend(list(tool, "tools").map(|tool| text(tool, "name").to_owned()));
        } else {
            names.push(text(tool, "name").to_owned());
        }
    }
}

pub(crate) fn message(
    steps: &[Step],
    request: &Request,
    names: &Names,
    tokens: Tokens,
) -> Result<Message, String> {
    let mut whole = json!({
        "id": names.message("resp"), "object": "response", "status": "in_progress",
        "model": request.model, "output": [],
    });
    let mut opening = vec![json!({ "type": "response.created", "response": whole })];
    let mut output = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let item = Item::of(step, request, names, index)?;
        opening.extend(item.events(index));
        output.push(item.whole);
    }
    insert(&mut whole, "status", "completed".into());
    insert(&mut whole, "output", output.into());
    insert(&mut whole, "usage", usage(tokens));
    let mut closing = json!({ "type": "response.completed", "response": whole });
    insert(&mut closing, "sequence_number", opening.len().into());
    let opening = opening.into_iter().enumerate().map(|(number, mut data)| {
        insert(&mut data, "sequence_number", number.into());
        Event::new(data)
    });
    Ok(Message {
        opening: opening.collect(),
        closing: vec![Event::telling(closing, tokens)],
        whole,
    })
}

pub(crate) fn refusal(refusal: &Refusal) -> Wording {
    let (status, kind, code, text) = match refusal {
        Refusal::Unauthorized => (
            StatusCode::UNAUTHORIZED,
            "invalid_request_error",
            "invalid_api_key",
            "Incorrect API key provided",
        ),
        Refusal::RateLimited(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            "requests",
            "rate_limit_exceeded",
            "Rate limit reached",
        ),
        Refusal::Invalid(text) => (
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            "invalid_value",
            text.as_str(),
        ),
        Refusal::ServerError => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            "server_error",
            "The server had an error",
        ),
        Refusal::Overloaded => (
            StatusCode::SERVICE_UNAVAILABLE,
            "service_unavailable_error",
            "server_is_overloaded",
            "The server is overloaded",
        ),
    };
    let body = json!({ "error": { "message": text, "type": kind, "param": null, "code": code } });
    Wording::new(status, body, refusal)
}

/// What was read is one number here, of which the others are parts.
fn usage(tokens: Tokens) -> Value {
    json!({
        "input_tokens": tokens.all_input(),
        "input_tokens_details": {
            "cached_tokens": tokens.cached,
            "cache_write_tokens": tokens.cache_write,
        },
        "output_tokens": tokens.output,
        "output_tokens_details": { "reasoning_tokens": 0 },
        "total_tokens": tokens.all_input().saturating_add(tokens.output),
    })
}

/// An item of the output: how it begins, how it grows, and what it is in the end.
struct Item {
    begun: Value,
    parts: Vec<Value>,
    whole: Value,
}

impl Item {
    fn of(step: &Step, request: &Request, names: &Names, index: usize) -> Result<Self, String> {
        match step {
            Step::Think(text) => Ok(Self::reasoning(text, &names.part("rs", index))),
            Step::Say(text) => Ok(Self::message(text, &names.part("msg", index))),
            // The result is the last thing that is said.
            Step::Submit(result) => Ok(Self::message(
                &result.to_string(),
                &names.part("msg", index),
            )),
            Step::Shell(command) => Self::shell(command, request, names, index),
            Step::Read(path) => {
                let command = format!("cat -- {}", quoted(path));
                Self::shell(&command, request, names, index)
            }
        }
    }

    fn events(&self, index: usize) -> Vec<Value> {
        let mut events = vec![json!({ "type": "response.output_item.added", "item": self.begun })];
        events.extend(self.parts.iter().cloned());
        events.push(json!({ "type": "response.output_item.done", "item": self.whole }));
        for event in &mut events {
            insert(event, "output_index", index.into());
        }
        events
    }

    fn reasoning(text: &str, id: &str) -> Self {
        let part = json!({ "type": "summary_text", "text": text });
        let of = |kind: &str, name: &str, value: Value| {
            let kind = format!("response.reasoning_summary_{kind}");
            let mut data = json!({ "type": kind, "item_id": id, "summary_index": 0 });
            insert(&mut data, name, value);
            data
        };
        let empty = json!({ "type": "summary_text", "text": "" });
        let mut parts = vec![of("part.added", "part", empty)];
        parts.extend(
            pieces(text)
                .into_iter()
                .map(|piece| of("text.delta", "delta", piece.into())),
        );
        parts.push(of("text.done", "text", text.into()));
        parts.push(of("part.done", "part", part.clone()));
        Self {
            begun: json!({ "type": "reasoning", "id": id, "summary": [] }),
            parts,
            whole: json!({
                "type": "reasoning", "id": id, "summary": [part], "encrypted_content": "c2NyaXB0ZWQ=",
            }),
        }
    }

    fn message(text: &str, id: &str) -> Self {
        let content =
            |text: &str| json!({ "type": "output_text", "text": text, "annotations": [] });
        let of = |kind: &str, name: &str, value: Value| {
            let kind = format!("response.{kind}");
            let mut data = json!({ "type": kind, "item_id": id, "content_index": 0 });
            insert(&mut data, name, value);
            data
        };
        let mut parts = vec![of("content_part.added", "part", content(""))];
        parts.extend(
            pieces(text)
                .into_iter()
                .map(|piece| of("output_text.delta", "delta", piece.into())),
        );
        parts.push(of("output_text.done", "text", text.into()));
        parts.push(of("content_part.done", "part", content(text)));
        let item = |status: &str, content: Value| {
            json!({
                "type": "message", "id": id, "role": "assistant", "status": status, "content": content,
            })
        };
        Self {
            begun: item("in_progress", json!([])),
            parts,
            whole: item("completed", json!([content(text)])),
        }
    }

    fn shell(
        command: &str,
        request: &Request,
        names: &Names,
        index: usize,
    ) -> Result<Self, String> {
        if !request.offers(CODE_TOOL) {
            return Err(format!(
                "the script runs a command with the tool {CODE_TOOL}, and the request offers {:?}",
                request.tools
            ));
        }
        let id = names.part("ctc", index);
        let arguments = json!({ "cmd": command });
        let code = format!("text(JSON.stringify(await tools.exec_command({arguments})))");
        let of = |kind: &str, name: &str, text: &str| {
            let kind = format!("response.custom_tool_call_input.{kind}");
            let mut data = json!({ "type": kind, "item_id": id });
            insert(&mut data, name, text.into());
            data
        };
        let mut parts: Vec<_> = pieces(&code)
            .into_iter()
            .map(|piece| of("delta", "delta", piece))
            .collect();
        parts.push(of("done", "input", &code));
        let item = |status: &str, input: &str| {
            json!({
                "type": "custom_tool_call", "id": id, "call_id": names.part("call", index),
                "name": CODE_TOOL, "status": status, "input": input,
            })
        };
        Ok(Self {
            begun: item("in_progress", ""),
            parts,
            whole: item("completed", &code),
        })
    }
}

/// A word of the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
