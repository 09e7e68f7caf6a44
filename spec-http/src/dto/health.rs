//! Whether the server is well.

use schemars::JsonSchema;
use serde::Serialize;

/// Body of `GET /healthz` and `GET /readyz`, where all is well.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct HealthBody {
    status: HealthStatus,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum HealthStatus {
    Ok,
}

impl HealthBody {
    pub(crate) fn ok() -> Self {
        Self {
            status: HealthStatus::Ok,
        }
    }
}
