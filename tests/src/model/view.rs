//! What is read of a request, whatever its dialect.

use serde_json::Value;

use crate::model::request::ToolResult;

/// The parts of a [`Request`](super::Request) that a dialect finds in a body.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) conversation: String,
    pub(crate) user_texts: Vec<String>,
    pub(crate) assistant_turns: usize,
    pub(crate) tool_results: Vec<ToolResult>,
    pub(crate) tools: Vec<String>,
    pub(crate) schema: Option<Value>,
}

/// A text in an object; empty if there is none.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The members of a list in an object; none if there is no list.
pub(crate) fn list<'a>(object: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    object
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// The texts of a content, which is a text itself or a list of parts, of which some are of `kind`.
pub(crate) fn texts(content: Option<&Value>, kind: &str) -> Vec<String> {
    match content {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(parts)) => parts
            .iter()
            .filter(|part| text(part, "type") == kind)
            .map(|part| text(part, "text").to_owned())
            .collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
            Vec::new()
        }
    }
}

/// Sets a field of an object.
pub(crate) fn insert(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}
