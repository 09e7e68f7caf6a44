//! Stores in memory for the suite.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use spec_core::SpecStore;
use spec_core::clock::{Clock, Timestamp};
use spec_core::id::{Sequence, SpecId};
use spec_core::store::MemoryStore;
use spec_core::testing::ManualClock;
use spec_core::testing::broken::{BrokenStore, Fault};
use spec_core::testing::conformance::store::StoreFixture;

/// Which store in memory to make.
#[derive(Debug)]
enum Kind {
    Healthy,
    Boxed,
    Broken(Fault),
}

/// Makes stores in memory whose time the suite decides about.
#[derive(Debug)]
pub(crate) struct MemoryFixture {
    clock: ManualClock,
    kind: Kind,
}

impl MemoryFixture {
    pub(crate) fn healthy() -> Self {
        Self::new(Kind::Healthy)
    }

    pub(crate) fn boxed() -> Self {
        Self::new(Kind::Boxed)
    }

    pub(crate) fn broken(fault: Fault) -> Self {
        Self::new(Kind::Broken(fault))
    }

    fn new(kind: Kind) -> Self {
        Self {
            clock: ManualClock::default(),
            kind,
        }
    }
}

#[async_trait]
impl StoreFixture for MemoryFixture {
    async fn fresh(&self) -> Arc<dyn SpecStore> {
        let clock = self.clock.clone();
        match self.kind {
            Kind::Healthy => Arc::new(MemoryStore::with_clock(clock)),
            Kind::Boxed => {
                let boxed: Box<dyn SpecStore> = Box::new(MemoryStore::with_clock(clock));
                Arc::new(Arc::new(boxed))
            }
            Kind::Broken(fault) => Arc::new(BrokenStore::new(fault, clock)),
        }
    }

    async fn reopen(&self, _old: Arc<dyn SpecStore>) -> Option<Arc<dyn SpecStore>> {
        None
    }

    async fn corrupt(&self, _id: SpecId) -> bool {
        false
    }

    async fn corrupt_event(&self, _id: SpecId, _sequence: Sequence) -> bool {
        false
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }
}
