//! What became of each step, as a table.

use std::fmt;
use std::time::{Duration, Instant};

use comfy_table::{CellAlignment, Table, presets};

/// What became of each step, and how long it took.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    step: &'static str,
    /// What is worth knowing, or what went wrong.
    result: Result<String, String>,
    took: Duration,
}

impl Report {
    /// Does a step and keeps a row for it; `None` when it failed.
    pub async fn step<T>(
        &mut self,
        step: &'static str,
        work: impl Future<Output = anyhow::Result<(T, String)>>,
    ) -> Option<T> {
        let begun = Instant::now();
        let outcome = work.await;
        let took = begun.elapsed();
        let (value, result) = match outcome {
            Ok((value, told)) => (Some(value), Ok(told)),
            Err(error) => (None, Err(format!("{error:#}"))),
        };
        self.rows.push(Row { step, result, took });
        value
    }

    /// Keeps a row for what was left out.
    pub fn was_interrupted(&mut self) {
        self.rows.push(Row {
            step: "interrupted",
            result: Err("the other steps were left out".to_owned()),
            took: Duration::ZERO,
        });
    }

    /// True when something was done and nothing failed.
    #[must_use]
    pub fn is_good(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.result.is_ok())
    }

    /// The steps that were done, in order.
    pub fn steps(&self) -> impl Iterator<Item = &'static str> {
        self.rows.iter().map(|row| row.step)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY);
        table.set_header(["Step", "Result", "ms", ""]);
        for Row { step, result, took } in &self.rows {
            let millis = took.as_millis().to_string();
            let (word, told) = match result {
                Ok(told) => ("ok", told),
                Err(why) => ("FAILED", why),
            };
            table.add_row([*step, word, &millis, told]);
        }
        if let Some(millis) = table.column_mut(2) {
            millis.set_cell_alignment(CellAlignment::Right);
        }
        table.fmt(f)
    }
}
