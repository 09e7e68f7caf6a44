//! Medians of the rounds, ratios and targets, as a table or as JSON.

use std::collections::BTreeMap;

use anyhow::Result;
use comfy_table::{Table, presets};
use serde::Serialize;

use super::round::Round;
use super::{Options, PHASES, Side};
use crate::print::{line, print_json};
use crate::statistics::median;
use crate::verdict::{self, Target, Verdict};

/// The medians of one side.
#[derive(Debug, Serialize)]
struct Summary {
    side: Side,
    rounds: usize,
    specs_per_second: f64,
    slowest: f64,
    fastest: f64,
    /// Phases per second: five per spec on every side.
    transitions_per_second: f64,
    commits_per_spec: f64,
    commits_per_transition: f64,
    wal_bytes_per_spec: f64,
    wal_bytes_per_transition: f64,
    client_cpu_ms_per_spec: f64,
    server_cpu_ms_per_spec: Option<f64>,
    foreign_cores: Option<f64>,
    /// State changes that were recorded per spec, where the side counts them.
    revisions_per_spec: Option<f64>,
    commits_per_revision: Option<f64>,
    wal_bytes_per_revision: Option<f64>,
    /// In the last round.
    calls_per_spec: Option<BTreeMap<&'static str, f64>>,
}

impl Summary {
    fn of(side: Side, rounds: &[Round]) -> Self {
        let rounds: Vec<&Round> = rounds.iter().filter(|round| round.side == side).collect();
        let over = |value: &dyn Fn(&Round) -> f64| median(rounds.iter().map(|round| value(round)));
        let per_spec =
            |value: &dyn Fn(&Round) -> f64| over(&|round| value(round) / count(round.specs));
        let some = |value: &dyn Fn(&Round) -> Option<f64>| {
            let values: Option<Vec<f64>> = rounds.iter().map(|round| value(round)).collect();
            values.map(median)
        };
        let speed = |round: &Round| count(round.specs) / round.wall_seconds;
        let specs_per_second = over(&speed);
        let commits_per_spec = per_spec(&|round| round.commits as f64);
        let wal_bytes_per_spec = per_spec(&|round| round.wal_bytes as f64);
        let revisions_per_spec =
            some(&|round| Some(round.revisions()? as f64 / count(round.specs)));
        let calls_per_spec = rounds.last().and_then(|round| {
            let calls = round.calls.as_ref()?.iter();
            Some(
                calls
                    .map(|(name, calls)| (*name, *calls as f64 / count(round.specs)))
                    .collect(),
            )
        });
        Self {
            side,
            calls_per_spec,
            rounds: rounds.len(),
            specs_per_second,
            slowest: rounds
                .iter()
                .map(|round| speed(round))
                .fold(f64::INFINITY, f64::min),
            fastest: rounds.iter().map(|round| speed(round)).fold(0.0, f64::max),
            transitions_per_second: specs_per_second * count(PHASES),
            commits_per_spec,
            commits_per_transition: commits_per_spec / count(PHASES),
            wal_bytes_per_spec,
            wal_bytes_per_transition: wal_bytes_per_spec / count(PHASES),
            client_cpu_ms_per_spec: per_spec(&|round| round.client_cpu_seconds * 1e3),
            server_cpu_ms_per_spec: some(&|round| {
                Some(round.server_cpu_seconds? * 1e3 / count(round.specs))
            }),
            foreign_cores: some(&|round| round.foreign_cores),
            revisions_per_spec,
            commits_per_revision: revisions_per_spec.map(|number| commits_per_spec / number),
            wal_bytes_per_revision: revisions_per_spec.map(|number| wal_bytes_per_spec / number),
        }
    }
}

fn count(number: usize) -> f64 {
    number as f64
}

/// At least so many times as fast as another side.
const SPEED_TARGETS: [(Side, f64); 3] = [(Side::Hand, 0.8), (Side::Dbos, 1.5), (Side::Apalis, 4.0)];
const COMMITS_TARGET: f64 = 2.0;
const WAL_TARGET: f64 = 1024.0;

#[derive(Debug, Serialize)]
struct Report<'a> {
    specs: usize,
    rounds: usize,
    slots: usize,
    submitters: usize,
    connections: u32,
    sides: Vec<Summary>,
    verdicts: Vec<Verdict>,
    raw: &'a [Round],
}

/// Tells of one round as soon as it is over.
pub(super) fn progress(number: usize, round: &Round) {
    let speed = count(round.specs) / round.wall_seconds;
    let foreign = optional(round.foreign_cores, 2);
    let name = round.side.name();
    line(&format!(
        "round {number}: {name:<16} {speed:>7.0} specs/s   (others used {foreign} cores)"
    ));
}

pub(super) fn print(options: &Options, sides: &[Side], rounds: &[Round], json: bool) -> Result<()> {
    let sides: Vec<Summary> = sides
        .iter()
        .map(|side| Summary::of(*side, rounds))
        .collect();
    let verdicts = verdicts(&sides);
    if json {
        return print_json(&Report {
            specs: options.specs,
            rounds: options.rounds,
            slots: options.slots,
            submitters: options.submitters,
            connections: options.connections,
            sides,
            verdicts,
            raw: rounds,
        });
    }
    line(&costs(&sides).to_string());
    for side in &sides {
        if let Some(calls) = &side.calls_per_spec {
            let calls: Vec<String> = calls
                .iter()
                .map(|(name, number)| format!("{name} {number:.1}"))
                .collect();
            let name = side.side.name();
            line(&format!(
                "Calls of the store per spec, {name}: {}",
                calls.join(", ")
            ));
        }
    }
    if !verdicts.is_empty() {
        line(&verdict::table(&verdicts).to_string());
    }
    Ok(())
}

fn costs(sides: &[Summary]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header([
        "Side",
        "specs/s",
        "slowest-fastest",
        "transitions/s",
        "tx/tr",
        "WAL B/tr",
        "tx/spec",
        "WAL B/spec",
        "client ms/spec",
        "server ms/spec",
        "states/spec",
        "tx/state",
        "WAL B/state",
        "other cores",
    ]);
    for side in sides {
        table.add_row([
            side.side.name().to_owned(),
            format!("{:.0}", side.specs_per_second),
            format!("{:.0}-{:.0}", side.slowest, side.fastest),
            format!("{:.0}", side.transitions_per_second),
            format!("{:.2}", side.commits_per_transition),
            format!("{:.0}", side.wal_bytes_per_transition),
            format!("{:.1}", side.commits_per_spec),
            format!("{:.0}", side.wal_bytes_per_spec),
            format!("{:.2}", side.client_cpu_ms_per_spec),
            optional(side.server_cpu_ms_per_spec, 2),
            optional(side.revisions_per_spec, 1),
            optional(side.commits_per_revision, 2),
            optional(side.wal_bytes_per_revision, 0),
            optional(side.foreign_cores, 2),
        ]);
    }
    table
}

fn verdicts(sides: &[Summary]) -> Vec<Verdict> {
    let find = |side| sides.iter().find(|summary| summary.side == side);
    let Some(ours) = find(Side::Ours) else {
        return Vec::new();
    };
    let mut verdicts: Vec<Verdict> = SPEED_TARGETS
        .iter()
        .filter_map(|(side, target)| {
            let ratio = ours.specs_per_second / find(*side)?.specs_per_second;
            let what = format!("speed, ours / {}", side.name());
            Some(Verdict::new(what, ratio, "times", Target::AtLeast(*target)))
        })
        .collect();
    let mut at_most = |what, measured: Option<f64>, unit, bound| {
        verdicts.extend(
            measured.map(|measured| Verdict::new(what, measured, unit, Target::AtMost(bound))),
        );
    };
    let commits = Some(ours.commits_per_transition);
    at_most("transactions per phase", commits, "", COMMITS_TARGET);
    let commits = ours.commits_per_revision;
    at_most(
        "transactions per recorded state",
        commits,
        "",
        COMMITS_TARGET,
    );
    let wal = Some(ours.wal_bytes_per_transition);
    at_most("WAL per phase", wal, "bytes", WAL_TARGET);
    let wal = ours.wal_bytes_per_revision;
    at_most("WAL per recorded state", wal, "bytes", WAL_TARGET);
    verdicts
}

fn optional(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
}
