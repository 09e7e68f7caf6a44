//! Many streams at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use spec_core::SpecStore as _;
use spec_core::id::{Sequence, SpecId, UserId};
use spec_core::machine::Command;
use spec_core::store::{MemoryStore, MockSpecStore};
use spec_core::testing::RunScript;
use spec_http::HttpConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::harness::{App, Call, Frames, local};

const SPECS: usize = 100;
const STREAMS: usize = 1000;

/// A store in memory that counts reads of events.
fn counting() -> (MockSpecStore, Arc<AtomicUsize>) {
    let inner = MemoryStore::default();
    let reads = Arc::new(AtomicUsize::new(0));
    let mut store = MockSpecStore::new();
    let now = "memory answers at once";
    let of = inner.clone();
    store
        .expect_create()
        .returning(move |create| of.create(create).now_or_never().expect(now));
    let of = inner.clone();
    store
        .expect_get()
        .returning(move |id| of.get(id).now_or_never().expect(now));
    let of = inner.clone();
    store
        .expect_commit()
        .returning(move |commit| of.commit(commit).now_or_never().expect(now));
    let (of, counted) = (inner.clone(), Arc::clone(&reads));
    store.expect_events().returning(move |id, after, limit| {
        counted.fetch_add(1, Ordering::SeqCst);
        of.events(id, after, limit).now_or_never().expect(now)
    });
    store.expect_wakeups().returning(move || inner.wakeups());
    (store, reads)
}

/// One user may have all streams.
fn many() -> HttpConfig {
    local()
        .with_max_streams(usize::MAX)
        .with_max_streams_per_principal(usize::MAX)
}

async fn drafts(app: &App) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..SPECS {
        ids.push(app.draft().await);
    }
    ids
}

fn path(id: &str) -> String {
    format!("/specs/{id}/events/stream")
}

async fn execute(app: &App, id: &str) {
    let id: SpecId = id.parse().unwrap();
    let by = UserId::new("local").unwrap();
    app.machine
        .command(id, Command::Execute { by })
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_thousand_streams_of_a_hundred_specs_are_fed_by_one_read_per_change() {
    let (store, reads) = counting();
    let app = App::over(store, RunScript::hangs(), many());
    let ids = drafts(&app).await;
    let mut streams = Vec::new();
    for number in 0..STREAMS {
        let response = app.open(Call::get(&path(&ids[number % SPECS]))).await;
        streams.push(Frames::of(response));
    }
    let frame = async |frames: &mut Frames| frames.next().await.unwrap();
    for expected in [": open", "event: spec.created"] {
        for shown in join_all(streams.iter_mut().map(frame)).await {
            assert!(shown.contains(expected), "{shown}");
        }
    }
    // All of them wait.
    for frames in &mut streams {
        assert!(frames.next().now_or_never().is_none());
    }
    reads.store(0, Ordering::SeqCst);
    let changes = async {
        for id in &ids {
            execute(&app, id).await;
        }
    };
    let ((), shown) = tokio::join!(changes, join_all(streams.iter_mut().map(frame)));
    for shown in shown {
        assert!(shown.contains("spec.execution_started"), "{shown}");
    }
    let reads = reads.load(Ordering::SeqCst);
    // A poll may coincide.
    assert!((SPECS..=2 * SPECS).contains(&reads), "{reads} reads");
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_nobody_up_and_misses_nothing() {
    let script = (0..400).fold(RunScript::exits(1), |script, line| {
        script.with_line(format!("line {line} {}", "x".repeat(500)))
    });
    let app = App::driven(script);
    let id = app.launched().await;
    let mut slow = Frames::of(app.open(Call::get(&path(&id))).await);
    assert_eq!(slow.next().await.unwrap(), ": open");
    let _first = slow.next().await.unwrap();
    let quick = Frames::of(app.open(Call::get(&path(&id))).await);
    let quick = quick.rest().await;
    let slow = slow.rest().await;
    assert_eq!(slow, quick[2..]);
}

/// Memory of this process in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.unwrap().trim().trim_end_matches(" kB");
    kib.parse::<u64>().unwrap() * 1024
}

/// Prints what an idle stream costs: `cargo test -p spec-http --test it -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn what_an_idle_stream_costs_in_memory() {
    let watchers: u64 = 10_000;
    let mut app = App::with(many());
    let ids = drafts(&app).await;

    let before = resident();
    let mut streams = JoinSet::new();
    for number in 0..watchers {
        let id = &ids[usize::try_from(number).unwrap() % SPECS];
        let mut events = app.machine.watch(id.parse().unwrap(), Sequence::new(1));
        streams.spawn(async move {
            let _none = futures_util::StreamExt::next(&mut events).await;
        });
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    println!(
        "a watcher with its task: {} bytes",
        (resident() - before) / watchers
    );
    // They go on, so that what they hold is not taken for the clients'.

    let server = app.serve();
    let clients: u64 = 1000;
    let before = resident();
    let mut sockets = Vec::new();
    for number in 0..clients {
        let id = &ids[usize::try_from(number).unwrap() % SPECS];
        let mut socket = TcpStream::connect(server).await.unwrap();
        let request = format!("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", path(id));
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut head = [0; 64];
        let read = socket.read(&mut head).await.unwrap();
        let status = StatusCode::OK.to_string();
        assert!(String::from_utf8_lossy(&head[..read]).contains(&status));
        sockets.push(socket);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    println!(
        "a client over TCP with its connection, and its end here: {} bytes",
        (resident() - before) / clients
    );
}
