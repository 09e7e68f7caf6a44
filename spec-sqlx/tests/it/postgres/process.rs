//! A process of its own with a store and a runner that holds a spec: this program, started again.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "test code outside of test functions"
)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use spec_core::SpecStore;
use spec_core::clock::{Clock, SystemClock};
use spec_core::id::{RunnerId, SpecId, UserId};
use spec_core::machine::{Command as Asked, Input, apply};
use spec_core::store::{Commit, Create, Created};
use spec_sqlx::PostgresStore;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use super::replica::{new_runner, until};
use crate::sample::create;

const DATABASE: &str = "SPEC_TEST_DATABASE";
const RUNNER: &str = "SPEC_TEST_RUNNER";
const LEASE: &str = "SPEC_TEST_LEASE_MILLIS";
/// Begins the line in which the process answers.
const ANSWER: &str = "answer: ";

/// The process. It ends when this is dropped, or when the test does.
pub(super) struct Process {
    pub(super) runner: RunnerId,
    pub(super) spec: SpecId,
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Process {
    /// A process that says that it lives every third of `lease`, and holds a spec.
    pub(super) async fn start(url: &str, pool: &PgPool, lease: Duration) -> Self {
        let runner = new_runner();
        let name = "postgres::process::holds_a_spec_while_it_lives";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--ignored", "--nocapture"])
            .env(DATABASE, url)
            .env(RUNNER, runner.to_string())
            .env(LEASE, lease.as_millis().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut spec = None;
        until("a spec held by the process", async || {
            spec = held(pool, runner).await;
            spec.is_some()
        })
        .await;
        Self {
            runner,
            spec: spec.unwrap(),
            asked: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// Ends it as a crash does.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    pub(super) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(super) fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(status.success());
    }

    /// Has it commit, and returns what came of it.
    pub(super) fn commit(&mut self) -> String {
        writeln!(self.asked, "commit").unwrap();
        for line in (&mut self.answers).lines() {
            if let Some((_, answer)) = line.unwrap().split_once(ANSWER) {
                return answer.to_owned();
            }
        }
        panic!("the process has ended without an answer");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ended_before = self.child.kill();
        let _status = self.child.wait();
    }
}

async fn held(pool: &PgPool, runner: RunnerId) -> Option<SpecId> {
    let row = sqlx::query("SELECT id FROM spec.specs WHERE runner = $1")
        .bind(runner.as_uuid())
        .fetch_optional(pool)
        .await
        .unwrap();
    row.map(|row| SpecId::from_uuid(row.get("id")))
}

/// The lines from the test, up to its end.
fn lines() -> tokio::sync::mpsc::Receiver<String> {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "other tests start it as a process of its own"]
async fn holds_a_spec_while_it_lives() {
    let Ok(url) = std::env::var(DATABASE) else {
        return;
    };
    let runner: Uuid = std::env::var(RUNNER).unwrap().parse().unwrap();
    let runner = RunnerId::from_uuid(runner);
    let lease = Duration::from_millis(std::env::var(LEASE).unwrap().parse().unwrap());
    let store = PostgresStore::new(PgPool::connect(&url).await.unwrap())
        .await
        .unwrap();
    store.heartbeat(runner, lease).await.unwrap();
    let create = Create {
        runner: Some(runner),
        ..create("demo")
    };
    let Ok(Created::New {
        stored,
        lease: Some(held),
    }) = store.create(create).await
    else {
        panic!("the spec is new and due");
    };

    let mut asked = lines();
    let mut beat = tokio::time::interval(lease / 3);
    loop {
        tokio::select! {
            asked = asked.recv() => {
                if asked.is_none() {
                    return;
                }
                let by = UserId::new("ada").unwrap();
                let cancel = Input::Command(Asked::Cancel { by, reason: None });
                let transition = apply(&stored.spec, cancel, SystemClock.now()).unwrap();
                let outcome = store.commit(Commit::new(transition).under(held)).await;
                println!("\n{ANSWER}{:?}", outcome.map_err(|error| error.kind()));
            }
            _ = beat.tick() => {
                // Of a frozen process it fails; the test is about the commit.
                let _told = store.heartbeat(runner, lease).await;
            }
        }
    }
}
