//! Whether the key is good for what this adapter does.

use spec_core::clock::Timestamp;
use spec_core::sandbox::{SpawnError, SpawnErrorKind};

use crate::client::Client;

/// What a key must be allowed to do. Without the second it would make sandboxes and never end them.
const NEEDED: [&str; 2] = ["write:sandboxes", "delete:sandboxes"];

/// What Daytona says of itself and of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preflight {
    /// The version of Daytona's API, if it says.
    pub api_version: Option<String>,
    /// The snapshot that sandboxes are made from when none is named.
    pub default_snapshot: Option<String>,
    /// Whether Daytona is in maintenance, when it may refuse to make sandboxes.
    pub maintenance: bool,
    /// What the key may do.
    pub permissions: Vec<String>,
    /// When the key ends, if it does.
    pub expires_at: Option<Timestamp>,
}

pub(super) async fn ask(client: &Client) -> Result<Preflight, SpawnError> {
    let limit = client
        .config()
        .outage_limit
        .min(client.config().request_timeout());
    let server = client
        .persist(limit, || client.server_config())
        .await
        .map_err(|error| error.into_spawn_error("cannot ask Daytona what it is"))?;
    let key = client
        .persist(limit, || client.current_key())
        .await
        .map_err(|error| error.into_spawn_error("cannot ask Daytona what the key may do"))?;
    let missing: Vec<&str> = NEEDED
        .into_iter()
        .filter(|needed| !key.permissions.iter().any(|has| has == needed))
        .collect();
    if !missing.is_empty() {
        let message = format!(
            "the Daytona API key lacks {}: make one that may {}",
            missing.join(" and "),
            NEEDED.join(" and ")
        );
        return Err(SpawnError::new(SpawnErrorKind::Unauthorized, message));
    }
    Ok(Preflight {
        api_version: server.version,
        default_snapshot: server.default_snapshot,
        maintenance: server.maintanance_mode,
        permissions: key.permissions,
        expires_at: key.expires_at,
    })
}
