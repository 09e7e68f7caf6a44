//! A whole spec on a Daytona that fails in every known way: it completes, or it fails and says why, no
//! program runs twice, no line of output is lost or repeated, and no sandbox is left.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};
use spec_core::agent::CommandAgent;
use spec_core::attempt::{AttemptOutcome, FailureKind, SandboxStatus};
use spec_core::event::EventBody;
use spec_core::id::{AgentName, ProjectId, Sequence, UserId};
use spec_core::machine::Reaped;
use spec_core::project::{Project, StaticProjects};
use spec_core::sandbox::Checkout;
use spec_core::spec::{Description, Title};
use spec_core::store::{MemoryStore, PageLimit};
use spec_core::testing::{demo, fixture};
use spec_core::{LaunchRequest, Phase, Policy, RunnerConfig, Spec, SpecStateMachine, SpecStatus};
use spec_daytona::DaytonaSpawner;
use spec_tests::daytona::{FakeDaytona, FakeOptions, Fault, FaultPlan, Ledger};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::stage::{assert_described, config};

/// Lines that the agent prints on each channel.
const LINES: usize = 12;
/// Longest time for one spec.
const PATIENCE: Duration = Duration::from_mins(2);

/// Notes each start, prints numbered lines on both channels while time passes, and leaves the result of
/// its phase.
const AGENT: &str = r#"#!/bin/sh
set -eu
name=${SPEC_RUN_DIR##*/}
echo "$SPEC_RUN_DIR" >>"$STARTS"
number=1
while [ "$number" -le 12 ]; do
    echo "line $number of $name"
    echo "trouble $number" >&2
    number=$((number + 1))
    sleep 0.01
done
cp "$OUTPUTS/${name%%-*}.json" "$SPEC_RUN_DIR/result.json"
"#;

/// What all runs share: a repository, an agent, and what it answers.
struct Setting {
    folder: TempDir,
}

impl Setting {
    fn new() -> Self {
        let folder = TempDir::with_prefix("spec-tests-trouble-").unwrap();
        let at = |name: &str| folder.path().join(name);
        demo::make_repository_in(&at("repository"));
        std::fs::create_dir(at("outputs")).unwrap();
        for phase in Phase::ALL {
            let output = fixture::output_json(phase).to_string();
            std::fs::write(at(&format!("outputs/{phase}.json")), output).unwrap();
        }
        std::fs::write(at("agent.sh"), AGENT).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

/// What a run with faults came to.
struct Outcome {
    spec: Spec,
    ledger: Ledger,
    struck: Vec<(Fault, u32)>,
    starts: Vec<String>,
    /// Lines that the agent printed, by attempt, as they were shown.
    shown: BTreeMap<(Phase, u32), Vec<String>>,
    reaped: Reaped,
    took: Duration,
}

/// Takes a spec through its phases on a Daytona with these faults.
async fn run(setting: &Setting, name: &str, plans: &[FaultPlan]) -> Outcome {
    let options = FakeOptions {
        faults: plans.to_vec(),
        lag: Duration::from_millis(200),
        retry_after: 0,
        ..FakeOptions::default()
    };
    run_at(setting, name, FakeDaytona::start(options).await.unwrap()).await
}

/// Likewise, on this Daytona, which then ends.
async fn run_at(setting: &Setting, name: &str, fake: FakeDaytona) -> Outcome {
    let began = Instant::now();
    let spawner = DaytonaSpawner::new(config(&fake)).unwrap();
    let starts = setting.path(&format!("starts-{name}"));
    let project = Project::new(
        ProjectId::new("demo").unwrap(),
        Checkout::new(setting.path("repository")),
    )
    .with_name("Demo");
    let agent = CommandAgent::new(AgentName::new("shell").unwrap(), "sh")
        .with_arg(setting.path("agent.sh"))
        .with_env("STARTS", &starts)
        .with_env("OUTPUTS", setting.path("outputs"));
    let machine = SpecStateMachine::new(
        Arc::new(MemoryStore::default()),
        spawner.clone(),
        StaticProjects::new([project]),
    )
    .with_agent(agent)
    .with_config(
        RunnerConfig::in_environment("test")
            .unwrap()
            .with_linger(PATIENCE)
            .with_orphan_age(Duration::ZERO)
            .with_progress_interval(Duration::from_millis(10)),
    );
    let policy = Policy {
        max_attempts: 3,
        backoff: Duration::ZERO,
        ..Policy::default()
    };
    let request = LaunchRequest::new(
        UserId::new("ada").unwrap(),
        Title::new("Search history").unwrap(),
        Description::new("Remember what was searched for.").unwrap(),
    )
    .with_policy(policy);
    let launched = machine.launch(request).await.unwrap();
    let id = launched.spec().id;
    let spec = tokio::time::timeout(PATIENCE, async {
        loop {
            let spec = machine.drive(id).await.unwrap();
            if spec.status.is_terminal() {
                return spec;
            }
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{name} was not done after {PATIENCE:?}"));
    let mut shown: BTreeMap<_, Vec<String>> = BTreeMap::new();
    let limit = PageLimit::new(1000).unwrap();
    for event in machine
        .events(id, Sequence::default(), limit)
        .await
        .unwrap()
    {
        if let EventBody::Progress {
            phase,
            attempt,
            items,
            ..
        } = event.body
        {
            let lines = items.into_iter().map(|item| item.text);
            let lines = lines.filter(|text| text.starts_with("line "));
            shown
                .entry((phase, attempt.get()))
                .or_default()
                .extend(lines);
        }
    }
    // A list may be wrong in any way: nothing that lives is ended by it, and nothing is left.
    let reaped = machine.reap().await.unwrap();
    spawner.close().await;
    let outcome = Outcome {
        spec,
        ledger: fake.ledger(),
        struck: fake.struck(),
        starts: read_lines(Path::new(&starts)),
        shown,
        reaped,
        took: began.elapsed(),
    };
    assert_described(&fake);
    fake.shutdown().await;
    outcome
}

fn read_lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// What is wrong with an outcome, in words.
fn verdict(outcome: &Outcome) -> Vec<String> {
    let Outcome {
        spec,
        ledger,
        starts,
        shown,
        reaped,
        ..
    } = outcome;
    let mut wrong = Vec::new();
    if ledger.created != ledger.destroyed || !ledger.live.is_empty() {
        wrong.push(format!("sandboxes are left: {ledger:?}"));
    }
    if *reaped != Reaped::default() {
        wrong.push(format!("something was left to the reaper: {reaped:?}"));
    }
    let mut unique = starts.clone();
    unique.sort();
    unique.dedup();
    if unique.len() != starts.len() {
        wrong.push(format!("a program ran twice: {starts:?}"));
    }
    for (key, attempt) in spec.attempts() {
        if attempt.sandbox != SandboxStatus::Gone {
            wrong.push(format!("{key:?}: the sandbox is {:?}", attempt.sandbox));
        }
        match attempt.outcome() {
            Some(AttemptOutcome::Accepted) if key.phase != Phase::Sync => {
                let name = format!("{}-{}-0", key.phase, key.attempt);
                let expected: Vec<_> = (1..=LINES).map(|n| format!("line {n} of {name}")).collect();
                let got = shown.get(&(key.phase, key.attempt.get()));
                if got != Some(&expected) {
                    wrong.push(format!("{key:?}: the lines were {got:?}"));
                }
            }
            Some(AttemptOutcome::Accepted) => {}
            Some(AttemptOutcome::Failed { failure }) => {
                let said = ["stopped", "killed", "does not exist", "deleted"];
                let is_right = if failure.kind == FailureKind::SandboxLost {
                    said.iter().any(|word| failure.message.contains(word))
                } else {
                    failure.kind == FailureKind::SandboxUnavailable
                };
                if !is_right {
                    wrong.push(format!("{key:?} failed for the wrong reason: {failure:?}"));
                }
            }
            Some(AttemptOutcome::Cancelled | AttemptOutcome::Paused) | None => {
                wrong.push(format!("{key:?} ended as {:?}", attempt.outcome()));
            }
        }
    }
    let accepted = |phase: Phase| {
        spec.attempts()
            .filter(|(key, attempt)| {
                key.phase == phase && attempt.outcome() == Some(&AttemptOutcome::Accepted)
            })
            .count()
    };
    if spec.status == SpecStatus::Completed {
        if Phase::ALL.into_iter().any(|phase| accepted(phase) != 1) {
            wrong.push("a phase was not accepted exactly once".to_owned());
        }
    } else if spec.status == SpecStatus::Failed {
        let attempts = spec
            .attempts()
            .last()
            .map_or(0, |(key, _)| key.attempt.get());
        if attempts < 3 {
            wrong.push(format!("it gave up early: {:?}", spec.failure));
        }
    } else {
        wrong.push(format!("it ended as {}", spec.status));
    }
    wrong
}

/// Totals over many runs.
#[derive(Default)]
struct Totals {
    runs: u32,
    completed: u32,
    created: u32,
    destroyed: u32,
    attempts: usize,
    struck: BTreeMap<String, u32>,
    slowest: (Duration, String),
    wrong: String,
}

impl Totals {
    fn add(&mut self, name: &str, plans: &[FaultPlan], outcome: &Outcome) {
        self.runs += 1;
        self.completed += u32::from(outcome.spec.status == SpecStatus::Completed);
        self.created += outcome.ledger.created;
        self.destroyed += outcome.ledger.destroyed;
        self.attempts += outcome.spec.attempts().count();
        self.slowest = self.slowest.clone().max((outcome.took, name.to_owned()));
        for (fault, times) in &outcome.struck {
            *self.struck.entry(fault.to_string()).or_default() += times;
        }
        for wrong in verdict(outcome) {
            writeln!(self.wrong, "{name} {plans:?}: {wrong}").unwrap();
        }
    }

    fn conclude(&self, what: &str, began: Instant) {
        println!(
            "{what}: {} runs, {} completed, {} failed for a right reason; {} sandboxes created, {} \
             confirmed gone; {} attempts; slowest {:?}, in all {:?}\nfaults that struck: {:?}",
            self.runs,
            self.completed,
            self.runs - self.completed,
            self.created,
            self.destroyed,
            self.attempts,
            self.slowest,
            began.elapsed(),
            self.struck,
        );
        assert!(self.wrong.is_empty(), "{}", self.wrong);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_alone_is_overcome() {
    let (setting, began) = (Setting::new(), Instant::now());
    let cases = Fault::ALL.iter().flat_map(|fault| {
        [(0, 1), (opportunities(*fault) / 4, 2)].map(|(skip, times)| FaultPlan {
            fault: *fault,
            skip,
            times,
        })
    });
    let mut totals = Totals::default();
    let mut outcomes = stream::iter(cases)
        .map(|plan| {
            let setting = &setting;
            async move {
                let name = format!("{}-{}", plan.fault, plan.skip);
                let outcome = run(setting, &name, &[plan]).await;
                (name, plan, outcome)
            }
        })
        .buffer_unordered(8);
    while let Some((name, plan, outcome)) = outcomes.next().await {
        totals.add(&name, &[plan], &outcome);
        if outcome.struck.is_empty() {
            writeln!(totals.wrong, "{name} never struck").unwrap();
        }
    }
    totals.conclude("each fault alone", began);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daytona_that_stops_every_sandbox_at_work_fails_the_spec_and_says_so() {
    let setting = Setting::new();
    let fake = FakeDaytona::start(FakeOptions::default()).await.unwrap();
    let handle = fake.handle();
    let mut stopping = JoinSet::new();
    stopping.spawn(async move {
        loop {
            for sandbox in handle.sandboxes() {
                if sandbox.state == "started" && sandbox.labels.contains_key("spec.commit") {
                    handle.auto_stop(&sandbox.id);
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let outcome = run_at(&setting, "stopped", fake).await;
    stopping.shutdown().await;
    let Outcome { spec, ledger, .. } = &outcome;
    assert_eq!(spec.status, SpecStatus::Failed);
    let failure = spec.failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::SandboxLost, "{failure:?}");
    assert_eq!((failure.phase, failure.attempt.get()), (Phase::Explore, 3));
    assert_eq!((ledger.created, ledger.destroyed), (3, 3));
    assert_eq!(verdict(&outcome), [""; 0]);
}

/// About how often a fault could strike in one spec.
fn opportunities(fault: Fault) -> u32 {
    match fault {
        // A program may have ended before anybody listens to it.
        Fault::ListFlaps | Fault::SocketCut1006 | Fault::SocketCut1011 => 1,
        Fault::LostCreateResponse
        | Fault::CreateUnavailable
        | Fault::FailedStart
        | Fault::SlowStart
        | Fault::RateLimited
        | Fault::DeleteLags
        | Fault::ConflictWhileCreating
        | Fault::BadRequestWhileCreating => 5,
        Fault::SessionShellDeath
        | Fault::MissingExitCode
        | Fault::LostExecResponse
        | Fault::AutoStop
        | Fault::Oom => 12,
        Fault::BadGateway | Fault::DashboardHtml | Fault::SlowAnswer => 60,
    }
}

/// Numbers that follow from a seed, well mixed (splitmix64).
fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }
}

fn pair(seed: u64) -> [FaultPlan; 2] {
    let mut number = numbers(seed);
    let mut plan = || {
        let fault = Fault::ALL[usize::try_from(number(Fault::ALL.len() as u64)).unwrap()];
        FaultPlan {
            fault,
            skip: u32::try_from(number(opportunities(fault).into())).unwrap(),
            times: u32::try_from(1 + number(3)).unwrap(),
        }
    };
    [plan(), plan()]
}

/// The seeds are those of `SPEC_FAULT_RUNS`, for example `1..501`; by default some, for want of time. One
/// run is repeated by its seed.
#[tokio::test(flavor = "multi_thread")]
async fn faults_in_pairs_lose_repeat_and_leave_nothing() {
    let seeds = std::env::var("SPEC_FAULT_RUNS").unwrap_or_else(|_| "1..31".to_owned());
    let (first, after) = seeds.split_once("..").expect("FIRST..AFTER");
    let seeds = first.parse::<u64>().unwrap()..after.parse().unwrap();
    let (setting, began) = (Setting::new(), Instant::now());
    let mut totals = Totals::default();
    let mut outcomes = stream::iter(seeds)
        .map(|seed| {
            let setting = &setting;
            async move {
                let name = format!("seed-{seed}");
                let plans = pair(seed);
                let outcome = run(setting, &name, &plans).await;
                (name, plans, outcome)
            }
        })
        .buffer_unordered(8);
    while let Some((name, plans, outcome)) = outcomes.next().await {
        totals.add(&name, &plans, &outcome);
    }
    totals.conclude("faults in pairs", began);
}
