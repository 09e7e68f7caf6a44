//! What the suite for all spawners does not ask: what is Daytona's own.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use spec_core::SandboxSpawner as _;
use spec_core::id::RepairNumber;
use spec_core::sandbox::{
    Labels, Output, RunEnd, RunRequest, Sandbox, SandboxRef, SpawnError, SpawnErrorKind,
    SpawnRequest, Termination,
};
use spec_daytona::{DaytonaConfig, DaytonaSpawner};
use spec_tests::daytona::{FakeDaytona, FakeOptions, Fault, FaultPlan};
use tokio::task::JoinSet;
use url::Url;

use super::stage::{Repository, config, request};

type Following = BoxStream<'static, Result<Output, SpawnError>>;

async fn fake() -> FakeDaytona {
    FakeDaytona::start(FakeOptions::default()).await.unwrap()
}

fn spawner(fake: &FakeDaytona) -> DaytonaSpawner {
    DaytonaSpawner::new(config(fake)).unwrap()
}

fn reference(sandbox: &Sandbox) -> SandboxRef {
    SandboxRef {
        key: sandbox.key,
        id: Some(sandbox.id.clone()),
    }
}

fn shell(sandbox: &Sandbox, script: &str) -> RunRequest {
    RunRequest {
        key: sandbox.key.attempt().run_key(RepairNumber::default()),
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        needs: Vec::new(),
        env: BTreeMap::new(),
        secrets: Vec::new(),
        timeout: Duration::from_mins(2),
    }
}

/// Starts a script and reads its first line.
async fn started(spawner: &DaytonaSpawner, sandbox: &Sandbox, script: &str) -> Following {
    let run = shell(sandbox, script);
    spawner.start(&reference(sandbox), &run).await.unwrap();
    let output = spawner.output(&reference(sandbox), &run.key, None).await;
    let mut output = output.unwrap();
    let first = output.next().await.unwrap().unwrap();
    assert!(matches!(first, Output::Line(_)), "{first:?}");
    output
}

async fn end_of(mut output: Following) -> RunEnd {
    loop {
        match output.next().await.unwrap().unwrap() {
            Output::Line(_) => {}
            Output::Ended(end) => return end,
        }
    }
}

fn posts(fake: &FakeDaytona, path: &str) -> usize {
    let is = |request: &&spec_tests::daytona::RecordedRequest| {
        request.method == "POST" && request.path == path
    };
    fake.requests().iter().filter(is).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_names_what_the_key_lacks() {
    let good = fake().await;
    let account = spawner(&good).preflight().await.unwrap();
    assert!(account.permissions.contains(&"delete:sandboxes".to_owned()));
    assert!(account.api_version.is_some());

    let poor = FakeOptions {
        permissions: vec!["write:sandboxes".to_owned()],
        ..FakeOptions::default()
    };
    let poor = FakeDaytona::start(poor).await.unwrap();
    let error = spawner(&poor).preflight().await.unwrap_err();
    assert_eq!(error.kind(), SpawnErrorKind::Unauthorized);
    assert!(
        error.to_string().contains("lacks delete:sandboxes"),
        "{error}"
    );

    let stranger = DaytonaConfig::new(&good.api_url(), "dtn_another").unwrap();
    let stranger = DaytonaSpawner::new(stranger).unwrap();
    let error = stranger.preflight().await.unwrap_err();
    assert_eq!(error.kind(), SpawnErrorKind::Unauthorized);
    assert!(good.sandboxes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_that_leads_to_the_dashboard_is_said_to_be_wrong() {
    let fake = fake().await;
    let url = fake.api_url().replace("/api", "/dashboard");
    let config = DaytonaConfig::new(&url, fake.api_key())
        .unwrap()
        .with_outage_limit(Duration::from_millis(20));
    let error = DaytonaSpawner::new(config)
        .unwrap()
        .preflight()
        .await
        .unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("it ends in /api"), "{cause}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_of_somebody_else_is_neither_adopted_nor_ended() {
    let (fake, repository) = (fake().await, Repository::new());
    let wanted = request(1, &repository.url());
    let foreign = reqwest::Client::new()
        .post(format!("{}/sandbox", fake.api_url()))
        .bearer_auth(fake.api_key())
        .json(&serde_json::json!({"name": wanted.key.to_string()}))
        .send()
        .await
        .unwrap();
    assert!(foreign.status().is_success());
    let spawner = spawner(&fake);
    let error = spawner.spawn(&wanted).await.unwrap_err();
    assert_eq!(error.kind(), SpawnErrorKind::Rejected);
    assert!(error.to_string().contains("not ours"), "{error}");
    assert_eq!(spawner.find(wanted.key).await.unwrap(), None);
    let by_key = SandboxRef {
        key: wanted.key,
        id: None,
    };
    let ended = spawner.terminate(&by_key).await.unwrap();
    assert_eq!(ended, Termination::Confirmed);
    assert_eq!(fake.ledger().live.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_is_kept_awake_while_its_agent_says_nothing_and_ends_when_nobody_asks() {
    let options = FakeOptions {
        minute: Duration::from_millis(400),
        ..FakeOptions::default()
    };
    let (fake, repository) = (
        FakeDaytona::start(options).await.unwrap(),
        Repository::new(),
    );
    let config = config(&fake).with_idle_limit(Duration::from_mins(1));
    let spawner = DaytonaSpawner::new(config).unwrap();
    let mut wanted = request(1, &repository.url());
    wanted.ttl = Duration::from_hours(10);
    let sandbox = spawner.spawn(&wanted).await.unwrap();
    // Four of Daytona's minutes; it would be stopped after one.
    let output = started(&spawner, &sandbox, "echo up; sleep 1.6; echo done").await;
    assert_eq!(end_of(output).await, RunEnd::Exited { code: 0 });

    while fake.ledger().destroyed == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let run = shell(&sandbox, "").key;
    let error = spawner.output(&reference(&sandbox), &run, None).await.err();
    assert_eq!(error.unwrap().kind(), SpawnErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_that_was_stopped_is_told_from_a_program_that_was_killed() {
    let (fake, repository) = (fake().await, Repository::new());
    let spawner = spawner(&fake);
    let lost = |end| {
        let RunEnd::Lost { reason } = end else {
            panic!("{end:?}");
        };
        reason
    };

    let stopped = spawner.spawn(&request(1, &repository.url())).await.unwrap();
    let output = started(&spawner, &stopped, "echo up; sleep 600").await;
    fake.auto_stop(stopped.id.as_str());
    let reason = lost(end_of(output).await);
    assert!(reason.contains("is over"), "{reason}");

    let killed = spawner.spawn(&request(2, &repository.url())).await.unwrap();
    let output = started(&spawner, &killed, "echo up; sleep 600").await;
    fake.run_out_of_memory(killed.id.as_str());
    let reason = lost(end_of(output).await);
    assert!(reason.contains("want of memory"), "{reason}");
    spawner.terminate(&reference(&killed)).await.unwrap();
    assert!(fake.ledger().live.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_program_printed_last_is_not_lost_with_it() {
    let (fake, repository) = (fake().await, Repository::new());
    let spawner = spawner(&fake);
    let sandbox = spawner.spawn(&request(1, &repository.url())).await.unwrap();
    let script = r"printf 'up\nlast words'; sleep 600";
    let output = started(&spawner, &sandbox, script).await;
    fake.run_out_of_memory(sandbox.id.as_str());
    let rest: Vec<_> = output.map(Result::unwrap).collect().await;
    let [Output::Line(last), Output::Ended(RunEnd::Lost { .. })] = rest.as_slice() else {
        panic!("{rest:?}");
    };
    assert_eq!(last.text, "last words");
}

#[test]
fn output_may_be_dropped_where_no_runtime_is() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (fake, repository) = (runtime.block_on(fake()), Repository::new());
    let spawner = spawner(&fake);
    let output = runtime.block_on(async {
        let sandbox = spawner.spawn(&request(1, &repository.url())).await.unwrap();
        let mut output = started(&spawner, &sandbox, "echo up; echo more; sleep 600").await;
        // There is a socket by the time that this waits for what never comes.
        let follows = |path: &str| path.ends_with("/logs");
        let listening = async {
            while !fake.requests().iter().any(|request| follows(&request.path)) {
                tokio::task::yield_now().await;
            }
        };
        let draining = async { while output.next().await.is_some() {} };
        tokio::select! {
            () = draining => panic!("it has ended"),
            () = listening => {}
        }
        output
    });
    drop(output);
    runtime.block_on(spawner.close());
    let ended = |request: &spec_tests::daytona::RecordedRequest| {
        request.method == "DELETE" && request.path.contains("/session/")
    };
    assert!(fake.requests().iter().any(ended));
    runtime.block_on(fake.shutdown());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_that_cannot_reach_the_model_is_refused_at_once() {
    let (fake, repository) = (fake().await, Repository::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = format!("http://{}/v1", listener.local_addr().unwrap());
    let mut model = JoinSet::new();
    model.spawn(async move { axum::serve(listener, Router::new()).await });
    let good = config(&fake).with_required_endpoint(Url::parse(&there).unwrap());
    let good = DaytonaSpawner::new(good).unwrap();
    let sandbox = good.spawn(&request(1, &repository.url())).await.unwrap();
    good.terminate(&reference(&sandbox)).await.unwrap();
    model.shutdown().await;

    let nowhere = Url::parse("http://127.0.0.1:9/v1").unwrap();
    let poor = config(&fake)
        .with_required_endpoint(nowhere)
        .with_poll_interval(Duration::from_millis(200));
    let poor = DaytonaSpawner::new(poor).unwrap();
    let error = poor
        .spawn(&request(2, &repository.url()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), SpawnErrorKind::Rejected, "{error:?}");
    assert!(
        error.to_string().contains("http://127.0.0.1:9/v1"),
        "{error}"
    );
    assert!(fake.ledger().live.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_that_fails_to_start_is_removed_and_the_reason_is_told() {
    let (fake, repository) = (fake().await, Repository::new());
    fake.inject(FaultPlan {
        fault: Fault::FailedStart,
        skip: 0,
        times: 1,
    });
    let spawner = spawner(&fake);
    let wanted = request(1, &repository.url());
    let error = spawner.spawn(&wanted).await.unwrap_err();
    assert_eq!(error.kind(), SpawnErrorKind::Unavailable, "{error:?}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("failed to start"), "{cause}");
    let ledger = fake.ledger();
    assert_eq!((ledger.created, ledger.destroyed), (1, 1), "{ledger:?}");
    let sandbox = spawner.spawn(&wanted).await.unwrap();
    spawner.terminate(&reference(&sandbox)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_that_is_asked_for_when_its_end_is_wanted_is_ended() {
    let (fake, repository) = (fake().await, Repository::new());
    let spawner = spawner(&fake);
    fake.inject(FaultPlan {
        fault: Fault::SlowAnswer,
        skip: 0,
        times: 1,
    });
    let wanted = request(1, &repository.url());
    let mut asking = JoinSet::new();
    asking.spawn({
        let (spawner, wanted) = (spawner.clone(), wanted.clone());
        async move { spawner.spawn(&wanted).await }
    });
    while posts(&fake, "/api/sandbox") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    asking.shutdown().await;
    let by_key = SandboxRef {
        key: wanted.key,
        id: None,
    };
    let ended = spawner.terminate(&by_key).await.unwrap();
    assert_eq!(ended, Termination::Confirmed);
    spawner.close().await;
    let ledger = fake.ledger();
    assert_eq!((ledger.created, ledger.destroyed), (1, 1), "{ledger:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_too_many_requests_is_heard_by_all_who_make_sandboxes() {
    let (fake, repository) = (fake().await, Repository::new());
    let spawner = spawner(&fake);
    fake.inject(FaultPlan {
        fault: Fault::RateLimited,
        skip: 0,
        times: 1,
    });
    let url = repository.url();
    let first = spawner.spawn(&request(1, &url)).await.unwrap();
    // One that was refused, and one after the wait: nobody hammers.
    assert_eq!(posts(&fake, "/api/sandbox"), 2);
    spawner.terminate(&reference(&first)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_of_a_list_are_read() {
    let fake = fake().await;
    let spawner = spawner(&fake);
    let labels = request(1, "").labels();
    let http = reqwest::Client::new();
    for number in 0..205 {
        let SpawnRequest { key, .. } = request(number, "");
        let made = http
            .post(format!("{}/sandbox", fake.api_url()))
            .bearer_auth(fake.api_key())
            .json(&serde_json::json!({"name": key.to_string(), "labels": labels}))
            .send()
            .await
            .unwrap();
        assert!(made.status().is_success());
    }
    let managed = Labels::from([("spec.managed".to_owned(), "true".to_owned())]);
    assert_eq!(spawner.list(&managed).await.unwrap().len(), 205);
    fake.shutdown().await;
}
