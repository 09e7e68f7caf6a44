//! The fake Daytona is driven by Daytona's official SDKs: what they take for Daytona, our own client
//! may be tested with.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use spec_tests::daytona::{FakeDaytona, FakeOptions, Fault, FaultPlan};
use spec_tests::description::Descriptions;
use spec_tests::installed;
use tempfile::TempDir;
use tokio::process::Command;

/// A run takes three seconds on an idle machine.
const LONGEST: Duration = Duration::from_secs(90);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package lies in the workspace")
        .to_owned()
}

/// An SDK, installed by `./test` from the pins beside its script.
struct Sdk {
    /// The folder of the language.
    language: &'static str,
    script: &'static str,
    /// What names all its packages.
    pins: &'static str,
    /// Runs the script: a program of the environment, or one of this machine.
    program: &'static str,
}

const PYTHON: Sdk = Sdk {
    language: "python",
    script: "drive.py",
    pins: "requirements.txt",
    program: "bin/python",
};

const TYPESCRIPT: Sdk = Sdk {
    language: "typescript",
    script: "drive.mjs",
    pins: "package-lock.json",
    program: "node",
};

impl Sdk {
    fn sources(&self) -> PathBuf {
        root().join("tests/sdk").join(self.language)
    }

    /// Where `./test` puts what it installs.
    fn environment(&self) -> PathBuf {
        let name = format!("sdk/{}", self.language);
        let pins = format!("tests/sdk/{}/{}", self.language, self.pins);
        installed::folder(&name, &pins).expect("Daytona's SDK is installed")
    }

    /// Runs the script to its end against a fake, with nothing of this process's environment.
    async fn drives(&self, fake: &FakeDaytona) {
        let environment = self.environment();
        let home = tempfile::tempdir().expect("a folder");
        let repository = repository().await;
        let path = std::env::var_os("PATH").expect("a PATH");
        // Joined with a bare name it stays a program of the PATH.
        let program = if self.program.contains('/') {
            environment.join(self.program)
        } else {
            self.program.into()
        };
        let run = Command::new(program)
            .arg(self.sources().join(self.script))
            .arg(format!("file://{}", repository.path().display()))
            .current_dir(home.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", home.path())
            .env("NODE_PATH", environment.join("node_modules"))
            .env("DAYTONA_API_URL", fake.api_url())
            .env("DAYTONA_API_KEY", fake.api_key())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(LONGEST, run).await;
        let output = output.expect("it ends in time").expect("it starts");
        let (printed, complaint) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        println!("{printed}");
        assert!(output.status.success(), "{}\n{complaint}", output.status);
        assert!(!printed.contains("WRONG"));
    }
}

/// A repository of one commit, with a file of known content.
async fn repository() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("README.md"), "A repository.\n").expect("a file");
    for arguments in [
        "init --quiet --initial-branch main",
        "add README.md",
        "-c user.name=nobody -c user.email=nobody@localhost commit --quiet --message First",
    ] {
        let status = Command::new("git")
            .args(arguments.split(' '))
            .current_dir(folder.path())
            .status();
        let status = status.await.expect("git runs");
        assert!(status.success(), "git {arguments}: {status}");
    }
    folder
}

/// The fake that both scripts expect: the third request that creates a sandbox is one too many. That
/// a sandbox starts and ends in its own time is for the SDKs to wait for.
async fn fake(frame_bytes: usize) -> FakeDaytona {
    let rate_limited = FaultPlan {
        skip: 2,
        ..FaultPlan::once(Fault::RateLimited)
    };
    FakeDaytona::start(FakeOptions {
        faults: vec![
            rate_limited,
            Fault::SlowStart.into(),
            Fault::DeleteLags.into(),
        ],
        retry_after: 7,
        frame_bytes,
        ..FakeOptions::default()
    })
    .await
    .expect("the fake starts")
}

/// Nothing is left, and whatever the SDK sent is what the description says.
fn assert_faithful(fake: &FakeDaytona) {
    let ledger = fake.ledger();
    assert_eq!((ledger.created, ledger.destroyed), (1, 1), "{ledger:?}");
    let mut struck = fake.struck();
    struck.sort_unstable();
    let faults = [Fault::DeleteLags, Fault::RateLimited, Fault::SlowStart];
    assert_eq!(struck, faults.map(|fault| (fault, 1)));

    let Some(descriptions) = Descriptions::load().expect("the descriptions are understood") else {
        println!("{}", Descriptions::skipped());
        return;
    };
    let requests = fake.requests();
    assert!(requests.len() > 20, "{}", requests.len());
    // The one thing that no description has: the SDKs ask for it, and do without.
    let described = requests
        .iter()
        .filter(|request| !request.path.starts_with("/api/socket.io/"));
    let violations: Vec<_> = described
        .flat_map(|request| descriptions.violations(request))
        .collect();
    assert!(violations.is_empty(), "{violations:#?}");
}

#[tokio::test]
async fn the_python_sdk_finds_the_fake_to_be_daytona() {
    // Small frames: it puts together again what was cut anywhere.
    let fake = fake(5).await;
    PYTHON.drives(&fake).await;
    assert_faithful(&fake);
}

#[tokio::test]
async fn the_typescript_sdk_finds_the_fake_to_be_daytona() {
    let fake = fake(FakeOptions::default().frame_bytes).await;
    TYPESCRIPT.drives(&fake).await;
    assert_faithful(&fake);
}
