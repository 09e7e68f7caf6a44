//! The mocks, used as a host would: to say which calls are made and which are not.

use futures_util::StreamExt as _;
use futures_util::stream;
use spec_core::agent::CommandAgent;
use spec_core::sandbox::{SpawnError, SpawnErrorKind, Termination};
use spec_core::spec::{Description, Title};
use spec_core::store::{MemoryStore, StoreError, StoreErrorKind};
use spec_core::testing::{MockSandboxSpawner, MockSpecStore, demo};
use spec_core::{Error, LaunchRequest, SpecStateMachine, SpecStatus};

use crate::scene::user;

fn request() -> LaunchRequest {
    LaunchRequest::new(
        user(),
        Title::new("t").unwrap(),
        Description::new("d").unwrap(),
    )
}

fn agent() -> CommandAgent {
    CommandAgent::new("scripted".parse().unwrap(), "agent")
}

#[tokio::test]
async fn launching_makes_no_sandbox_by_itself() {
    // A mock without expectations fails the test at the first call.
    let spawner = MockSandboxSpawner::new();
    let machine = SpecStateMachine::new(MemoryStore::default(), spawner, demo::projects())
        .with_agent(agent());
    let launched = machine.launch(request()).await.unwrap();
    assert_eq!(launched.spec().status, SpecStatus::Executing);
}

#[tokio::test]
async fn a_spawner_that_refuses_for_good_is_asked_once_and_its_leftovers_are_removed() {
    let mut spawner = MockSandboxSpawner::new();
    spawner.expect_spawn().times(1).returning(|request| {
        assert_eq!(request.labels()["spec.managed"], "true");
        Err(SpawnError::new(
            SpawnErrorKind::Rejected,
            "no such repository",
        ))
    });
    spawner.expect_terminate().times(1).returning(|sandbox| {
        assert_eq!(sandbox.id, None);
        Ok(Termination::Confirmed)
    });
    let machine = SpecStateMachine::new(MemoryStore::default(), spawner, demo::projects())
        .with_agent(agent());
    let id = machine.launch(request()).await.unwrap().spec().id;
    let spec = machine.drive(id).await.unwrap();
    assert_eq!(spec.status, SpecStatus::Failed);
    assert!(spec.failure.unwrap().message.contains("no such repository"));
}

#[tokio::test]
async fn a_store_that_is_down_is_told_as_that_and_may_be_tried_again() {
    let mut store = MockSpecStore::new();
    store.expect_create().times(1).returning(|_| {
        Err(StoreError::new(
            StoreErrorKind::Unavailable,
            "no connection",
        ))
    });
    store
        .expect_wakeups()
        .returning(|| stream::pending().boxed());
    let machine = SpecStateMachine::new(store, MockSandboxSpawner::new(), demo::projects())
        .with_agent(agent());
    let error = machine.launch(request()).await.unwrap_err();
    assert!(error.is_retryable());
    assert!(matches!(error, Error::Store { .. }), "{error:?}");
    // Each layer tells its own story once.
    assert_eq!(error.to_string(), "the spec store failed to create a spec");
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "no connection"
    );
}
