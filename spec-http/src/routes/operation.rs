//! What is declared of each operation.

use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::routing::{self, MethodRouter};
use schemars::JsonSchema;
use serde_json::Value;

use super::part::{Answer, Body, Parameter, Place};
use crate::auth::SpecAction;
use crate::state::AppState;

/// Who may use an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody. No credentials are looked at.
    Public,
    /// Whoever the authenticator knows.
    Principal,
    /// Whoever may do this with the spec that the path names.
    Spec(SpecAction),
}

/// Under which heading an operation is documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Specs,
    Commands,
    Events,
    Service,
}

impl Tag {
    pub(crate) const ALL: [Self; 4] = [Self::Specs, Self::Commands, Self::Events, Self::Service];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Specs => "specs",
            Self::Commands => "commands",
            Self::Events => "events",
            Self::Service => "service",
        }
    }

    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Specs => "Launch specs, and look at them.",
            Self::Commands => "What a person asks of a spec.",
            Self::Events => "What happens to a spec, in order.",
            Self::Service => "The service itself.",
        }
    }
}

/// One operation: a method on a path.
///
/// What it can answer follows in part from the rest: a caller that is not known (401), a spec that is
/// not theirs (404), a body that cannot be read (400, 408, 413, 415, 422) and so on need no declaration.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// Names it in the document and in clients. Stable.
    pub(crate) id: &'static str,
    pub(crate) tag: Tag,
    /// A short phrase, without a full stop.
    pub(crate) summary: &'static str,
    pub(crate) access: Access,
    /// Those of the path apart, which follow from it.
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) own_problems: Vec<StatusCode>,
    pub(super) handler: MethodRouter<AppState>,
}

/// What is said about every operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct About {
    pub(super) id: &'static str,
    pub(super) tag: Tag,
    pub(super) summary: &'static str,
    pub(super) access: Access,
}

macro_rules! method {
    ($name:ident, $method:ident) => {
        pub(super) fn $name<H, T>(path: &'static str, handler: H, about: About) -> Self
        where
            H: Handler<T, AppState>,
            T: 'static,
        {
            Self::new(Method::$method, path, routing::$name(handler), about)
        }
    };
}

impl Operation {
    method!(get, GET);
    method!(post, POST);
    method!(put, PUT);
    method!(delete, DELETE);

    fn new(
        method: Method,
        path: &'static str,
        handler: MethodRouter<AppState>,
        about: About,
    ) -> Self {
        let About {
            id,
            tag,
            summary,
            access,
        } = about;
        Self {
            method,
            path,
            id,
            tag,
            summary,
            access,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            own_problems: Vec::new(),
            handler,
        }
    }

    /// Takes an optional parameter of the query.
    pub(super) fn query<T: JsonSchema>(
        self,
        name: &'static str,
        description: &'static str,
    ) -> Self {
        self.parameter(Parameter::new::<T>(Place::Query, name, description))
    }

    /// Takes an optional header.
    pub(super) fn header<T: JsonSchema>(
        self,
        name: &'static str,
        description: &'static str,
    ) -> Self {
        self.parameter(Parameter::new::<T>(Place::Header, name, description))
    }

    fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Takes a JSON body, of which `example` is one.
    pub(super) fn body<T: JsonSchema>(mut self, example: Value) -> Self {
        self.body = Some(Body::new::<T>(true, example));
        self
    }

    /// Takes a JSON body, or none.
    pub(super) fn optional_body<T: JsonSchema>(mut self, example: Value) -> Self {
        self.body = Some(Body::new::<T>(false, example));
        self
    }

    /// Answers like this when all goes well.
    pub(super) fn answer(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// Answers with this problem, beside those that follow from the rest.
    pub(super) fn problem(mut self, status: StatusCode) -> Self {
        self.own_problems.push(status);
        self
    }

    /// The statuses of all problems that it can answer with, in order.
    pub(crate) fn problems(&self) -> Vec<StatusCode> {
        let mut all = self.own_problems.clone();
        all.push(StatusCode::INTERNAL_SERVER_ERROR);
        if self.access != Access::Public {
            all.extend([
                StatusCode::UNAUTHORIZED,
                StatusCode::FORBIDDEN,
                StatusCode::SERVICE_UNAVAILABLE,
            ]);
        }
        if matches!(self.access, Access::Spec(_)) {
            all.push(StatusCode::NOT_FOUND);
        }
        if self.body.is_some() {
            all.extend([
                StatusCode::BAD_REQUEST,
                StatusCode::REQUEST_TIMEOUT,
                StatusCode::PAYLOAD_TOO_LARGE,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                StatusCode::UNPROCESSABLE_ENTITY,
            ]);
        }
        if self.parameters.iter().any(|it| it.place == Place::Query) {
            all.extend([StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY]);
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}
