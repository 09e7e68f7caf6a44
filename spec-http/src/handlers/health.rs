//! `GET /healthz`

use axum::Json;
use serde_json::{Value, json};

/// The process answers. Says nothing about what it depends on.
pub(crate) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}
