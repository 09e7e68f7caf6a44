//! No key, token or credential shows anywhere, whatever happens.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{Debug, Write as _};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use spec_core::SandboxSpawner as _;
use spec_core::sandbox::{
    Checkout, CheckoutRef, Output, RunEnd, RunRequest, SandboxRef, Secret, SecretEnv,
    SpawnErrorKind, SpawnRequest,
};
use spec_daytona::{DaytonaConfig, DaytonaSpawner};
use spec_tests::daytona::{FakeDaytona, FakeOptions};
use spec_tests::git_server::GitServer;
use tempfile::TempDir;

use super::stage::{Repository, config, request};

const API_KEY: &str = "dtn_0kEyThatNobodySees";
const GIT_TOKEN: &str = "gt-0ToKenThatNobodySees";
const MODEL_KEY: &str = "sk-0ModelKeyThatNobodySees";

/// Everything that is logged in this process, from the finest level on.
static LOG: LazyLock<Arc<Mutex<Vec<u8>>>> = LazyLock::new(Arc::default);

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// All that somebody could get to see, with where it was seen.
#[derive(Default)]
struct Seen(Vec<(String, String)>);

impl Seen {
    fn add(&mut self, place: &str, text: impl Into<String>) {
        self.0.push((place.to_owned(), text.into()));
    }

    fn debug(&mut self, place: &str, value: &impl Debug) {
        self.add(place, format!("{value:?} {value:#?}"));
    }

    fn error(&mut self, place: &str, error: &(dyn Error + 'static)) {
        let mut text = format!("{error:?} {error:#?}");
        let mut next = Some(error);
        while let Some(error) = next {
            write!(text, " {error} {error:?}").unwrap();
            next = error.source();
        }
        self.add(place, text);
    }

    fn assert_discreet(&self) {
        let secrets = [
            API_KEY.to_owned(),
            GIT_TOKEN.to_owned(),
            MODEL_KEY.to_owned(),
            STANDARD.encode(API_KEY),
            STANDARD.encode(GIT_TOKEN),
            STANDARD.encode(MODEL_KEY),
        ];
        for (place, text) in &self.0 {
            for secret in &secrets {
                let line = text.lines().find(|line| line.contains(secret));
                assert_eq!(line, None, "{place} shows {secret}");
            }
        }
    }
}

fn guarded_request(number: u32, remote: &GitServer, password: &str) -> SpawnRequest {
    let mut request = request(number, "");
    request.checkout = Checkout {
        url: remote.url(),
        reference: CheckoutRef::Default,
        username: Some("ada".to_owned()),
        password: Some(Secret::new(password)),
    };
    request
}

/// Every file below a folder, as text.
fn files_below(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files_below(&path, found);
        } else if kind.is_file()
            && let Ok(bytes) = std::fs::read(&path)
        {
            found.push((path, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_shows_in_records_commands_files_logs_or_errors() {
    let _already = tracing_subscriber::fmt()
        // The fake is the other side: what it writes is its own affair.
        .with_env_filter("trace,spec_tests=off")
        .with_ansi(false)
        .with_writer(|| Log)
        .try_init();
    let repository = Repository::new();
    let credentials = STANDARD.encode(format!("ada:{GIT_TOKEN}"));
    let authorization = format!("Basic {credentials}");
    let path = repository.url();
    let remote = GitServer::start(Path::new(&path), Some(authorization))
        .await
        .unwrap();
    let data = TempDir::with_prefix("spec-tests-data-").unwrap();
    let fake = FakeDaytona::start(FakeOptions {
        api_key: Some(API_KEY.to_owned()),
        data: Some(data.path().to_owned()),
        ..FakeOptions::default()
    })
    .await
    .unwrap();
    let spawner = DaytonaSpawner::new(config(&fake)).unwrap();
    let mut seen = Seen::default();
    seen.debug("the configuration", spawner.config());
    seen.debug("the spawner", &spawner);

    let wanted = guarded_request(1, &remote, GIT_TOKEN);
    seen.debug("the request", &wanted);
    let sandbox = spawner.spawn(&wanted).await.unwrap();
    let reference = SandboxRef {
        key: sandbox.key,
        id: Some(sandbox.id.clone()),
    };
    let run = RunRequest {
        key: sandbox
            .key
            .attempt()
            .run_key(spec_core::id::RepairNumber::default()),
        argv: [
            "sh",
            "-c",
            "echo has ${#MODEL_KEY}; until [ -e ../go ]; do sleep 0.02; done",
        ]
        .map(str::to_owned)
        .to_vec(),
        needs: Vec::new(),
        env: BTreeMap::new(),
        secrets: vec![SecretEnv {
            name: "MODEL_KEY".to_owned(),
            value: Secret::new(MODEL_KEY),
        }],
        timeout: Duration::from_mins(1),
    };
    spawner.start(&reference, &run).await.unwrap();
    let mut output = spawner.output(&reference, &run.key, None).await.unwrap();
    let Some(Ok(Output::Line(line))) = output.next().await else {
        panic!("no line came");
    };
    assert_eq!(line.text, format!("has {}", MODEL_KEY.len()));

    // While it runs: it has read what it was given, and nothing else can.
    let mut files = Vec::new();
    files_below(data.path(), &mut files);
    assert!(files.len() > 10, "{files:?}");
    for (path, text) in files {
        seen.add(&path.display().to_string(), text);
    }
    let go = spec_core::sandbox::SandboxPath::new("go").unwrap();
    let go = spec_core::sandbox::SandboxFile::new(go, "");
    spawner.write_files(&reference, &[go]).await.unwrap();
    let end = output.next().await.unwrap().unwrap();
    assert_eq!(end, Output::Ended(RunEnd::Exited { code: 0 }));
    seen.debug("the sandbox", &sandbox);
    seen.debug("what is found", &spawner.find(sandbox.key).await.unwrap());

    add_errors(&mut seen, &spawner, &fake, &remote).await;

    spawner.terminate(&reference).await.unwrap();
    seen.debug("what Daytona has on record", &fake.sandboxes());
    seen.debug("what Daytona was told to run", &fake.command_texts());
    for request in fake.requests() {
        seen.add("an address", format!("{} {}", request.path, request.query));
        let headers = request.headers.iter();
        let others = headers.filter(|(name, _)| name != "authorization");
        seen.add("a header", format!("{:?}", others.collect::<Vec<_>>()));
    }
    let log = LOG.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let log = String::from_utf8_lossy(&log).into_owned();
    assert!(log.contains("spec_daytona"), "nothing was logged");
    seen.add("the log", log);
    seen.assert_discreet();
    fake.shutdown().await;
}

/// What is said when something is wrong with a secret, or with where it goes.
async fn add_errors(
    seen: &mut Seen,
    spawner: &DaytonaSpawner,
    fake: &FakeDaytona,
    remote: &GitServer,
) {
    let key = request(1, "").key;
    let refused = spawner
        .spawn(&guarded_request(2, remote, &format!("{GIT_TOKEN}x")))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), SpawnErrorKind::Unauthorized, "{refused:?}");
    seen.error("a wrong token", &refused);
    let mut in_url = guarded_request(3, remote, GIT_TOKEN);
    in_url.checkout.url = remote.url().replace("://", &format!("://ada:{GIT_TOKEN}@"));
    let refused = spawner.spawn(&in_url).await.unwrap_err();
    assert_eq!(refused.kind(), SpawnErrorKind::Rejected);
    seen.error("a token in a URL", &refused);
    seen.debug("a request with a token in its URL", &in_url);

    for (place, url) in [
        ("nobody listens", "http://127.0.0.1:9/api".to_owned()),
        ("another key", fake.api_url()),
        ("another path", fake.api_url().replace("/api", "/dashboard")),
    ] {
        let api_key = if place == "another key" {
            "dtn_another"
        } else {
            API_KEY
        };
        let config = DaytonaConfig::new(&url, api_key)
            .unwrap()
            .with_outage_limit(Duration::from_millis(50));
        let spawner = DaytonaSpawner::new(config).unwrap();
        seen.error(place, &spawner.preflight().await.unwrap_err());
        seen.error(place, &spawner.find(key).await.unwrap_err());
    }
}
