//! `GET /openapi.json`

use axum::Json;
use axum::extract::OriginalUri;
use serde_json::Value;

use crate::openapi;

/// The description of this API, with the prefix under which it was asked for.
pub(crate) async fn document(OriginalUri(uri): OriginalUri) -> Json<Value> {
    let prefix = uri.path().rsplit_once('/').map_or("", |(base, _)| base);
    Json(openapi::document_at(prefix))
}
