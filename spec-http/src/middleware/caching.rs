//! What is for one caller is kept by nobody for another.

use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::Response;

/// Has answers that say nothing of it kept by the caller alone, and asked for each time. Without, a
/// cache between them may keep one that came without a lifetime, and show it to somebody else.
pub(crate) async fn keep_private(mut response: Response) -> Response {
    response
        .headers_mut()
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("private, no-cache"));
    response
}
