//! Spawners that break the contract, each in one way, and the case of the suite that notices.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each fault matters in one place"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::stream::{self, StreamExt};

use super::ScriptedSpawner;
use super::conformance::spawner::{
    KnownRepository, SpawnerFixture, ending, files, output, programs, spawning,
};
use super::scripted::tests::ScriptedFixture;
use crate::id::{OutputCursor, RunKey, SandboxId, SandboxKey};
use crate::sandbox::{
    Capabilities, FoundSandbox, Labels, Origin, Output, RunEnd, RunRequest, Sandbox, SandboxFile,
    SandboxPath, SandboxRef, SandboxSpawner, SpawnError, SpawnErrorKind, SpawnRequest, Termination,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Makes another sandbox for the same key.
    SpawnsAgain,
    /// Calls a sandbox that it found its own work.
    NeverAdopts,
    /// Ignores which commit is asked for.
    IgnoresCommit,
    /// Starts a run again for the same key.
    StartsAgain,
    /// Hands the line at the cursor out again.
    RepeatsLine,
    /// Forgets the last line of a run.
    LosesLastLine,
    /// Ends the stream without saying how the run ended.
    EndsSilently,
    /// Says that a sandbox is gone which is not.
    LiesAboutTermination,
    /// Fails to terminate what is not there.
    TerminationWantsASandbox,
    /// Reads a file of any length.
    IgnoresLimit,
    /// Takes an absent file for an error.
    MissesFiles,
    /// Makes an exit code up for a sandbox that is gone.
    InventsExitCode,
    /// Lists the sandboxes of everybody.
    IgnoresLabels,
    /// Answers for runs that were never started.
    KnowsEveryRun,
    /// Starts a run without the programs that it needs.
    IgnoresNeeds,
}

#[derive(Debug)]
struct BrokenSpawner {
    fault: Fault,
    healthy: Arc<dyn SandboxSpawner>,
    spawned: Mutex<u32>,
    second_starts: Mutex<BTreeMap<RunKey, RunRequest>>,
}

#[async_trait]
impl SandboxSpawner for BrokenSpawner {
    async fn spawn(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
        let mut request = request.clone();
        if self.fault == Fault::IgnoresCommit {
            request.checkout.reference = crate::sandbox::CheckoutRef::Default;
        }
        let mut sandbox = self.healthy.spawn(&request).await?;
        if self.fault == Fault::NeverAdopts {
            sandbox.origin = Origin::Created;
        }
        if self.fault == Fault::SpawnsAgain {
            let mut spawned = self.spawned.lock().unwrap();
            *spawned += 1;
            sandbox.id = SandboxId::new(format!("another-{spawned}")).unwrap();
        }
        Ok(sandbox)
    }

    async fn write_files(
        &self,
        sandbox: &SandboxRef,
        files: &[SandboxFile],
    ) -> Result<(), SpawnError> {
        self.healthy.write_files(sandbox, files).await
    }

    async fn start(&self, sandbox: &SandboxRef, run: &RunRequest) -> Result<(), SpawnError> {
        let mut wanted = run.clone();
        if self.fault == Fault::IgnoresNeeds {
            wanted.needs.clear();
        }
        self.healthy.start(sandbox, &wanted).await?;
        if self.fault == Fault::StartsAgain {
            let mut starts = self.second_starts.lock().unwrap();
            starts.insert(run.key, run.clone());
        }
        Ok(())
    }

    async fn output(
        &self,
        sandbox: &SandboxRef,
        run: &RunKey,
        after: Option<OutputCursor>,
    ) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
        let restarted = self.second_starts.lock().unwrap().get(run).cloned();
        if let Some(request) = restarted {
            let fresh = ScriptedSpawner::new(super::conformance::spawner::SmallProgram::script);
            let spawn = SpawnRequest {
                key: sandbox.key,
                environment: crate::id::Environment::new("again").unwrap(),
                epoch: crate::id::Epoch::new(1),
                checkout: crate::sandbox::Checkout::new(String::new()),
                ttl: request.timeout,
            };
            let by_key = SandboxRef {
                key: sandbox.key,
                id: None,
            };
            fresh.spawn(&spawn).await?;
            fresh.start(&by_key, &request).await?;
            return fresh.output(&by_key, run, after).await;
        }
        let before = match after {
            Some(cursor) if self.fault == Fault::RepeatsLine => {
                let number: usize = cursor.as_str().parse().unwrap();
                Some(OutputCursor::new(number.saturating_sub(1).to_string()).unwrap())
            }
            other => other,
        };
        let stream = match self.healthy.output(sandbox, run, before).await {
            Err(_) if self.fault == Fault::KnowsEveryRun => {
                return Ok(stream::iter([]).boxed());
            }
            other => other?,
        };
        Ok(match self.fault {
            Fault::InventsExitCode => stream
                .map(|item| match item {
                    Ok(Output::Ended(RunEnd::Lost { .. })) => {
                        Ok(Output::Ended(RunEnd::Exited { code: 0 }))
                    }
                    other => other,
                })
                .boxed(),
            Fault::EndsSilently => stream
                .filter(|item| {
                    let is_line = !matches!(item, Ok(Output::Ended(_)));
                    std::future::ready(is_line)
                })
                .boxed(),
            Fault::LosesLastLine => {
                let mut items: Vec<_> = stream.collect().await;
                if items.len() > 1 {
                    let last_line = items.len() - 2;
                    drop(items.remove(last_line));
                }
                stream::iter(items).boxed()
            }
            _ => stream,
        })
    }

    async fn read_file(
        &self,
        sandbox: &SandboxRef,
        path: &SandboxPath,
        max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, SpawnError> {
        let limit = match self.fault {
            Fault::IgnoresLimit => u64::MAX,
            _ => max_bytes,
        };
        match self.healthy.read_file(sandbox, path, limit).await {
            Ok(None) if self.fault == Fault::MissesFiles => {
                Err(SpawnError::new(SpawnErrorKind::NotFound, "no such file"))
            }
            other => other,
        }
    }

    async fn terminate(&self, sandbox: &SandboxRef) -> Result<Termination, SpawnError> {
        if self.fault == Fault::LiesAboutTermination {
            return Ok(Termination::Confirmed);
        }
        let absent = self.healthy.find(sandbox.key).await?.is_none();
        if absent && self.fault == Fault::TerminationWantsASandbox {
            return Err(SpawnError::new(SpawnErrorKind::NotFound, "no such sandbox"));
        }
        self.healthy.terminate(sandbox).await
    }

    async fn find(&self, key: SandboxKey) -> Result<Option<FoundSandbox>, SpawnError> {
        self.healthy.find(key).await
    }

    async fn list(&self, labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError> {
        match self.fault {
            Fault::IgnoresLabels => self.healthy.list(&Labels::new()).await,
            _ => self.healthy.list(labels).await,
        }
    }

    fn capabilities(&self) -> Capabilities {
        self.healthy.capabilities()
    }
}

#[derive(Debug, Clone, Copy)]
struct BrokenFixture(Fault);

#[async_trait]
impl SpawnerFixture for BrokenFixture {
    async fn fresh(&self) -> Arc<dyn SandboxSpawner> {
        Arc::new(BrokenSpawner {
            fault: self.0,
            healthy: ScriptedFixture.fresh().await,
            spawned: Mutex::default(),
            second_starts: Mutex::default(),
        })
    }

    fn repository(&self) -> KnownRepository {
        ScriptedFixture.repository()
    }

    async fn reopen(&self, old: Arc<dyn SandboxSpawner>) -> Option<Arc<dyn SandboxSpawner>> {
        Some(old)
    }

    fn runs_programs(&self) -> bool {
        false
    }
}

macro_rules! caught {
    ($($test:ident: $fault:ident by $group:ident::$case:ident;)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            $group::$case(&BrokenFixture(Fault::None)).await;
            let mut broken = tokio::task::JoinSet::new();
            broken.spawn(async { $group::$case(&BrokenFixture(Fault::$fault)).await });
            let outcome = broken.join_next().await.unwrap();
            assert!(
                outcome.is_err_and(|error| error.is_panic()),
                "{} passes a spawner with the fault {:?}",
                stringify!($case),
                Fault::$fault,
            );
        }
    )*};
}

caught! {
    a_second_sandbox_for_one_key_is_noticed: SpawnsAgain
        by spawning::one_key_yields_one_sandbox;
    a_second_sandbox_in_a_race_is_noticed: SpawnsAgain
        by spawning::racing_spawns_with_one_key_make_one_sandbox;
    a_claim_to_have_made_what_was_found_is_noticed: NeverAdopts
        by spawning::one_key_yields_one_sandbox;
    another_commit_than_asked_for_is_noticed: IgnoresCommit
        by spawning::a_commit_reference_pins_that_commit;
    a_second_start_is_noticed: StartsAgain
        by output::a_run_is_started_once_per_run_key;
    a_repeated_line_is_noticed: RepeatsLine
        by output::following_resumes_after_every_line;
    a_lost_line_is_noticed: LosesLastLine
        by output::lines_come_in_order_and_the_end_comes_last;
    a_missing_end_is_noticed: EndsSilently
        by output::lines_come_in_order_and_the_end_comes_last;
    a_termination_that_did_not_happen_is_noticed: LiesAboutTermination
        by ending::a_terminated_sandbox_is_gone;
    a_termination_that_fails_for_nothing_is_noticed: TerminationWantsASandbox
        by ending::terminating_what_never_was_is_confirmed;
    a_file_beyond_the_limit_is_noticed: IgnoresLimit
        by files::a_file_beyond_the_limit_is_too_large;
    an_error_for_an_absent_file_is_noticed: MissesFiles
        by files::an_absent_file_is_no_error;
    an_invented_exit_code_is_noticed: InventsExitCode
        by ending::a_followed_run_is_lost_with_its_sandbox;
    a_list_of_everything_is_noticed: IgnoresLabels
        by spawning::another_environment_is_not_listed;
    an_answer_for_no_run_is_noticed: KnowsEveryRun
        by output::a_run_that_was_never_started_is_not_found;
    a_run_without_what_it_needs_is_noticed: IgnoresNeeds
        by programs::a_missing_program_that_is_needed_is_named_and_nothing_starts;
}
