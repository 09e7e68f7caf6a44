//! Many readers over HTTP of specs that are worked on, some of them slow: nobody may miss an event or
//! be told one twice, and nobody waits for the slow ones.

#![expect(
    clippy::print_stdout,
    reason = "printing is what a command-line program does"
)]

use std::process::ExitCode;

use anyhow::bail;
use clap::{Parser, value_parser};
use spec_examples::database::{PostgresUrl, VARIABLE};
use spec_examples::streams::{Figures, Load, round, serve};

/// Reads event streams with many clients while specs are worked on: once with fast readers only, and
/// once with slow ones among them.
///
/// Exits with 0 if every reader was told every event exactly once, and otherwise with 1, saying what
/// went wrong. The figures are of this machine. The server is a process of its own.
#[derive(Debug, Parser)]
#[command(name = "streams", version)]
struct Arguments {
    /// Readers, spread evenly over the specs: a multiple of their number.
    #[arg(long, default_value_t = 1000, value_parser = value_parser!(u32).range(1..))]
    clients: u32,
    /// Specs, each of a user of its own.
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u32).range(1..))]
    specs: u32,
    /// How long each spec takes.
    #[arg(long, default_value_t = 60, value_parser = value_parser!(u64).range(1..))]
    seconds: u64,
    /// Readers that take a few bytes now and then, in the second round.
    #[arg(long, default_value_t = 50)]
    slow: u32,
    /// The Postgres database to keep the specs in.
    #[arg(long, value_name = "postgres://…", env = VARIABLE, hide_env_values = true)]
    database_url: PostgresUrl,
    /// Prints the figures as JSON.
    #[arg(long)]
    json: bool,
    /// One reader ignores an event, which must not go unnoticed.
    #[arg(long, hide = true)]
    lose_one: bool,
    /// Be the server.
    #[arg(long, hide = true)]
    serve: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    spec_examples::log::init();
    let arguments = Arguments::parse();
    let outcome = if arguments.serve {
        let told = |address| println!("{address}");
        match arguments.load(0) {
            Ok(load) => Box::pin(serve(&arguments.database_url, &load, told)).await,
            Err(error) => Err(error),
        }
    } else {
        Box::pin(measure(&arguments)).await
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            spec_examples::log::complain(&error);
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn load(&self, slow: u32) -> anyhow::Result<Load> {
        if !self.clients.is_multiple_of(self.specs) || slow >= self.clients {
            bail!("the readers must be a multiple of the specs, and not all of them slow");
        }
        Ok(Load {
            clients: usize::try_from(self.clients)?,
            specs: usize::try_from(self.specs)?,
            seconds: self.seconds,
            slow: usize::try_from(slow)?,
            loses_one: self.lose_one,
        })
    }

    /// Those by which this program is the server.
    fn of_server(&self) -> Vec<String> {
        let mut list = vec!["--serve".to_owned()];
        for (name, value) in [
            ("--clients", u64::from(self.clients)),
            ("--specs", u64::from(self.specs)),
            ("--seconds", self.seconds),
        ] {
            list.push(name.to_owned());
            list.push(value.to_string());
        }
        list
    }
}

async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let mut rounds: Vec<Figures> = Vec::new();
    for slow in [0, arguments.slow] {
        let load = arguments.load(slow)?;
        let figures = round(&arguments.database_url, &load, &arguments.of_server()).await?;
        if !arguments.json {
            println!("{figures}");
        }
        rounds.push(figures);
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&rounds)?);
    }
    let violations: Vec<_> = rounds.iter().flat_map(Figures::violations).collect();
    if !violations.is_empty() {
        bail!("{}", violations.join("; "));
    }
    Ok(())
}
