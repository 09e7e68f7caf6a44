//! What requests and answers look like. Fields that this adapter does not use are left out, and new
//! ones are ignored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use spec_core::clock::Timestamp;
use spec_core::sandbox::{Labels, SandboxState};

/// A request for a sandbox. Daytona ignores names that it does not know, so that a slip here would
/// cost money without an error: a test holds them against the API's description.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateSandbox {
    pub(crate) name: String,
    pub(crate) labels: Labels,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) snapshot: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) build_info: Option<BuildInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disk: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<String>,
    pub(crate) public: bool,
    /// Minutes without a request after which it is stopped.
    pub(crate) auto_stop_interval: u32,
    /// 0: it is deleted when it is stopped.
    pub(crate) auto_delete_interval: i32,
    /// Minutes after which it is deleted, whatever it does.
    pub(crate) ttl_minutes: u32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) network_block_all: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) network_allow_list: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) domain_allow_list: Option<String>,
    /// Variable and secret of the vault, one pair each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) secrets: Vec<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BuildInfo {
    pub(crate) dockerfile_content: String,
}

/// A sandbox, as the API tells it, alone or in a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SandboxRecord {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) labels: Labels,
    #[serde(default)]
    pub(crate) state: Option<String>,
    #[serde(default)]
    pub(crate) error_reason: Option<String>,
    #[serde(default)]
    pub(crate) created_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) toolbox_proxy_url: String,
    #[serde(default)]
    pub(crate) daemon_version: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    pub(crate) items: Vec<SandboxRecord>,
    #[serde(default)]
    pub(crate) next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CurrentKey {
    #[serde(default)]
    pub(crate) permissions: Vec<String>,
    #[serde(default)]
    pub(crate) expires_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerConfig {
    #[serde(default)]
    pub(crate) version: Option<String>,
    #[serde(default)]
    pub(crate) default_snapshot: Option<String>,
    /// The API's own spelling.
    #[serde(default)]
    pub(crate) maintanance_mode: bool,
}

/// What a sandbox's state means here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// On its way to running.
    Pending,
    Running,
    /// Stopped, by itself or by somebody.
    Suspended,
    /// On its way out of running.
    Ending,
    Failed,
    Gone,
    Unknown(String),
}

impl SandboxRecord {
    pub(crate) fn standing(&self) -> State {
        match self.state.as_deref().unwrap_or("unknown") {
            "creating" | "restoring" | "starting" | "pending_build" | "building_snapshot"
            | "pulling_snapshot" | "resuming" => State::Pending,
            // The last three are busy and go on running.
            "started" | "resizing" | "snapshotting" | "forking" => State::Running,
            "stopped" | "paused" | "archived" => State::Suspended,
            "stopping" | "destroying" | "archiving" | "pausing" => State::Ending,
            "error" | "build_failed" => State::Failed,
            "destroyed" => State::Gone,
            other => State::Unknown(other.to_owned()),
        }
    }

    /// The same in the words of the port.
    pub(crate) fn sandbox_state(&self) -> SandboxState {
        match self.standing() {
            State::Pending => SandboxState::Pending,
            State::Running => SandboxState::Running,
            State::Suspended | State::Ending => SandboxState::Suspended,
            State::Failed => SandboxState::Failed {
                reason: self.reason(),
            },
            State::Gone => SandboxState::Gone,
            State::Unknown(name) => SandboxState::Unknown { name },
        }
    }

    /// Why it failed, as far as Daytona says.
    pub(crate) fn reason(&self) -> String {
        let state = self.state.as_deref().unwrap_or("unknown");
        match self.error_reason.as_deref().map(str::trim) {
            Some(reason) if !reason.is_empty() => format!("{state}: {reason:.300}"),
            Some(_) | None => format!("its state is `{state}`, and Daytona gives no reason"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_whatever_else_it_holds() {
        let record: SandboxRecord = serde_json::from_value(serde_json::json!({
            "id": "not-a-uuid", "organizationId": "o", "name": "n", "user": "daytona",
            "env": {"A": "b"}, "labels": {"spec.managed": "true"}, "cpu": 1.0, "memory": 2,
            "state": "hibernating", "createdAt": "2026-11-22T10:00:00.123Z", "kvm": false,
            "toolboxProxyUrl": "https://proxy.app.daytona.io/toolbox", "later": [1, 2],
        }))
        .unwrap();
        assert_eq!(record.standing(), State::Unknown("hibernating".to_owned()));
        assert_eq!(
            record.created_at.unwrap().to_string(),
            "2026-11-22T10:00:00.123000Z"
        );
        let least: SandboxRecord = serde_json::from_str(r#"{"id":"x"}"#).unwrap();
        assert_eq!(least.standing(), State::Unknown("unknown".to_owned()));
    }

    #[test]
    fn every_state_of_the_api_is_known() {
        let all = "creating restoring destroyed destroying started stopped starting stopping error \
                   build_failed pending_build building_snapshot pulling_snapshot archived archiving \
                   resizing snapshotting forking pausing paused resuming";
        for state in all.split_whitespace() {
            let record = SandboxRecord {
                id: String::new(),
                name: String::new(),
                labels: Labels::new(),
                state: Some(state.to_owned()),
                error_reason: None,
                created_at: None,
                toolbox_proxy_url: String::new(),
                daemon_version: None,
            };
            assert!(!matches!(record.standing(), State::Unknown(_)), "{state}");
        }
    }
}
