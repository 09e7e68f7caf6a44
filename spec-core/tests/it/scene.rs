//! A machine over memory with a clock that the test moves.

use std::sync::Arc;
use std::time::Duration;

use spec_core::agent::CommandAgent;
use spec_core::event::{EventBody, SpecEvent};
use spec_core::id::{AgentName, Sequence, SpecId, UserId};
use spec_core::machine::{due_at, replay};
use spec_core::spec::{Description, Title};
use spec_core::store::{MemoryStore, PageLimit};
use spec_core::testing::{ManualClock, RunScript, ScriptedRun, ScriptedSpawner, demo};
use spec_core::{
    LaunchRequest, Phase, Policy, RunnerConfig, SandboxSpawner, Spec, SpecStateMachine, SpecStore,
};

use crate::talker::{OTHER, TALKER, Talker};

pub(crate) const LEASE: Duration = Duration::from_secs(15);

/// Store, spawner and clock that outlive the machines over them, as the world outlives processes.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) clock: ManualClock,
    /// Whether machines take the system's clock, for tests in which time has to pass by itself.
    pub(crate) real_time: bool,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) spawner: ScriptedSpawner,
}

pub(crate) fn user() -> UserId {
    UserId::new("ada").unwrap()
}

impl World {
    pub(crate) fn new(script: impl Fn(&ScriptedRun) -> RunScript + Send + Sync + 'static) -> Self {
        Self::with_spawner(demo::spawner(script))
    }

    pub(crate) fn with_spawner(spawner: ScriptedSpawner) -> Self {
        let clock = ManualClock::default();
        let store = Arc::new(MemoryStore::with_clock(clock.clone()));
        Self {
            spawner: spawner.with_clock(Arc::new(clock.clone())),
            clock,
            store,
            real_time: false,
        }
    }

    /// The same in real time.
    pub(crate) fn in_real_time(
        script: impl Fn(&ScriptedRun) -> RunScript + Send + Sync + 'static,
    ) -> Self {
        Self {
            clock: ManualClock::default(),
            store: Arc::new(MemoryStore::default()),
            spawner: demo::spawner(script),
            real_time: true,
        }
    }

    /// A machine as a process would make it.
    pub(crate) fn machine(&self) -> SpecStateMachine<Arc<MemoryStore>, ScriptedSpawner> {
        self.machine_over(Arc::clone(&self.store), self.spawner.clone())
    }

    pub(crate) fn machine_over<S: SpecStore, P: SandboxSpawner>(
        &self,
        store: S,
        spawner: P,
    ) -> SpecStateMachine<S, P> {
        let config = RunnerConfig::in_environment("test")
            .unwrap()
            .with_lease(LEASE)
            .with_linger(Duration::ZERO);
        let agent = CommandAgent::new(AgentName::new("scripted").unwrap(), "agent");
        let machine = SpecStateMachine::new(store, spawner, demo::projects())
            .with_agent(agent)
            .with_agent(Talker::named(TALKER))
            .with_agent(Talker::named(OTHER))
            .with_config(config);
        if self.real_time {
            machine
        } else {
            machine.with_clock(self.clock.clone())
        }
    }

    #[expect(clippy::unused_self, reason = "reads well beside `launch`")]
    pub(crate) fn request(&self, policy: Policy) -> LaunchRequest {
        let title = Title::new("Search history").unwrap();
        let description = Description::new("Remember what I searched for").unwrap();
        LaunchRequest::new(user(), title, description).with_policy(policy)
    }

    pub(crate) async fn launch(&self, policy: Policy) -> SpecId {
        let request = self.request(policy);
        self.machine().launch(request).await.unwrap().spec().id
    }

    /// Drives the spec with a fresh machine, moving the clock whenever it waits, to its end.
    pub(crate) async fn drive_to_the_end(&self, id: SpecId) -> Spec {
        for _ in 0..1000 {
            let spec = self.machine().drive(id).await.unwrap();
            let Some(due) = due_at(&spec) else {
                return spec;
            };
            let wait = due.since(spec_core::clock::Clock::now(&self.clock));
            // A lease of a runner that was dropped also has to run out.
            self.clock.advance(wait.max(Duration::from_secs(1)));
        }
        panic!("no end after 1,000 drives");
    }

    pub(crate) async fn events(&self, id: SpecId) -> Vec<SpecEvent> {
        let mut events = Vec::new();
        loop {
            let after = Sequence::new(u32::try_from(events.len()).unwrap());
            let page = self
                .store
                .events(id, after, PageLimit::default())
                .await
                .unwrap();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }

    /// The events tell the state.
    pub(crate) async fn check_events(&self, spec: &Spec) {
        let events = self.events(spec.id).await;
        assert_eq!(
            &replay(&events).unwrap(),
            spec,
            "the events do not tell the state"
        );
        let mut started = Vec::new();
        for event in &events {
            match &event.body {
                EventBody::RunStarted {
                    phase,
                    attempt,
                    repair,
                    ..
                } => started.push((*phase, *attempt, *repair)),
                EventBody::Progress {
                    phase,
                    attempt,
                    repair,
                    ..
                } => assert!(
                    started.contains(&(*phase, *attempt, *repair)),
                    "progress of a run that has not started yet: {event:?}"
                ),
                _ => {}
            }
        }
    }

    /// What holds of every spec that has ended, whatever happened on the way.
    pub(crate) async fn check_ended(&self, spec: &Spec) {
        assert!(spec.status.is_terminal(), "{:?}", spec.status);
        self.check_events(spec).await;
        assert_eq!(self.spawner.live(), [], "a sandbox is left");
        for key in self.spawner.all_created() {
            let attempt = key.attempt();
            assert!(
                spec.attempts().any(|(known, _)| known == attempt),
                "a sandbox was made for an attempt that never was: {key}"
            );
            assert_eq!(
                self.spawner.created(key),
                1,
                "{key} was made more than once"
            );
        }
        for (run, starts) in self.spawner.all_starts() {
            assert_eq!(starts, 1, "{run} was started more than once");
        }
    }
}

/// Something that became of a phase.
pub(crate) type Milestone = (&'static str, Option<Phase>);

/// Events that say what became of the phases, without those that depend on timing.
pub(crate) fn milestones(events: &[SpecEvent]) -> Vec<Milestone> {
    events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::PhaseStarted { phase, .. } | EventBody::PhaseCompleted { phase, .. } => {
                Some((event.body.name(), Some(*phase)))
            }
            EventBody::Created { .. } | EventBody::ExecutionCompleted {} => {
                Some((event.body.name(), None))
            }
            _ => None,
        })
        .collect()
}
