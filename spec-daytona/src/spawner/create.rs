//! Making a sandbox, or adopting the one that an earlier call has made.

use std::sync::Arc;
use std::time::Duration;

use spec_core::clock::{Clock as _, SystemClock};
use spec_core::id::{CommitId, SandboxId};
use spec_core::sandbox::{
    Isolation, Origin, Sandbox, SandboxState, SpawnError, SpawnErrorKind, SpawnRequest, Termination,
};
use tokio::time::Instant;

use super::place::{COMMIT_LABEL, ROOT_LABEL, carries, gone, id_of};
use super::shared::Shared;
use crate::client::{ApiError, BuildInfo, CreateSandbox, SandboxRecord, State};
use crate::config::{DaytonaConfig, Image, Network};
use crate::script::Folders;

/// Longest wait for the end of a sandbox that turned out to be of no use.
const REMOVE_WITHIN: Duration = Duration::from_mins(1);

/// Longest wait for a start, whatever was configured: no sandbox lives longer.
const LONGEST_START: Duration = Duration::from_hours(24 * 365);

/// What became of waiting for a start.
enum Started {
    Running(SandboxRecord),
    /// It will never run; whether another one may.
    Unusable(SpawnErrorKind, String),
    Gone,
}

impl Shared {
    pub(super) async fn spawn(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
        super::checkout::check(&request.checkout)?;
        let limit = self.client.config().start_limit.min(LONGEST_START);
        let deadline = Instant::now() + limit;
        let mut waits = self.waits(limit);
        loop {
            let (record, origin) = self.create_or_adopt(request, deadline).await?;
            let id = id_of(&record)?;
            match self.wait_until_started(request, &id, deadline).await? {
                Started::Running(record) => match self.furnish(request, &record, origin).await {
                    Ok(sandbox) => return Ok(sandbox),
                    Err(error) if error.kind() == SpawnErrorKind::NotFound => {
                        // Whatever took it, the next try makes another one.
                        let message = "the sandbox vanished while it was made ready";
                        let lost = SpawnError::new(SpawnErrorKind::Unavailable, message);
                        return Err(lost.with_source(error));
                    }
                    Err(error) => {
                        if !error.is_retryable() {
                            self.remove(&id).await;
                        }
                        return Err(error);
                    }
                },
                Started::Unusable(kind, why) => {
                    self.remove(&id).await;
                    if origin == Origin::Created {
                        let message = format!("the sandbox {} did not start: {why}", request.key);
                        return Err(SpawnError::new(kind, message));
                    }
                }
                Started::Gone => {}
            }
            let (Some(wait), true) = (waits.next(), Instant::now() < deadline) else {
                return Err(not_in_time(request));
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Asks for the sandbox until it is clear that there is one, or that there will be none.
    async fn create_or_adopt(
        &self,
        request: &SpawnRequest,
        deadline: Instant,
    ) -> Result<(SandboxRecord, Origin), SpawnError> {
        let key = request.key;
        let left = deadline.saturating_duration_since(Instant::now());
        let mut waits = self.waits(left);
        loop {
            let error = match self.create(request).await {
                Ok(record) => return Ok((record, Origin::Created)),
                Err(error) => error,
            };
            // The name is taken, or nobody knows what was done, or it was made and is broken.
            let may_exist = error.is_conflict() || error.is_unclear() || error.is_bad_request();
            if may_exist {
                let found = self.look_up(&key.to_string()).await.map_err(|error| {
                    error
                        .into_spawn_error(format!("cannot tell whether the sandbox {key} was made"))
                })?;
                match found {
                    Some(record) if !carries(&record, &request.labels()) => {
                        let message = format!(
                            "another sandbox of this organization is called {key} and is not ours; \
                             rename or delete it"
                        );
                        return Err(SpawnError::new(SpawnErrorKind::Rejected, message));
                    }
                    // Anything else may be refused as well while an earlier sandbox of this key lives,
                    // which is adopted.
                    Some(record)
                        if error.is_bad_request() && record.standing() == State::Failed =>
                    {
                        self.remove(&id_of(&record)?).await;
                        return Err(cannot_make(request, error));
                    }
                    Some(record) => return Ok((record, Origin::Adopted)),
                    // It is on its way out, or was never made.
                    None => {}
                }
            }
            let again = error.is_conflict() || error.is_passing();
            let wait = waits.next().filter(|_| again && Instant::now() < deadline);
            let Some(wait) = wait else {
                return Err(cannot_make(request, error));
            };
            tokio::time::sleep(wait.max(error.retry_after().unwrap_or_default())).await;
        }
    }

    /// Sends one request for the sandbox. It goes on if this future is dropped: what it makes would
    /// otherwise be made behind the back of whoever ends the sandbox next.
    async fn create(&self, request: &SpawnRequest) -> Result<SandboxRecord, ApiError> {
        let making = self.making(request.key).await;
        let client = Arc::clone(&self.client);
        let wanted = wanted(client.config(), request);
        let created = self.in_background(async move {
            let created = client.create(&wanted).await;
            drop(making);
            created
        });
        match created.await {
            Ok(Some(created)) => created,
            Ok(None) | Err(_) => Err(ApiError::interrupted("POST /sandbox")),
        }
    }

    async fn wait_until_started(
        &self,
        request: &SpawnRequest,
        id: &SandboxId,
        deadline: Instant,
    ) -> Result<Started, SpawnError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut waits = self.waits(left);
        loop {
            let record = self
                .look_up(id.as_str())
                .await
                .map_err(|error| cannot_make(request, error))?;
            let Some(record) = record else {
                return Ok(Started::Gone);
            };
            match record.standing() {
                State::Running => return Ok(Started::Running(record)),
                State::Pending | State::Ending | State::Unknown(_) => {}
                State::Gone => return Ok(Started::Gone),
                State::Suspended => {
                    let why = "it was stopped".to_owned();
                    return Ok(Started::Unusable(SpawnErrorKind::Unavailable, why));
                }
                State::Failed => {
                    let is_final = record.state.as_deref() == Some("build_failed");
                    let kind = if is_final {
                        SpawnErrorKind::Rejected
                    } else {
                        SpawnErrorKind::Unavailable
                    };
                    return Ok(Started::Unusable(kind, record.reason()));
                }
            }
            let (Some(wait), true) = (waits.next(), Instant::now() < deadline) else {
                return Err(not_in_time(request));
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Checks the repository out, unless that was done before.
    async fn furnish(
        &self,
        request: &SpawnRequest,
        record: &SandboxRecord,
        origin: Origin,
    ) -> Result<Sandbox, SpawnError> {
        let id = id_of(record)?;
        let toolbox = self.toolbox(record)?;
        let labels = &record.labels;
        let done = labels.get(ROOT_LABEL).zip(labels.get(COMMIT_LABEL));
        let (place, commit) = if let Some((root, commit)) = done {
            let commit = CommitId::new(commit.clone()).map_err(|invalid| {
                let message = "the sandbox is labelled with something else than a commit";
                SpawnError::new(SpawnErrorKind::Protocol, message).with_source(invalid)
            })?;
            let folders = Folders::of_root(root.clone());
            (self.place_of(record, toolbox, folders).await?, commit)
        } else {
            let dir = self
                .insist(request.key, &id, "find the working folder", || {
                    toolbox.work_dir(&self.client)
                })
                .await?;
            let folders = Folders::in_work_dir(&dir);
            let place = self.place_of(record, toolbox, folders).await?;
            let commit = self.check_out(&place, request).await?;
            let mut labels = request.labels();
            labels.insert(ROOT_LABEL.to_owned(), place.folders.root.clone());
            labels.insert(COMMIT_LABEL.to_owned(), commit.to_string());
            let id = place.id.as_str();
            let limit = self.client.config().outage_limit;
            let labelled = self
                .client
                .persist(limit, || self.client.set_labels(id, &labels))
                .await;
            match labelled {
                Ok(()) => {}
                Err(error) if error.is_not_found() => {
                    return Err(gone(request.key, "it does not exist any more"));
                }
                Err(error) => {
                    return Err(error.into_spawn_error(format!(
                        "cannot note at the sandbox {} that it is ready",
                        request.key
                    )));
                }
            }
            (place, commit)
        };
        self.remember_place(&place);
        Ok(Sandbox {
            key: request.key,
            id: place.id,
            state: SandboxState::Running,
            origin,
            commit,
            layout: place.folders.layout(),
            isolation: Isolation {
                mechanism: "daytona".to_owned(),
                filesystem: true,
                processes: true,
                network: self.client.config().network != Network::Unrestricted,
            },
            // Without it, younger than it is: a reaper then waits longer, and the time to live holds.
            created_at: record.created_at.unwrap_or_else(|| SystemClock.now()),
        })
    }

    /// Ends a sandbox that is of no use, as far as that is possible now. What is left is found by its
    /// name by whoever ends the attempt's sandbox, and ends with its time to live.
    async fn remove(&self, id: &SandboxId) {
        let removed = tokio::time::timeout(REMOVE_WITHIN, self.end(id));
        if !matches!(removed.await, Ok(Ok(Termination::Confirmed))) {
            tracing::warn!(sandbox.id = %id, "a sandbox of no use is not ended yet");
        }
    }
}

fn cannot_make(request: &SpawnRequest, error: ApiError) -> SpawnError {
    error.into_spawn_error(format!("cannot make the sandbox {}", request.key))
}

fn not_in_time(request: &SpawnRequest) -> SpawnError {
    let message = format!("the sandbox {} did not start in time", request.key);
    SpawnError::new(SpawnErrorKind::Timeout, message)
}

/// What is asked of Daytona.
fn wanted(config: &DaytonaConfig, request: &SpawnRequest) -> CreateSandbox {
    let (snapshot, build_info, resources) = match &config.image {
        Image::DefaultSnapshot => (None, None, None),
        Image::Snapshot(name) => (Some(name.clone()), None, None),
        Image::Dockerfile { content, resources } => {
            let dockerfile_content = content.clone();
            (
                None,
                Some(BuildInfo { dockerfile_content }),
                Some(*resources),
            )
        }
    };
    let list = |items: &[String]| (!items.is_empty()).then(|| items.join(","));
    let (networks, domains) = match &config.network {
        Network::Unrestricted | Network::Blocked => (None, None),
        Network::Only { networks, domains } => (list(networks), list(domains)),
    };
    let ttl_minutes = minutes(request.ttl);
    CreateSandbox {
        name: request.key.to_string(),
        labels: request.labels(),
        snapshot,
        build_info,
        cpu: resources.and_then(|resources| resources.cpu),
        memory: resources.and_then(|resources| resources.memory),
        disk: resources.and_then(|resources| resources.disk),
        target: config.target().map(str::to_owned),
        public: false,
        auto_stop_interval: minutes(config.idle_limit).min(ttl_minutes),
        auto_delete_interval: 0,
        ttl_minutes,
        network_block_all: config.network == Network::Blocked,
        network_allow_list: networks,
        domain_allow_list: domains,
        secrets: config
            .vault_secrets
            .iter()
            .map(|(name, secret)| [(name.clone(), secret.clone())].into())
            .collect(),
    }
}

/// Whole minutes, at least one: 0 means "never" to Daytona.
fn minutes(duration: Duration) -> u32 {
    let minutes = duration.as_secs().div_ceil(60).max(1);
    u32::try_from(minutes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use spec_core::id::{Environment, Epoch};
    use spec_core::sandbox::Checkout;

    use super::*;
    use crate::config::Resources;

    fn request(ttl: Duration) -> SpawnRequest {
        SpawnRequest {
            key: "spec-01900000-0000-7000-8000-000000000001-explore-1"
                .parse()
                .unwrap(),
            environment: Environment::new("test").unwrap(),
            epoch: Epoch::default(),
            checkout: Checkout::new("https://example.org/r"),
            ttl,
        }
    }

    fn config() -> DaytonaConfig {
        DaytonaConfig::new("https://app.daytona.io/api", "k").unwrap()
    }

    #[test]
    fn every_sandbox_has_a_bound_on_its_cost() {
        for (ttl, idle, expected) in [
            (Duration::from_secs(1), Duration::from_secs(1), (1, 1)),
            (Duration::from_secs(61), Duration::from_hours(1), (2, 2)),
            (Duration::from_hours(5), Duration::from_mins(20), (300, 20)),
            (Duration::from_hours(5), Duration::ZERO, (300, 1)),
            (Duration::MAX, Duration::MAX, (u32::MAX, u32::MAX)),
        ] {
            let wanted = wanted(&config().with_idle_limit(idle), &request(ttl));
            assert_eq!((wanted.ttl_minutes, wanted.auto_stop_interval), expected);
            assert_eq!(wanted.auto_delete_interval, 0);
            assert!(!wanted.public);
        }
    }

    #[test]
    fn the_configuration_reaches_the_request_and_nothing_is_sent_that_was_not_set() {
        let plain = wanted(&config(), &request(Duration::from_hours(1)));
        let plain = serde_json::to_value(plain).unwrap();
        let names: Vec<_> = plain.as_object().unwrap().keys().cloned().collect();
        let expected = [
            "autoDeleteInterval",
            "autoStopInterval",
            "labels",
            "name",
            "public",
            "ttlMinutes",
        ];
        assert_eq!(names, expected);

        let full = config()
            .with_target("eu")
            .with_image(Image::Dockerfile {
                content: "FROM x".to_owned(),
                resources: Resources {
                    cpu: Some(2),
                    ..Resources::default()
                },
            })
            .with_network(Network::Only {
                networks: vec!["10.0.0.0/8".to_owned(), "1.2.3.4/32".to_owned()],
                domains: vec!["github.com".to_owned()],
            })
            .with_vault_secret("MODEL_KEY", "vault-name");
        let full = serde_json::to_value(wanted(&full, &request(Duration::from_hours(1)))).unwrap();
        assert_eq!(full["buildInfo"]["dockerfileContent"], "FROM x");
        assert_eq!(full["cpu"], 2);
        assert_eq!(full.get("memory"), None);
        assert_eq!(full["networkAllowList"], "10.0.0.0/8,1.2.3.4/32");
        assert_eq!(full["domainAllowList"], "github.com");
        assert_eq!(
            full["secrets"],
            serde_json::json!([{"MODEL_KEY": "vault-name"}])
        );
        assert_eq!(full["target"], "eu");
    }
}
