//! Judging a run's result. What the agent says of it counts for nothing.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::collect::Collected;
use super::driver::{Driver, Performed, chain, failed_effect};
use super::effect::sandbox_ref;
use super::known::ResultPlace;
use super::{Observation, Verdict, sync_run};
use crate::agent::AgentContext;
use crate::artifact::{Artifact, Author, PhaseOutput, content_hash, from_strict};
use crate::attempt::FailureKind;
use crate::check;
use crate::clock::Timestamp;
use crate::finding::{Finding, Severity};
use crate::id::{ArtifactVersion, RunKey};
use crate::phase::Phase;
use crate::render::markdown;
use crate::sandbox::{SandboxPath, SandboxRef, SandboxSpawner, SpawnError, SpawnErrorKind};
use crate::spec::Spec;
use crate::store::SpecStore;
use crate::sync::{FinishedSpec, slug, sync_report};

/// Longest file of the repository in which evidence is looked up.
const MAX_EVIDENCE_BYTES: u64 = 4 * 1024 * 1024;
/// Bytes of such files that are held at a time, for one output.
const MAX_EVIDENCE_BYTES_IN_ALL: usize = 32 * 1024 * 1024;
/// Files read at a time.
const READS_AT_A_TIME: usize = 8;

impl<S: SpecStore, P: SandboxSpawner> Driver<'_, S, P> {
    /// Where the result of `run` is.
    pub(super) async fn result_of(
        &self,
        spec: &Spec,
        run: RunKey,
    ) -> Result<ResultPlace, Performed> {
        loop {
            if let Some(place) = self.known.result_of(run) {
                return Ok(place);
            }
            if let Err(unprepared) = self.prepare(spec, run).await {
                return Err(unprepared.into_performed(run.attempt));
            }
        }
    }

    /// Collects the result of `run` and judges it.
    pub(super) async fn evaluate(&self, spec: &Spec, run: RunKey) -> Performed {
        let key = run.attempt;
        let place = match self.result_of(spec, run).await {
            Ok(place) => place,
            Err(performed) => return performed,
        };
        let earlier = match self.earlier(spec, key.phase).await {
            Ok(earlier) => earlier,
            Err(unprepared) => return unprepared.into_performed(key),
        };
        let (Some(sandbox), Some((_, attempt))) = (sandbox_ref(spec, key), spec.active_attempt())
        else {
            return Performed::Again;
        };
        let agent = spec.worker();
        let rejected = |kind, message: String, findings, output| {
            let verdict = Verdict::Rejected {
                kind,
                message,
                findings,
                output,
            };
            Observation::Judged { run, verdict }.into()
        };
        let bytes = match self.collect(attempt, run, &sandbox, &place.path).await {
            Ok(Collected::Document(bytes)) => place.secrets.hide_in_document(bytes),
            Ok(Collected::Nothing(kind, finding)) => {
                let message = finding.message.clone();
                return rejected(kind, message, vec![finding], None);
            }
            Err(observation) => return observation.into(),
        };
        let (content, mut findings, output) = match check::read(&bytes) {
            Ok(content) => {
                let content = from_strict(key.phase, content);
                let earlier = earlier.typed(Some(spec.description.as_str()));
                let check::Checked { findings, output } =
                    check::check(key.phase, &content, &earlier);
                (content, findings, output)
            }
            Err(finding) => (Value::Null, vec![finding], None),
        };
        if let Some(output) = &output
            && !vetoed(&findings)
        {
            match self.verify(&sandbox, output).await {
                Ok(more) => findings.extend(more),
                Err(error) => {
                    return Self::judge_error(key, "cannot verify the evidence", &error).into();
                }
            }
        }
        if vetoed(&findings) {
            let message = summary(&agent, &findings);
            let output = (bytes.len() <= AgentContext::MAX_PREVIOUS_BYTES)
                .then(|| {
                    place
                        .secrets
                        .hide(String::from_utf8_lossy(&bytes).into_owned())
                })
                .map(|output| output.replace('\0', "\u{fffd}"));
            return rejected(FailureKind::InvalidOutput, message, findings, output);
        }
        let artifact = Box::new(artifact(spec, run, content, findings, self.now()));
        Observation::Judged {
            run,
            verdict: Verdict::Accepted { artifact },
        }
        .into()
    }

    /// Looks up in the sandbox's clone what the output claims about files.
    async fn verify(
        &self,
        sandbox: &SandboxRef,
        output: &PhaseOutput,
    ) -> Result<Vec<Finding>, SpawnError> {
        Ok(match output {
            PhaseOutput::Explore(explore) => {
                let files = self
                    .read_all(sandbox, check::evidence_paths(explore))
                    .await?;
                check::evidence_findings(explore, &files)
            }
            PhaseOutput::Design(design) => {
                let files = self
                    .read_all(sandbox, check::existing_component_paths(design))
                    .await?;
                check::design_file_findings(design, &files)
            }
            PhaseOutput::Requirements(_) | PhaseOutput::Tasks(_) | PhaseOutput::Sync(_) => {
                Vec::new()
            }
        })
    }

    /// The files at `paths` in the repository; `None` for those that are not there. Those that are
    /// too large, one by one or all together, are left out: nothing is said of them.
    async fn read_all(
        &self,
        sandbox: &SandboxRef,
        paths: BTreeSet<String>,
    ) -> Result<BTreeMap<String, Option<Vec<u8>>>, SpawnError> {
        let mut reads = stream::iter(paths)
            .map(|path| async move {
                let Ok(inside) = SandboxPath::in_repository(&path) else {
                    return (path, Ok(None));
                };
                let spawner = &self.machine.spawner;
                let read = spawner
                    .read_file(sandbox, &inside, MAX_EVIDENCE_BYTES)
                    .await;
                (path, read)
            })
            .buffered(READS_AT_A_TIME);
        let mut files = BTreeMap::new();
        let mut room = MAX_EVIDENCE_BYTES_IN_ALL;
        while let Some((path, read)) = reads.next().await {
            match read {
                Ok(Some(content)) => {
                    let Some(left) = room.checked_sub(content.len()) else {
                        continue;
                    };
                    room = left;
                    files.insert(path, Some(content));
                }
                Ok(None) => {
                    files.insert(path, None);
                }
                Err(error) if error.kind() == SpawnErrorKind::TooLarge => {}
                // A folder, or a link that leads elsewhere: no file one could point at.
                Err(error) if error.kind() == SpawnErrorKind::Rejected => {
                    files.insert(path, None);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(files)
    }

    /// Completes SYNC: computes the report and hands the spec to the targets.
    pub(super) async fn sync(&self, spec: &Spec, run: RunKey) -> Performed {
        let key = run.attempt;
        let place = match self.result_of(spec, run).await {
            Ok(place) => place,
            Err(performed) => return performed,
        };
        let earlier = match self.earlier(spec, key.phase).await {
            Ok(earlier) => earlier,
            Err(unprepared) => return unprepared.into_performed(key),
        };
        let Some(sandbox) = sandbox_ref(spec, key) else {
            return Performed::Again;
        };
        let read =
            self.machine
                .spawner
                .read_file(&sandbox, &place.path, sync_run::MAX_RESULT_BYTES);
        let bytes = match read.await {
            Ok(bytes) => bytes.unwrap_or_default(),
            Err(error) => return Self::judge_error(key, "cannot read the result", &error).into(),
        };
        let Some(outputs) = earlier.complete() else {
            return Performed::Again;
        };
        let commit = match sync_run::read_result(spec, place.committed, &bytes) {
            Ok(commit) => commit,
            Err(message) => {
                let finding = Finding::error("sync.result", "", message.clone());
                let kind = FailureKind::InvalidOutput;
                let verdict = Verdict::Rejected {
                    kind,
                    message,
                    findings: vec![finding],
                    output: None,
                };
                return Observation::Judged { run, verdict }.into();
            }
        };
        let report = sync_report(&slug(&spec.title), &outputs, Some(commit));
        let content = match serde_json::to_value(&report) {
            Ok(content) => content,
            Err(error) => {
                return failed_effect(key, "cannot write the report", &error, None).into();
            }
        };
        let files = markdown(spec, &outputs, &report);
        let finished = FinishedSpec {
            spec: spec.clone(),
            outputs,
            sync: report,
            files,
        };
        for target in &self.machine.host.targets {
            if let Err(error) = target.upsert(&finished).await {
                let what = format!("the sync target `{}` failed", target.name());
                if error.is_retryable() {
                    return failed_effect(key, &what, &error, None).into();
                }
                let message = format!("{what}: {}", chain(&error));
                let kind = FailureKind::SyncRejected;
                return Observation::AttemptFailed { key, kind, message }.into();
            }
        }
        let artifact = Box::new(artifact(spec, run, content, Vec::new(), self.now()));
        Observation::Judged {
            run,
            verdict: Verdict::Accepted { artifact },
        }
        .into()
    }
}

fn vetoed(findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|finding| finding.severity == Severity::Error)
}

/// The first error, and how many there are.
fn summary(agent: &str, findings: &[Finding]) -> String {
    let mut errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    let first = errors.next().map_or_else(String::new, ToString::to_string);
    match errors.count() {
        0 => format!("the result of {agent} was refused: {first}"),
        more => format!("the result of {agent} was refused: {first}, and {more} more"),
    }
}

fn artifact(
    spec: &Spec,
    run: RunKey,
    content: Value,
    findings: Vec<Finding>,
    now: Timestamp,
) -> Artifact {
    let phase: Phase = run.attempt.phase;
    let last = spec
        .phases
        .get(phase)
        .accepted
        .map(|accepted| accepted.version);
    let agent = spec
        .active_attempt()
        .map_or(&spec.agent, |(_, attempt)| &attempt.agent);
    Artifact {
        spec_id: spec.id,
        phase,
        version: last.unwrap_or(ArtifactVersion::new(0)).next(),
        content_hash: content_hash(&content),
        content,
        author: Author::Agent {
            name: agent.clone(),
            attempt: run.attempt.attempt,
        },
        findings,
        created_at: now,
    }
}
