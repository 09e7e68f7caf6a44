//! A scripted model as a program, for trying out agents without a network and without costs.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use spec_core::testing::demo;
use spec_tests::model::{ModelOptions, Script, ScriptedModel};
use tokio::signal::unix::{SignalKind, signal};

/// Serves a model that does well in every phase of one spec, a search history for a demo program, until
/// it is told to end.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Make the repository that the spec is for in this folder, which is empty or does not exist.
    #[arg(long, value_name = "FOLDER")]
    make_repository: Option<PathBuf>,
    /// Print at the end what was served.
    #[arg(long)]
    say_ledger: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut ended = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    if let Some(folder) = &arguments.make_repository {
        std::fs::create_dir_all(folder)?;
        anyhow::ensure!(
            std::fs::read_dir(folder)?.next().is_none(),
            "--make-repository: {} is not empty",
            folder.display()
        );
        demo::make_repository_in(folder);
    }
    let options = ModelOptions {
        listen: arguments.listen,
        ..ModelOptions::default()
    };
    let model = ScriptedModel::start_with(options, Script::good()).await?;
    let mut output = std::io::stdout();
    writeln!(output, "listening on {}", model.url())?;
    output.flush()?;
    tokio::select! {
        _ = ended.recv() => {}
        _ = interrupted.recv() => {}
    }
    if arguments.say_ledger {
        for served in model.served() {
            writeln!(output, "{served:?}")?;
        }
        writeln!(output, "in all {:?}", model.totals())?;
    }
    model.shutdown().await;
    Ok(())
}
