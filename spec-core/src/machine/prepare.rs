//! What a run is given: the agent's plan for the task, or the script of SYNC.

use super::driver::Driver;
use super::known::{Earlier, ResultPlace};
use super::secrets::Secrets;
use super::sync_run;
use crate::agent::{Agent, AgentContext, AgentTask, PROTOCOL_VERSION, Resume, RunPlan};
use crate::artifact::{schema, schema_hash};
use crate::attempt::{FailureKind, PinnedInputs};
use crate::id::{ArtifactVersion, ContentHash, RunKey};
use crate::phase::Phase;
use crate::policy::Budget;
use crate::sandbox::SandboxSpawner;
use crate::spec::{Feedback, Spec};
use crate::store::{SpecStore, StoreError};

/// A run, ready to be started.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) plan: RunPlan,
    pub(super) inputs: PinnedInputs,
}

/// Why a run cannot be prepared.
#[derive(Debug)]
pub(super) enum Unprepared {
    /// The store failed; try again.
    Store(StoreError),
    /// No try will help.
    Failed(FailureKind, String),
}

impl<S: SpecStore, P: SandboxSpawner> Driver<'_, S, P> {
    /// The accepted outputs of the phases before `phase`.
    pub(super) async fn earlier(&self, spec: &Spec, phase: Phase) -> Result<Earlier, Unprepared> {
        if let Some(earlier) = self.known.earlier(phase) {
            return Ok(earlier);
        }
        let mut earlier = Earlier::default();
        // In the first phase there is nothing yet.
        if spec
            .phases
            .iter()
            .any(|(_, phase)| phase.accepted.is_some())
        {
            let artifacts = self.machine.store.artifacts(spec.id).await;
            for artifact in artifacts.map_err(Unprepared::Store)? {
                let of = artifact.phase;
                earlier.add(artifact).map_err(|error| {
                    broken(&format!(
                        "the stored artifact of {of} cannot be read: {error}"
                    ))
                })?;
            }
        }
        self.known.remember_earlier(earlier.clone());
        Ok(earlier.before(phase))
    }

    /// Prepares a run of the attempt that is under way. The same state gives the same plan.
    pub(super) async fn prepare(&self, spec: &Spec, run: RunKey) -> Result<Prepared, Unprepared> {
        let Some((_, attempt)) = spec.active_attempt() else {
            return Err(broken("no attempt is under way"));
        };
        let Some(facts) = &attempt.facts else {
            return Err(broken("the attempt has no sandbox"));
        };
        let phase = run.attempt.phase;
        let earlier = self.earlier(spec, phase).await?;
        if phase == Phase::Sync {
            let outputs = earlier
                .complete()
                .ok_or_else(|| broken("an artifact is missing"))?;
            let plan = sync_run::plan(spec, run, &facts.layout, &outputs)
                .map_err(|invalid| broken(&invalid.to_string()))?;
            let inputs = PinnedInputs {
                prompt_hash: ContentHash::of(sync_run::SCRIPT.as_bytes()),
                prompt_version: String::new(),
                schema_hash: ContentHash::of(b""),
            };
            self.remember(run, &plan);
            return Ok(Prepared { plan, inputs });
        }
        let agent = self.agent(&attempt.agent)?;
        let state = spec.phases.get(phase);
        let feedback: Vec<String> = state.feedback.iter().map(told).collect();
        let previous = match (&attempt.previous, state.accepted) {
            (None, Some(accepted)) if !feedback.is_empty() => {
                self.accepted_content(spec, phase, accepted.version).await?
            }
            (previous, _) => previous.clone(),
        };
        let context = AgentContext {
            protocol: PROTOCOL_VERSION,
            spec_id: spec.id,
            phase,
            attempt: attempt.number,
            repair: attempt.repair,
            title: spec.title.clone(),
            description: spec.description.clone(),
            repository: facts.layout.repository.clone(),
            commit: facts.commit.clone(),
            outputs: earlier.contents(),
            findings: attempt.findings.clone(),
            feedback,
            previous,
        };
        let (prompts, delivery) = (&self.machine.host.prompts, agent.delivery());
        let goes_on = attempt.repair.get() > 0;
        let session = attempt.session.clone().filter(|_| goes_on);
        let resume = session.map(|session| Resume {
            session,
            prompt: prompts.repair(&context, delivery),
        });
        let task = AgentTask {
            run,
            layout: facts.layout.clone(),
            prompt: prompts.task(&context, delivery),
            schema: schema(phase),
            context,
            resume,
            limits: limits(spec, phase),
        };
        let plan = agent.plan(&task).map_err(|invalid| {
            let name = agent.name();
            Unprepared::Failed(
                FailureKind::AgentFailed,
                format!("agent `{name}` cannot express the task: {invalid}"),
            )
        })?;
        let shown = task
            .resume
            .as_ref()
            .map_or(&task.prompt, |resume| &resume.prompt);
        let inputs = PinnedInputs {
            prompt_hash: ContentHash::of(shown.as_bytes()),
            prompt_version: prompts.version(),
            schema_hash: schema_hash(phase),
        };
        self.remember(run, &plan);
        Ok(Prepared { plan, inputs })
    }

    /// The result that a person wants to be changed, as a document.
    async fn accepted_content(
        &self,
        spec: &Spec,
        phase: Phase,
        version: ArtifactVersion,
    ) -> Result<Option<String>, Unprepared> {
        let artifact = self.machine.store.artifact(spec.id, phase, Some(version));
        let artifact = artifact.await.map_err(Unprepared::Store)?;
        let text = artifact.map(|artifact| format!("{:#}", artifact.content));
        Ok(text.filter(|text| text.len() <= AgentContext::MAX_PREVIOUS_BYTES))
    }

    fn remember(&self, run: RunKey, plan: &RunPlan) {
        let place = ResultPlace {
            path: plan.result.clone(),
            committed: sync_run::committed_files(plan),
            secrets: Secrets::of(&plan.secrets),
        };
        self.known.remember_result(run, place);
    }

    pub(super) fn agent(&self, name: &crate::id::AgentName) -> Result<&dyn Agent, Unprepared> {
        self.machine.host.agents.get(name).map(|agent| &**agent).ok_or_else(|| {
            Unprepared::Failed(
                FailureKind::UnknownAgent,
                format!("no agent `{name}` is registered with this runner; register it or launch with another"),
            )
        })
    }
}

fn told(feedback: &Feedback) -> String {
    feedback.comment.as_str().to_owned()
}

/// What is left of the budgets for a run of `phase`.
fn limits(spec: &Spec, phase: Phase) -> Budget {
    let of_phase = spec.phases.get(phase).usage;
    let left = spec.policy.budget.left(spec.usage);
    left.and(spec.policy.phase_budget.left(of_phase))
}

fn broken(message: &str) -> Unprepared {
    Unprepared::Failed(FailureKind::Poisoned, message.to_owned())
}
