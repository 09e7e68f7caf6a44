//! Sentences in the EARS patterns (Mavin et al., 2009).

use super::capabilities::Capability;
use super::criteria;
use crate::offline_agent::idea::grammar::{head, introduced, is_latin, referred};
use crate::offline_agent::idea::phrase::gerund;
use crate::offline_agent::idea::{Clause, Feature, Moment, UNNAMED, names_fault};
use crate::offline_agent::project::Kind;
use crate::offline_agent::words::capitalised;

/// A requirement that has no id yet.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) criteria: Vec<String>,
    /// Whether it speaks of what happens when something goes wrong.
    pub(super) failure: bool,
}

/// What the feature asks of the system, and what happens when that fails if that can be said.
pub(super) fn drafts(
    feature: &Feature,
    system: &str,
    kind: Kind,
    capability: Option<&Capability>,
) -> Vec<Draft> {
    match capability {
        Some(capability) => vec![
            usual(feature, system, capability),
            usual_failure(feature, system, capability),
        ],
        None => [main(feature, system)]
            .into_iter()
            .chain(failure(feature, system, kind))
            .collect(),
    }
}

/// The words for "I want …".
pub(super) fn want(feature: &Feature, system: &str) -> String {
    let want = match &feature.clause {
        Clause::Act(act) => format!("{system} to {act}"),
        Clause::Let { act, .. } => format!("to {act}"),
        Clause::Provide(thing) => introduced(thing),
        Clause::On {
            act,
            condition,
            moment,
        } => {
            let condition = format!("{} {condition}", moment.keyword().to_lowercase());
            match act.strip_prefix("ensure that ") {
                Some(statement) => format!("to rely on it that {statement} {condition}"),
                None => format!("{system} to {act} {condition}"),
            }
        }
        Clause::Swap { old, new } => format!("{new} in place of {old}"),
        Clause::Drop(thing) => format!("to work without {}", referred(thing)),
        Clause::Preserve(act) => format!("the same results after {}", gerund(act)),
        Clause::Fix { what, condition } => {
            let fault = if names_fault(what) {
                format!("to work without {}", referred(what))
            } else {
                format!("{} to work", referred(what))
            };
            under(&fault, condition.as_deref())
        }
        Clause::Fault {
            subject, condition, ..
        } => {
            let subject = if OWN.contains(&subject.to_lowercase().as_str()) {
                system
            } else {
                subject
            };
            under(&format!("{subject} to work"), condition.as_deref())
        }
        Clause::Ensure(statement) => format!("to rely on it that {statement}"),
        Clause::Quote(text) => format!("“{text}”"),
    };
    let want = match &feature.part_of {
        Some(whole) => format!("{want} as part of {}", referred(whole)),
        None => want,
    };
    [want]
        .into_iter()
        .chain(feature.details.iter().cloned())
        .collect::<Vec<_>>()
        .join(", ")
}

fn under(text: &str, condition: Option<&str>) -> String {
    match condition {
        Some(condition) => format!("{text} when {condition}"),
        None => text.to_owned(),
    }
}

/// The feature in the midst of a sentence.
pub(super) fn refer(feature: &Feature) -> String {
    match &feature.clause {
        Clause::Provide(_) if feature.name.starts_with("--") => format!("the {}", feature.name),
        Clause::Provide(_) => referred(&feature.name),
        Clause::Ensure(_) | Clause::Fault { .. } | Clause::Fix { .. } => {
            format!("the {}", feature.name)
        }
        Clause::On { .. } if feature.name.starts_with("case that ") => {
            format!("the {}", feature.name)
        }
        Clause::Act(_)
        | Clause::Let { .. }
        | Clause::On { .. }
        | Clause::Swap { .. }
        | Clause::Drop(_)
        | Clause::Preserve(_)
        | Clause::Quote(_) => {
            if feature.name.starts_with(UNNAMED) {
                format!("the {}", feature.name)
            } else if is_latin(&feature.name) {
                feature.name.clone()
            } else {
                format!("“{}”", feature.name)
            }
        }
    }
}

fn usual(feature: &Feature, system: &str, capability: &Capability) -> Draft {
    let it = refer(feature);
    let fill = |text: &str| text.replace("{it}", &it).replace("{system}", system);
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
            .chain(criteria::of_details(feature, system, true))
            .collect(),
        failure: false,
    }
}

fn usual_failure(feature: &Feature, system: &str, capability: &Capability) -> Draft {
    let it = refer(feature);
    let fill = |text: &str| text.replace("{it}", &it).replace("{system}", system);
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

fn main(feature: &Feature, system: &str) -> Draft {
    Draft {
        title: feature.title(),
        text: text(feature, system),
        criteria: criteria::of_main(feature, system)
            .into_iter()
            .chain(criteria::of_details(feature, system, false))
            .collect(),
        failure: false,
    }
}

fn text(feature: &Feature, system: &str) -> String {
    let subject = capitalised(system);
    match &feature.clause {
        Clause::Provide(thing) => format!("{subject} shall provide {}.", introduced(thing)),
        Clause::Act(act) => format!("{subject} shall {act}."),
        Clause::Let { who, act } => format!("{subject} shall let {who} {act}."),
        Clause::On {
            moment,
            condition,
            act,
        } => {
            let then = if *moment == Moment::If { " then" } else { "" };
            format!(
                "{} {condition},{then} {system} shall {act}.",
                moment.keyword()
            )
        }
        Clause::Ensure(statement) => format!("{subject} shall ensure that {statement}."),
        Clause::Swap { old, new } => format!("{subject} shall use {new} in place of {old}."),
        Clause::Drop(thing) => format!("{subject} shall work without {}.", referred(thing)),
        Clause::Preserve(act) => format!(
            "{subject} shall give the same results before and after {}.",
            gerund(act)
        ),
        Clause::Fix { what, condition } => {
            let response = if names_fault(what) {
                format!("work without {}", referred(what))
            } else {
                format!(
                    "carry out {} without the fault that it has today",
                    referred(what)
                )
            };
            when(condition.as_deref(), system, &response)
        }
        Clause::Fault {
            subject,
            doing,
            condition,
        } => when(condition.as_deref(), system, &working(subject, doing)),
        Clause::Quote(text) => {
            format!("{subject} shall provide what the idea describes as “{text}”.")
        }
    }
}

/// Words with which people speak of the system itself.
const OWN: &[&str] = &[
    "app",
    "application",
    "it",
    "program",
    "server",
    "service",
    "site",
    "system",
    "tool",
    "website",
];

/// What is to happen in place of the fault.
fn working(subject: &str, doing: &str) -> String {
    match (OWN.contains(&subject.to_lowercase().as_str()), doing) {
        (true, "broken") => "keep working".to_owned(),
        (true, doing) => format!("keep working without {doing}"),
        (false, "broken") => format!("complete {} with a correct result", referred(subject)),
        (false, doing) => format!("complete {} without {doing}", referred(subject)),
    }
}

fn when(condition: Option<&str>, system: &str, response: &str) -> String {
    match condition {
        Some(condition) => format!("When {condition}, {system} shall {response}."),
        None => format!("{} shall {response}.", capitalised(system)),
    }
}

/// Verbs whose work reaches beyond the program, where it can fail.
const REACHING: &[&str] = &[
    "archive",
    "call",
    "collect",
    "connect",
    "convert",
    "copy",
    "create",
    "delete",
    "deliver",
    "download",
    "email",
    "execute",
    "export",
    "extract",
    "fetch",
    "forward",
    "generate",
    "import",
    "install",
    "load",
    "merge",
    "migrate",
    "notify",
    "open",
    "parse",
    "pay",
    "persist",
    "post",
    "print",
    "publish",
    "read",
    "render",
    "restore",
    "save",
    "send",
    "share",
    "store",
    "stream",
    "submit",
    "subscribe",
    "sync",
    "synchronise",
    "synchronize",
    "transfer",
    "translate",
    "update",
    "upload",
    "write",
    "edit",
    "rename",
    "move",
];

/// What happens when the feature fails, where the words of the idea tell what that means.
fn failure(feature: &Feature, system: &str, kind: Kind) -> Option<Draft> {
    let (Clause::Act(act) | Clause::Let { act, .. } | Clause::On { act, .. }) = &feature.clause
    else {
        return None;
    };
    if feature.name.starts_with("case that ") {
        return None;
    }
    let verb = act.split(' ').next().unwrap_or_default();
    REACHING
        .contains(&verb)
        .then(|| reported(feature, system, kind, &refer(feature)))
}

/// The one failure that a spec speaks of when no feature tells of one by itself.
pub(super) fn any_failure(feature: &Feature, system: &str, kind: Kind) -> Option<Draft> {
    // Texts and tests have no run of their own that could fail.
    const WITHOUT_RUN: &[&str] = &[
        "changelog",
        "docs",
        "documentation",
        "example",
        "examples",
        "guide",
        "readme",
        "test",
        "tests",
        "tutorial",
    ];
    let it = refer(feature);
    let what = match &feature.clause {
        Clause::Provide(thing) if WITHOUT_RUN.contains(&head(thing).to_lowercase().as_str()) => {
            return None;
        }
        Clause::Provide(_) => format!("the use of {it}"),
        Clause::Act(act) if act.starts_with("support ") => format!("the use of {it}"),
        // To be better is nothing that could fail in a run.
        Clause::Act(act) if criteria::betters(act) => return None,
        Clause::On { .. } if feature.name.starts_with("case that ") => return None,
        Clause::Act(_) | Clause::Let { .. } => it,
        Clause::On { act, .. } if !act.starts_with("ensure that") => it,
        // What is a rule or a change of the code has no run that could fail.
        Clause::On { .. }
        | Clause::Ensure(_)
        | Clause::Swap { .. }
        | Clause::Drop(_)
        | Clause::Preserve(_)
        | Clause::Fix { .. }
        | Clause::Fault { .. }
        | Clause::Quote(_) => return None,
    };
    Some(reported(feature, system, kind, &what))
}

fn reported(feature: &Feature, system: &str, kind: Kind, what: &str) -> Draft {
    let (to, seen) = match kind {
        Kind::Library => ("to the caller", "the caller receives"),
        Kind::Tool => ("on standard error", "standard error names"),
        Kind::Service => ("in its response", "the response names"),
        Kind::Application => ("to the user", "the message to the user names"),
    };
    Draft {
        title: format!("{}: when it fails", feature.title()),
        text: format!("If {what} fails, then {system} shall report the cause {to}."),
        criteria: vec![format!("When a test makes {what} fail, {seen} the cause.")],
        failure: true,
    }
}
