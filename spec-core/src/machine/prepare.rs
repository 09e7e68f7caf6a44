//! What a run is given: the agent's plan for the task, or the script of SYNC.

use std::collections::BTreeMap;

use super::driver::Driver;
use super::sync_run;
use crate::agent::{Agent, AgentContext, AgentTask, PROTOCOL_VERSION, RunPlan, prompt};
use crate::artifact::{PhaseOutput, schema};
use crate::attempt::{FailureKind, PinnedInputs};
use crate::id::{ContentHash, RunKey};
use crate::phase::Phase;
use crate::sandbox::SandboxSpawner;
use crate::spec::Spec;
use crate::store::{SpecStore, StoreError};
use crate::sync::Outputs;

/// Outputs of the phases before, typed.
pub(super) type Earlier = BTreeMap<Phase, PhaseOutput>;

/// A run, ready to be started or judged.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) plan: RunPlan,
    pub(super) inputs: PinnedInputs,
    pub(super) earlier: Earlier,
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
    /// Prepares a run of the attempt that is under way. The same state gives the same plan.
    pub(super) async fn prepare(&self, spec: &Spec, run: RunKey) -> Result<Prepared, Unprepared> {
        let broken = |message: &str| Unprepared::Failed(FailureKind::Poisoned, message.to_owned());
        let Some((_, attempt)) = spec.active_attempt() else {
            return Err(broken("no attempt is under way"));
        };
        let Some(facts) = &attempt.facts else {
            return Err(broken("the attempt has no sandbox"));
        };
        let artifacts = self
            .machine
            .store
            .artifacts(spec.id)
            .await
            .map_err(Unprepared::Store)?;
        let phase = run.attempt.phase;
        let artifacts = || artifacts.iter().filter(|artifact| artifact.phase < phase);
        let mut earlier = Earlier::new();
        for artifact in artifacts() {
            let output = artifact.output().map_err(|error| {
                broken(&format!(
                    "the stored artifact of {} cannot be read: {error}",
                    artifact.phase
                ))
            })?;
            earlier.insert(artifact.phase, output);
        }
        if phase == Phase::Sync {
            let outputs = outputs(&earlier).ok_or_else(|| broken("an artifact is missing"))?;
            let plan = sync_run::plan(spec, run, &facts.layout, &outputs)
                .map_err(|invalid| broken(&invalid.to_string()))?;
            let inputs = PinnedInputs {
                prompt_hash: ContentHash::of(sync_run::SCRIPT.as_bytes()),
                schema_hash: ContentHash::of(b""),
            };
            return Ok(Prepared {
                plan,
                inputs,
                earlier,
            });
        }
        let agent = self.agent(&attempt.agent)?;
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
            outputs: artifacts().map(|a| (a.phase, a.content.clone())).collect(),
            findings: attempt.findings.clone(),
        };
        let task = AgentTask {
            run,
            layout: facts.layout.clone(),
            prompt: prompt(&context),
            schema: schema(phase),
            context,
        };
        let plan = agent.plan(&task).map_err(|invalid| {
            let name = agent.name();
            Unprepared::Failed(
                FailureKind::AgentFailed,
                format!("agent `{name}` cannot express the task: {invalid}"),
            )
        })?;
        let inputs = PinnedInputs {
            prompt_hash: ContentHash::of(task.prompt.as_bytes()),
            schema_hash: ContentHash::of(task.schema.to_string().as_bytes()),
        };
        Ok(Prepared {
            plan,
            inputs,
            earlier,
        })
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

/// The outputs of the four phases before SYNC.
pub(super) fn outputs(earlier: &Earlier) -> Option<Outputs> {
    let (
        Some(PhaseOutput::Explore(explore)),
        Some(PhaseOutput::Requirements(requirements)),
        Some(PhaseOutput::Design(design)),
        Some(PhaseOutput::Tasks(tasks)),
    ) = (
        earlier.get(&Phase::Explore),
        earlier.get(&Phase::Requirements),
        earlier.get(&Phase::Design),
        earlier.get(&Phase::Tasks),
    )
    else {
        return None;
    };
    Some(Outputs {
        explore: (**explore).clone(),
        requirements: (**requirements).clone(),
        design: (**design).clone(),
        tasks: (**tasks).clone(),
    })
}
