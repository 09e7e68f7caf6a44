//! The table of routes as an OpenAPI document, version 3.1.

mod problems;
mod schemas;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use self::schemas::Schemas;
use crate::routes::{Access, Answer, Body, Operation, Parameter, Place, Tag, operations};

const SCHEME: &str = "principal";

/// The document where the router is not nested.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| document(&operations()));

/// The document of a router that is nested under `prefix`, which is empty where it is not.
pub(crate) fn document_at(prefix: &str) -> Value {
    let mut document = DOCUMENT.clone();
    if let (false, Some(members)) = (prefix.is_empty(), document.as_object_mut()) {
        members.insert("servers".to_owned(), json!([{ "url": prefix }]));
    }
    document
}

fn document(operations: &[Operation]) -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for operation in operations {
        let described = described(operation, &mut schemas);
        let path = paths
            .entry(operation.path)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(operation.method.as_str().to_lowercase(), described);
        }
    }
    let responses = problems::responses(operations, &mut schemas);
    let tags = Tag::ALL.map(|tag| json!({ "name": tag.name(), "description": tag.description() }));
    schemas.finish(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "spec-http",
            "version": env!("CARGO_PKG_VERSION"),
            "description": env!("CARGO_PKG_DESCRIPTION"),
            "license": { "name": env!("CARGO_PKG_LICENSE") }
        },
        "tags": tags,
        "security": [{ SCHEME: [] }],
        "paths": paths,
        "components": {
            "responses": responses,
            "securitySchemes": {
                SCHEME: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "As the server's host decides; by default a token, and none for a \
                                    server that only its own machine can reach."
                }
            }
        }
    }))
}

fn described(operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut described = Map::new();
    let mut say = |name: &str, value: Value| described.insert(name.to_owned(), value);
    say("operationId", operation.id.into());
    say("tags", json!([operation.tag.name()]));
    say("summary", operation.summary.into());
    match operation.access {
        Access::Public => {
            say("security", json!([]));
        }
        Access::Principal => {}
        Access::Spec(action) => {
            say("x-spec-action", action.as_str().into());
        }
    }
    let in_path = path_parameters(operation.path);
    let parameters: Vec<_> = in_path
        .iter()
        .chain(&operation.parameters)
        .map(|parameter| described_parameter(parameter, schemas))
        .collect();
    if !parameters.is_empty() {
        say("parameters", parameters.into());
    }
    if let Some(body) = &operation.body {
        say("requestBody", described_body(body, schemas));
    }
    let mut responses = Map::new();
    for answer in &operation.answers {
        let answered = described_answer(answer, schemas);
        responses.insert(answer.status.as_str().to_owned(), answered);
    }
    for status in operation.problems() {
        responses.insert(status.as_str().to_owned(), problems::reference(status));
    }
    say("responses", responses.into());
    described.into()
}

fn path_parameters(path: &str) -> Vec<Parameter> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .filter_map(Parameter::of_path)
        .collect()
}

fn described_parameter(parameter: &Parameter, schemas: &mut Schemas) -> Value {
    let place = match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    json!({
        "in": place,
        "name": parameter.name,
        "description": parameter.description,
        "required": parameter.place == Place::Path,
        "schema": schemas.of_request(parameter.schema)
    })
}

fn described_body(body: &Body, schemas: &mut Schemas) -> Value {
    json!({
        "required": body.is_required,
        "content": {
            "application/json": {
                "schema": schemas.of_request(body.schema),
                "example": body.example
            }
        }
    })
}

fn described_answer(answer: &Answer, schemas: &mut Schemas) -> Value {
    let mut described = Map::new();
    described.insert("description".to_owned(), answer.description.into());
    if !answer.headers.is_empty() {
        let headers = answer.headers.iter().map(|(name, description)| {
            let header = json!({ "description": description, "schema": { "type": "string" } });
            ((*name).to_owned(), header)
        });
        described.insert("headers".to_owned(), headers.collect::<Map<_, _>>().into());
    }
    if !answer.media.is_empty() {
        let content = answer.media.iter().map(|media| {
            let schema = schemas.of_answer(media.schema);
            let form = json!({ "schema": schema, "example": media.example });
            (media.content_type.to_owned(), form)
        });
        described.insert("content".to_owned(), content.collect::<Map<_, _>>().into());
    }
    described.into()
}
