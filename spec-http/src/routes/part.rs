//! The parts of an operation: its parameters, its body, its answers.

use axum::http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;
use spec_core::Phase;
use spec_core::id::SpecId;

/// Makes a schema, and those that it refers to, known to a generator.
pub(crate) type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

/// A parameter. Those of the path are required, all others may be left out.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) place: Place,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) schema: MakeSchema,
}

impl Parameter {
    pub(super) fn new<T: JsonSchema>(
        place: Place,
        name: &'static str,
        description: &'static str,
    ) -> Self {
        Self {
            place,
            name,
            description,
            schema: SchemaGenerator::subschema_for::<T>,
        }
    }

    /// The parameter that stands in paths as `{name}`. A name has one meaning in all of them.
    pub(crate) fn of_path(name: &str) -> Option<Self> {
        match name {
            "spec_id" => Some(Self::new::<SpecId>(
                Place::Path,
                "spec_id",
                "Identifies the spec.",
            )),
            "phase" => Some(Self::new::<Phase>(Place::Path, "phase", "The phase.")),
            _ => None,
        }
    }
}

/// The JSON body of a request.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) is_required: bool,
    pub(crate) schema: MakeSchema,
    pub(crate) example: Value,
}

impl Body {
    pub(super) fn new<T: JsonSchema>(is_required: bool, example: Value) -> Self {
        Self {
            is_required,
            schema: SchemaGenerator::subschema_for::<T>,
            example,
        }
    }
}

/// A form in which an answer comes.
#[derive(Debug)]
pub(crate) struct Media {
    pub(crate) content_type: &'static str,
    pub(crate) schema: MakeSchema,
    pub(crate) example: Value,
}

/// An answer that is no problem.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) description: &'static str,
    /// Names, and what they say.
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    /// None where there is no body; several where the request chooses.
    pub(crate) media: Vec<Media>,
}

impl Answer {
    /// Without a body.
    pub(super) fn empty(status: StatusCode, description: &'static str) -> Self {
        Self {
            status,
            description,
            headers: Vec::new(),
            media: Vec::new(),
        }
    }

    /// 200 with a JSON body, of which `example` is one.
    pub(super) fn ok<T: JsonSchema>(description: &'static str, example: Value) -> Self {
        Self::json::<T>(StatusCode::OK, description, example)
    }

    /// With a JSON body.
    pub(super) fn json<T: JsonSchema>(
        status: StatusCode,
        description: &'static str,
        example: Value,
    ) -> Self {
        Self::empty(status, description).media::<T>("application/json", example)
    }

    /// Comes in this form too.
    pub(super) fn media<T: JsonSchema>(
        mut self,
        content_type: &'static str,
        example: Value,
    ) -> Self {
        self.media.push(Media {
            content_type,
            schema: SchemaGenerator::subschema_for::<T>,
            example,
        });
        self
    }

    /// Comes with this header.
    pub(super) fn header(mut self, name: &'static str, description: &'static str) -> Self {
        self.headers.push((name, description));
        self
    }
}
