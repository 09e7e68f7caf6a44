//! Archived specs and their end.

use std::time::Duration;

use spec_core::clock::Clock as _;
use spec_core::id::SpecId;
use spec_core::store::SpecQuery;
use spec_core::testing::demo;
use spec_core::{Error, Policy, SpecStatus, SpecStore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::scene::{World, user};
use crate::upkeep::{OLD, config, leave_behind, pass, sandbox_key};

const WEEK: Duration = Duration::from_hours(7 * 24);

/// Drafts that are put away now.
async fn archived(world: &World, count: usize) -> Vec<SpecId> {
    let machine = world.machine();
    let mut ids = Vec::new();
    for _draft in 0..count {
        let mut request = world.request(Policy::default());
        request.auto_execute = false;
        let id = machine.launch(request).await.unwrap().spec().id;
        machine.archive(id, user()).await.unwrap();
        ids.push(id);
    }
    ids
}

async fn count(world: &World) -> usize {
    let mut query = SpecQuery {
        include_archived: true,
        ..SpecQuery::default()
    };
    let mut count = 0;
    loop {
        let page = world.store.list(&query).await.unwrap();
        count += page.items.len();
        query.before = page.next;
        if query.before.is_none() {
            return count;
        }
    }
}

#[tokio::test]
async fn a_spec_is_archived_once_it_has_ended() {
    let world = World::new(demo::good_run);
    let id = world.launch(Policy::default()).await;
    let early = world.machine().archive(id, user()).await;
    assert!(matches!(early, Err(Error::Refused { .. })), "{early:?}");
    world.drive_to_the_end(id).await;
    let spec = world.machine().archive(id, user()).await.unwrap();
    assert_eq!(spec.archived_at, Some(world.clock.now()));
    assert_eq!(spec.status, SpecStatus::Completed);
    assert_eq!(world.machine().archive(id, user()).await.unwrap(), spec);
}

#[tokio::test]
async fn purging_deletes_all_that_was_archived_before_and_tells_how_many() {
    let world = World::new(demo::good_run);
    let old = archived(&world, 230).await;
    world.clock.advance(WEEK);
    let young = archived(&world, 1).await;
    let machine = world.machine();
    let at = world.clock.now();
    assert_eq!(machine.purge(at).await.unwrap(), 230);
    assert_eq!(machine.purge(at).await.unwrap(), 0);
    let gone = machine.get(old[0]).await;
    assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
    machine.get(young[0]).await.unwrap();
}

#[tokio::test]
async fn the_sandbox_of_a_deleted_spec_is_ended() {
    let world = World::new(demo::good_run);
    let id = archived(&world, 1).await[0];
    leave_behind(&world, sandbox_key(id, 1), "test").await;
    world.clock.advance(OLD);
    let machine = world.machine();
    machine.purge(world.clock.now()).await.unwrap();
    assert_eq!(machine.reap().await.unwrap().ended, 1);
}

#[tokio::test]
async fn a_runner_deletes_what_has_been_archived_for_long_enough_in_portions() {
    let world = World::new(demo::good_run);
    archived(&world, 250).await;
    world.clock.advance(WEEK);
    archived(&world, 2).await;
    let machine = world
        .machine()
        .with_config(config().with_retention(Some(WEEK)));
    let token = CancellationToken::new();
    let story = async {
        let mut seen = vec![count(&world).await];
        for _step in 0..400 {
            pass(&world, Duration::from_millis(200)).await;
            let now = count(&world).await;
            if seen.last() != Some(&now) {
                seen.push(now);
            }
        }
        assert_eq!(seen, [252, 152, 52, 2]);
        // What comes of age later is deleted an hour later at most.
        token.cancel();
    };
    let (ran, ()) = tokio::join!(machine.run(token.clone()), story);
    ran.unwrap();
}

#[tokio::test]
async fn a_runner_keeps_archived_specs_for_ever_unless_told_otherwise() {
    let world = World::new(demo::good_run);
    archived(&world, 2).await;
    world.clock.advance(WEEK * 1000);
    let machine = world.machine().with_config(config());
    let token = CancellationToken::new();
    let story = async {
        pass(&world, Duration::from_mins(2)).await;
        assert_eq!(count(&world).await, 2);
        token.cancel();
    };
    let (ran, ()) = tokio::join!(machine.run(token.clone()), story);
    ran.unwrap();
}

#[tokio::test]
async fn a_runner_that_is_stopped_between_two_portions_ends_at_once() {
    let world = World::new(demo::good_run);
    archived(&world, 150).await;
    world.clock.advance(WEEK);
    let machine = world
        .machine()
        .with_config(config().with_retention(Some(Duration::from_hours(1))));
    let (mut tasks, token) = (JoinSet::new(), CancellationToken::new());
    tasks.spawn({
        let token = token.clone();
        async move { machine.run(token).await }
    });
    while count(&world).await == 150 {
        pass(&world, Duration::from_millis(200)).await;
    }
    token.cancel();
    // No time passes from here on.
    tasks.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(count(&world).await, 50);
}
