//! What a driver remembers of its spec, so that it is neither read nor computed again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::secrets::Secrets;
use crate::artifact::{Artifact, PhaseOutput};
use crate::check;
use crate::id::RunKey;
use crate::phase::Phase;
use crate::sandbox::SandboxPath;
use crate::sync::Outputs;

/// Outputs of the phases before, as stored and typed.
#[derive(Debug, Default, Clone)]
pub(super) struct Earlier {
    outputs: BTreeMap<Phase, Arc<(Value, PhaseOutput)>>,
}

impl Earlier {
    /// Adds what was accepted.
    ///
    /// # Errors
    ///
    /// When it does not have the shape of its phase.
    pub(super) fn add(&mut self, artifact: Artifact) -> Result<(), serde_json::Error> {
        let output = artifact.output()?;
        let known = Arc::new((artifact.content, output));
        self.outputs.insert(artifact.phase, known);
        Ok(())
    }

    /// Without `phase` and those after it.
    pub(super) fn before(&self, phase: Phase) -> Self {
        let outputs = self.outputs.range(..phase);
        Self {
            outputs: outputs
                .map(|(phase, known)| (*phase, Arc::clone(known)))
                .collect(),
        }
    }

    /// As agents are given them.
    pub(super) fn contents(&self) -> BTreeMap<Phase, Value> {
        self.outputs
            .iter()
            .map(|(phase, known)| (*phase, known.0.clone()))
            .collect()
    }

    /// As checks are given them.
    pub(super) fn typed<'a>(&'a self, idea: Option<&'a str>) -> check::Earlier<'a> {
        let mut typed = check::Earlier {
            idea,
            ..check::Earlier::default()
        };
        for known in self.outputs.values() {
            match &known.1 {
                PhaseOutput::Explore(explore) => typed.explore = Some(explore),
                PhaseOutput::Requirements(requirements) => typed.requirements = Some(requirements),
                PhaseOutput::Design(design) => typed.design = Some(design),
                PhaseOutput::Tasks(tasks) => typed.tasks = Some(tasks),
                PhaseOutput::Sync(_) => {}
            }
        }
        typed
    }

    /// As SYNC is given them; `None` when one is missing.
    pub(super) fn complete(&self) -> Option<Outputs> {
        let check::Earlier {
            idea: _,
            explore: Some(explore),
            requirements: Some(requirements),
            design: Some(design),
            tasks: Some(tasks),
        } = self.typed(None)
        else {
            return None;
        };
        Some(Outputs {
            explore: explore.clone(),
            requirements: requirements.clone(),
            design: design.clone(),
            tasks: tasks.clone(),
        })
    }
}

/// Where the result of a run is.
#[derive(Debug, Clone)]
pub(super) struct ResultPlace {
    pub(super) path: SandboxPath,
    /// Of SYNC: the files that its script commits.
    pub(super) committed: Vec<String>,
    /// What the run knows and nobody else may.
    pub(super) secrets: Secrets,
}

/// What one driver remembers.
#[derive(Debug, Default)]
pub(super) struct Known {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    earlier: Option<Earlier>,
    result: Option<(RunKey, ResultPlace)>,
}

impl Known {
    pub(super) fn earlier(&self, phase: Phase) -> Option<Earlier> {
        let state = self.state();
        state.earlier.as_ref().map(|earlier| earlier.before(phase))
    }

    pub(super) fn remember_earlier(&self, earlier: Earlier) {
        self.state().earlier = Some(earlier);
    }

    /// Notes what was accepted, if all before it is known.
    pub(super) fn accepted(&self, artifact: &Artifact) {
        let mut state = self.state();
        if let Some(mut earlier) = state.earlier.take()
            && earlier.add(artifact.clone()).is_ok()
        {
            state.earlier = Some(earlier);
        }
    }

    /// Where the result of `run` is, if this driver has planned it.
    pub(super) fn result_of(&self, run: RunKey) -> Option<ResultPlace> {
        let state = self.state();
        let (of, place) = state.result.as_ref()?;
        (*of == run).then(|| place.clone())
    }

    pub(super) fn remember_result(&self, run: RunKey, place: ResultPlace) {
        self.state().result = Some((run, place));
    }

    /// Forgets all: the spec has changed, or an agent takes its time and memory is worth more.
    pub(super) fn forget(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
