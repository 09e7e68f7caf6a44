//! Behind a proxy that takes a part of the path away, requests do not tell what was asked for.

use std::sync::Arc;

use axum::extract::{OriginalUri, Request, State};
use axum::http::Uri;
use axum::middleware::Next;
use axum::response::Response;
use spec_core::InvalidInput;

/// The absolute path at which callers see the API, without a slash at its end. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Base(Arc<str>);

impl Base {
    pub(crate) fn new(path: &str) -> Result<Self, InvalidInput> {
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@/".contains(&byte);
        // With two slashes it would begin with a host.
        if !path.starts_with('/') || path.starts_with("//") || !path.bytes().all(is_plain) {
            return Err(InvalidInput::new(
                "base",
                format!("`{path}` is no absolute path: write one such as `/tools/api/v1`"),
            ));
        }
        Ok(Self(path.trim_end_matches('/').into()))
    }

    /// What callers asked for when `uri` is what has come of it below the mount.
    fn joined(&self, uri: &Uri) -> Option<Uri> {
        let below = uri.path_and_query()?;
        format!("{}{below}", self.0).parse().ok()
    }
}

/// Has everything that tells of paths tell of those that callers see.
pub(crate) async fn see_base(
    State(base): State<Option<Base>>,
    mut request: Request,
    next: Next,
) -> Response {
    let seen = base.and_then(|base| base.joined(request.uri()));
    if let Some(seen) = seen {
        request.extensions_mut().insert(OriginalUri(seen));
    }
    next.run(request).await
}
