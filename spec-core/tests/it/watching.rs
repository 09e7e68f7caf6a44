//! Many watchers, few reads, and hints that cannot be relied on.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};
use spec_core::event::{EventBody, NewEvent, SpecEvent};
use spec_core::id::{AttemptNumber, Sequence, SpecId};
use spec_core::machine::Command;
use spec_core::spec::{Description, Title};
use spec_core::store::{Commit, PageLimit, SpecStoreExt as _, StoreErrorKind, Wakeup};
use spec_core::testing::demo;
use spec_core::{Error, LaunchRequest, Phase, Policy, SpecStore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::ports::{Call, Fate, RuledStore};
use crate::scene::{World, user};

type Events = BoxStream<'static, Result<SpecEvent, Error>>;

/// Calls made of a store.
#[derive(Debug, Clone, Default)]
struct Counts {
    events: Arc<AtomicUsize>,
    gets: Arc<AtomicUsize>,
}

impl Counts {
    /// The calls since this was last asked: reads of events, and of specs.
    fn take(&self) -> (usize, usize) {
        let take = |counter: &AtomicUsize| counter.swap(0, Ordering::SeqCst);
        (take(&self.events), take(&self.gets))
    }
}

fn world() -> World {
    World::in_real_time(demo::good_run)
}

fn counting(world: &World) -> (RuledStore, Counts) {
    let counts = Counts::default();
    let counted = counts.clone();
    let store = RuledStore::new(&world.store, move |call| {
        match call {
            Call::Events => counted.events.fetch_add(1, Ordering::SeqCst),
            Call::Get => counted.gets.fetch_add(1, Ordering::SeqCst),
            _ => 0,
        };
        Fate::Pass
    });
    (store, counts)
}

async fn draft(world: &World) -> SpecId {
    let title = Title::new("t").unwrap();
    let mut request = LaunchRequest::new(user(), title, Description::new("d").unwrap());
    request.auto_execute = false;
    world.machine().launch(request).await.unwrap().spec().id
}

/// Adds an event to a spec, behind the back of every machine.
async fn change(world: &World, id: SpecId) {
    let stored = world.store.require(id).await.unwrap();
    let mut spec = stored.spec;
    let expected = spec.revision;
    spec.revision = expected.next();
    let event = NewEvent {
        at: spec.updated_at,
        revision: spec.revision,
        body: EventBody::EffectFailed {
            phase: Phase::Explore,
            attempt: AttemptNumber::new(1),
            message: "x".to_owned(),
            failures: 1,
            not_before: spec.updated_at,
        },
    };
    let commit = Commit {
        spec,
        expected,
        events: vec![event],
        artifacts: Vec::new(),
        checkpoint: None,
        lease: None,
        release: false,
    };
    world.store.commit(commit).await.unwrap();
}

/// Lets everything happen that needs no time: under the paused clock this passes only when nobody
/// has anything left to do.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Tasks that watch; what they have seen together, and how often they were polled.
#[derive(Default)]
struct Crowd {
    tasks: JoinSet<()>,
    seen: Arc<AtomicUsize>,
    polls: Arc<AtomicUsize>,
}

impl Crowd {
    fn add(&mut self, mut events: Events) {
        let (seen, polls) = (Arc::clone(&self.seen), Arc::clone(&self.polls));
        let mut counted = stream::poll_fn(move |context| {
            polls.fetch_add(1, Ordering::SeqCst);
            events.poll_next_unpin(context)
        });
        self.tasks.spawn(async move {
            while let Some(event) = counted.next().await {
                event.unwrap();
                seen.fetch_add(1, Ordering::SeqCst);
            }
        });
    }

    fn seen(&self) -> usize {
        self.seen.swap(0, Ordering::SeqCst)
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_watchers_of_a_spec_cost_one_read_per_change() {
    let world = world();
    let (store, counts) = counting(&world);
    let machine = world.machine_over(store, world.spawner.clone());
    let id = draft(&world).await;
    let mut crowd = Crowd::default();
    for _ in 0..1000 {
        crowd.add(machine.clone().watch(id, Sequence::default()));
    }
    settle().await;
    assert_eq!(crowd.seen(), 1000);
    let (_, gets) = counts.take();
    assert_eq!(gets, 0, "the events tell that the spec exists and goes on");
    for _ in 0..20 {
        change(&world, id).await;
        settle().await;
        assert_eq!(crowd.seen(), 1000);
        assert_eq!(counts.take(), (1, 0));
    }
    // Idle, with hints that arrive.
    tokio::time::sleep(Duration::from_mins(5)).await;
    let (reads, gets) = counts.take();
    assert!((40..=85).contains(&reads), "{reads} reads in 5 min");
    assert_eq!(gets, 0);

    machine
        .command(id, Command::Execute { by: user() })
        .await
        .unwrap();
    machine.cancel(id, user(), None).await.unwrap();
    world.machine().drive(id).await.unwrap();
    while let Some(joined) = crowd.tasks.join_next().await {
        joined.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_watchers_that_come_back_to_an_idle_spec_ask_once_whether_it_goes_on() {
    let world = world();
    let (store, counts) = counting(&world);
    let machine = world.machine_over(store, world.spawner.clone());
    let id = draft(&world).await;
    let mut crowd = Crowd::default();
    for _ in 0..1000 {
        crowd.add(machine.watch(id, Sequence::new(1)));
    }
    settle().await;
    let (reads, gets) = counts.take();
    assert!(reads <= 1000, "{reads}");
    assert_eq!(gets, 1);
    change(&world, id).await;
    settle().await;
    assert_eq!(crowd.seen(), 1000);
    assert_eq!(counts.take(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_watcher_is_not_woken_by_changes_of_other_specs() {
    let world = world();
    let (store, counts) = counting(&world);
    let machine = world.machine_over(store, world.spawner.clone());
    let (watched, other) = (draft(&world).await, draft(&world).await);
    let mut crowd = Crowd::default();
    crowd.add(machine.watch(watched, Sequence::default()));
    settle().await;
    counts.take();
    let polls = crowd.polls.load(Ordering::SeqCst);
    for _ in 0..100 {
        change(&world, other).await;
        tokio::task::yield_now().await;
    }
    settle().await;
    assert_eq!(crowd.polls.load(Ordering::SeqCst), polls);
    assert_eq!(counts.take(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_a_sandbox_is_not_ended_by_changes_of_other_specs() {
    let world = world();
    let (store, counts) = counting(&world);
    let machine = world.machine_over(store, world.spawner.clone());
    let waited = world.launch(Policy::default()).await;
    let other = draft(&world).await;
    let mut waiting = JoinSet::new();
    waiting.spawn({
        let machine = machine.clone();
        async move {
            machine
                .wait_for_sandbox(waited, Duration::from_mins(1))
                .await
        }
    });
    settle().await;
    assert_eq!(counts.take(), (0, 1));
    for _ in 0..100 {
        change(&world, other).await;
    }
    settle().await;
    assert_eq!(counts.take(), (0, 0));
    change(&world, waited).await;
    settle().await;
    assert_eq!(counts.take(), (0, 1));
    machine.cancel(waited, user(), None).await.unwrap();
    let spec = waiting.join_next().await.unwrap().unwrap().unwrap();
    assert!(spec.ending.is_some());
}

/// What becomes of the hints of a store.
type Distortion = fn(BoxStream<'static, Wakeup>) -> BoxStream<'static, Wakeup>;

const DISTORTIONS: [(&str, Distortion); 8] = [
    ("lost", |_| stream::pending().boxed()),
    ("ended at once", |_| stream::empty().boxed()),
    ("ended later", |hints| hints.take(3).boxed()),
    ("repeated", |hints| {
        hints.flat_map(|hint| stream::iter(vec![hint; 3])).boxed()
    }),
    ("merged", |hints| {
        let merged = hints.ready_chunks(64);
        merged
            .filter_map(|chunk| async move { chunk.last().cloned() })
            .boxed()
    }),
    ("late", |hints| {
        hints
            .then(|hint| async move {
                tokio::time::sleep(Duration::from_millis(700)).await;
                hint
            })
            .boxed()
    }),
    ("lagging", |hints| hints.map(|_| Wakeup::Lagged).boxed()),
    ("broken", |hints| {
        hints
            .skip(2)
            .map(|_| -> Wakeup { panic!("a defect in the store") })
            .boxed()
    }),
];

#[tokio::test(start_paused = true)]
async fn whatever_happens_to_hints_nothing_is_skipped_or_repeated() {
    for (what, distortion) in DISTORTIONS {
        let world = world();
        let store = RuledStore::new(&world.store, |_| Fate::Pass).with_hints(distortion);
        let machine = world.machine_over(store, world.spawner.clone());
        let id = world.launch(Policy::default()).await;
        let token = CancellationToken::new();
        let running = {
            let (driving, token) = (world.machine(), token.clone());
            async move { driving.run(token).await.unwrap() }
        };
        let watching = async {
            let watchers = (0..20).map(|_| machine.watch(id, Sequence::default()).collect());
            let seen: Vec<Vec<_>> = futures_util::future::join_all(watchers).await;
            token.cancel();
            seen
        };
        let ((), seen) = tokio::join!(running, watching);
        let stored = world.events(id).await;
        for events in seen {
            let events: Vec<_> = events.into_iter().map(Result::unwrap).collect();
            assert_eq!(events, stored, "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_hints_a_spec_is_polled_once_for_all_its_watchers() {
    for (what, distortion) in [DISTORTIONS[0], DISTORTIONS[1], DISTORTIONS[7]] {
        let world = world();
        let (store, counts) = counting(&world);
        let machine = world.machine_over(store.with_hints(distortion), world.spawner.clone());
        let id = draft(&world).await;
        let mut crowd = Crowd::default();
        for _ in 0..100 {
            crowd.add(machine.watch(id, Sequence::default()));
        }
        settle().await;
        counts.take();
        tokio::time::sleep(Duration::from_mins(1)).await;
        // The poll of the configuration is 1 s, a quarter more or less.
        let (reads, gets) = counts.take();
        assert!((40..=85).contains(&reads), "{what}: {reads} reads");
        assert_eq!(gets, 0);
        assert_eq!(crowd.seen(), 100);
        change(&world, id).await;
        tokio::time::sleep(Duration::from_millis(1300)).await;
        assert_eq!(crowd.seen(), 100, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_spec_whose_hints_do_not_arrive_is_polled_more_often() {
    let world = world();
    let (loud, quiet) = (draft(&world).await, draft(&world).await);
    let store = RuledStore::new(&world.store, |_| Fate::Pass).with_hints(move |hints| {
        let heard = move |hint: &Wakeup| matches!(hint, Wakeup::Spec { id, .. } if *id == loud);
        hints
            .filter(move |hint| std::future::ready(heard(hint)))
            .boxed()
    });
    let machine = world.machine_over(store, world.spawner.clone());
    let mut crowd = Crowd::default();
    crowd.add(machine.watch(quiet, Sequence::default()));
    settle().await;
    change(&world, loud).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(crowd.seen(), 1);
    change(&world, quiet).await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(crowd.seen(), 1, "found by the slow poll");
    for _ in 0..5 {
        change(&world, quiet).await;
        tokio::time::sleep(Duration::from_millis(1300)).await;
        assert_eq!(crowd.seen(), 1, "found by the quick poll");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_once_is_repeated_and_one_that_keeps_failing_is_told_to_each() {
    for times in [1, usize::MAX] {
        let world = world();
        let left = Arc::new(AtomicUsize::new(0));
        let failing = Arc::clone(&left);
        let store = RuledStore::new(&world.store, move |call| {
            let fails = |n: usize| {
                if n == usize::MAX {
                    Some(n)
                } else {
                    n.checked_sub(1)
                }
            };
            let order = Ordering::SeqCst;
            match call {
                Call::Events if failing.fetch_update(order, order, fails).is_ok() => {
                    Fate::Fail(StoreErrorKind::Unavailable)
                }
                _ => Fate::Pass,
            }
        });
        let machine = world.machine_over(store, world.spawner.clone());
        let id = draft(&world).await;
        let mut watchers: Vec<_> = (0..50)
            .map(|_| machine.watch(id, Sequence::default()))
            .collect();
        for events in &mut watchers {
            assert_eq!(events.next().await.unwrap().unwrap().sequence.get(), 1);
            assert!(events.next().now_or_never().is_none());
        }
        left.store(times, Ordering::SeqCst);
        change(&world, id).await;
        for event in
            futures_util::future::join_all(watchers.iter_mut().map(|events| events.next())).await
        {
            match event.unwrap() {
                Ok(event) => assert!(times == 1 && event.sequence.get() == 2),
                Err(Error::Store { source, .. }) => {
                    assert!(times > 1 && source.kind() == StoreErrorKind::Unavailable);
                }
                Err(error) => panic!("{error}"),
            }
        }
        left.store(0, Ordering::SeqCst);
        change(&world, id).await;
        for mut events in watchers {
            match times {
                1 => assert_eq!(events.next().await.unwrap().unwrap().sequence.get(), 3),
                _ => assert!(
                    events.next().await.is_none(),
                    "a stream ends after an error"
                ),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_subscription_serves_all_watchers_and_ends_with_the_last() {
    let world = world();
    let (begun, live) = (Arc::new(AtomicUsize::new(0)), Arc::new(()));
    let held = Arc::downgrade(&live);
    let store = RuledStore::new(&world.store, |_| Fate::Pass).with_hints({
        let begun = Arc::clone(&begun);
        move |hints| {
            begun.fetch_add(1, Ordering::SeqCst);
            let live = Arc::clone(&live);
            hints.inspect(move |_| drop(Arc::clone(&live))).boxed()
        }
    });
    let machine = world.machine_over(store, world.spawner.clone());
    let ids = [draft(&world).await, draft(&world).await];
    let watchers: Vec<_> = (0..100)
        .map(|n| machine.watch(ids[n % 2], Sequence::default()))
        .collect();
    assert_eq!(
        begun.load(Ordering::SeqCst),
        0,
        "nothing happens before the first poll"
    );
    let mut crowd = Crowd::default();
    for events in watchers {
        crowd.add(events);
    }
    settle().await;
    assert_eq!(begun.load(Ordering::SeqCst), 1);
    // The store's own, and that of the task.
    assert_eq!(held.strong_count(), 2);
    crowd.tasks.shutdown().await;
    settle().await;
    assert_eq!(held.strong_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_watcher_misses_nothing_and_holds_nobody_up() {
    let world = world();
    let machine = world.machine();
    let id = draft(&world).await;
    let mut slow = machine.watch(id, Sequence::default());
    assert_eq!(slow.next().await.unwrap().unwrap().sequence.get(), 1);
    // It has begun to wait with the others, and is not polled any more.
    assert!(slow.next().now_or_never().is_none());
    let mut quick = machine.watch(id, Sequence::default());
    for expected in 1..=350 {
        let event = quick.next().await.unwrap().unwrap();
        assert_eq!(event.sequence.get(), expected);
        change(&world, id).await;
    }
    for expected in 2..=351 {
        let event = slow.next().await.unwrap().unwrap();
        assert_eq!(event.sequence.get(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn watchers_that_are_dropped_and_resumed_see_each_event_once() {
    let world = world();
    let machine = world.machine();
    let id = draft(&world).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut watchers = JoinSet::new();
    for patience in 1..=5_u32 {
        let (machine, seen) = (machine.clone(), Arc::clone(&seen));
        watchers.spawn(async move {
            let mut after = Sequence::default();
            let mut mine = Vec::new();
            while mine.len() < 100 {
                let mut events = machine.watch(id, after);
                for _ in 0..patience {
                    let Ok(event) =
                        tokio::time::timeout(Duration::from_millis(3), events.next()).await
                    else {
                        break;
                    };
                    after = event.unwrap().unwrap().sequence;
                    mine.push(after.get());
                }
            }
            seen.lock().unwrap().push(mine);
        });
    }
    for _ in 0..200 {
        change(&world, id).await;
        settle().await;
    }
    while let Some(joined) = watchers.join_next().await {
        joined.unwrap();
    }
    for mine in seen.lock().unwrap().iter() {
        let last = u32::try_from(mine.len()).unwrap();
        assert_eq!(*mine, (1..=last).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn many_watchers_of_two_machines_over_one_store_see_the_same() {
    let world = world();
    let machines = [world.machine(), world.machine()];
    let id = world.launch(Policy::default()).await;
    let watchers = (0..200).map(|n| machines[n % 2].watch(id, Sequence::default()).collect());
    let token = CancellationToken::new();
    let running = machines[0].run(token.clone());
    let watching = async {
        let seen: Vec<Vec<_>> = futures_util::future::join_all(watchers).await;
        token.cancel();
        seen
    };
    let (ran, seen) = tokio::join!(running, watching);
    ran.unwrap();
    let stored = world.events(id).await;
    for events in seen {
        let events: Vec<_> = events.into_iter().map(Result::unwrap).collect();
        assert_eq!(events, stored);
    }
}

#[tokio::test]
async fn watching_an_unknown_spec_is_not_found() {
    let world = world();
    let machine = world.machine();
    let unknown = SpecId::from_uuid(uuid::Uuid::from_u128(7));
    for after in [0, 3] {
        let mut both = [(); 2].map(|()| machine.watch(unknown, Sequence::new(after)));
        for events in &mut both {
            let error = events.next().await.unwrap().unwrap_err();
            assert!(matches!(error, Error::NotFound { id } if id == unknown));
            assert!(events.next().await.is_none());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_begins_after_the_end_or_beyond_it_ends() {
    let world = world();
    let machine = world.machine();
    let id = draft(&world).await;
    // Ahead of everything that is stored, as after a restored backup.
    let mut ahead = machine.watch(id, Sequence::new(90));
    assert!(ahead.next().now_or_never().is_none());
    machine
        .command(id, Command::Execute { by: user() })
        .await
        .unwrap();
    machine.cancel(id, user(), None).await.unwrap();
    world.machine().drive(id).await.unwrap();
    assert!(ahead.next().await.is_none());
    machine
        .command(id, Command::Archive { by: user() })
        .await
        .unwrap();
    let stored = world.events(id).await;
    let end = stored.iter().find(|event| event.body.ends_execution());
    let end = end.unwrap().sequence;
    let rest: Vec<_> = machine.watch(id, end).collect().await;
    assert_eq!(rest.len(), 1, "what was archived after its end");
    let rest: Vec<_> = machine.watch(id, end.next()).collect().await;
    assert!(rest.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_draft_that_is_purged_while_it_is_watched_is_not_found() {
    let world = world();
    let machine = world.machine();
    let id = draft(&world).await;
    let mut events = machine.watch(id, Sequence::default());
    events.next().await.unwrap().unwrap();
    machine
        .command(id, Command::Archive { by: user() })
        .await
        .unwrap();
    events.next().await.unwrap().unwrap();
    let archived = machine.get(id).await.unwrap().archived_at.unwrap();
    let purged = world
        .store
        .purge(archived + Duration::from_secs(1), PageLimit::default())
        .await;
    assert_eq!(purged.unwrap(), 1);
    let error = events.next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }));
}

#[test]
fn a_watch_may_begin_outside_of_a_runtime() {
    let world = World::new(demo::good_run);
    let machine = world.machine();
    let id = draft(&world).now_or_never().unwrap();
    let mut events = machine.watch(id, Sequence::default());
    assert!(events.next().now_or_never().unwrap().is_some());
    assert!(events.next().now_or_never().is_none());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let hinted = AtomicBool::new(false);
        change(&world, id).await;
        // Nobody listens for this watcher; it finds out when it polls.
        let polling = async {
            events.next().await.unwrap().unwrap();
            hinted.store(true, Ordering::SeqCst);
        };
        let moving = async {
            while !hinted.load(Ordering::SeqCst) {
                world.clock.advance(Duration::from_secs(1));
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(polling, moving);
    });
}
