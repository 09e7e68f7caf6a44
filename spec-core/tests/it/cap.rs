//! How many specs of a project are driven at a time.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use spec_core::Policy;
use spec_core::testing::RunScript;
use tokio_util::sync::CancellationToken;

use crate::scene::{World, user};
use crate::upkeep::{config, pass, settle};

#[tokio::test]
async fn no_more_of_a_project_are_driven_at_a_time_than_its_cap() {
    let world = World::new(|_| RunScript::hangs());
    let cap = NonZeroU32::new(2);
    let machine = world
        .machine()
        .with_config(config().with_max_per_project(cap));
    let token = CancellationToken::new();
    let story = async {
        settle().await;
        // Launches beside a runner with free slots, and one from elsewhere.
        let mut launched = Vec::new();
        for _spec in 0..4 {
            let request = world.request(Policy::default());
            launched.push(machine.launch(request).await.unwrap().spec().id);
        }
        let last = world.launch(Policy::default()).await;
        pass(&world, Duration::from_secs(6)).await;
        assert_eq!(world.spawner.live().len(), 2);

        // Nor does a host that drives by itself get over it.
        let other = world
            .machine()
            .with_config(config().with_max_per_project(cap));
        other.drive(last).await.unwrap();
        assert_eq!(world.spawner.live().len(), 2);

        machine.cancel(launched[0], user(), None).await.unwrap();
        // What its run has consumed is counted first, for which real time passes.
        let begun = Instant::now();
        while world.spawner.all_created().len() < 3 {
            assert!(begun.elapsed() < Duration::from_secs(20), "none follows");
            pass(&world, Duration::from_secs(2)).await;
        }
        pass(&world, Duration::from_secs(6)).await;
        assert_eq!(world.spawner.live().len(), 2);
        assert_eq!(world.spawner.all_created().len(), 3);
        token.cancel();
    };
    let (ran, ()) = tokio::join!(machine.run(token.clone()), story);
    ran.unwrap();
}
