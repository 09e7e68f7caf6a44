//! What a fake Daytona is told when it starts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::daytona::FaultPlan;

/// How a fake Daytona behaves. The default suits a test in the same process.
#[derive(Debug, Clone)]
pub struct FakeOptions {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The key that it accepts; made up if absent.
    pub api_key: Option<String>,
    /// What the key may do, as `GET /api-keys/current` says.
    pub permissions: Vec<String>,
    /// What goes wrong from the beginning.
    pub faults: Vec<FaultPlan>,
    /// How long faults last that last for some time.
    pub lag: Duration,
    /// How long one minute of `ttlMinutes`, `autoStopInterval` and `autoDeleteInterval` lasts.
    pub minute: Duration,
    /// The most bytes in one frame of a followed log, 1 to 1024.
    pub frame_bytes: usize,
    /// After how many bytes a followed log is cut by a fault.
    pub socket_cut_at: u64,
    /// What `Retry-After-…` says, in seconds.
    pub retry_after: u64,
    /// How long a deleted session's processes may take to end after SIGTERM.
    pub session_grace: Duration,
    /// Whether there is `/processes`, which no release has yet.
    pub processes: bool,
    /// Whether requests are kept for [`FakeHandle::requests`](super::FakeHandle::requests).
    pub record: bool,
    /// A file that gets one line of JSON per request.
    pub record_file: Option<PathBuf>,
    /// The folder in which a folder for the sandboxes is made; the system's temporary one if absent.
    pub data: Option<PathBuf>,
}

impl Default for FakeOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            api_key: None,
            permissions: ["write:sandboxes", "delete:sandboxes"]
                .map(str::to_owned)
                .to_vec(),
            faults: Vec::new(),
            lag: Duration::from_millis(300),
            minute: Duration::from_mins(1),
            frame_bytes: 1024,
            socket_cut_at: 5,
            retry_after: 1,
            session_grace: Duration::from_secs(5),
            processes: false,
            record: true,
            record_file: None,
            data: None,
        }
    }
}
