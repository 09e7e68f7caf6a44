//! Parameters of a query.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use spec_core::InvalidInput;
use spec_core::store::TitleSearch;

use crate::error::ApiError;

/// The parameters of a query. Each is taken out once; [`finish`](Self::finish) refuses the rest, so
/// that a misspelt filter is an error and not a longer list.
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(pairs)) => Ok(Self(pairs)),
            Err(_) => Err(ApiError::malformed("the query cannot be read")),
        }
    }
}

impl Parameters {
    /// Takes out a parameter as text.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, ApiError> {
        let mut found = self.0.extract_if(.., |(key, _)| key == name);
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(ApiError::invalid(name, "is given more than once")),
            (first, _) => Ok(first.map(|(_, value)| value)),
        }
    }

    /// Takes out a parameter and parses it, for types that say themselves what is wrong.
    pub(crate) fn parsed<T>(&mut self, name: &'static str) -> Result<Option<T>, ApiError>
    where
        T: FromStr<Err = InvalidInput>,
    {
        let parse = |text: String| {
            let value = text.parse();
            value.map_err(|error: InvalidInput| ApiError::invalid(name, error.reason()))
        };
        self.text(name)?.map(parse).transpose()
    }

    /// Takes out what is looked for in titles. A field that was left empty looks for nothing.
    pub(crate) fn search(&mut self, name: &'static str) -> Result<Option<TitleSearch>, ApiError> {
        let text = self.text(name)?.filter(|text| !text.trim().is_empty());
        Ok(text.map(TitleSearch::new).transpose()?)
    }

    /// Takes out a whole number.
    pub(crate) fn number(&mut self, name: &'static str) -> Result<Option<u32>, ApiError> {
        let parse = |text: String| text.parse::<u32>();
        let number = self.text(name)?.map(parse).transpose();
        number.or(Err(ApiError::invalid(name, "is not a whole number")))
    }

    /// Takes out `true` or `false`.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, ApiError> {
        let parse = |text: String| text.parse::<bool>();
        let flag = self.text(name)?.map(parse).transpose();
        flag.or(Err(ApiError::invalid(name, "must be true or false")))
    }

    /// Refuses what was not taken out.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => Err(ApiError::invalid(name, "is not a parameter of this path")),
        }
    }
}
