//! What a phase needs of the results before it.

use serde_json::{Map, Value};

use crate::phase::Phase;
use Keep::{All, Only};

/// Bytes of one earlier result in a prompt.
pub(super) const MAX_BYTES: usize = 48 * 1024;
/// Bytes of the ids by which the left-out items of one list are still named.
const MAX_ID_BYTES: usize = 12 * 1024;
/// Characters that a text without blanks keeps at least.
const MAX_NAME_CHARS: usize = 80;
/// Characters that texts, and items that lists keep, when a result is too long; tried in order.
const LIMITS: [(usize, usize); 7] = [
    (2000, 1000),
    (600, 400),
    (300, 150),
    (200, 60),
    (100, 25),
    (60, 8),
    (40, 3),
];

/// What is kept of a value. In a list it holds for each item.
enum Keep {
    All,
    Only(&'static [(&'static str, Self)]),
}

const FILES: Keep = Only(&[("path", All), ("purpose", All)]);
const MODELS: Keep = Only(&[("name", All), ("file", All), ("fields", All)]);
const RELATED: Keep = Only(&[("name", All), ("file", All), ("relevance", All)]);
const QUESTIONS: Keep = Only(&[("id", All), ("text", All), ("default", All)]);
const CRITERIA: Keep = Only(&[("text", All)]);

const EXPLORE_FOR_REQUIREMENTS: Keep = Only(&[
    ("codebase_summary", All),
    ("project_type", All),
    ("tech_stack", All),
    ("conventions", All),
    ("feature_summary", All),
    ("key_files", FILES),
    ("existing_models", MODELS),
    ("related_to_feature", RELATED),
    ("questions", QUESTIONS),
    ("assumptions", All),
]);

const EXPLORE_FOR_DESIGN: Keep = Only(&[
    ("codebase_summary", All),
    ("project_type", All),
    ("tech_stack", All),
    ("structure", All),
    ("conventions", All),
    ("test_structure", All),
    (
        "feature_summary",
        Only(&[
            ("scope_out", All),
            ("technical_constraints", All),
            ("risks_identified", All),
        ]),
    ),
    ("key_files", FILES),
    ("entry_points", Only(&[("path", All), ("description", All)])),
    (
        "relevant_patterns",
        Only(&[("pattern", All), ("description", All), ("files", All)]),
    ),
    ("existing_models", MODELS),
    ("related_to_feature", RELATED),
]);

const EXPLORE_FOR_TASKS: Keep = Only(&[
    ("project_type", All),
    ("tech_stack", All),
    ("conventions", All),
    ("test_structure", All),
]);

const REQUIREMENTS_FOR_DESIGN: Keep = Only(&[
    ("feature_name", All),
    (
        "requirements",
        Only(&[
            ("id", All),
            ("priority", All),
            ("text", All),
            ("acceptance_criteria", CRITERIA),
            ("dependencies", All),
        ]),
    ),
    ("out_of_scope", All),
    ("questions", QUESTIONS),
    ("assumptions", All),
]);

const REQUIREMENTS_FOR_TASKS: Keep = Only(&[
    ("feature_name", All),
    (
        "requirements",
        Only(&[("id", All), ("priority", All), ("text", All)]),
    ),
    ("out_of_scope", All),
]);

const DESIGN_FOR_TASKS: Keep = Only(&[
    ("feature_name", All),
    (
        "components",
        Only(&[
            ("name", All),
            ("type", All),
            ("file_path", All),
            ("exists", All),
            ("responsibility", All),
            ("dependencies", All),
            ("requirements", All),
        ]),
    ),
    (
        "data_models",
        Only(&[("name", All), ("table_name", All), ("fields", All)]),
    ),
    (
        "api_endpoints",
        Only(&[("method", All), ("path", All), ("description", All)]),
    ),
    ("testing_strategy", All),
    ("migration_plan", All),
]);

/// What `phase` needs of the `result` of the phase `of`; null when that is nothing.
///
/// No evidence, no excerpts and no notes, but every requirement and component that a later phase has
/// to refer to.
pub(super) fn needed(phase: Phase, of: Phase, result: &Value) -> Value {
    let keep = match (phase, of) {
        (Phase::Requirements, Phase::Explore) => &EXPLORE_FOR_REQUIREMENTS,
        (Phase::Design, Phase::Explore) => &EXPLORE_FOR_DESIGN,
        (Phase::Tasks, Phase::Explore) => &EXPLORE_FOR_TASKS,
        (Phase::Design, Phase::Requirements) => &REQUIREMENTS_FOR_DESIGN,
        (Phase::Tasks, Phase::Requirements) => &REQUIREMENTS_FOR_TASKS,
        (Phase::Tasks, Phase::Design) => &DESIGN_FOR_TASKS,
        // A phase needs nothing of itself and of those after it, and SYNC has no prompt.
        (
            Phase::Explore | Phase::Requirements | Phase::Design | Phase::Tasks | Phase::Sync,
            Phase::Explore | Phase::Requirements | Phase::Design | Phase::Tasks | Phase::Sync,
        ) => return Value::Null,
    };
    kept(keep, result)
}

fn kept(keep: &Keep, value: &Value) -> Value {
    match (keep, value) {
        (All, value) => value.clone(),
        (Only(_), Value::Array(items)) => {
            Value::Array(items.iter().map(|item| kept(keep, item)).collect())
        }
        (Only(fields), Value::Object(members)) => {
            let mut some = Map::new();
            for (name, keep) in *fields {
                if let Some(member) = members.get(*name).filter(|member| says_something(member)) {
                    some.insert((*name).to_owned(), kept(keep, member));
                }
            }
            Value::Object(some)
        }
        (Only(_), Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            Value::Null
        }
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// `needed` as text of at most [`MAX_BYTES`]. When it is longer, texts are shortened and lists cut;
/// each cut list says how many items were left out, and names them where they have names.
pub(super) fn text(needed: &Value) -> String {
    let mut text = lines(needed);
    for (chars, items) in LIMITS {
        if text.len() <= MAX_BYTES {
            return text;
        }
        text = lines(&shortened(needed, chars, items));
    }
    super::data::cut(&text, MAX_BYTES)
}

/// JSON with one field, and one item of a field's list, a line.
fn lines(value: &Value) -> String {
    let Value::Object(members) = value else {
        return value.to_string();
    };
    let field = |(name, member): (&String, &Value)| {
        let name = Value::String(name.clone());
        match member {
            Value::Array(items) if items.len() > 1 => {
                let items: Vec<String> = items.iter().map(|item| format!("  {item}")).collect();
                format!("{name}: [\n{}\n]", items.join(",\n"))
            }
            Value::Array(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => format!("{name}: {member}"),
        }
    };
    let fields: Vec<String> = members.iter().map(field).collect();
    format!("{{\n{}\n}}", fields.join(",\n"))
}

fn shortened(value: &Value, chars: usize, max: usize) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(text) => Value::String(short(text, chars)),
        Value::Array(items) => {
            let shown = items.iter().take(max);
            let mut some: Vec<Value> = shown.map(|item| shortened(item, chars, max)).collect();
            let rest = items.get(some.len()..).unwrap_or_default();
            if !rest.is_empty() {
                some.push(Value::String(left_out(rest)));
            }
            Value::Array(some)
        }
        Value::Object(members) => {
            let mut some = Map::new();
            for (name, member) in members.iter().take(max.max(12)) {
                some.insert(super::data::cut(name, 200), shortened(member, chars, max));
            }
            let rest = members.len().saturating_sub(some.len());
            if rest > 0 {
                let text = format!("{rest} left out here; all are in context.json");
                some.insert("…".to_owned(), Value::String(text));
            }
            Value::Object(some)
        }
    }
}

/// The beginning of `text`. Names and ids, which have no blanks, stay whole for longer.
fn short(text: &str, chars: usize) -> String {
    let begin = |chars| match text.char_indices().nth(chars) {
        Some((at, _)) => text.get(..at).unwrap_or_default(),
        None => text,
    };
    let mut kept = begin(chars.max(MAX_NAME_CHARS));
    if kept.contains(char::is_whitespace) {
        kept = begin(chars);
    }
    let mark = if kept.len() < text.len() { "…" } else { "" };
    format!("{kept}{mark}")
}

/// Says how many items are not shown, and names them as far as they have names.
fn left_out(items: &[Value]) -> String {
    let name = |item: &Value| {
        let name = item.get("id").or_else(|| item.get("name"))?.as_str()?;
        Some(crate::finding::shown(name, MAX_NAME_CHARS))
    };
    let mut text = format!("{} left out here; all are in context.json", items.len());
    let mut names = String::new();
    for name in items.iter().filter_map(name) {
        if names.len() + name.len() > MAX_ID_BYTES {
            names.push_str(", …");
            break;
        }
        names.push_str(if names.is_empty() { "" } else { ", " });
        names.push_str(&name);
    }
    if !names.is_empty() {
        text.push_str(": ");
        text.push_str(&names);
    }
    text
}

#[cfg(test)]
mod tests;
