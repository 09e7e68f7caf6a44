//! One sandbox, from its making to its end: every operation of a spawner once, on the real thing.

mod report;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures_util::StreamExt as _;
use spec_core::clock::{IdGenerator as _, UuidV7Generator};
use spec_core::id::{
    AttemptKey, AttemptNumber, CommitId, Environment, Epoch, OutputCursor, RepairNumber, RunKey,
    SandboxId, SandboxKey, SpecId,
};
use spec_core::sandbox::{
    Channel, Checkout, Output, OutputLine, RunEnd, RunRequest, Sandbox, SandboxFile, SandboxPath,
    SandboxRef, SandboxState, Secret, SecretEnv, SpawnError, SpawnRequest, Termination,
};
use spec_core::{Phase, SandboxSpawner};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

pub use report::Report;

/// Prints on both channels, before and after a pause, copies a file, and ends with 3.
const PROGRAM: &str = r#"
lines() { for i in "$@"; do echo "out $i"; echo "err $i" >&2; done; }
lines 1 2 3 4 5
sleep 1
lines 6 7 8 9 10
cat "$1" >"$2"
echo "plain $SMOKE_PLAIN, ${#SMOKE_SECRET} secret characters"
git rev-parse HEAD
exit 3
"#;
const EXIT_CODE: i32 = 3;
const NOTE: &str = "Written from outside: ünï\u{2713}\n";
const SECRET: &str = "not much of a secret";
/// Longest wait for the program and its output.
const RUN_LIMIT: Duration = Duration::from_mins(2);
/// Longest wait for a list to show what was made a moment ago.
const LIST_LIMIT: Duration = Duration::from_mins(1);
/// Longest wait for the end of the sandbox to be confirmed.
const END_LIMIT: Duration = Duration::from_mins(3);
/// How long to wait before asking again, unless the provider says.
const PAUSE: Duration = Duration::from_secs(1);

/// What is to be made.
#[derive(Debug)]
pub struct Plan {
    /// The repository that is checked out.
    pub repository: Checkout,
    /// Label of the sandbox, for this one look alone.
    pub environment: Environment,
    /// After which the provider ends the sandbox if this program does not.
    pub ttl: Duration,
}

/// Makes a sandbox, uses it, and always ends it: also when a step fails, and as soon as `interrupted` is
/// cancelled, which may be before its making is answered. Says what it makes and ends, with ids, and
/// adds a row for each step to `report`.
pub async fn smoke(
    spawner: &dyn SandboxSpawner,
    plan: &Plan,
    interrupted: &CancellationToken,
    say: &(dyn Fn(&str) + Sync),
    report: &mut Report,
) {
    let attempt = AttemptKey {
        spec_id: SpecId::from_uuid(UuidV7Generator.uuid()),
        phase: Phase::Explore,
        attempt: AttemptNumber::new(1),
    };
    if interrupted.is_cancelled() {
        report.was_interrupted();
        return;
    }
    let mut smoke = Smoke {
        spawner,
        plan,
        attempt,
        say,
        report,
        made: None,
    };
    tokio::select! {
        _complete = smoke.make_and_look() => {}
        () = interrupted.cancelled() => {}
    }
    if interrupted.is_cancelled() {
        smoke.report.was_interrupted();
    }
    smoke.end().await;
}

struct Smoke<'a> {
    spawner: &'a dyn SandboxSpawner,
    plan: &'a Plan,
    attempt: AttemptKey,
    say: &'a (dyn Fn(&str) + Sync),
    report: &'a mut Report,
    /// The sandbox, once it is known.
    made: Option<SandboxId>,
}

/// What a run printed, and how it ended.
#[derive(Debug)]
struct Printed {
    lines: Vec<OutputLine>,
    end: RunEnd,
}

impl Printed {
    fn on(&self, channel: Channel) -> Vec<&str> {
        let on = self.lines.iter().filter(|line| line.channel == channel);
        on.map(|line| line.text.as_str()).collect()
    }
}

fn note() -> anyhow::Result<SandboxPath> {
    Ok(SandboxPath::new("smoke/note.txt")?)
}

fn copy() -> anyhow::Result<SandboxPath> {
    Ok(SandboxPath::new("smoke/copy.txt")?)
}

impl Smoke<'_> {
    fn key(&self) -> SandboxKey {
        self.attempt.sandbox_key()
    }

    fn run(&self) -> RunKey {
        self.attempt.run_key(RepairNumber::default())
    }

    async fn make_and_look(&mut self) -> Option<()> {
        let sandbox = self.make().await?;
        self.look(&sandbox).await
    }

    async fn make(&mut self) -> Option<Sandbox> {
        let Plan {
            repository,
            environment,
            ttl,
        } = self.plan;
        let key = self.key();
        (self.say)(&format!(
            "creating sandbox {key}, environment {environment}, which ends by itself after {} s",
            ttl.as_secs()
        ));
        let request = SpawnRequest {
            key,
            environment: environment.clone(),
            epoch: Epoch::default(),
            checkout: repository.clone(),
            ttl: *ttl,
        };
        let work = async {
            let sandbox = self.spawner.spawn(&request).await?;
            let told = format!("{}, commit {:.12}", sandbox.id, sandbox.commit);
            Ok((sandbox, told))
        };
        let sandbox = self.report.step("spawn", work).await?;
        self.made = Some(sandbox.id.clone());
        (self.say)(&format!(
            "created sandbox {} ({:?}), isolation: {}",
            sandbox.id, sandbox.origin, sandbox.isolation.mechanism
        ));
        Some(sandbox)
    }

    /// The steps between making and ending, up to the first that fails.
    async fn look(&mut self, sandbox: &Sandbox) -> Option<()> {
        let (spawner, run) = (self.spawner, self.run());
        let made = SandboxRef {
            key: self.key(),
            id: Some(sandbox.id.clone()),
        };
        let work = async {
            let file = SandboxFile::new(note()?, NOTE);
            spawner.write_files(&made, &[file]).await?;
            Ok(((), format!("{} bytes", NOTE.len())))
        };
        self.report.step("write a file", work).await?;

        let work = async {
            spawner.start(&made, &request(run, sandbox)?).await?;
            Ok(((), format!("run {run}")))
        };
        self.report.step("start a program", work).await?;
        (self.say)(&format!("started run {run} in sandbox {}", sandbox.id));

        let work = async {
            let printed = follow(spawner, &made, run, None).await?;
            is_complete(&printed, &sandbox.commit)?;
            let told = format!("{} lines, {}", printed.lines.len(), printed.end);
            Ok((printed, told))
        };
        let whole = self.report.step("follow its output", work).await?;

        let work = async {
            let (seen, rest) = whole.lines.split_at(whole.lines.len() / 2);
            let cursor = seen.last().context("it printed too little")?.cursor.clone();
            let resumed = follow(spawner, &made, run, Some(cursor)).await?;
            let rest = Printed {
                lines: rest.to_vec(),
                end: whole.end.clone(),
            };
            for channel in [Channel::Stdout, Channel::Stderr] {
                let (expected, got) = (rest.on(channel), resumed.on(channel));
                ensure!(expected == got, "on {channel:?} {got:?}, not {expected:?}");
            }
            ensure!(resumed.end == rest.end, "another end: {}", resumed.end);
            Ok(((), format!("the last {} lines", rest.lines.len())))
        };
        self.report.step("follow from the middle", work).await?;

        let work = async {
            let read = spawner.read_file(&made, &copy()?, 1024).await?;
            let read = read.context("the program's copy of the file is not there")?;
            ensure!(
                read == NOTE.as_bytes(),
                "the program's copy of the file differs"
            );
            Ok(((), format!("{} bytes", read.len())))
        };
        self.report.step("read a file", work).await?;

        let listed = is_listed(spawner, self.key(), &self.plan.environment);
        self.report.step("list", listed).await
    }

    async fn end(&mut self) {
        let key = self.key();
        let id = self.made.clone();
        let called = id
            .as_ref()
            .map_or_else(|| key.to_string(), ToString::to_string);
        let spawner = self.spawner;
        (self.say)(&format!("deleting sandbox {called}"));
        let work = async {
            let times = confirmed(spawner, &SandboxRef { key, id }).await?;
            Ok(((), format!("confirmed, asked {times} times")))
        };
        if self.report.step("terminate", work).await.is_none() {
            (self.say)(&format!(
                "NOT DELETED: sandbox {called} may still be there; it ends by itself {} s after it was made",
                self.plan.ttl.as_secs()
            ));
            return;
        }
        (self.say)(&format!("deleted sandbox {called}"));
        let work = async {
            match spawner.find(key).await? {
                None => Ok(((), "not found any more".to_owned())),
                Some(found) if found.state == SandboxState::Gone => {
                    Ok(((), "known to be gone".to_owned()))
                }
                Some(found) => bail!("{} is still there: {:?}", found.id, found.state),
            }
        };
        self.report.step("look for it", work).await;
    }
}

fn request(run: RunKey, sandbox: &Sandbox) -> anyhow::Result<RunRequest> {
    let argv = ["/bin/sh", "-c", PROGRAM, "smoke"].map(str::to_owned);
    let files = [note()?, copy()?].map(|path| sandbox.layout.absolute(&path));
    Ok(RunRequest {
        key: run,
        argv: argv.into_iter().chain(files).collect(),
        needs: Vec::new(),
        env: BTreeMap::from([("SMOKE_PLAIN".to_owned(), "words".to_owned())]),
        secrets: vec![SecretEnv {
            name: "SMOKE_SECRET".to_owned(),
            value: Secret::new(SECRET),
        }],
        timeout: RUN_LIMIT,
    })
}

async fn follow(
    spawner: &dyn SandboxSpawner,
    sandbox: &SandboxRef,
    run: RunKey,
    after: Option<OutputCursor>,
) -> anyhow::Result<Printed> {
    let following = async {
        let mut output = spawner.output(sandbox, &run, after).await?;
        let mut lines = Vec::new();
        while let Some(item) = output.next().await {
            match item? {
                Output::Line(line) => lines.push(line),
                Output::Ended(end) => return Ok(Printed { lines, end }),
            }
        }
        bail!(
            "the output stopped without an end, after {} lines",
            lines.len()
        )
    };
    let followed = timeout(RUN_LIMIT, following).await;
    followed.with_context(|| format!("no end within {} s", RUN_LIMIT.as_secs()))?
}

/// Everything that the program prints has come, once and in order.
fn is_complete(printed: &Printed, commit: &CommitId) -> anyhow::Result<()> {
    let numbered = |channel: &str| (1..=10).map(|i| format!("{channel} {i}")).collect();
    let mut stdout: Vec<String> = numbered("out");
    stdout.push(format!("plain words, {} secret characters", SECRET.len()));
    stdout.push(commit.to_string());
    let stderr: Vec<String> = numbered("err");
    for (channel, expected) in [(Channel::Stdout, stdout), (Channel::Stderr, stderr)] {
        let got = printed.on(channel);
        ensure!(expected == got, "on {channel:?} {got:?}, not {expected:?}");
    }
    let end = RunEnd::Exited { code: EXIT_CODE };
    ensure!(printed.end == end, "it {}, not {end}", printed.end);
    Ok(())
}

/// A list may be behind, so it is asked for again.
async fn is_listed(
    spawner: &dyn SandboxSpawner,
    key: SandboxKey,
    environment: &Environment,
) -> anyhow::Result<((), String)> {
    let labels = SpawnRequest::managed_in(environment);
    let looking = async {
        let mut times = 0;
        loop {
            times += 1;
            let listed = spawner.list(&labels).await?;
            if let Some(other) = listed.iter().find(|found| found.key != key) {
                bail!("sandbox {} is not of this environment", other.id);
            }
            if !listed.is_empty() {
                return Ok(((), format!("1 sandbox, asked {times} times")));
            }
            sleep(PAUSE).await;
        }
    };
    let listed = timeout(LIST_LIMIT, looking).await;
    listed.with_context(|| format!("not listed within {} s", LIST_LIMIT.as_secs()))?
}

/// Asks for the end until it is confirmed; how often.
async fn confirmed(spawner: &dyn SandboxSpawner, sandbox: &SandboxRef) -> anyhow::Result<u32> {
    let begun = Instant::now();
    let mut last: Option<SpawnError> = None;
    for times in 1.. {
        let left = END_LIMIT.saturating_sub(begun.elapsed());
        match timeout(left, spawner.terminate(sandbox)).await {
            Ok(Ok(Termination::Confirmed)) => return Ok(times),
            Ok(Ok(Termination::Accepted)) => last = None,
            Ok(Err(error)) if error.is_retryable() => last = Some(error),
            Ok(Err(error)) => return Err(error.into()),
            Err(_over) => break,
        }
        let wait = last.as_ref().and_then(SpawnError::retry_after);
        sleep(wait.unwrap_or(PAUSE).min(left)).await;
    }
    let unconfirmed = format!("not confirmed within {} s", END_LIMIT.as_secs());
    match last {
        Some(error) => Err(error).context(unconfirmed),
        None => bail!(unconfirmed),
    }
}
