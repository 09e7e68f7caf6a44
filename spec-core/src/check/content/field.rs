//! Which strings of an output are prose, and how much is asked of them.

use serde_json::Value;

use crate::artifact::is_required;
use crate::finding::child;
use crate::phase::Phase;

/// What is asked of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A statement: one word is not enough.
    Sentence,
    /// A remark, in which one word may be all there is to say.
    Note,
    /// A name or title.
    Label,
}

/// A text with its place.
#[derive(Debug)]
pub(super) struct Field<'a> {
    pub(super) at: &'a str,
    pub(super) text: &'a str,
    pub(super) role: Role,
    /// Whether it must say something: the schema requires it, or it is a criterion.
    pub(super) required: bool,
    /// A question or an assumption, which may speak of what is open.
    pub(super) open: bool,
    /// What EXPLORE says of the repository, which may speak of any text found there.
    pub(super) repository: bool,
}

/// Calls `visit` with every text of `document` that is prose: no ids, paths, code, excerpts and
/// values of a choice. Goes only where the schema leads.
pub(super) fn each(
    phase: Phase,
    schema: &Value,
    document: &Value,
    visit: &mut dyn FnMut(Field<'_>),
) {
    let of = Walk {
        name: "",
        required: false,
        open: false,
        repository: phase == Phase::Explore,
    };
    walk(schema, document, "", of, visit);
}

/// What is known on the way to a value.
#[derive(Clone, Copy)]
struct Walk<'a> {
    /// Name of the nearest field.
    name: &'a str,
    required: bool,
    open: bool,
    repository: bool,
}

fn walk(schema: &Value, value: &Value, at: &str, of: Walk<'_>, visit: &mut dyn FnMut(Field<'_>)) {
    match value {
        Value::Object(members) => {
            let named = schema.get("properties");
            let others = schema.get("additionalProperties");
            for (key, member) in members {
                if let Some(inner) = named.and_then(|named| named.get(key)) {
                    let of = Walk {
                        name: key,
                        required: is_required(schema, key),
                        open: of.open || is_open(key),
                        repository: of.repository && key != "feature_summary",
                    };
                    walk(inner, member, &child(at, key), of, visit);
                } else if let Some(schema) = others.filter(|others| others.is_object()) {
                    walk(schema, member, &child(at, key), of, visit);
                }
            }
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else {
                return;
            };
            let of = Walk {
                required: of.name == "acceptance_criteria",
                ..of
            };
            for (index, item) in items.iter().enumerate() {
                walk(schema, item, &format!("{at}/{index}"), of, visit);
            }
        }
        Value::String(text) => {
            if let Some(role) = role(of.name) {
                visit(Field {
                    at,
                    text,
                    role,
                    required: of.required,
                    open: of.open,
                    repository: of.repository,
                });
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn is_open(name: &str) -> bool {
    matches!(name, "questions" | "assumptions" | "discovery_questions")
}

/// What is asked of the texts of a field; `None` when they are no prose.
fn role(name: &str) -> Option<Role> {
    Some(match name {
        "acceptance_criteria"
        | "architecture_overview"
        | "benefit"
        | "codebase_summary"
        | "mitigation"
        | "one_liner"
        | "problem_statement"
        | "rationale"
        | "responsibility"
        | "text"
        | "want" => Role::Sentence,
        "assumptions"
        | "basis"
        | "description"
        | "error_handling"
        | "integration_points"
        | "integration_tests"
        | "migration_plan"
        | "naming"
        | "notes"
        | "out_of_scope"
        | "patterns"
        | "purpose"
        | "questions"
        | "relevance"
        | "risk"
        | "risks_identified"
        | "scope_in"
        | "scope_out"
        | "security_considerations"
        | "structure"
        | "success_metrics"
        | "technical_constraints"
        | "test_structure"
        | "testing"
        | "unit_tests"
        | "why" => Role::Note,
        "alternatives" | "decision" | "feature_name" | "name" | "pattern" | "project_type"
        | "role" | "tech_stack" | "title" => Role::Label,
        _ => return None,
    })
}
