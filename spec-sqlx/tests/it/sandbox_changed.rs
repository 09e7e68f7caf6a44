//! The word that a sandbox has changed, from one machine to another over the same store.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use spec_core::agent::CommandAgent;
use spec_core::attempt::FailureKind;
use spec_core::id::{AgentName, SandboxId, Sequence, UserId};
use spec_core::spec::{Description, Title};
use spec_core::testing::{Call, RunScript, ScriptedSpawner, demo};
use spec_core::{LaunchRequest, Policy, Spec, SpecStateMachine, SpecStore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(30);

type Machine<S> = SpecStateMachine<Arc<S>, ScriptedSpawner>;

fn machine<S: SpecStore>(store: &Arc<S>, spawner: &ScriptedSpawner) -> Machine<S> {
    let agent = CommandAgent::new(AgentName::new("scripted").unwrap(), "agent");
    SpecStateMachine::new(Arc::clone(store), spawner.clone(), demo::projects()).with_agent(agent)
}

/// A spec that fails at its first failure, at the point where the first run of it is followed.
async fn followed<S: SpecStore>(machine: &Machine<S>, spawner: &ScriptedSpawner) -> Spec {
    let policy = Policy {
        max_attempts: 1,
        max_repairs: 0,
        ..Policy::default()
    };
    let owner = UserId::new("ada").unwrap();
    let title = Title::new("Export invoices").unwrap();
    let description = Description::new("Let people export invoices as CSV.").unwrap();
    let request = LaunchRequest::new(owner, title, description).with_policy(policy);
    let launched = machine.launch(request).await.unwrap();
    let id = launched.spec().id;
    let is_look = |call: &Call| matches!(call, Call::Output { .. });
    let is_followed = async {
        while !spawner.calls().iter().any(is_look) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, is_followed).await.unwrap();
    machine.get(id).await.unwrap()
}

/// A spec that `here` drives loses its sandbox, which only `there` is told.
async fn a_loss_that_is_told_elsewhere<S: SpecStore>(here: &Arc<S>, there: &Arc<S>) {
    let spawner = demo::spawner(|_| RunScript::hangs());
    let (driving, telling) = (machine(here, &spawner), machine(there, &spawner));
    let stop = CancellationToken::new();
    let mut runners = JoinSet::new();
    let (runner, token) = (driving.clone(), stop.clone());
    runners.spawn(async move { runner.run(token).await });

    let spec = followed(&driving, &spawner).await;
    let (lost, _) = spec.active_attempt().unwrap();
    spawner.lose_silently(lost.sandbox_key());
    // The driver knows the id already; its note of it may still be on its way to the store.
    let sandbox = SandboxId::new("scripted-1").unwrap();
    telling.sandbox_changed(&sandbox).await.unwrap();

    let events = driving.watch(spec.id, Sequence::default());
    let end = timeout(PATIENCE, events.collect::<Vec<_>>()).await;
    assert!(end.is_ok(), "nobody looked: {:?}", spawner.calls());
    let spec = telling.get(spec.id).await.unwrap();
    assert_eq!(spec.failure.unwrap().kind, FailureKind::SandboxLost);
    stop.cancel();
    for ended in runners.join_all().await {
        ended.unwrap();
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use spec_sqlx::SqliteStore;
    use tempfile::TempDir;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_loss_is_noticed_when_another_machine_on_the_store_is_told() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("specs.db");
        let store = Arc::new(SqliteStore::open(&path).await.unwrap());
        a_loss_that_is_told_elsewhere(&store, &store).await;
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::future::ready;

    use spec_core::store::{StoreErrorKind, Wakeup};
    use spec_sqlx::PostgresStore;
    use spec_test_postgres::{TestDatabase, database};

    use super::*;

    async fn store(database: &TestDatabase) -> Arc<PostgresStore> {
        Arc::new(PostgresStore::new(database.pool()).await.unwrap())
    }

    /// Waits until one store hears what another one announces: its connection may not be there yet.
    async fn connected(here: &PostgresStore, there: &PostgresStore) {
        let probe = SandboxId::new("probe").unwrap();
        let mut heard = here.wakeups();
        let connected = async {
            loop {
                there.announce(&probe).await.unwrap();
                let next = timeout(Duration::from_secs(1), heard.next()).await;
                if matches!(next, Ok(Some(Wakeup::Sandbox { .. }))) {
                    return;
                }
            }
        };
        timeout(PATIENCE, connected).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_loss_is_noticed_when_another_process_on_the_database_is_told() {
        let database = database().await;
        let (here, there) = (store(&database).await, store(&database).await);
        connected(&here, &there).await;
        a_loss_that_is_told_elsewhere(&here, &there).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whatever_a_sandbox_is_called_others_hear_of_it_and_those_here_once() {
        let database = database().await;
        let (here, there) = (store(&database).await, store(&database).await);
        connected(&there, &here).await;
        let mut heard = here.wakeups();
        // The last probes may still be on their way.
        let probe =
            |hint: &Wakeup| matches!(hint, Wakeup::Sandbox { id } if id.as_str() == "probe");
        let mut heard_there = there.wakeups().filter(move |hint| ready(!probe(hint)));
        for id in ["a b.c", "sandbox.61", &"𓁷".repeat(255), "end"] {
            let id = SandboxId::new(id).unwrap();
            here.announce(&id).await.unwrap();
            let hint = Some(Wakeup::Sandbox { id });
            // Had one come back to its own, it would stand before the next.
            assert_eq!(heard.next().await, hint);
            let next = timeout(PATIENCE, heard_there.next()).await;
            assert_eq!(next.unwrap(), hint);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_store_that_is_closed_announces_nothing() {
        let database = database().await;
        let store = store(&database).await;
        store.close().await;
        let sandbox = SandboxId::new("a").unwrap();
        let refused = store.announce(&sandbox).await.unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Internal, "{refused}");
    }
}
