//! A repository, a fake Daytona, and spawners over it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use spec_core::SandboxSpawner;
use spec_core::id::{Environment, Epoch};
use spec_core::sandbox::{Checkout, SpawnRequest};
use spec_core::testing::conformance::spawner::{KnownRepository, SpawnerFixture};
use spec_daytona::{DaytonaConfig, DaytonaSpawner};
use spec_tests::daytona::{FakeDaytona, FakeHandle, FakeOptions, RecordedRequest};
use spec_tests::description::Descriptions;
use tempfile::TempDir;

/// A repository in a folder that vanishes with it.
#[derive(Debug)]
pub(crate) struct Repository {
    known: KnownRepository,
    _folder: TempDir,
}

impl Repository {
    pub(crate) fn new() -> Self {
        let folder = TempDir::with_prefix("spec-tests-repository-").unwrap();
        Self {
            known: KnownRepository::make_in(folder.path()),
            _folder: folder,
        }
    }

    pub(crate) fn url(&self) -> String {
        self.known.url.clone()
    }
}

/// A request for a sandbox with this repository; each number is another key.
pub(crate) fn request(number: u32, url: &str) -> SpawnRequest {
    let id = uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | u128::from(number));
    SpawnRequest {
        key: format!("spec-{id}-explore-1").parse().unwrap(),
        environment: Environment::new("test").unwrap(),
        epoch: Epoch::default(),
        checkout: Checkout::new(url.to_owned()),
        ttl: Duration::from_hours(1),
    }
}

/// How the adapter is to be configured for a fake: as ever, and without patience.
pub(crate) fn config(fake: &FakeHandle) -> DaytonaConfig {
    DaytonaConfig::new(&fake.api_url(), fake.api_key())
        .unwrap()
        .with_poll_interval(Duration::from_millis(10))
        .with_outage_limit(Duration::from_secs(20))
        .with_rates(100_000, 1_000_000)
}

/// Spawners over fakes that end with the fixture.
#[derive(Debug)]
pub(crate) struct DaytonaFixture {
    repository: Repository,
    options: FakeOptions,
    fakes: Mutex<Vec<FakeDaytona>>,
    /// Which fake a spawner has: the port does not tell.
    configs: Mutex<HashMap<usize, DaytonaConfig>>,
}

impl DaytonaFixture {
    pub(crate) fn new() -> Self {
        Self::over(FakeOptions::default())
    }

    /// Over toolboxes that have what will take the place of sessions.
    pub(crate) fn with_processes() -> Self {
        Self::over(FakeOptions {
            processes: true,
            ..FakeOptions::default()
        })
    }

    fn over(options: FakeOptions) -> Self {
        Self {
            repository: Repository::new(),
            options,
            fakes: Mutex::default(),
            configs: Mutex::default(),
        }
    }

    fn open(&self, config: DaytonaConfig) -> Arc<dyn SandboxSpawner> {
        let spawner: Arc<dyn SandboxSpawner> =
            Arc::new(DaytonaSpawner::new(config.clone()).unwrap());
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        configs.insert(address(&spawner), config);
        spawner
    }
}

impl Drop for DaytonaFixture {
    /// Whatever a test of the suite was about, the adapter has to have spoken as Daytona listens.
    fn drop(&mut self) {
        let fakes = self.fakes.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !std::thread::panicking() {
            for fake in fakes {
                assert_described(fake);
            }
        }
    }
}

/// The official descriptions, where they are.
static DESCRIPTIONS: LazyLock<Option<Descriptions>> = LazyLock::new(|| {
    let descriptions = Descriptions::load().unwrap();
    if descriptions.is_none() {
        println!("{}", Descriptions::skipped());
    }
    descriptions
});

/// Holds every request that a fake has got against the official descriptions of the API, read
/// strictly: Daytona itself ignores what it does not know.
pub(crate) fn assert_described(fake: &FakeHandle) {
    let requests = fake.requests();
    let Some(descriptions) = &*DESCRIPTIONS else {
        return;
    };
    // Not in any release, and so in no description: asked for once, and used where it is there.
    let is_described = |request: &&RecordedRequest| !request.path.contains("/processes");
    let violations: Vec<String> = requests
        .iter()
        .filter(is_described)
        .flat_map(|request| descriptions.violations(request))
        .collect();
    assert!(violations.is_empty(), "{violations:#?}");
}

fn address(spawner: &Arc<dyn SandboxSpawner>) -> usize {
    Arc::as_ptr(spawner).cast::<()>().addr()
}

#[async_trait]
impl SpawnerFixture for DaytonaFixture {
    async fn fresh(&self) -> Arc<dyn SandboxSpawner> {
        let fake = FakeDaytona::start(self.options.clone()).await.unwrap();
        let spawner = self.open(config(&fake));
        let mut fakes = self.fakes.lock().unwrap_or_else(PoisonError::into_inner);
        fakes.push(fake);
        spawner
    }

    fn repository(&self) -> KnownRepository {
        self.repository.known.clone()
    }

    async fn reopen(&self, old: Arc<dyn SandboxSpawner>) -> Option<Arc<dyn SandboxSpawner>> {
        let config = {
            let configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
            configs.get(&address(&old)).unwrap().clone()
        };
        Some(self.open(config))
    }

    fn runs_programs(&self) -> bool {
        true
    }
}
