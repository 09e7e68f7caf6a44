//! What is left of a template that nobody filled in, and words of the schema in place of content.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

use super::field::{Field, Role};
use super::words::{Print, print, raw, without_quotes};
use crate::artifact;
use crate::finding::{Finding, shown};
use crate::phase::Phase;

/// Words between angle brackets that name what an author was to fill in.
const SLOTS: [&str; 24] = [
    "action",
    "actor",
    "benefit",
    "component",
    "condition",
    "criterion",
    "description",
    "feature",
    "goal",
    "name",
    "placeholder",
    "reason",
    "requirement",
    "response",
    "role",
    "state",
    "system",
    "system name",
    "text",
    "title",
    "trigger",
    "unwanted condition",
    "user",
    "value",
];
/// Words that a pattern has before anything is filled in.
const FRAME: [&str; 32] = [
    "a", "an", "and", "as", "be", "for", "given", "i", "if", "in", "is", "it", "must", "of", "or",
    "shall", "should", "so", "system", "that", "the", "then", "to", "user", "want", "when",
    "where", "while", "will", "with", "can", "able",
];
/// Longest slot.
const MAX_SLOT_BYTES: usize = 80;
/// Fewest words of a description of the schema that cannot be anybody's own words.
const MIN_DESCRIPTION_WORDS: usize = 4;

pub(super) fn find(field: &Field<'_>, phase: Phase) -> Option<Finding> {
    let (message, fix) = if is_description(field, phase) {
        (
            "is the schema's description of the field".to_owned(),
            "write what is so for this idea; the description only says what belongs here",
        )
    } else if is_schema(field.text) {
        (
            "is a piece of JSON Schema".to_owned(),
            "write the content itself, and not its type",
        )
    } else if field.repository {
        return None;
    } else {
        let slot = unfilled(field)?;
        (
            format!("nobody has filled in \"{}\"", shown(&slot, 40)),
            "write what is meant in its place; put it in backticks if it is the subject",
        )
    };
    Some(Finding::error("content.template", field.at, message).with_fix(fix))
}

fn is_description(field: &Field<'_>, phase: Phase) -> bool {
    static DESCRIPTIONS: LazyLock<[BTreeSet<Print>; 5]> = LazyLock::new(|| {
        Phase::ALL.map(|phase| {
            let mut found = BTreeSet::new();
            descriptions(artifact::schema(phase), &mut found);
            found
        })
    });
    let [explore, requirements, design, tasks, sync] = &*DESCRIPTIONS;
    let known = match phase {
        Phase::Explore => explore,
        Phase::Requirements => requirements,
        Phase::Design => design,
        Phase::Tasks => tasks,
        Phase::Sync => sync,
    };
    // The longest description has some forty words.
    field.text.len() < 1000 && known.contains(&print(field.text))
}

/// The descriptions of fields; those of the values of a choice may be anybody's words.
fn descriptions(schema: &Value, found: &mut BTreeSet<Print>) {
    if let Some(fields) = schema.get("properties").and_then(Value::as_object) {
        for field in fields.values() {
            if let Some(text) = field.get("description").and_then(Value::as_str) {
                let print = print(text);
                if print.words >= MIN_DESCRIPTION_WORDS {
                    found.insert(print);
                }
            }
            descriptions(field, found);
        }
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(schema) = schema.get(inner).filter(|schema| schema.is_object()) {
            descriptions(schema, found);
        }
    }
}

/// True when the text as a whole is a schema: `{"type": "string"}`, or that without its braces.
fn is_schema(text: &str) -> bool {
    let text = text.trim();
    if !text.starts_with('{') && !text.starts_with("\"type\"") || !text.contains("\"type\"") {
        return false;
    }
    let read = serde_json::from_str::<Value>(text)
        .or_else(|_| serde_json::from_str(&format!("{{{text}}}")));
    let of = read.ok();
    let name = of.as_ref().and_then(|of| of.get("type")?.as_str());
    matches!(
        name,
        Some("string" | "object" | "array" | "number" | "integer" | "boolean" | "null")
    )
}

/// The first slot of a text that says next to nothing beside its slots, or that asks to insert.
fn unfilled(field: &Field<'_>) -> Option<String> {
    if !field.text.contains(['{', '<', '[', '_']) {
        return None;
    }
    let text = without_quotes(field.text);
    let mut slots = Vec::new();
    let mut rest = String::new();
    let mut from = text.as_str();
    while let Some(at) = from.find(['{', '$', '<', '[', '_']) {
        let (before, tail) = from.split_at(at);
        rest.push_str(before);
        if let Some((slot, after)) = slot(tail, before) {
            slots.push(slot);
            rest.push(' ');
            from = after;
        } else {
            let mut chars = tail.chars();
            rest.extend(chars.next());
            from = chars.as_str();
        }
    }
    rest.push_str(from);
    let first = slots.first()?;
    if let Some(asked) = slots.iter().find(|slot| asks(slot)) {
        return Some((*asked).to_owned());
    }
    let own = raw(&rest).filter(|word| {
        let lower = word.to_lowercase();
        lower.contains(char::is_alphanumeric) && !FRAME.contains(&lower.as_str())
    });
    let enough = match field.role {
        Role::Sentence => 2,
        Role::Note | Role::Label => 1,
    };
    (own.take(enough).count() < enough).then(|| (*first).to_owned())
}

/// "<insert the name>": no text of its own asks for that.
fn asks(slot: &str) -> bool {
    let inner = slot.trim_start_matches(['<', '[']).to_lowercase();
    let begins = inner.starts_with("insert ") && (slot.starts_with('<') || slot.starts_with('['));
    begins && inner.ends_with([']', '>'])
}

/// The slot at the beginning of `tail`, and what follows it.
fn slot<'a>(tail: &'a str, before: &str) -> Option<(&'a str, &'a str)> {
    let window = tail.get(..tail.floor_char_boundary(MAX_SLOT_BYTES))?;
    let (open, close) = [
        ("{{", "}}"),
        ("${", "}"),
        ("<", ">"),
        ("[", "]"),
        ("__", "__"),
    ]
    .into_iter()
    .find(|(open, _)| window.starts_with(open))?;
    let inner = window.get(open.len()..)?;
    let end = inner.find(close).filter(|end| *end > 0)?;
    let inner = inner.get(..end)?;
    let lower = inner.trim().to_lowercase();
    let prose = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '\'' | '’' | '.');
    if !inner.chars().all(prose) {
        return None;
    }
    let is_slot = match open {
        "<" => {
            lower.starts_with("your ")
                || lower.starts_with("insert ")
                || SLOTS.contains(&lower.as_str())
        }
        "[" => lower.starts_with("your ") || lower.starts_with("insert "),
        "__" => {
            let capitals = |c: char| c.is_ascii_uppercase() || c == '_';
            inner.chars().all(capitals)
                && !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
        }
        _ => true,
    };
    let length = open.len() + inner.len() + close.len();
    is_slot.then_some((tail.get(..length)?, tail.get(length..)?))
}
