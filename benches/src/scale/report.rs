//! Percentiles by size, and their ratios.

use std::collections::BTreeMap;

use anyhow::Result;
use comfy_table::{Table, presets};
use serde::Serialize;

use super::call::Call;
use super::fill::Filled;
use super::plans::Plan;
use crate::print::{line, print_json};
use crate::statistics::percentile;
use crate::verdict::{self, Target, Verdict};

/// How much longer a call may take beside the most specs than beside the fewest.
const FLAT: f64 = 1.5;

/// Milliseconds of every call, by the number of specs beside which it was made.
#[derive(Debug, Default)]
pub(super) struct Times(BTreeMap<(Call, usize), Vec<f64>>);

impl Times {
    pub(super) fn add(&mut self, specs: usize, call: Call, times: Vec<f64>) {
        self.0.entry((call, specs)).or_default().extend(times);
    }

    fn of(&self, specs: usize, call: Call) -> Row {
        let times = self.0.get(&(call, specs)).map_or(&[][..], Vec::as_slice);
        Row {
            call: call.name(),
            specs,
            calls: times.len(),
            p50_ms: percentile(times, 50),
            p99_ms: percentile(times, 99),
        }
    }
}

#[derive(Debug, Serialize)]
struct Row {
    call: &'static str,
    specs: usize,
    calls: usize,
    p50_ms: f64,
    p99_ms: f64,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    tables: &'a [Filled],
    times: Vec<Row>,
    verdicts: Vec<Verdict>,
    plans: &'a [Plan],
}

pub(super) fn print(tables: &[Filled], times: &Times, plans: &[Plan], json: bool) -> Result<()> {
    let sizes: Vec<usize> = tables.iter().map(|filled| filled.specs).collect();
    let verdicts = ratios(&sizes, times);
    if json {
        let rows = Call::ALL
            .iter()
            .flat_map(|call| sizes.iter().map(|specs| times.of(*specs, *call)))
            .collect();
        return print_json(&Report {
            tables,
            times: rows,
            verdicts,
            plans,
        });
    }
    line(&by_size(&sizes, times).to_string());
    if !verdicts.is_empty() {
        line(&verdict::table(&verdicts).to_string());
    }
    for plan in plans {
        let Plan { call, kind, lines } = plan;
        line(&format!("\n{call}, {kind}:\n{}", lines.join("\n")));
    }
    Ok(())
}

fn by_size(sizes: &[usize], times: &Times) -> Table {
    let mut table = Table::new();
    let columns = sizes
        .iter()
        .map(|specs| format!("{specs} specs\np50 / p99 ms"));
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_header(std::iter::once("Call".to_owned()).chain(columns));
    for call in Call::ALL {
        let cells = sizes.iter().map(|specs| {
            let row = times.of(*specs, call);
            format!("{:.2} / {:.2}", row.p50_ms, row.p99_ms)
        });
        table.add_row(std::iter::once(call.name().to_owned()).chain(cells));
    }
    table
}

fn ratios(sizes: &[usize], times: &Times) -> Vec<Verdict> {
    let (Some(fewest), Some(most)) = (sizes.first(), sizes.last()) else {
        return Vec::new();
    };
    if fewest == most {
        return Vec::new();
    }
    Call::ALL
        .iter()
        .map(|call| {
            let ratio = times.of(*most, *call).p50_ms / times.of(*fewest, *call).p50_ms;
            let what = format!("{}, p50 beside {most} / {fewest}", call.name());
            Verdict::new(what, ratio, "times", Target::AtMost(FLAT))
        })
        .collect()
}
