//! Throw-away clusters: one that all tests of a checkout share, and private ones.

use std::fs::{File, OpenOptions, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::TcpListener;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::programs::{User, folder};

const SUPERVISOR: &str = include_str!("supervise.sh");
/// Longest start of a server; a second is usual.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long the shared server outlives its last client.
const SHARED_IDLE: Duration = Duration::from_mins(1);

/// A server that this process uses. It is stopped, and its data removed, when the processes that
/// use it have ended, however they ended.
#[derive(Debug)]
pub struct Cluster {
    base: PathBuf,
    url: String,
    programs: PathBuf,
    user: User,
    /// Shared; what the supervisor looks at.
    clients: File,
    /// Of a private cluster.
    private: Option<Private>,
}

#[derive(Debug)]
struct Private {
    supervisor: Child,
    _folder: TempDir,
}

impl Cluster {
    /// A server of the caller's own, for tests that stop or kill it. It ends when it is dropped.
    ///
    /// # Panics
    ///
    /// When the machine has no server programs, or the server does not start.
    pub async fn start() -> Self {
        let (programs, user) = (folder(), User::of_server());
        let place = TempDir::with_prefix("spec-postgres-").expect("a folder for a cluster");
        let base = prepared(place.path().to_owned(), user);
        let clients = client(&base, user);
        let mut supervisor = supervise(&programs, &base, user, Duration::ZERO);
        let url = started(&base, &mut supervisor).await;
        Self {
            base,
            url,
            programs,
            user,
            clients,
            private: Some(Private {
                supervisor,
                _folder: place,
            }),
        }
    }

    /// The server that all tests of this checkout share, started if need be.
    pub(crate) async fn shared() -> Self {
        let (programs, user) = (folder(), User::of_server());
        let mut checkout = DefaultHasher::new();
        (env!("CARGO_MANIFEST_DIR"), user.id).hash(&mut checkout);
        let name = format!("spec-postgres-shared-{:016x}", checkout.finish());
        let base = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&base).expect("a folder for the shared cluster");
        let base = prepared(base, user);

        let clients = client(&base, user);
        let starting = file(&base.join("starting"), user);
        starting.lock().expect("a lock on a local file");
        // With a lock of its own the supervisor shows that it lives and will tell where the server is.
        let supervised = file(&base.join("supervisor"), user);
        let url = if supervised.try_lock().is_ok() {
            let _none = std::fs::remove_file(base.join("url"));
            supervised.unlock().expect("a lock can be given back");
            let mut supervisor = supervise(&programs, &base, user, SHARED_IDLE);
            started(&base, &mut supervisor).await
        } else {
            read_url(&base).expect("a supervised cluster has an address")
        };
        Self {
            base,
            url,
            programs,
            user,
            clients,
            private: None,
        }
    }

    /// Where to connect as the superuser, to the database `postgres`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops the server as a crash would: without a checkpoint and without a word to its clients.
    pub fn stop(&self) {
        self.control(&["stop", "-m", "immediate"]);
    }

    /// Starts it again, at the same address and with the same data.
    pub fn start_again(&self) {
        self.control(&["start", "-l", "server.log"]);
    }

    /// Crashes the server and starts it again.
    pub fn restart_immediate(&self) {
        self.stop();
        self.start_again();
    }

    fn control(&self, arguments: &[&str]) {
        assert!(self.private.is_some(), "others use the shared cluster");
        let status = self
            .user
            .command(self.programs.join("pg_ctl"))
            .args(["-D", "data", "-s", "-w"])
            .args(arguments)
            .current_dir(&self.base)
            .stdout(Stdio::null())
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "pg_ctl {arguments:?} fails"
        );
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(Private { supervisor, .. }) = &mut self.private {
            // It finds within seconds that nobody uses the server, and removes its data.
            let _unlocked = self.clients.unlock();
            let _ended = supervisor.wait();
        }
    }
}

/// The folder of a cluster, which belongs to the server's user.
fn prepared(base: PathBuf, user: User) -> PathBuf {
    std::fs::set_permissions(&base, Permissions::from_mode(0o700)).expect("the folder is ours");
    chown(&base, Some(user.id), Some(user.group)).expect("the folder can be given to the server");
    base
}

/// Makes this process a client, once no supervisor is about to stop its server.
fn client(base: &Path, user: User) -> File {
    let clients = file(&base.join("clients"), user);
    clients.lock_shared().expect("a lock on a local file");
    clients
}

fn file(path: &Path, user: User) -> File {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .expect("a file of the cluster");
    chown(path, Some(user.id), Some(user.group)).expect("the file can be given to the server");
    file
}

fn supervise(programs: &Path, base: &Path, user: User, idle: Duration) -> Child {
    let log = file(&base.join("supervisor.log"), user);
    user.command("/bin/sh")
        .args(["-c", SUPERVISOR, "supervise"])
        .args([programs, base])
        .args([free_port().to_string(), idle.as_secs().to_string()])
        .current_dir(base)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .expect("a shell starts")
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}

/// Waits for the address of a server that was just started.
async fn started(base: &Path, supervisor: &mut Child) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(url) = read_url(base) {
            return url;
        }
        let ended = supervisor.try_wait().is_ok_and(|status| status.is_some());
        if ended || Instant::now() > deadline {
            let log = std::fs::read_to_string(base.join("supervisor.log")).unwrap_or_default();
            panic!("the Postgres server does not start:\n{log}");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn read_url(base: &Path) -> Option<String> {
    let url = std::fs::read_to_string(base.join("url")).ok()?;
    Some(url.trim().to_owned())
}
