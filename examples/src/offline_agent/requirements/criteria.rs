//! How one sees that a requirement is met.

use super::ears::refer;
use crate::offline_agent::idea::grammar::{introduced, referred};
use crate::offline_agent::idea::phrase::{gerund, inline_detail, opens_detail};
use crate::offline_agent::idea::{Clause, Feature, names_fault};
use crate::offline_agent::words::one_line;

/// What shows that the feature is there.
pub(super) fn of_main(feature: &Feature, system: &str) -> Vec<String> {
    let it = refer(feature);
    match &feature.clause {
        Clause::Provide(_) => vec![format!(
            "When the tests run, at least one of them uses {it} and passes."
        )],
        Clause::Act(act) if act.starts_with("support ") => {
            vec![format!("When a test uses {it}, {system} accepts that.")]
        }
        Clause::Act(act) if betters(act) => vec![format!(
            "When a reviewer compares the project before and after the change, the effect of {it} shows."
        )],
        Clause::Act(_) => vec![format!(
            "When a test triggers {it}, the outcome can be observed from outside."
        )],
        Clause::Let { who, .. } => {
            let try_it = if is_one(who) { "tries" } else { "try" };
            vec![format!(
                "When {who} {try_it} {it} with valid input, the result can be observed."
            )]
        }
        Clause::On { act, condition, .. } => {
            let seen = match act.strip_prefix("ensure that ") {
                Some(statement) => format!("it finds that {statement}"),
                None if feature.name.starts_with("case that ") => {
                    format!("the response of {system} can be observed")
                }
                None => format!("it observes {it}"),
            };
            vec![format!(
                "When a test brings about that {condition}, {seen}."
            )]
        }
        Clause::Ensure(statement) => vec![format!(
            "When a test inspects {system}, it finds that {statement}."
        )],
        Clause::Swap { old, .. } => vec![format!(
            "When the repository is searched for {}, no use is left outside of its history.",
            referred(old)
        )],
        Clause::Drop(thing) => vec![format!(
            "When the repository is searched for {}, no use is left outside of its history.",
            referred(thing)
        )],
        Clause::Preserve(act) => vec![
            format!(
                "When the tests run after {}, those that passed before pass unmodified.",
                gerund(act)
            ),
            format!(
                "When a reviewer reads the change, {} is complete.",
                gerund(act)
            ),
        ],
        Clause::Fix { what, condition } => {
            let seen = if names_fault(what) {
                format!("{} does not show", referred(what))
            } else {
                format!("{} gives the expected result", referred(what))
            };
            vec![repeated(condition.as_deref(), &seen)]
        }
        Clause::Fault {
            subject, condition, ..
        } => vec![repeated(
            condition.as_deref(),
            &format!("{} works", referred(subject)),
        )],
        Clause::Quote(_) => vec![format!(
            "When a reviewer tries the result, it holds what the idea says: “{}”.",
            one_line(&feature.source, 160)
        )],
    }
}

/// Whether the wish is that something which is there becomes better.
pub(super) fn betters(act: &str) -> bool {
    ["speed ", "improve ", "optimi", "reduce ", "document "]
        .iter()
        .any(|start| act.starts_with(start))
}

fn is_one(who: &str) -> bool {
    who.starts_with("a ")
        || who.starts_with("an ")
        || !who.ends_with('s') && !who.contains("people")
}

fn repeated(condition: Option<&str>, seen: &str) -> String {
    match condition {
        Some(condition) => format!("When a test brings about that {condition}, {seen}."),
        None => format!("When a test repeats the steps that showed the fault, {seen}."),
    }
}

/// What the idea adds to the feature, one criterion for each addition. `inline` says that the
/// requirement itself does not hold what is added without a comma.
pub(super) fn of_details(feature: &Feature, system: &str, inline: bool) -> Vec<String> {
    let own = if let Clause::Provide(thing) = &feature.clause
        && inline
    {
        inline_detail(thing)
    } else {
        None
    };
    own.map(str::to_owned)
        .into_iter()
        .chain(feature.details.iter().cloned())
        .map(|detail| of_detail(feature, system, &detail))
        .chain(feature.part_of.as_ref().map(|whole| {
            format!(
                "When a test uses {}, it finds {} as a part of it.",
                referred(whole),
                refer(feature)
            )
        }))
        .collect()
}

fn of_detail(feature: &Feature, system: &str, detail: &str) -> String {
    let it = refer(feature);
    let first = detail.split(' ').next().unwrap_or_default();
    match (&feature.clause, first) {
        (_, "within") => format!("When a test uses {it}, the result is there {detail}."),
        (
            _,
            "when" | "whenever" | "while" | "if" | "unless" | "until" | "after" | "before" | "so"
            | "because" | "but" | "where",
        ) => {
            format!("When a reviewer tries {it}, the result holds what the idea says: “{detail}”.")
        }
        (Clause::Provide(_), _) => {
            format!(
                "When a test inspects {system}, it finds {} {detail}.",
                introduced(&feature.name)
            )
        }
        (_, "that" | "which" | "who" | "whose") => {
            format!("When a test observes {it}, the outcome is one {detail}.")
        }
        _ if !opens_detail(first) => {
            format!(
                "When a test observes {it}, it finds {} as well.",
                introduced(detail)
            )
        }
        _ => format!("When a test observes {it}, this happens {detail}."),
    }
}
