//! What was measured beside what was aimed at.

use anyhow::Result;
use comfy_table::{Table, presets};
use serde::Serialize;
use serde_json::json;

use crate::print;

/// One number and its target.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Verdict {
    what: String,
    measured: f64,
    unit: &'static str,
    target: Target,
    met: Option<bool>,
}

/// What a number is to be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// None: it is told for what it says.
    Told,
}

impl Verdict {
    pub(crate) fn new(
        what: impl Into<String>,
        measured: f64,
        unit: &'static str,
        target: Target,
    ) -> Self {
        Self {
            what: what.into(),
            measured,
            unit,
            target,
            met: match target {
                Target::AtLeast(bound) => Some(measured >= bound),
                Target::AtMost(bound) => Some(measured <= bound),
                Target::Told => None,
            },
        }
    }
}

pub(crate) fn print_json(verdicts: &[Verdict]) -> Result<()> {
    print::print_json(&json!({ "verdicts": verdicts }))
}

pub(crate) fn table(verdicts: &[Verdict]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_header(["What", "Measured", "Target", ""]);
    for verdict in verdicts {
        let unit = verdict.unit;
        table.add_row([
            verdict.what.clone(),
            format!("{:.2} {unit}", verdict.measured),
            match verdict.target {
                Target::AtLeast(bound) => format!("at least {bound} {unit}"),
                Target::AtMost(bound) => format!("at most {bound} {unit}"),
                Target::Told => String::new(),
            },
            match verdict.met {
                Some(true) => "met".to_owned(),
                Some(false) => "missed".to_owned(),
                None => String::new(),
            },
        ]);
    }
    table
}
