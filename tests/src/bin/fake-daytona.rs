//! The fake Daytona as a program, for clients in other languages and for trying things out.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use spec_tests::daytona::{FakeDaytona, FakeOptions, FaultPlan};
use tokio::signal::unix::{SignalKind, signal};

/// Serves a fake Daytona until it is told to end; then nothing is left of it.
///
/// Commands are run on this machine, without isolation.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The key that is accepted; one is made up and printed if there is none.
    #[arg(long)]
    api_key: Option<String>,
    /// What goes wrong, after how many opportunities, and how often.
    #[arg(long = "fault", value_name = "NAME[:SKIP[:TIMES]]")]
    faults: Vec<FaultPlan>,
    /// A file that gets one line of JSON per request.
    #[arg(long)]
    record: Option<PathBuf>,
    /// A folder for the sandboxes.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The most bytes in one frame of a followed log.
    #[arg(long, default_value_t = 1024)]
    frame_bytes: usize,
    /// After how many bytes a fault cuts a followed log.
    #[arg(long, default_value_t = 5)]
    cut_at: u64,
    /// How many milliseconds faults last that last for some time.
    #[arg(long, default_value_t = 300)]
    lag_ms: u64,
    /// How many milliseconds a minute of the intervals of sandboxes lasts.
    #[arg(long, default_value_t = 60_000)]
    minute_ms: u64,
    /// Serve `/processes` too, which no release has yet.
    #[arg(long)]
    processes: bool,
    /// What `Retry-After-…` says, in seconds.
    #[arg(long, default_value_t = 1)]
    retry_after: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    let arguments = Arguments::parse();
    let mut ended = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let tells_key = arguments.api_key.is_none();
    let fake = FakeDaytona::start(FakeOptions {
        listen: arguments.listen,
        api_key: arguments.api_key,
        faults: arguments.faults,
        record: false,
        record_file: arguments.record,
        data: arguments.data,
        frame_bytes: arguments.frame_bytes,
        socket_cut_at: arguments.cut_at,
        lag: Duration::from_millis(arguments.lag_ms),
        minute: Duration::from_millis(arguments.minute_ms),
        retry_after: arguments.retry_after,
        processes: arguments.processes,
        ..FakeOptions::default()
    })
    .await?;
    let mut output = std::io::stdout();
    if tells_key {
        writeln!(output, "api key {}", fake.api_key())?;
    }
    writeln!(output, "listening on {}", fake.api_url())?;
    output.flush()?;
    tokio::select! {
        _ = ended.recv() => {}
        _ = interrupted.recv() => {}
    }
    fake.shutdown().await;
    Ok(())
}
