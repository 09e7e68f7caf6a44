//! What a scripted spawner remembers.

use std::collections::{BTreeMap, BTreeSet};

use super::RunScript;
use crate::clock::Timestamp;
use crate::id::{CommitId, OutputCursor, RunKey, SandboxId, SandboxKey};
use crate::sandbox::{
    Isolation, Labels, Layout, Origin, RunEnd, Sandbox, SandboxPath, SandboxRef, SandboxState,
    SpawnError, SpawnErrorKind, SpawnRequest, Termination,
};

/// A call that a [`ScriptedSpawner`](super::ScriptedSpawner) received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `spawn`.
    Spawn {
        /// Of the request.
        key: SandboxKey,
    },
    /// `write_files`.
    WriteFiles {
        /// Of the sandbox.
        key: SandboxKey,
        /// Of the files, in order.
        paths: Vec<SandboxPath>,
    },
    /// `start`.
    Start {
        /// Of the sandbox.
        key: SandboxKey,
        /// Of the request.
        run: RunKey,
    },
    /// `output`.
    Output {
        /// Of the sandbox.
        key: SandboxKey,
        /// The run that is followed.
        run: RunKey,
        /// From where on.
        after: Option<OutputCursor>,
    },
    /// `read_file`.
    ReadFile {
        /// Of the sandbox.
        key: SandboxKey,
        /// Of the file.
        path: SandboxPath,
    },
    /// `terminate`.
    Terminate {
        /// Of the sandbox.
        key: SandboxKey,
    },
    /// `find`.
    Find {
        /// That was looked up.
        key: SandboxKey,
    },
    /// `list`.
    List {
        /// That were asked for.
        labels: Labels,
    },
}

/// Why a sandbox is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vanished {
    Terminated,
    Lost,
    Silently,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) calls: Vec<Call>,
    pub(super) created: Vec<SandboxKey>,
    pub(super) sandboxes: BTreeMap<SandboxKey, StoredSandbox>,
    pub(super) terminated: Vec<SandboxKey>,
    pub(super) starts: BTreeMap<RunKey, usize>,
    /// Sandboxes of which nobody was told that they are gone.
    pub(super) silent: BTreeSet<SandboxId>,
}

#[derive(Debug)]
pub(super) struct StoredSandbox {
    pub(super) handle: Sandbox,
    pub(super) files: BTreeMap<String, Vec<u8>>,
    pub(super) runs: BTreeMap<RunKey, StoredRun>,
    labels: Labels,
    terminations: u32,
}

#[derive(Debug)]
pub(super) struct StoredRun {
    pub(super) script: RunScript,
    pub(super) deadline: Timestamp,
    /// How it ended, once it has.
    pub(super) end: Option<RunEnd>,
}

impl StoredRun {
    pub(super) fn new(script: RunScript, deadline: Timestamp) -> Self {
        Self {
            script,
            deadline,
            end: None,
        }
    }
}

impl State {
    pub(super) fn created_under(&self, key: SandboxKey) -> usize {
        self.created.iter().filter(|made| **made == key).count()
    }

    pub(super) fn adopt(&self, key: SandboxKey) -> Option<Sandbox> {
        let mut handle = self.sandboxes.get(&key)?.handle.clone();
        handle.origin = Origin::Adopted;
        Some(handle)
    }

    pub(super) fn create(
        &mut self,
        request: &SpawnRequest,
        commit: CommitId,
        now: Timestamp,
        files: BTreeMap<String, Vec<u8>>,
    ) -> Result<Sandbox, SpawnError> {
        if let Some(sandbox) = self.adopt(request.key) {
            return Ok(sandbox);
        }
        let root = format!("/scripted/{}", request.key);
        let handle = Sandbox {
            key: request.key,
            id: sandbox_id(self.created.len() + 1)?,
            state: SandboxState::Running,
            origin: Origin::Created,
            commit,
            layout: Layout {
                repository: format!("{root}/repo"),
                root,
            },
            isolation: Isolation {
                mechanism: "scripted".to_owned(),
                ..Isolation::none()
            },
            created_at: now,
        };
        self.created.push(request.key);
        self.sandboxes.insert(
            request.key,
            StoredSandbox {
                handle: handle.clone(),
                files,
                runs: BTreeMap::new(),
                labels: request.labels(),
                terminations: 0,
            },
        );
        Ok(handle)
    }

    pub(super) fn existing(
        &mut self,
        sandbox: &SandboxRef,
    ) -> Result<&mut StoredSandbox, SpawnError> {
        self.sandboxes
            .get_mut(&sandbox.key)
            .filter(|stored| sandbox.id.as_ref().is_none_or(|id| *id == stored.handle.id))
            .ok_or_else(|| {
                SpawnError::new(
                    SpawnErrorKind::NotFound,
                    format!("sandbox {} does not exist", sandbox.key),
                )
            })
    }

    pub(super) fn start(
        &mut self,
        sandbox: &SandboxRef,
        key: RunKey,
        run: StoredRun,
    ) -> Result<(), SpawnError> {
        let stored = self.existing(sandbox)?;
        if stored.runs.contains_key(&key) {
            return Ok(());
        }
        let waits = run.script.waits;
        stored.runs.insert(key, run);
        if !waits {
            stored.finish(&key, None);
        }
        *self.starts.entry(key).or_default() += 1;
        Ok(())
    }

    pub(super) fn release(&mut self, run: &RunKey) {
        if let Some(stored) = self.sandboxes.get_mut(&run.attempt.sandbox_key()) {
            stored.finish(run, None);
        }
    }

    pub(super) fn terminate(&mut self, key: SandboxKey, reluctance: u32) -> Termination {
        if let Some(stored) = self.sandboxes.get_mut(&key) {
            stored.terminations += 1;
            if stored.terminations <= reluctance {
                return Termination::Accepted;
            }
        }
        self.remove(key, Vanished::Terminated);
        Termination::Confirmed
    }

    pub(super) fn remove(&mut self, key: SandboxKey, vanished: Vanished) {
        let Some(removed) = self.sandboxes.remove(&key) else {
            return;
        };
        match vanished {
            Vanished::Terminated => self.terminated.push(key),
            Vanished::Silently => {
                self.silent.insert(removed.handle.id);
            }
            Vanished::Lost => {}
        }
    }

    pub(super) fn labelled(&self, labels: &Labels) -> Vec<Sandbox> {
        self.sandboxes
            .values()
            .filter(|stored| {
                labels
                    .iter()
                    .all(|(name, value)| stored.labels.get(name) == Some(value))
            })
            .filter_map(|stored| self.adopt(stored.handle.key))
            .take(1000)
            .collect()
    }
}

impl StoredSandbox {
    /// Brings a run to an end: the given one, or its scripted one with the files it leaves.
    pub(super) fn finish(&mut self, key: &RunKey, end: Option<RunEnd>) {
        let Some(run) = self.runs.get_mut(key).filter(|run| run.end.is_none()) else {
            return;
        };
        if end.is_none() {
            let folder = SandboxPath::run_folder(key);
            for (name, content) in &run.script.files {
                self.files
                    .insert(format!("{folder}/{name}"), content.clone());
            }
        }
        run.end = Some(end.unwrap_or_else(|| run.script.end.clone()));
    }

    pub(super) fn read(
        &self,
        path: &SandboxPath,
        max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, SpawnError> {
        let Some(content) = self.files.get(path.as_str()) else {
            let folder = format!("{path}/");
            return if self.files.keys().any(|file| file.starts_with(&folder)) {
                Err(SpawnError::new(
                    SpawnErrorKind::Rejected,
                    format!("`{path}` is a folder"),
                ))
            } else {
                Ok(None)
            };
        };
        if content.len() as u64 > max_bytes {
            return Err(SpawnError::new(
                SpawnErrorKind::TooLarge,
                format!("`{path}` is longer than {max_bytes} bytes"),
            ));
        }
        Ok(Some(content.clone()))
    }
}

fn sandbox_id(number: usize) -> Result<SandboxId, SpawnError> {
    SandboxId::new(format!("scripted-{number}")).map_err(|invalid| {
        SpawnError::new(SpawnErrorKind::Internal, "the sandbox id is invalid").with_source(invalid)
    })
}
