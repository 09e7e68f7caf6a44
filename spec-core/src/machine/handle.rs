//! The host's handle: [`SpecStateMachine`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_core::stream::BoxStream;

use super::active::ActiveSpecs;
use super::hub::Hub;
use super::local::{LocalRunner, Place};
use super::watch;
use super::{Command, Input, NewSpec, RunnerConfig, Transition, apply, launch};
use crate::agent::{Agent, PromptSet};
use crate::artifact::Artifact;
use crate::clock::{Clock, IdGenerator, SystemClock, Timestamp, UuidV7Generator};
use crate::error::Error;
use crate::event::{EventBody, SpecEvent};
use crate::id::{
    AgentName, ArtifactVersion, ContentHash, Environment, IdempotencyKey, ProjectId, SandboxId,
    Sequence, SpecId, UserId,
};
use crate::invalid_input::InvalidInput;
use crate::phase::Phase;
use crate::policy::{Budget, Policy};
use crate::project::ProjectSource;
use crate::sandbox::SandboxSpawner;
use crate::spec::{Comment, Description, Spec, Title};
use crate::status::SpecStatus;
use crate::store::{
    Claimed, Commit, Create, Created, Page, PageLimit, SpecQuery, SpecStore, SpecSummary,
    StoreErrorKind,
};
use crate::sync::SyncTarget;
use crate::usage::{self, PriceTable, SpecUsage};

/// Commits of a command that lose the race against others before it is given up. Each loss means
/// that somebody else got through.
const MAX_CONFLICTS: u32 = 20;

/// A machine whose store and spawner are chosen when the program runs.
pub type DynSpecStateMachine = SpecStateMachine<Arc<dyn SpecStore>, Arc<dyn SandboxSpawner>>;

/// A request to launch a spec.
#[derive(Debug, Clone)]
pub struct LaunchRequest {
    /// Who launches it.
    pub owner: UserId,
    /// The project; `None`: the owner's default.
    pub project_id: Option<ProjectId>,
    /// A title to show.
    pub title: Title,
    /// The idea, exactly as typed.
    pub description: Description,
    /// The rules.
    pub policy: Policy,
    /// Whether to start at once.
    pub auto_execute: bool,
    /// Makes the request repeatable.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl LaunchRequest {
    /// A request with the default policy that starts at once.
    #[must_use]
    pub fn new(owner: UserId, title: Title, description: Description) -> Self {
        Self {
            owner,
            project_id: None,
            title,
            description,
            policy: Policy::default(),
            auto_execute: true,
            idempotency_key: None,
        }
    }

    /// Names the project.
    #[must_use]
    pub fn for_project(mut self, project: ProjectId) -> Self {
        self.project_id = Some(project);
        self
    }

    /// Sets the rules.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }
}

/// Outcome of a launch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Launched {
    /// The spec was created.
    New(Spec),
    /// The idempotency key had been used for the same request; this is that spec, as it is now.
    Existing(Spec),
}

impl Launched {
    /// The spec.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        match self {
            Self::New(spec) | Self::Existing(spec) => spec,
        }
    }
}

/// What a machine works with besides its store and its spawner.
#[derive(Clone)]
pub(super) struct Host {
    pub(super) projects: Arc<dyn ProjectSource>,
    pub(super) agents: BTreeMap<AgentName, Arc<dyn Agent>>,
    pub(super) default_agent: Option<AgentName>,
    pub(super) targets: Vec<Arc<dyn SyncTarget>>,
    pub(super) prices: Arc<PriceTable>,
    pub(super) prompts: Arc<PromptSet>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdGenerator>,
    pub(super) config: RunnerConfig,
    pub(super) active: ActiveSpecs,
    pub(super) local: LocalRunner,
    pub(super) hub: Hub,
}

/// The host's handle to everything: launches specs, answers for them, and drives them.
///
/// Cloning is cheap; clones share everything. Calls may be made from any number of tasks, processes
/// and machines over one store. [`run`](Self::run) drives; without it (here or elsewhere) specs wait.
pub struct SpecStateMachine<S, P> {
    pub(super) store: Arc<S>,
    pub(super) spawner: Arc<P>,
    pub(super) host: Host,
}

impl<S, P> Clone for SpecStateMachine<S, P> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            spawner: Arc::clone(&self.spawner),
            host: self.host.clone(),
        }
    }
}

impl<S: fmt::Debug, P: fmt::Debug> fmt::Debug for SpecStateMachine<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpecStateMachine")
            .field("store", &self.store)
            .field("spawner", &self.spawner)
            .field("agents", &self.host.agents.keys())
            .field("config", &self.host.config)
            .finish_non_exhaustive()
    }
}

impl<S: SpecStore, P: SandboxSpawner> SpecStateMachine<S, P> {
    /// A machine over a store, a spawner and the host's projects, in the environment `default`.
    #[must_use]
    pub fn new(store: S, spawner: P, projects: impl ProjectSource) -> Self {
        Self {
            store: Arc::new(store),
            spawner: Arc::new(spawner),
            host: Host {
                projects: Arc::new(projects),
                agents: BTreeMap::new(),
                default_agent: None,
                targets: Vec::new(),
                prices: Arc::default(),
                prompts: Arc::default(),
                clock: Arc::new(SystemClock),
                ids: Arc::new(UuidV7Generator),
                config: RunnerConfig::new(Environment::fallback()),
                active: ActiveSpecs::default(),
                hub: Hub::default(),
                local: LocalRunner::default(),
            },
        }
    }

    /// Registers an agent under its name. The first one is used where neither the policy nor the
    /// project names another.
    #[must_use]
    pub fn with_agent(mut self, agent: impl Agent) -> Self {
        self.host
            .default_agent
            .get_or_insert_with(|| agent.name().clone());
        self.host
            .agents
            .insert(agent.name().clone(), Arc::new(agent));
        self
    }

    /// Adds a receiver of finished specs.
    #[must_use]
    pub fn with_sync_target(mut self, target: impl SyncTarget) -> Self {
        self.host.targets.push(Arc::new(target));
        self
    }

    /// Replaces the prompts that agents are given. They hold for runs that are started from now on.
    #[must_use]
    pub fn with_prompts(mut self, prompts: PromptSet) -> Self {
        self.host.prompts = Arc::new(prompts);
        self
    }

    /// Replaces the prices of models, for agents that do not tell what they cost.
    #[must_use]
    pub fn with_prices(mut self, prices: PriceTable) -> Self {
        self.host.prices = Arc::new(prices);
        self
    }

    /// Replaces the system's clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.host.clock = Arc::new(clock);
        // Watchers share their waits only with those that wait by the same clock.
        self.host.hub = Hub::default();
        self
    }

    /// Replaces the generator of ids.
    #[must_use]
    pub fn with_ids(mut self, ids: impl IdGenerator) -> Self {
        self.host.ids = Arc::new(ids);
        self
    }

    /// Replaces the runner's configuration.
    #[must_use]
    pub fn with_config(mut self, config: RunnerConfig) -> Self {
        self.host.config = config;
        self.host.hub = Hub::default();
        self
    }

    /// The same machine without its type parameters. Both drive the same specs.
    #[must_use]
    pub fn into_dyn(self) -> DynSpecStateMachine {
        let Self {
            store,
            spawner,
            host,
        } = self;
        SpecStateMachine {
            store: Arc::new(store),
            spawner: Arc::new(spawner),
            host,
        }
    }

    /// Creates a spec and, unless told otherwise, starts it. On `Ok` it is durable, and some runner
    /// will take it up. Cancel-safe: the spec exists or not; with an idempotency key, asking again
    /// tells.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](Error::InvalidInput) names the field that cannot be used, among them
    /// `project_id` when none is given and the owner has no default, `policy.agent` when no such
    /// agent is registered, and `idempotency_key` when it was used for another request.
    /// [`UnknownProject`](Error::UnknownProject), [`Project`](Error::Project) and
    /// [`Store`](Error::Store) as they say.
    pub async fn launch(&self, request: LaunchRequest) -> Result<Launched, Error> {
        let LaunchRequest {
            owner,
            project_id,
            title,
            description,
            policy,
            auto_execute,
            idempotency_key,
        } = request;
        policy.validate()?;
        let project_id = match project_id {
            Some(project_id) => project_id,
            None => self
                .host
                .projects
                .default_project(&owner)
                .await
                .map_err(Error::Project)?
                .ok_or_else(|| {
                    InvalidInput::new("project_id", "is required: there is no default project")
                })?,
        };
        let project = self
            .host
            .projects
            .project(&project_id, &owner)
            .await
            .map_err(Error::Project)?
            .ok_or_else(|| Error::UnknownProject {
                project: project_id.clone(),
            })?;
        let agent = self.agent_for(&policy, project.default_agent)?;
        let id = SpecId::from_uuid(self.host.ids.uuid());
        let new = NewSpec {
            id,
            project_id,
            owner,
            title,
            description,
            policy,
            agent,
            auto_execute,
        };
        let transition =
            launch(new, self.host.clock.now()).map_err(|refusal| Error::Refused { id, refusal })?;
        let Transition {
            from: _,
            spec: requested,
            events,
            artifacts: _,
        } = transition;
        // It begins without being claimed when a runner of this process has room, and no cap to keep
        // to, which only claims do.
        let unclaimed = auto_execute && self.host.config.max_per_project.is_none();
        let place = unclaimed.then(|| self.host.local.reserve()).flatten();
        let create = Create {
            spec: requested.clone(),
            events,
            idempotency_key,
            runner: place.as_ref().map(Place::runner),
        };
        match self
            .store
            .create(create)
            .await
            .map_err(Error::store("create a spec"))?
        {
            Created::New { stored, lease } => {
                if let (Some(place), Some(lease)) = (place, lease) {
                    let claimed = Claimed {
                        lease,
                        stored: stored.clone(),
                        fruitless: 0,
                    };
                    place.hand(claimed, self.host.active.enter(id));
                }
                tracing::info!(spec.id = %id, spec.project = %stored.spec.project_id, "spec launched");
                Ok(Launched::New(stored.spec))
            }
            Created::Existing(stored) => {
                let same = stored.spec.project_id == requested.project_id
                    && stored.spec.title == requested.title
                    && stored.spec.description == requested.description
                    && self.launched_with(&stored.spec).await? == requested.policy;
                if same {
                    Ok(Launched::Existing(stored.spec))
                } else {
                    let reason = format!("was used for another request, spec {}", stored.spec.id);
                    Err(InvalidInput::new("idempotency_key", reason).into())
                }
            }
        }
    }

    /// The rules as they were when the spec was created: its budgets may have been changed since.
    async fn launched_with(&self, spec: &Spec) -> Result<Policy, Error> {
        let first = PageLimit::new(1)?;
        let events = self.events(spec.id, Sequence::default(), first).await?;
        Ok(match events.into_iter().next().map(|event| event.body) {
            Some(EventBody::Created { policy, .. }) => *policy,
            Some(_) | None => spec.policy.clone(),
        })
    }

    fn agent_for(
        &self,
        policy: &Policy,
        of_project: Option<AgentName>,
    ) -> Result<AgentName, InvalidInput> {
        let agent = policy
            .agent
            .clone()
            .or(of_project)
            .or_else(|| self.host.default_agent.clone())
            .ok_or_else(|| InvalidInput::new("policy.agent", "no agent is registered"))?;
        self.require_agent("policy.agent", &agent)?;
        if let Some(fallback) = &policy.fallback_agent {
            self.require_agent("policy.fallback_agent", fallback)?;
        }
        Ok(agent)
    }

    fn require_agent(&self, field: &'static str, agent: &AgentName) -> Result<(), InvalidInput> {
        if self.host.agents.contains_key(agent) {
            return Ok(());
        }
        let known: Vec<_> = self.host.agents.keys().map(AgentName::as_str).collect();
        let reason = format!(
            "no agent `{agent}` is registered; there are: {}",
            known.join(", ")
        );
        Err(InvalidInput::new(field, reason))
    }

    /// Starts a draft.
    ///
    /// # Errors
    ///
    /// [`Refused`](Error::Refused) when it is not a draft; [`NotFound`](Error::NotFound);
    /// [`Store`](Error::Store).
    pub async fn execute(&self, id: SpecId, by: UserId) -> Result<Spec, Error> {
        self.command(id, Command::Execute { by }).await
    }

    /// Stops a spec for good. It is `cancelled` once the end of its sandbox is confirmed; what was
    /// accepted before is kept. Asking again changes nothing.
    ///
    /// # Errors
    ///
    /// [`Refused`](Error::Refused) when it has ended or is about to; [`NotFound`](Error::NotFound);
    /// [`Store`](Error::Store).
    pub async fn cancel(
        &self,
        id: SpecId,
        by: UserId,
        reason: Option<String>,
    ) -> Result<Spec, Error> {
        self.command(id, Command::Cancel { by, reason }).await
    }

    /// Approves the artifact of a phase that waits at its gate; the spec goes on. Asking again for the
    /// same content changes nothing.
    ///
    /// # Errors
    ///
    /// [`Refused`](Error::Refused): with [`StaleArtifact`](super::Refusal::StaleArtifact) when the
    /// phase has other content by now, and with
    /// [`NotAwaitingApproval`](super::Refusal::NotAwaitingApproval) when it does not wait.
    /// [`NotFound`](Error::NotFound); [`Store`](Error::Store).
    pub async fn approve(
        &self,
        id: SpecId,
        by: UserId,
        phase: Phase,
        content_hash: ContentHash,
    ) -> Result<Spec, Error> {
        let command = Command::Approve {
            by,
            phase,
            content_hash,
        };
        self.command(id, command).await
    }

    /// Has a phase that waits at its gate done again. The agent is given its own result, and
    /// `comment`.
    ///
    /// # Errors
    ///
    /// As [`approve`](Self::approve), and [`Refused`](Error::Refused) with
    /// [`BudgetExceeded`](super::Refusal::BudgetExceeded) when no run can be paid.
    pub async fn request_changes(
        &self,
        id: SpecId,
        by: UserId,
        phase: Phase,
        content_hash: ContentHash,
        comment: Comment,
    ) -> Result<Spec, Error> {
        let command = Command::RequestChanges {
            by,
            phase,
            content_hash,
            comment,
        };
        self.command(id, command).await
    }

    /// Stops a spec for now. The attempt under way ends and its sandbox with it; what was accepted is
    /// kept. Asking again changes nothing.
    ///
    /// # Errors
    ///
    /// [`Refused`](Error::Refused) when it is not executing; [`NotFound`](Error::NotFound);
    /// [`Store`](Error::Store).
    pub async fn pause(&self, id: SpecId, by: UserId) -> Result<Spec, Error> {
        self.command(id, Command::Pause { by }).await
    }

    /// Lets a paused spec go on: the phase that was under way begins anew, in a fresh sandbox.
    ///
    /// # Errors
    ///
    /// [`Refused`](Error::Refused) when it is not paused, and with
    /// [`BudgetExceeded`](super::Refusal::BudgetExceeded) when no run can be paid.
    /// [`NotFound`](Error::NotFound); [`Store`](Error::Store).
    pub async fn resume(&self, id: SpecId, by: UserId) -> Result<Spec, Error> {
        self.command(id, Command::Resume { by }).await
    }

    /// Does a phase again, and after it those that build on it, of a spec that has failed, has
    /// completed, is paused or waits. All phases before it are completed. The agent is told
    /// `feedback`, and is given the phase's last result with it. From EXPLORE on, the repository is
    /// looked at as it is now.
    ///
    /// # Errors
    ///
    /// [`Refused`](Error::Refused): when the spec is executing, a draft, cancelled or archived; with
    /// [`NotReached`](super::Refusal::NotReached) when a phase before it is not completed; with
    /// [`BudgetExceeded`](super::Refusal::BudgetExceeded) when no run can be paid.
    /// [`NotFound`](Error::NotFound); [`Store`](Error::Store).
    pub async fn retry(
        &self,
        id: SpecId,
        by: UserId,
        phase: Phase,
        feedback: Option<Comment>,
    ) -> Result<Spec, Error> {
        let command = Command::Retry {
            by,
            phase,
            feedback,
        };
        self.command(id, command).await
    }

    /// Changes the limits on what agents may consume: those of the spec, and those of each of its
    /// phases; what is `None` stays as it is. They hold from the next run on, and a run that is under
    /// way keeps to them as soon as its driver hears of it. A spec that failed because a budget was used
    /// up goes on with another attempt at that phase; one that waits goes on waiting.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](Error::InvalidInput) for a limit of 0. [`Refused`](Error::Refused) when the
    /// spec has completed or was cancelled, and with
    /// [`BudgetExceeded`](super::Refusal::BudgetExceeded) when it failed for its budget and the new one
    /// would be used up as well; nothing is changed then. [`NotFound`](Error::NotFound);
    /// [`Store`](Error::Store).
    pub async fn set_budget(
        &self,
        id: SpecId,
        by: UserId,
        budget: Option<Budget>,
        phase_budget: Option<Budget>,
    ) -> Result<Spec, Error> {
        for (field, budget) in [("budget", budget), ("phase_budget", phase_budget)] {
            budget.map_or(Ok(()), |budget| budget.validate(field))?;
        }
        let command = Command::SetBudget {
            by,
            budget,
            phase_budget,
        };
        self.command(id, command).await
    }

    /// What agents have consumed for a spec, by phase, attempt and agent. Of a run that is under way
    /// it is what was stored last, at most as old as
    /// [`with_progress_interval`](RunnerConfig::with_progress_interval) says.
    ///
    /// # Errors
    ///
    /// [`NotFound`](Error::NotFound); [`Store`](Error::Store).
    pub async fn usage(&self, id: SpecId) -> Result<SpecUsage, Error> {
        let stored = self.store.get(id).await;
        let stored = stored.map_err(Error::store("read a spec"))?;
        let stored = stored.ok_or(Error::NotFound { id })?;
        Ok(usage::of_spec(&stored.spec, stored.checkpoint.as_ref()))
    }

    /// Does what a person asks for. On `Ok` it is durable. Safe to repeat where the command is.
    ///
    /// # Errors
    ///
    /// [`Refused`](Error::Refused) when the spec's state forbids it; [`NotFound`](Error::NotFound);
    /// [`Store`](Error::Store).
    pub async fn command(&self, id: SpecId, command: Command) -> Result<Spec, Error> {
        let mut conflicts = 0;
        loop {
            let spec = self.get(id).await?;
            let input = Input::Command(command.clone());
            let transition = apply(&spec, input, self.host.clock.now())
                .map_err(|refusal| Error::Refused { id, refusal })?;
            if transition.events.is_empty() {
                return Ok(spec);
            }
            let after = transition.spec.clone();
            match self.store.commit(Commit::new(transition)).await {
                Ok(_) => {
                    self.host.active.changed(id);
                    tracing::info!(spec.id = %id, command = command.verb(), "command taken");
                    return Ok(after);
                }
                Err(error) if error.kind() == StoreErrorKind::Conflict => {
                    conflicts += 1;
                    if conflicts == MAX_CONFLICTS {
                        return Err(Error::store("commit a command")(error));
                    }
                }
                Err(error) => return Err(Error::store("commit a command")(error)),
            }
        }
    }

    /// Says that something about a sandbox has changed, as a provider's webhook may tell. Whoever
    /// follows a run in it looks again at once, in this process and in every other that the hints of
    /// the store [reach](SpecStore::announce), instead of when its spawner would have looked.
    ///
    /// A hint: nothing is stored, nothing follows from it but a look, and it is not needed for
    /// anything to go on. An id that nobody knows is fine. Safe to repeat; many in a row are answered
    /// by few looks, the first at once and the others after a pause of at least 1 s. A spec that a
    /// host [drives by itself](Self::drive) hears of what is said in its own process only. Dropping
    /// the future tells some, all or nobody.
    ///
    /// # Errors
    ///
    /// [`Store`](Error::Store) when others may not have been told.
    pub async fn sandbox_changed(&self, sandbox: &SandboxId) -> Result<(), Error> {
        // A runner hears of it from the store, and twice would be two looks.
        if !self.host.local.is_open() {
            self.host.active.sandbox_changed(sandbox);
        }
        self.store
            .announce(sandbox)
            .await
            .map_err(Error::store("announce a sandbox"))
    }

    /// The time, by the clock that this machine goes by.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.host.clock.now()
    }

    /// A spec, as last committed.
    ///
    /// # Errors
    ///
    /// [`NotFound`](Error::NotFound); [`Store`](Error::Store).
    pub async fn get(&self, id: SpecId) -> Result<Spec, Error> {
        match self
            .store
            .get(id)
            .await
            .map_err(Error::store("read a spec"))?
        {
            Some(stored) => Ok(stored.spec),
            None => Err(Error::NotFound { id }),
        }
    }

    /// A page of specs, newest first.
    ///
    /// # Errors
    ///
    /// [`Store`](Error::Store).
    pub async fn list(&self, query: &SpecQuery) -> Result<Page<SpecSummary>, Error> {
        self.store
            .list(query)
            .await
            .map_err(Error::store("list specs"))
    }

    /// Events of a spec after `after`, in order.
    ///
    /// # Errors
    ///
    /// [`NotFound`](Error::NotFound); [`Store`](Error::Store).
    pub async fn events(
        &self,
        id: SpecId,
        after: Sequence,
        limit: PageLimit,
    ) -> Result<Vec<SpecEvent>, Error> {
        let events = self
            .store
            .events(id, after, limit)
            .await
            .map_err(Error::store("read events"))?;
        if events.is_empty() {
            // Nothing new, or nothing at all?
            self.get(id).await?;
        }
        Ok(events)
    }

    /// One version of a phase's artifact; `None` asks for the newest.
    ///
    /// # Errors
    ///
    /// [`NotFound`](Error::NotFound) when there is no such spec; [`Store`](Error::Store).
    pub async fn artifact(
        &self,
        id: SpecId,
        phase: Phase,
        version: Option<ArtifactVersion>,
    ) -> Result<Option<Artifact>, Error> {
        let artifact = self.store.artifact(id, phase, version).await;
        let artifact = artifact.map_err(Error::store("read an artifact"))?;
        if artifact.is_none() {
            self.get(id).await?;
        }
        Ok(artifact)
    }

    /// The newest artifact of every phase that has one.
    ///
    /// # Errors
    ///
    /// [`NotFound`](Error::NotFound) when there is no such spec; [`Store`](Error::Store).
    pub async fn artifacts(&self, id: SpecId) -> Result<Vec<Artifact>, Error> {
        let artifacts = self
            .store
            .artifacts(id)
            .await
            .map_err(Error::store("read artifacts"))?;
        if artifacts.is_empty() {
            self.get(id).await?;
        }
        Ok(artifacts)
    }

    /// The events of a spec after `after`: those that are stored, then each as it is stored, until
    /// the spec has completed, failed or was cancelled, and all its events were shown. One that is
    /// done again after that can be watched again, from the last sequence seen. While a spec waits for
    /// a person, so do its watchers. Skips and repeats nothing, whatever happens to hints. May be
    /// dropped at any time and resumed from the last sequence seen.
    ///
    /// Ends after an error, which may be that there is no such spec.
    ///
    /// Nothing happens before the first poll. Watchers of all clones of a machine share one
    /// subscription to the store's hints, and those who have seen all of a spec share one read per
    /// change of it; one that is behind reads pages of its own and holds one at a time. While nothing
    /// changes, a spec that is watched costs one small read about every five seconds, or as often as
    /// [`with_poll`](RunnerConfig::with_poll) says as long as hints cannot be relied on: before the
    /// first one, and after some were lost.
    #[must_use]
    pub fn watch(
        &self,
        id: SpecId,
        after: Sequence,
    ) -> BoxStream<'static, Result<SpecEvent, Error>> {
        let source = watch::Source {
            hub: self.host.hub.clone(),
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.host.clock),
            poll: self.host.config.poll,
        };
        watch::watch(source, id, after)
    }

    /// The spec, once it has a sandbox, is not executing, or `at_most` has passed.
    ///
    /// # Errors
    ///
    /// [`NotFound`](Error::NotFound); [`Store`](Error::Store).
    pub async fn wait_for_sandbox(&self, id: SpecId, at_most: Duration) -> Result<Spec, Error> {
        let watching = self.host.hub.join(&*self.store, id);
        let deadline = self.host.clock.sleep(at_most);
        tokio::pin!(deadline);
        loop {
            let seen = watching.topic().reasons();
            let spec = self.get(id).await?;
            if spec.sandbox_id().is_some()
                || spec.status != SpecStatus::Executing
                || spec.ending.is_some()
            {
                return Ok(spec);
            }
            tokio::select! {
                () = &mut deadline => return Ok(spec),
                () = watching.topic().changed(seen) => {}
                () = self.host.clock.sleep(self.host.config.poll) => {}
            }
        }
    }
}
