//! The offline agent as a program of its own; see [`spec_examples::offline_agent`].

use std::process::ExitCode;

fn main() -> ExitCode {
    spec_examples::offline_agent::main(std::env::args_os())
}
