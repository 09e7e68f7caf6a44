//! Both dialects of descriptions as one model: routes, their operations, parameters and bodies.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context as _, bail, ensure};
use jsonschema::Validator;
use serde_json::{Map, Value};

use super::schema::Schemas;

const METHODS: &[&str] = &[
    "delete", "get", "head", "options", "patch", "post", "put", "trace",
];

/// What operations are taken to consume that do not say.
const DEFAULT_CONTENT_TYPE: &str = "application/json";

const FORM: &str = "multipart/form-data";

/// Keys of a parameter of Swagger 2.0 that are not part of its schema.
const NOT_SCHEMA: &[&str] = &[
    "allowEmptyValue",
    "collectionFormat",
    "description",
    "in",
    "name",
    "required",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    OpenApi3,
    Swagger2,
}

impl Dialect {
    pub(super) fn of(document: &Value) -> anyhow::Result<Self> {
        let version = |key: &str| document.get(key).and_then(Value::as_str);
        match (version("openapi"), version("swagger")) {
            (Some(version), None) if version.starts_with("3.0") => Ok(Self::OpenApi3),
            (None, Some("2.0")) => Ok(Self::Swagger2),
            other => bail!("neither OpenAPI 3.0 nor Swagger 2.0: {other:?}"),
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::OpenApi3 => "#/components/schemas/",
            Self::Swagger2 => "#/definitions/",
        }
    }
}

/// The names of a path's parameters, and what stands for them.
pub(super) type Arguments = Vec<(String, String)>;

#[derive(Debug)]
pub(super) struct Route {
    pub(super) template: String,
    /// By their methods, in capitals.
    pub(super) operations: BTreeMap<String, Operation>,
}

#[derive(Debug)]
pub(super) struct Operation {
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
}

#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) kind: Kind,
    pub(super) schema: Validator,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
        })
    }
}

/// How the text of a parameter becomes a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Boolean,
    Number,
    /// Values one after the other, each under the name of the parameter.
    Repeated(Box<Self>),
    /// Values in one text.
    Separated(char, Box<Self>),
    /// No request of ours has it, and Daytona does not say how it is written.
    Object,
}

#[derive(Debug)]
pub(super) struct Body {
    pub(super) required: bool,
    /// By content types, without parameters.
    pub(super) contents: BTreeMap<String, Content>,
}

#[derive(Debug)]
pub(super) enum Content {
    Json(Validator),
    Form(Vec<Field>),
    /// Bytes, or a form of which no field is declared.
    Any,
}

/// A part of a form.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) file: bool,
    pub(super) kind: Kind,
    pub(super) schema: Validator,
}

impl Route {
    /// The arguments in a path that this route matches.
    pub(super) fn arguments(&self, path: &str) -> Option<Arguments> {
        let mut arguments = Vec::new();
        let (mut wanted, mut given) = (self.template.split('/'), path.split('/'));
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return Some(arguments),
                (Some(wanted), Some(given)) => match parameter_of(wanted) {
                    Some(name) if !given.is_empty() => {
                        arguments.push((name.to_owned(), given.to_owned()));
                    }
                    None if wanted == given => {}
                    _ => return None,
                },
                _ => return None,
            }
        }
    }

    /// How much of the template is literal: of two that match, the longer is meant.
    pub(super) fn literal_length(&self) -> usize {
        self.template
            .split('/')
            .filter(|segment| parameter_of(segment).is_none())
            .map(str::len)
            .sum()
    }
}

fn parameter_of(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

impl Kind {
    /// Joins what was given into the value that the schema judges, or says why that is impossible.
    /// A text that is not of its type stays a text: the schema has the better message.
    pub(super) fn value(&self, given: &[&str]) -> Result<Value, String> {
        match (self, given) {
            (Self::Repeated(item), _) => given.iter().map(|one| item.value(&[one])).collect(),
            (Self::Separated(separator, item), [one]) => one
                .split(*separator)
                .map(|one| item.value(&[one]))
                .collect(),
            (Self::Text, [one]) => Ok((*one).into()),
            (Self::Boolean, [one]) => Ok(one.parse::<bool>().map_or((*one).into(), Value::Bool)),
            (Self::Number, [one]) => Ok(serde_json::from_str::<serde_json::Number>(one)
                .map_or((*one).into(), Value::Number)),
            (Self::Object, [_]) => Err("is an object, which this check cannot read".to_owned()),
            (_, _) => Err(format!("is given {} times", given.len())),
        }
    }
}

/// A content type without its parameters.
pub(super) fn essence(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_lowercase()
}

pub(super) fn routes(document: &Value, dialect: Dialect) -> anyhow::Result<Vec<Route>> {
    let reader = Reader {
        document,
        dialect,
        schemas: Schemas::new(document, dialect.prefix()),
    };
    let paths = document.get("paths").and_then(Value::as_object);
    paths
        .context("`paths` is missing")?
        .iter()
        .map(|(template, item)| {
            let mut operations = BTreeMap::new();
            for (method, operation) in object(item)? {
                if METHODS.contains(&method.as_str()) {
                    let operation = reader
                        .operation(item, operation)
                        .with_context(|| format!("the operation {method} {template}"))?;
                    operations.insert(method.to_uppercase(), operation);
                }
            }
            let template = template.clone();
            Ok(Route {
                template,
                operations,
            })
        })
        .collect()
}

struct Reader<'document> {
    document: &'document Value,
    dialect: Dialect,
    schemas: Schemas<'document>,
}

impl<'document> Reader<'document> {
    fn operation(
        &self,
        item: &'document Value,
        operation: &'document Value,
    ) -> anyhow::Result<Operation> {
        let declared = self.parameters(item, operation)?;
        let mut parameters = Vec::new();
        for parameter in &declared {
            let place = match text(parameter, "in")? {
                "path" => Place::Path,
                "query" => Place::Query,
                "header" => Place::Header,
                "body" | "formData" if self.dialect == Dialect::Swagger2 => continue,
                place => bail!("a parameter in `{place}`"),
            };
            parameters.push(self.parameter(place, parameter)?);
        }
        let body = match self.dialect {
            Dialect::OpenApi3 => self.request_body(operation)?,
            Dialect::Swagger2 => self.body_of_parameters(operation, &declared)?,
        };
        Ok(Operation { parameters, body })
    }

    /// The parameters of an operation, and those of its path that it does not declare anew.
    fn parameters(
        &self,
        item: &'document Value,
        operation: &'document Value,
    ) -> anyhow::Result<Vec<&'document Value>> {
        let mut parameters: BTreeMap<(&str, &str), &Value> = BTreeMap::new();
        for holder in [item, operation] {
            for parameter in list(holder, "parameters")? {
                let parameter = self.schemas.resolve(parameter)?;
                let key = (text(parameter, "in")?, text(parameter, "name")?);
                parameters.insert(key, parameter);
            }
        }
        Ok(parameters.into_values().collect())
    }

    fn parameter(&self, place: Place, parameter: &'document Value) -> anyhow::Result<Parameter> {
        let name = text(parameter, "name")?.to_owned();
        let read = || match self.dialect {
            Dialect::OpenApi3 => {
                let schema = parameter.get("schema").context("`schema` is missing")?;
                let kind = self.kind(schema, &|item| match (
                    parameter.get("style"),
                    parameter.get("explode"),
                ) {
                    (None, None | Some(Value::Bool(true))) if place == Place::Query => {
                        Ok(Kind::Repeated(item))
                    }
                    (None, _) => Ok(Kind::Separated(',', item)),
                    (Some(style), _) => bail!("the style {style}"),
                })?;
                Ok((kind, self.schemas.validator(schema)?))
            }
            Dialect::Swagger2 => self.described_in_place(parameter),
        };
        let (kind, schema) = read().with_context(|| format!("the parameter `{name}`"))?;
        Ok(Parameter {
            place,
            required: place == Place::Path || is_true(parameter, "required"),
            kind,
            schema,
            name,
        })
    }

    /// Parameters of Swagger 2.0 are schemas themselves, which refer to nothing.
    fn described_in_place(&self, parameter: &Value) -> anyhow::Result<(Kind, Validator)> {
        let kind = self.kind(parameter, &|item| {
            let format = parameter.get("collectionFormat").and_then(Value::as_str);
            Ok(match format.unwrap_or("csv") {
                "csv" => Kind::Separated(',', item),
                "ssv" => Kind::Separated(' ', item),
                "tsv" => Kind::Separated('\t', item),
                "pipes" => Kind::Separated('|', item),
                "multi" => Kind::Repeated(item),
                format => bail!("the format {format} of a list"),
            })
        })?;
        let schema: Map<_, _> = object(parameter)?
            .iter()
            .filter(|(key, _)| !NOT_SCHEMA.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let schema = Value::Object(schema);
        let schemas = Schemas::new(&Value::Null, self.dialect.prefix());
        Ok((kind, schemas.validator(&schema)?))
    }

    fn kind<'value>(
        &self,
        schema: &'value Value,
        list: &dyn Fn(Box<Kind>) -> anyhow::Result<Kind>,
    ) -> anyhow::Result<Kind>
    where
        'document: 'value,
    {
        let schema = self.resolved(schema)?;
        let name = schema.get("type").and_then(Value::as_str);
        Ok(match name.unwrap_or("string") {
            "string" | "file" => Kind::Text,
            "boolean" => Kind::Boolean,
            "integer" | "number" => Kind::Number,
            "array" => {
                let item = schema.get("items").context("`items` is missing")?;
                let item = self.kind(item, &|_| bail!("a list of lists"))?;
                list(Box::new(item))?
            }
            "object" => Kind::Object,
            name => bail!("the type {name}"),
        })
    }

    /// The schema behind references, and behind an `allOf` of one.
    fn resolved<'value>(&self, schema: &'value Value) -> anyhow::Result<&'value Value>
    where
        'document: 'value,
    {
        let schemas: Schemas<'value> = Schemas::new(self.document, self.dialect.prefix());
        let schema = schemas.resolve(schema)?;
        match schema.get("allOf").and_then(Value::as_array) {
            Some(parts) => match parts.as_slice() {
                [part] => self.resolved(part),
                _ => bail!("a parameter composed of many schemas"),
            },
            None => Ok(schema),
        }
    }

    /// The body of an operation of `OpenAPI` 3.0.
    fn request_body(&self, operation: &'document Value) -> anyhow::Result<Option<Body>> {
        let Some(body) = operation.get("requestBody") else {
            return Ok(None);
        };
        let body = self.schemas.resolve(body)?;
        let mut contents = BTreeMap::new();
        for (content_type, media) in object(body.get("content").context("`content`")?)? {
            let essence = essence(content_type);
            let content = match media.get("schema") {
                Some(schema) if essence == DEFAULT_CONTENT_TYPE => {
                    Content::Json(self.schemas.validator(schema)?)
                }
                Some(schema) if essence == FORM => self.form_of_schema(schema)?,
                _ => Content::Any,
            };
            contents.insert(essence, content);
        }
        Ok(Some(Body {
            required: is_true(body, "required"),
            contents,
        }))
    }

    /// The properties of an object are the parts of its form.
    fn form_of_schema(&self, schema: &'document Value) -> anyhow::Result<Content> {
        let schema = self.schemas.resolve(schema)?;
        let required = list(schema, "required")?;
        let Some(properties) = schema.get("properties") else {
            return Ok(Content::Any);
        };
        let fields = object(properties)?.iter().map(|(name, property)| {
            let resolved = self.resolved(property)?;
            Ok(Field {
                name: name.clone(),
                required: required.iter().any(|one| one == name),
                file: resolved.get("format") == Some(&"binary".into()),
                kind: self.kind(property, &|item| Ok(Kind::Repeated(item)))?,
                schema: self.schemas.validator(property)?,
            })
        });
        Ok(Content::Form(fields.collect::<anyhow::Result<_>>()?))
    }

    /// The body of an operation of Swagger 2.0: one parameter in `body`, or many in `formData`.
    fn body_of_parameters(
        &self,
        operation: &'document Value,
        declared: &[&'document Value],
    ) -> anyhow::Result<Option<Body>> {
        let holder = [operation, self.document]
            .into_iter()
            .find(|holder| holder.get("consumes").is_some());
        let consumed: Vec<String> = match holder {
            Some(holder) => list(holder, "consumes")?
                .iter()
                .map(|one| essence(one.as_str().unwrap_or_default()))
                .collect(),
            None => vec![DEFAULT_CONTENT_TYPE.to_owned()],
        };
        let of = |place: &str| -> Vec<_> {
            let of = declared
                .iter()
                .filter(|one| one.get("in") == Some(&place.into()));
            of.copied().collect()
        };
        let (bodies, fields) = (of("body"), of("formData"));
        ensure!(bodies.len() < 2, "two parameters in `body`");
        ensure!(
            bodies.is_empty() || fields.is_empty(),
            "a body beside a form"
        );

        let is_form = operation.get("consumes").is_some() && consumed.iter().any(|one| one == FORM);
        if bodies.is_empty() && fields.is_empty() && !is_form {
            return Ok(None);
        }
        let mut contents = BTreeMap::new();
        for essence in consumed {
            let content = match bodies.first() {
                Some(body) if essence == DEFAULT_CONTENT_TYPE => {
                    let schema = body.get("schema").context("`schema` is missing")?;
                    Content::Json(self.schemas.validator(schema)?)
                }
                None if essence == FORM && !fields.is_empty() => self.form(&fields)?,
                _ => Content::Any,
            };
            contents.insert(essence, content);
        }
        let required = bodies.iter().chain(&fields);
        Ok(Some(Body {
            required: required.copied().any(|one| is_true(one, "required")),
            contents,
        }))
    }

    fn form(&self, fields: &[&'document Value]) -> anyhow::Result<Content> {
        let fields = fields.iter().map(|field| {
            let name = text(field, "name")?.to_owned();
            let file = field.get("type") == Some(&"file".into());
            let (kind, schema) = if file {
                let schemas = Schemas::new(&Value::Null, self.dialect.prefix());
                (Kind::Text, schemas.validator(&Value::Bool(true))?)
            } else {
                self.described_in_place(field)?
            };
            Ok(Field {
                name,
                required: is_true(field, "required"),
                file,
                kind,
                schema,
            })
        });
        Ok(Content::Form(fields.collect::<anyhow::Result<_>>()?))
    }
}

fn object(value: &Value) -> anyhow::Result<&Map<String, Value>> {
    value
        .as_object()
        .with_context(|| format!("not an object: {value}"))
}

fn text<'value>(value: &'value Value, key: &str) -> anyhow::Result<&'value str> {
    value
        .get(key)
        .and_then(Value::as_str)
        .with_context(|| format!("`{key}` is missing in {value}"))
}

fn list<'value>(value: &'value Value, key: &str) -> anyhow::Result<&'value [Value]> {
    match value.get(key) {
        None => Ok(&[]),
        Some(list) => Ok(list
            .as_array()
            .with_context(|| format!("`{key}` is not a list in {value}"))?),
    }
}

fn is_true(value: &Value, key: &str) -> bool {
    value.get(key) == Some(&Value::Bool(true))
}
