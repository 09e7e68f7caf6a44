//! Sentences in the EARS patterns (Mavin et al., 2009).

use super::capabilities::Capability;
use crate::offline_agent::idea::grammar::{head, introduced, is_latin, referred};
use crate::offline_agent::idea::{Clause, Feature, Moment, UNNAMED};
use crate::offline_agent::project::Kind;
use crate::offline_agent::words::{capitalised, one_line};

/// A requirement that has no id yet.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) criteria: Vec<String>,
    /// Whether it speaks of what happens when something goes wrong.
    pub(super) failure: bool,
}

/// What the feature asks of the system, and what happens when that fails.
pub(super) fn drafts(
    feature: &Feature,
    system: &str,
    kind: Kind,
    capability: Option<&Capability>,
) -> Vec<Draft> {
    let it = refer(feature);
    let mut drafts = match capability {
        Some(capability) => vec![usual(feature, system, capability, &it)],
        None => vec![main(feature, system, &it)],
    };
    match capability {
        Some(capability) => drafts.push(usual_failure(feature, system, capability, &it)),
        None => drafts.extend(failure(feature, system, kind, &it)),
    }
    drafts
}

/// The words for "I want …".
pub(super) fn want(feature: &Feature) -> String {
    match &feature.clause {
        Clause::Act(act) | Clause::Let { act, .. } => format!("to {act}"),
        Clause::Provide(thing) => introduced(thing),
        Clause::On {
            act,
            condition,
            moment,
        } => format!(
            "the system to {act} {} {condition}",
            keyword(*moment).to_lowercase()
        ),
        Clause::Swap { old, new } => format!("{new} in place of {old}"),
        Clause::Drop(thing) => format!("to work without {thing}"),
        Clause::Preserve(thing) => {
            format!("{} restructured with the same results", referred(thing))
        }
        Clause::Fix(fault) => format!("to be spared this fault: {fault}"),
        Clause::Ensure(statement) => format!("to rely on it that {statement}"),
        Clause::Quote(text) => format!("“{text}”"),
    }
}

fn refer(feature: &Feature) -> String {
    match &feature.clause {
        Clause::Provide(thing) => referred(thing),
        Clause::Act(_)
        | Clause::Let { .. }
        | Clause::On { .. }
        | Clause::Ensure(_)
        | Clause::Swap { .. }
        | Clause::Drop(_)
        | Clause::Preserve(_)
        | Clause::Fix(_)
        | Clause::Quote(_) => {
            if feature.name == UNNAMED {
                format!("the {UNNAMED}")
            } else if is_latin(&feature.name) {
                feature.name.clone()
            } else {
                format!("“{}”", feature.name)
            }
        }
    }
}

fn keyword(moment: Moment) -> &'static str {
    match moment {
        Moment::When => "When",
        Moment::If => "If",
        Moment::While => "While",
        Moment::Where => "Where",
    }
}

fn usual(feature: &Feature, system: &str, capability: &Capability, it: &str) -> Draft {
    let fill = |text: &str| fill(text, system, it);
    Draft {
        title: feature.title(),
        text: format!(
            "When {}, {system} shall {}.",
            fill(capability.trigger),
            fill(capability.response)
        ),
        criteria: capability
            .checks
            .iter()
            .map(|check| format!("When {}.", fill(check)))
            .chain([agrees(feature, it)])
            .collect(),
        failure: false,
    }
}

fn usual_failure(feature: &Feature, system: &str, capability: &Capability, it: &str) -> Draft {
    let fill = |text: &str| fill(text, system, it);
    Draft {
        title: format!("{}: when it fails", feature.title()),
        text: format!(
            "If {}, then {system} shall {}.",
            fill(capability.unwanted),
            fill(capability.mitigation)
        ),
        criteria: capability
            .failure_checks
            .iter()
            .map(|check| format!("When {}.", fill(check)))
            .collect(),
        failure: true,
    }
}

fn fill(text: &str, system: &str, it: &str) -> String {
    text.replace("{it}", it).replace("{system}", system)
}

fn agrees(feature: &Feature, it: &str) -> String {
    format!(
        "When a reviewer tries {it}, the outcome agrees with the words of the idea: “{}”.",
        one_line(&feature.source, 160)
    )
}

fn main(feature: &Feature, system: &str, it: &str) -> Draft {
    let subject = capitalised(system);
    let (text, check) = match &feature.clause {
        Clause::Provide(thing) => (
            format!("{subject} shall provide {}.", introduced(thing)),
            format!(
                "When the change for {it} is in place, every test that passed before still passes."
            ),
        ),
        Clause::Act(act) => (
            format!("{subject} shall {act}."),
            format!(
                "When a test asks {system} to {act}, the outcome can be observed from outside."
            ),
        ),
        Clause::Let { who, act } => (
            format!("{subject} shall let {who} {act}."),
            format!(
                "When an attempt to {act} is made with valid input, its result can be read back."
            ),
        ),
        Clause::On {
            moment,
            condition,
            act,
        } => {
            let then = if *moment == Moment::If { " then" } else { "" };
            (
                format!(
                    "{} {condition},{then} {system} shall {act}.",
                    keyword(*moment)
                ),
                format!(
                    "When a test brings about that {condition}, the response of {system} can be observed."
                ),
            )
        }
        Clause::Ensure(statement) => (
            format!("{subject} shall ensure that {statement}."),
            format!("When a test inspects {system}, it finds that {statement}."),
        ),
        Clause::Swap { old, new } => (
            format!("{subject} shall use {new} in place of {old}."),
            format!(
                "When the repository is searched for uses of {old}, none is left outside of its history."
            ),
        ),
        Clause::Drop(thing) => (
            format!("{subject} shall work without {}.", referred(thing)),
            format!(
                "When the repository is searched for {}, no use of it is left outside of its history.",
                referred(thing)
            ),
        ),
        Clause::Preserve(thing) => (
            format!(
                "{subject} shall give the same results after the change to {} as before it.",
                referred(thing)
            ),
            format!(
                "When the tests of {} run after the change, they pass unmodified.",
                referred(thing)
            ),
        ),
        Clause::Fix(fault) => (
            format!(
                "If the situation described as “{fault}” occurs, then {system} shall complete the operation without that fault."
            ),
            format!("When a test repeats the steps behind “{fault}”, the fault does not show."),
        ),
        Clause::Quote(text) => (
            format!("{subject} shall provide what the idea describes as “{text}”."),
            format!(
                "When the change for {it} is in place, every test that passed before still passes."
            ),
        ),
    };
    let review = match &feature.clause {
        Clause::Provide(_) | Clause::Quote(_) => agrees(feature, it),
        Clause::Act(act) | Clause::Let { act, .. } => agrees(feature, &format!("to {act}")),
        Clause::On { .. }
        | Clause::Ensure(_)
        | Clause::Swap { .. }
        | Clause::Drop(_)
        | Clause::Preserve(_)
        | Clause::Fix(_) => {
            format!(
                "When a reviewer compares the outcome with the words of the idea, it agrees with them: “{}”.",
                one_line(&feature.source, 160)
            )
        }
    };
    Draft {
        title: feature.title(),
        text,
        criteria: vec![check, review],
        failure: false,
    }
}

fn failure(feature: &Feature, system: &str, kind: Kind, it: &str) -> Option<Draft> {
    let to = match kind {
        Kind::Library => "to the caller",
        Kind::Tool => "on standard error",
        Kind::Service => "in its response",
        Kind::Application => "to the user",
    };
    let event = match &feature.clause {
        // Texts and tests have no run of their own that could fail.
        Clause::Provide(thing)
            if [
                "docs",
                "documentation",
                "guide",
                "tutorial",
                "readme",
                "changelog",
                "tests",
                "test",
                "examples",
                "example",
            ]
            .contains(&head(thing).to_lowercase().as_str()) =>
        {
            return None;
        }
        Clause::Provide(_) | Clause::Quote(_) => format!("an error occurs during the use of {it}"),
        Clause::Act(act) | Clause::Let { act, .. } => format!("an attempt to {act} fails"),
        Clause::On { act, .. } if !act.starts_with("ensure that") => {
            format!("an attempt to {act} fails")
        }
        // What is a rule or a change of the code has no run that could fail.
        Clause::On { .. }
        | Clause::Ensure(_)
        | Clause::Swap { .. }
        | Clause::Drop(_)
        | Clause::Preserve(_)
        | Clause::Fix(_) => return None,
    };
    Some(Draft {
        title: format!("{}: when it fails", feature.title()),
        text: format!("If {event}, then {system} shall report the cause {to}."),
        criteria: vec![
            format!("When {event}, the message {to} names the cause."),
            format!("When {event}, data that was stored before is unchanged."),
        ],
        failure: true,
    })
}
