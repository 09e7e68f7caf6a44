//! Every answer that a test gets is held against the document: there is no status, and no body, of
//! which it does not tell.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use axum::http::{Method, StatusCode};
use jsonschema::Validator;
use serde_json::{Map, Value};

use crate::harness::Answer;

/// What another test compares with what the router answers.
static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../openapi.json")).unwrap());

type Validators = Mutex<HashMap<(String, u16), Option<Arc<Validator>>>>;

static VALIDATORS: LazyLock<Validators> = LazyLock::new(Validators::default);

/// An operation, as it is documented.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Described {
    pub(crate) path: &'static str,
    pub(crate) method: &'static str,
    operation: &'static Value,
}

/// All operations.
pub(crate) fn operations() -> Vec<Described> {
    let mut all = Vec::new();
    for (path, methods) in members(&DOCUMENT["paths"]) {
        for (method, operation) in members(methods) {
            all.push(Described {
                path,
                method,
                operation,
            });
        }
    }
    all
}

fn members(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

impl Described {
    pub(crate) fn id(&self) -> &'static str {
        self.operation["operationId"].as_str().unwrap()
    }

    pub(crate) fn is_public(&self) -> bool {
        self.operation["security"]
            .as_array()
            .is_some_and(Vec::is_empty)
    }

    /// What it does with the spec that its path names.
    pub(crate) fn action(&self) -> Option<&'static str> {
        self.operation["x-spec-action"].as_str()
    }

    pub(crate) fn body(&self) -> Option<&'static Value> {
        self.operation
            .pointer("/requestBody/content/application~1json/example")
    }

    fn response(&self, status: StatusCode) -> Option<&'static Value> {
        let response = self.operation["responses"].get(status.as_str())?;
        match response["$ref"].as_str() {
            Some(to) => DOCUMENT.pointer(to.trim_start_matches('#')),
            None => Some(response),
        }
    }

    fn validator(&self, response: &Value, answer: &Answer) -> Option<Arc<Validator>> {
        let key = (self.id().to_owned(), answer.status.as_u16());
        let mut validators = VALIDATORS.lock().unwrap();
        let made = validators.entry(key).or_insert_with(|| {
            let content = &response["content"];
            let mut schema = content.get(content_type(answer))?["schema"].clone();
            schema["components"] = DOCUMENT["components"].clone();
            Some(Arc::new(jsonschema::draft202012::new(&schema).unwrap()))
        });
        made.clone()
    }
}

/// The operation to which a request belongs, if the document has it.
fn operation(method: &Method, path: &str) -> Option<Described> {
    let path = path.split('?').next().unwrap_or_default();
    let fits = |template: &str| {
        let (mut names, mut parts) = (template.split('/'), path.split('/'));
        loop {
            match (names.next(), parts.next()) {
                (None, None) => return true,
                (Some(name), Some(part))
                    if name == part || (name.starts_with('{') && !part.is_empty()) => {}
                _ => return false,
            }
        }
    };
    let fixed_first = |it: &Described| it.path.matches('{').count();
    operations()
        .into_iter()
        .filter(|it| fits(it.path))
        .min_by_key(fixed_first)
        .and_then(|best| {
            let name = method.as_str().to_lowercase();
            let all = operations().into_iter();
            all.filter(|it| it.path == best.path)
                .find(|it| it.method == name)
        })
}

/// Checks an answer to a request to a router that is not nested.
#[track_caller]
pub(crate) fn check(method: &Method, path: &str, answer: &Answer) {
    let Some(described) = operation(method, path) else {
        // A path that is none, a method that is none, or a command for a page of another origin.
        assert!(
            [404, 405, 403].contains(&answer.status.as_u16()),
            "{answer:?}"
        );
        return;
    };
    let id = described.id();
    let Some(response) = described.response(answer.status) else {
        panic!("{id} is not documented to answer {answer:?}");
    };
    for (name, _) in response["headers"].as_object().into_iter().flatten() {
        assert!(
            !answer.header(name).is_empty(),
            "{id}: without {name}: {answer:?}"
        );
    }
    let Some(content) = response["content"].as_object() else {
        assert_eq!(
            answer.text, "",
            "{id} is documented to answer without a body"
        );
        return;
    };
    let content_type = content_type(answer);
    assert!(content.contains_key(content_type), "{id}: {answer:?}");
    if !content_type.ends_with("json") {
        return;
    }
    let validator = described.validator(response, answer).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&answer.json)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{id}: {errors:#?} in {answer:?}");
}

/// Without its parameters.
fn content_type(answer: &Answer) -> &str {
    let whole = answer.header("content-type");
    whole.split(';').next().unwrap_or_default().trim()
}
