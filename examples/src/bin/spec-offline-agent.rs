//! The offline agent as a program: with `SPEC_RUN_DIR` it follows the file protocol of
//! `CommandAgent`, with `--idea` it shows what it would write.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what this program is for"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde_json::{Map, Value, json};
use spec_core::Phase;
use spec_core::event::ProgressItem;
use spec_core::spec::{Description, Title};
use spec_examples::offline_agent::{Failure, Request, RunDir, draft};

/// Drafts specs by rules. No language model is used and nothing is sent over a network.
///
/// Started by a spec machine, it reads context.json in the folder `SPEC_RUN_DIR`, prints progress as
/// JSON lines and leaves result.json there. With --idea it prints its drafts instead.
#[derive(Debug, Parser)]
#[command(name = "spec-offline-agent", version)]
struct Arguments {
    /// Waits this long after each line of progress, for demonstrations.
    #[arg(long, value_name = "N")]
    slow_ms: Option<u64>,
    /// The idea; prints the drafts of all phases for it.
    #[arg(long, allow_hyphen_values = true)]
    idea: Option<String>,
    /// Title of the idea; its first words if absent.
    #[arg(long, requires = "idea")]
    title: Option<String>,
    /// The repository to read.
    #[arg(long, default_value = ".", requires = "idea")]
    repo: PathBuf,
    /// Prints this phase only.
    #[arg(long, requires = "idea")]
    phase: Option<Phase>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.idea {
        Some(idea) => preview(&arguments, idea),
        None => follow_protocol(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("spec-offline-agent: {}", failure.message);
            ExitCode::from(failure.exit_code)
        }
    }
}

fn misuse(message: String) -> Failure {
    Failure {
        message,
        exit_code: 2,
    }
}

fn delay(arguments: &Arguments) -> Result<Option<Duration>, Failure> {
    const NAME: &str = "SPEC_OFFLINE_DELAY_MS";
    let millis = match (arguments.slow_ms, std::env::var(NAME)) {
        (Some(millis), _) => Some(millis),
        (None, Ok(text)) => Some(text.parse().map_err(|error| {
            misuse(format!(
                "{NAME} is `{text}`, which is not a number of milliseconds: {error}"
            ))
        })?),
        (None, Err(_)) => None,
    };
    Ok(millis.map(Duration::from_millis))
}

fn follow_protocol(arguments: &Arguments) -> Result<(), Failure> {
    let delay = delay(arguments)?;
    let folder = std::env::var_os("SPEC_RUN_DIR").ok_or_else(|| misuse("the environment variable SPEC_RUN_DIR is missing; it names the folder with context.json (or use --idea)".to_owned()))?;
    RunDir::new(folder).run(&mut |item| {
        let ProgressItem {
            kind,
            text,
            permille,
        } = item;
        println!(
            "{}",
            json!({"type": "progress", "kind": kind, "text": text, "permille": permille})
        );
        pause(delay);
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "this program has one thread and is asked to be slow"
)]
fn pause(delay: Option<Duration>) {
    if let Some(delay) = delay {
        std::thread::sleep(delay);
    }
}

fn preview(arguments: &Arguments, idea: &str) -> Result<(), Failure> {
    let delay = delay(arguments)?;
    let title = arguments.title.clone().unwrap_or_else(|| first_words(idea));
    let title = Title::new(title).map_err(|error| misuse(error.to_string()))?;
    let description = Description::new(idea).map_err(|error| misuse(error.to_string()))?;
    let repository: &Path = &arguments.repo;
    if !repository.is_dir() {
        return Err(misuse(format!(
            "`{}` is not a folder",
            repository.display()
        )));
    }
    let mut outputs = BTreeMap::new();
    for phase in [
        Phase::Explore,
        Phase::Requirements,
        Phase::Design,
        Phase::Tasks,
    ] {
        let request = Request {
            title: &title,
            description: &description,
            repository,
            outputs: &outputs,
        };
        let output = draft(phase, &request, &mut |item| {
            eprintln!("{}", item.text);
            pause(delay);
        })
        .map_err(|error| misuse(error.to_string()))?;
        outputs.insert(phase, output);
        if arguments.phase == Some(phase) {
            break;
        }
    }
    let shown = match arguments.phase {
        Some(Phase::Sync) => {
            return Err(misuse(
                "the offline agent does not draft the phase `sync`".to_owned(),
            ));
        }
        Some(phase) => outputs.remove(&phase).unwrap_or_default(),
        None => Value::Object(
            outputs
                .into_iter()
                .map(|(phase, output)| (phase.to_string(), output))
                .collect::<Map<_, _>>(),
        ),
    };
    let text = serde_json::to_string_pretty(&shown).map_err(|error| misuse(error.to_string()))?;
    println!("{text}");
    Ok(())
}

fn first_words(idea: &str) -> String {
    let line = idea
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or(idea);
    let words: Vec<&str> = line.split_whitespace().take(12).collect();
    words
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(Title::MAX_CHARS)
        .collect()
}
