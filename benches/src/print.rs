//! The only place that prints.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what this module is for"
)]

use anyhow::{Error, Result};
use serde::Serialize;

pub(crate) fn line(text: &str) {
    println!("{text}");
}

pub(crate) fn print_json(report: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string_pretty(report)?);
    Ok(())
}

pub(crate) fn complain(error: &Error) {
    eprintln!("error: {error:#}");
}
