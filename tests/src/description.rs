//! The official descriptions of Daytona's API, and what recorded requests do wrong by them: the proof
//! that a client speaks as Daytona listens.
//!
//! Reading is strict, because Daytona is not: its server ignores what it does not know, so a misspelt
//! `ttlMinutes` means no limit and no error. Here a property, query parameter or part of a form that
//! the description does not name is a violation.

mod document;
mod form;
mod schema;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use axum::extract::Query;
use axum::http::Uri;
use serde_json::Value;

use crate::daytona::RecordedRequest;

use document::{Arguments, Body, Content, Dialect, Operation, Parameter, Place, Route};

/// Names the folder of the descriptions, `api.json` and `toolbox.json`.
const FOLDER_VARIABLE: &str = "DAYTONA_DESCRIPTIONS";

/// Where they lie otherwise, as seen from the root of the workspace.
const FOLDER: &str = "../shared/daytona";

/// What Daytona takes although the lists of its descriptions leave it out. Each entry has its proof.
const ALSO_TAKEN: &[AlsoTaken] = &[
    // The prose of the operation: "either multipart/form-data (field "file") or a raw request body
    // (e.g. application/octet-stream)". Swagger 2.0 cannot tell both, and lists the form only.
    AlsoTaken {
        method: "POST",
        path: "/files/upload-v2",
        content_type: "application/octet-stream",
    },
];

#[derive(Debug)]
struct AlsoTaken {
    method: &'static str,
    path: &'static str,
    content_type: &'static str,
}

/// A request as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// As under `/api`, or under the root of a sandbox's toolbox: `/sandbox`, `/files/download`.
    pub path: String,
    /// Names and values, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// Names and values. Undeclared ones are nobody's business; none of today's are required.
    pub headers: Vec<(String, String)>,
    /// The header `Content-Type`, with its parameters.
    pub content_type: Option<String>,
    /// All of it, decoded from chunks.
    pub body: Vec<u8>,
}

impl Request {
    fn of_recorded(recorded: &RecordedRequest, path: &str) -> anyhow::Result<Self> {
        let query = format!("/?{}", recorded.query).parse::<Uri>()?;
        let Query(query) = Query::try_from_uri(&query).context("the query cannot be read")?;
        let is_type = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("content-type");
        let content_type = recorded.headers.iter().find(is_type);
        Ok(Self {
            method: recorded.method.clone(),
            path: path.to_owned(),
            query,
            headers: recorded.headers.clone(),
            content_type: content_type.map(|(_, value)| value.clone()),
            body: recorded.body.clone(),
        })
    }
}

/// Both descriptions.
#[derive(Debug)]
pub struct Descriptions {
    /// The control plane: what lies under `/api`.
    pub api: Description,
    /// What runs in each sandbox.
    pub toolbox: Description,
}

impl Descriptions {
    /// Reads `api.json` and `toolbox.json`, or returns nothing when they are not here.
    ///
    /// # Errors
    ///
    /// When only one of them is here, or one cannot be read or says what this module does not know.
    pub fn load() -> anyhow::Result<Option<Self>> {
        let folder = folder();
        let (api, toolbox) = (folder.join("api.json"), folder.join("toolbox.json"));
        if !api.exists() && !toolbox.exists() {
            return Ok(None);
        }
        Ok(Some(Self {
            api: Description::read(&api)?,
            toolbox: Description::read(&toolbox)?,
        }))
    }

    /// Everything that is wrong with a request to a [fake](crate::daytona), each in a sentence.
    #[must_use]
    pub fn violations(&self, recorded: &RecordedRequest) -> Vec<String> {
        let (description, path) = if let Some(path) = recorded.path.strip_prefix("/api") {
            (&self.api, path)
        } else {
            let rest = recorded.path.strip_prefix("/toolbox/").unwrap_or_default();
            (&self.toolbox, rest.find('/').map_or("", |at| &rest[at..]))
        };
        match Request::of_recorded(recorded, path) {
            Ok(request) => description.violations(&request),
            Err(error) => vec![format!("{} {path}: {error:#}", recorded.method)],
        }
    }

    /// What a test prints that has to do without.
    #[must_use]
    pub fn skipped() -> String {
        format!(
            "skipped part: the descriptions of Daytona's API are not here ({}; {FOLDER_VARIABLE} names another folder)",
            folder().display()
        )
    }
}

fn folder() -> PathBuf {
    match std::env::var_os(FOLDER_VARIABLE) {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(FOLDER),
    }
}

/// One description: of `OpenAPI` 3.0, or of its predecessor Swagger 2.0.
#[derive(Debug)]
pub struct Description {
    routes: Vec<Route>,
}

impl Description {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let read = || -> anyhow::Result<Self> {
            Self::new(&serde_json::from_slice(&std::fs::read(path)?)?)
        };
        read().with_context(|| format!("the description {}", path.display()))
    }

    /// Understands all of a description, or nothing.
    ///
    /// # Errors
    ///
    /// When it is of another dialect or says what this module does not know.
    pub fn new(document: &Value) -> anyhow::Result<Self> {
        let dialect = Dialect::of(document)?;
        let routes = document::routes(document, dialect)?;
        Ok(Self { routes })
    }

    /// How many operations are described.
    #[must_use]
    pub fn operations(&self) -> usize {
        self.routes.iter().map(|route| route.operations.len()).sum()
    }

    /// Everything that the description forbids in `request`, each in a sentence.
    #[must_use]
    pub fn violations(&self, request: &Request) -> Vec<String> {
        let (method, path) = (request.method.to_uppercase(), &request.path);
        let found = match self.find(&method, path) {
            Ok((operation, arguments)) => {
                let mut found = Vec::new();
                check_parameters(operation, &arguments, request, &mut found);
                check_body(operation, request, &mut found);
                found
            }
            Err(reason) => vec![reason],
        };
        found
            .into_iter()
            .map(|what| format!("{method} {path}: {what}"))
            .collect()
    }

    /// The operation that a request names, with the arguments in its path; or why there is none.
    fn find(&self, method: &str, path: &str) -> Result<(&Operation, Arguments), String> {
        let (route, arguments) = self
            .routes
            .iter()
            .filter_map(|route| Some((route, route.arguments(path)?)))
            .max_by_key(|(route, _)| route.literal_length())
            .ok_or("there is no such route")?;
        match route.operations.get(method) {
            Some(operation) => Ok((operation, arguments)),
            None => Err(format!(
                "the route {} has no such method, only {}",
                route.template,
                route
                    .operations
                    .keys()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
        }
    }
}

fn check_parameters(
    operation: &Operation,
    arguments: &[(String, String)],
    request: &Request,
    found: &mut Vec<String>,
) {
    for parameter in &operation.parameters {
        let values = match parameter.place {
            Place::Path => values_of(arguments, |name| name == parameter.name),
            Place::Query => values_of(&request.query, |name| name == parameter.name),
            Place::Header => values_of(&request.headers, |name| {
                name.eq_ignore_ascii_case(&parameter.name)
            }),
        };
        check_parameter(parameter, &values, found);
    }
    for (name, _) in &request.query {
        let declared = operation
            .parameters
            .iter()
            .any(|parameter| parameter.place == Place::Query && parameter.name == *name);
        if !declared {
            found.push(format!("the query parameter `{name}` is not declared"));
        }
    }
}

fn values_of(pairs: &[(String, String)], named: impl Fn(&str) -> bool) -> Vec<&str> {
    pairs
        .iter()
        .filter(|(name, _)| named(name))
        .map(|(_, value)| value.as_str())
        .collect()
}

fn check_parameter(parameter: &Parameter, values: &[&str], found: &mut Vec<String>) {
    let place = format!("the {} parameter `{}`", parameter.place, parameter.name);
    if values.is_empty() {
        if parameter.required {
            found.push(format!("{place} is missing"));
        }
        return;
    }
    match parameter.kind.value(values) {
        Ok(value) => found.extend(
            parameter
                .schema
                .iter_errors(&value)
                .map(|error| format!("{place}: {error}")),
        ),
        Err(reason) => found.push(format!("{place} {reason}")),
    }
}

fn check_body(operation: &Operation, request: &Request, found: &mut Vec<String>) {
    let Some(body) = &operation.body else {
        if !request.body.is_empty() {
            found.push("a body is sent and none is declared".to_owned());
        }
        return;
    };
    if request.body.is_empty() {
        if body.required {
            found.push("the body is missing".to_owned());
        }
        return;
    }
    let Some(content_type) = &request.content_type else {
        found.push("the body has no content type".to_owned());
        return;
    };
    let essence = document::essence(content_type);
    match body.contents.get(&essence) {
        Some(Content::Any) => {}
        Some(Content::Json(schema)) => check_json(schema, &request.body, found),
        Some(Content::Form(fields)) => {
            form::check(fields, content_type, &request.body, found);
        }
        None if is_also_taken(request, &essence) => {}
        None => found.push(undeclared(body, &essence)),
    }
}

fn check_json(schema: &jsonschema::Validator, body: &[u8], found: &mut Vec<String>) {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => found.extend(schema.iter_errors(&value).map(|error| {
            let at = error.instance_path().as_str();
            let at = if at.is_empty() { "its top" } else { at };
            format!("the body at {at}: {error}")
        })),
        Err(error) => found.push(format!("the body is not JSON: {error}")),
    }
}

fn is_also_taken(request: &Request, essence: &str) -> bool {
    ALSO_TAKEN.iter().any(|taken| {
        taken.method.eq_ignore_ascii_case(&request.method)
            && taken.path == request.path
            && taken.content_type == essence
    })
}

fn undeclared(body: &Body, essence: &str) -> String {
    let declared: Vec<_> = body.contents.keys().map(String::as_str).collect();
    format!(
        "the content type {essence} is not declared, only {}",
        declared.join(", ")
    )
}

#[cfg(test)]
mod tests;
