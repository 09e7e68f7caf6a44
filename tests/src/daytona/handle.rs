//! What a test sees and does behind the back of the clients.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::daytona::world::World;
use crate::daytona::{Fault, FaultPlan, lifecycle};

/// A view of a running fake. It does not keep the fake alive.
#[derive(Debug, Clone)]
pub struct FakeHandle(pub(crate) Arc<World>);

/// How many sandboxes there have been.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Created ever.
    pub created: u32,
    /// Gone completely.
    pub destroyed: u32,
    /// Names of those whose end has not begun.
    pub live: BTreeSet<String>,
}

/// A sandbox as the provider has it on record.
#[derive(Debug, Clone, PartialEq)]
pub struct SandboxView {
    /// The provider's id.
    pub id: String,
    /// The name, which changes at a deletion.
    pub name: String,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The state, in the provider's words.
    pub state: String,
    /// The environment, which the provider shows to everybody.
    pub env: BTreeMap<String, String>,
    /// Everything that a GET answers.
    pub record: Value,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The method.
    pub method: String,
    /// The path, as it was escaped.
    pub path: String,
    /// The query, as it was escaped.
    pub query: String,
    /// Names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The first mebibyte of the body.
    pub body: Vec<u8>,
}

impl FakeHandle {
    /// Where the control plane is.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}/api", self.0.origin)
    }

    /// The key that is accepted.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.0.api_key
    }

    /// Lets something go wrong.
    pub fn inject(&self, plan: impl Into<FaultPlan>) {
        self.0.faults.add(plan.into());
    }

    /// What has gone wrong so far, and how often.
    #[must_use]
    pub fn struck(&self) -> Vec<(Fault, u32)> {
        self.0.faults.struck()
    }

    /// After how many bytes the faults of followed logs cut them from now on.
    pub fn cut_sockets_at(&self, byte: u64) {
        self.0.with(|inner| inner.socket_cut_at = byte);
    }

    /// How many sandboxes there have been.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.0.with(|inner| inner.ledger.clone())
    }

    /// Every sandbox ever, also those that are gone.
    #[must_use]
    pub fn sandboxes(&self) -> Vec<SandboxView> {
        self.0.with(|inner| {
            let records = inner.sandboxes.values().map(|sandbox| &sandbox.record);
            records
                .map(|record| SandboxView {
                    id: record.id.clone(),
                    name: record.name.clone(),
                    labels: record.labels.clone(),
                    state: record.state.name().to_owned(),
                    env: record.env(),
                    record: record.whole(),
                })
                .collect()
        })
    }

    /// The text of every command that was ever sent.
    #[must_use]
    pub fn command_texts(&self) -> Vec<String> {
        self.0.with(|inner| inner.commands.clone())
    }

    /// The requests so far, without the oldest if there were very many.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.0
            .with(|inner| inner.requests.iter().cloned().collect())
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.0.with(|inner| inner.requests.clear());
    }

    /// Numbers of the processes that run in a sandbox, by id or name.
    #[must_use]
    pub fn processes(&self, sandbox: &str) -> Vec<i32> {
        let found = self.0.with(|inner| {
            let found = inner.find(sandbox);
            found.map(|sandbox| sandbox.belonging.clone())
        });
        found.map_or_else(|_| Vec::new(), |belonging| belonging.pids())
    }

    /// Stops a sandbox now, as if nobody had used it for long.
    pub fn auto_stop(&self, sandbox: &str) {
        self.0.with(|inner| {
            let found = inner.find(sandbox).map(|found| found.record.id.clone());
            if let Ok(id) = found {
                lifecycle::stop(&self.0, inner, &id);
            }
        });
    }

    /// Kills everything in a sandbox now, as if it had run out of memory.
    pub fn run_out_of_memory(&self, sandbox: &str) {
        self.0.with(|inner| {
            let found = inner.find(sandbox).map(|found| found.record.id.clone());
            if let Ok(id) = found {
                lifecycle::run_out_of_memory(&self.0, inner, &id);
            }
        });
    }
}
