//! A defect in one request is answered, and is the end of no other.

use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;

use crate::error::ApiError;

/// Answers a request whose handler panics with the constant text for defects, and logs the panic.
pub(crate) async fn catch_panics(request: Request, next: Next) -> Response {
    // What the request alone has touched is dropped; what is shared stands behind locks that are
    // poisoned, or in the store.
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(payload) => ApiError::panicked(Panicked::of(&*payload)).into_response(),
    }
}

/// A panic, for the log.
#[derive(Debug)]
pub(crate) struct Panicked(String);

impl Panicked {
    fn of(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        Self(text.unwrap_or("without a message").to_owned())
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a handler panicked: {}", self.0)
    }
}

impl std::error::Error for Panicked {}
