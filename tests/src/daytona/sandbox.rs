//! One sandbox: what the provider has on record, and what runs behind it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use spec_core::clock::{Clock, SystemClock};
use tokio_util::sync::CancellationToken;

use crate::daytona::answer::{Refusal, now};
use crate::daytona::process::Belonging;
use crate::daytona::processes::Run;
use crate::daytona::session::Session;

/// The states that the fake goes through, of the many that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Creating,
    PullingSnapshot,
    Starting,
    Started,
    Stopping,
    Stopped,
    Error,
    Destroying,
    Destroyed,
}

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::PullingSnapshot => "pulling_snapshot",
            Self::Starting => "starting",
            Self::Started => "started",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Error => "error",
            Self::Destroying => "destroying",
            Self::Destroyed => "destroyed",
        }
    }

    /// True while no lifecycle call is accepted.
    pub(crate) fn is_changing(self) -> bool {
        match self {
            Self::Creating
            | Self::PullingSnapshot
            | Self::Starting
            | Self::Stopping
            | Self::Destroying => true,
            Self::Started | Self::Stopped | Self::Error | Self::Destroyed => false,
        }
    }
}

/// The body of a create call. What is not named here is ignored without a word, as there.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CreateSandbox {
    pub(crate) name: Option<String>,
    pub(crate) snapshot: Option<String>,
    user: Option<String>,
    env: Option<BTreeMap<String, String>>,
    labels: Option<BTreeMap<String, String>>,
    public: Option<bool>,
    network_block_all: Option<bool>,
    network_allow_list: Option<String>,
    domain_allow_list: Option<String>,
    outbound_proxy_url: Option<String>,
    otel_endpoint_override: Option<String>,
    target: Option<String>,
    cpu: Option<u32>,
    gpu: Option<u32>,
    memory: Option<u32>,
    disk: Option<u32>,
    auto_stop_interval: Option<i64>,
    auto_archive_interval: Option<i64>,
    auto_delete_interval: Option<i64>,
    pub(crate) ttl_minutes: Option<i64>,
    volumes: Option<Vec<Value>>,
    build_info: Option<BuildInfo>,
    linked_sandbox: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuildInfo {
    dockerfile_content: String,
    context_hashes: Option<Vec<String>>,
}

impl CreateSandbox {
    pub(crate) fn set_auto_archive(&mut self, minutes: i64) {
        self.auto_archive_interval = Some(minutes);
    }

    /// Refuses what contradicts itself.
    pub(crate) fn validate(&self) -> Result<(), Refusal> {
        if self.snapshot.is_some() && self.build_info.is_some() {
            return Err(Refusal::bad_request(
                "Cannot specify both a snapshot and a build info",
            ));
        }
        let resources = [self.cpu, self.gpu, self.memory, self.disk];
        if self.build_info.is_none() && resources.iter().any(Option::is_some) {
            return Err(Refusal::bad_request(
                "Cannot specify Sandbox resources when using a snapshot",
            ));
        }
        for (name, value) in [
            ("autoStopInterval", self.auto_stop_interval),
            ("autoArchiveInterval", self.auto_archive_interval),
            ("ttlMinutes", self.ttl_minutes),
        ] {
            if value.is_some_and(|value| value < 0) {
                return Err(Refusal::bad_request(format!(
                    "{name} must not be less than 0"
                )));
            }
        }
        Ok(())
    }
}

/// What the provider has on record.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) state: State,
    pub(crate) error: Option<String>,
    /// Minutes without activity; 0 is never.
    pub(crate) auto_stop: i64,
    /// Minutes stopped; 0 deletes at the stop, less than 0 never.
    pub(crate) auto_delete: i64,
    /// Minutes since `born`; 0 is off.
    pub(crate) ttl: i64,
    pub(crate) request: CreateSandbox,
    pub(crate) toolbox: String,
    pub(crate) updated: String,
    /// When `ttl` is over.
    destroy_at: Option<String>,
    created: String,
    last_activity: String,
}

impl Record {
    pub(crate) fn new(id: String, request: CreateSandbox, toolbox: String) -> Self {
        let created = now();
        Self {
            name: request.name.clone().unwrap_or_else(|| id.clone()),
            labels: request.labels.clone().unwrap_or_default(),
            state: State::Creating,
            error: None,
            auto_stop: request.auto_stop_interval.unwrap_or(15),
            auto_delete: request.auto_delete_interval.unwrap_or(-1),
            ttl: 0,
            destroy_at: None,
            id,
            request,
            toolbox,
            updated: created.clone(),
            last_activity: created.clone(),
            created,
        }
    }

    /// Lets the time of the sandbox begin anew.
    pub(crate) fn set_ttl(&mut self, minutes: i64, minute: Duration) {
        self.ttl = minutes;
        let time = u32::try_from(minutes).ok().filter(|minutes| *minutes > 0);
        let time = time.map(|minutes| minute.saturating_mul(minutes));
        self.destroy_at = time.map(|time| (SystemClock.now() + time).to_string());
    }

    pub(crate) fn env(&self) -> BTreeMap<String, String> {
        self.request.env.clone().unwrap_or_default()
    }

    /// The element of a list: the whole but for what lists leave out.
    pub(crate) fn item(&self) -> Value {
        let mut item = self.whole();
        if let Some(fields) = item.as_object_mut() {
            for left_out in [
                "env",
                "volumes",
                "buildInfo",
                "outboundProxyUrl",
                "otelEndpointOverride",
                "linkedSandboxId",
                "kvm",
            ] {
                fields.remove(left_out);
            }
        }
        item
    }

    /// The whole record, as a GET answers it. What is not set is left out, never null.
    pub(crate) fn whole(&self) -> Value {
        let request = &self.request;
        let desired = match self.state {
            State::Stopping | State::Stopped => "stopped",
            State::Destroying | State::Destroyed => "destroyed",
            State::Creating
            | State::PullingSnapshot
            | State::Starting
            | State::Started
            | State::Error => "started",
        };
        let built = request.build_info.as_ref();
        let snapshot = request.snapshot.clone();
        let build_info = built.map(|info| {
            json!({
                "dockerfileContent": info.dockerfile_content,
                "contextHashes": info.context_hashes.clone().unwrap_or_default(),
                "createdAt": self.created,
                "updatedAt": self.created,
                "snapshotRef": format!("fake/{}", self.id),
            })
        });
        let mut whole = json!({
            "id": self.id,
            "organizationId": "fake-organization",
            "name": self.name,
            "snapshot": snapshot.or_else(|| built.is_none().then(|| "daytona-small".to_owned())),
            "user": request.user.clone().unwrap_or_else(|| "daytona".to_owned()),
            "env": self.env(),
            "labels": self.labels,
            "public": request.public.unwrap_or(false),
            "networkBlockAll": request.network_block_all.unwrap_or(false),
            "networkAllowList": request.network_allow_list,
            "domainAllowList": request.domain_allow_list,
            "outboundProxyUrl": request.outbound_proxy_url,
            "otelEndpointOverride": request.otel_endpoint_override,
            "target": request.target.clone().unwrap_or_else(|| "us".to_owned()),
            "cpu": request.cpu.unwrap_or(1),
            "gpu": request.gpu.unwrap_or(0),
            "memory": request.memory.unwrap_or(1),
            "disk": request.disk.unwrap_or(3),
            "spot": false,
            "kvm": false,
            "state": self.state.name(),
            "desiredState": desired,
            "errorReason": self.error,
            "recoverable": self.error.as_ref().map(|_| false),
            "autoStopInterval": self.auto_stop,
            "autoPauseInterval": 0,
            "autoArchiveInterval": request.auto_archive_interval.unwrap_or(7 * 24 * 60),
            "autoDeleteInterval": self.auto_delete,
            "autoDestroyAt": self.destroy_at,
            "volumes": request.volumes.clone().unwrap_or_default(),
            "buildInfo": build_info,
            "createdAt": self.created,
            "updatedAt": self.updated,
            "lastActivityAt": self.last_activity,
            "sandboxClass": "container",
            "daemonVersion": super::DAEMON_VERSION,
            "runnerId": "fake-runner",
            "linkedSandboxId": request.linked_sandbox,
            "toolboxProxyUrl": self.toolbox,
        });
        if let Some(fields) = whole.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        whole
    }
}

/// A sandbox and what runs in it.
#[derive(Debug)]
pub(crate) struct Sandbox {
    pub(crate) record: Record,
    pub(crate) belonging: Belonging,
    pub(crate) sessions: BTreeMap<String, Arc<Session>>,
    pub(crate) runs: BTreeMap<String, Arc<Run>>,
    /// Variables that were set in the daemon.
    pub(crate) daemon_env: BTreeMap<String, String>,
    /// Cancelled when the processes end: by a stop, a deletion or a lack of memory.
    pub(crate) running: CancellationToken,
    /// From when `ttl` counts.
    pub(crate) born: Instant,
    pub(crate) active: Instant,
    /// Requests and sockets to the toolbox that last, each of them activity.
    pub(crate) open: usize,
    pub(crate) stopped: Option<Instant>,
    /// Until when the toolbox answers 502.
    pub(crate) unreachable_until: Option<Instant>,
    /// Until when lifecycle calls are refused, and whether as older deployments do.
    pub(crate) refused_until: Option<(Instant, bool)>,
}

impl Sandbox {
    pub(crate) fn new(record: Record, folder: PathBuf, running: CancellationToken) -> Self {
        let id = record.id.clone();
        Self {
            record,
            belonging: Belonging { folder, id },
            sessions: BTreeMap::new(),
            runs: BTreeMap::new(),
            daemon_env: BTreeMap::new(),
            running,
            born: Instant::now(),
            active: Instant::now(),
            open: 0,
            stopped: None,
            unreachable_until: None,
            refused_until: None,
        }
    }

    /// The working directory, which is the home of its user.
    pub(crate) fn home(&self) -> PathBuf {
        self.belonging.folder.join("home")
    }

    /// Where the daemon keeps what it needs for itself.
    pub(crate) fn daemon(&self) -> PathBuf {
        self.belonging.folder.join("daemon")
    }

    pub(crate) fn touch(&mut self) {
        self.active = Instant::now();
        self.record.last_activity = now();
    }

    pub(crate) fn set_state(&mut self, state: State) {
        self.record.state = state;
        self.record.updated = now();
    }
}
