//! `context.json`: everything a prompt speaks of, for programs to read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::finding::Finding;
use crate::id::{AttemptNumber, CommitId, RepairNumber, SpecId};
use crate::phase::Phase;
use crate::spec::{Description, Title};

/// Version of the file protocol of [`CommandAgent`](super::CommandAgent).
pub const PROTOCOL_VERSION: u16 = 1;

/// The content of `context.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentContext {
    /// Version of the file protocol.
    pub protocol: u16,
    /// The spec.
    pub spec_id: SpecId,
    /// The phase to be done.
    pub phase: Phase,
    /// The attempt.
    pub attempt: AttemptNumber,
    /// The run within the attempt; above 0, `findings` say what was wrong before.
    pub repair: RepairNumber,
    /// The title.
    pub title: Title,
    /// The idea, exactly as typed.
    pub description: Description,
    /// Absolute path of the checked-out repository.
    pub repository: String,
    /// The commit that is checked out.
    pub commit: CommitId,
    /// Outputs of the phases before, by name.
    pub outputs: BTreeMap<Phase, Value>,
    /// What was wrong with the output before.
    pub findings: Vec<Finding>,
    /// What a person asked to be done differently, exactly as typed, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feedback: Vec<String>,
    /// What an earlier attempt handed over and was refused, or the last result that was accepted when a
    /// person wants it to be changed; nothing when it was too long. At most
    /// [`MAX_PREVIOUS_BYTES`](Self::MAX_PREVIOUS_BYTES) of it are shown in a prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
}

impl AgentContext {
    /// How much of [`previous`](Self::previous) a prompt shows, in bytes.
    pub const MAX_PREVIOUS_BYTES: usize = 64 * 1024;
}
