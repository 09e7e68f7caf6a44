//! Reports of faults: "Login fails when the password has a space".

use super::Clause;
use super::parts::modal;
use crate::offline_agent::idea::grammar::{bare, is_verb, third_person};

/// How something goes wrong, and the name of what it then does.
const WRONG: &[(&str, &str)] = &[
    ("fails", "failing"),
    ("fail", "failing"),
    ("crashes", "crashing"),
    ("crash", "crashing"),
    ("breaks", "breaking"),
    ("hangs", "hanging"),
    ("freezes", "freezing"),
    ("panics", "panicking"),
    ("stalls", "stalling"),
    ("does not work", "failing"),
    ("doesn't work", "failing"),
    ("do not work", "failing"),
    ("don't work", "failing"),
    ("is broken", "broken"),
    ("are broken", "broken"),
    ("leaks memory", "leaking"),
];

/// Nouns that name a fault, so that the system is to be without it.
const FAULTS: &[&str] = &[
    "bug",
    "bugs",
    "crash",
    "crashes",
    "deadlock",
    "error",
    "errors",
    "exception",
    "failure",
    "fault",
    "flicker",
    "freeze",
    "hang",
    "issue",
    "leak",
    "panic",
    "problem",
    "race",
    "regression",
    "typo",
    "typos",
    "vulnerability",
    "warning",
    "warnings",
];

pub(super) fn fault(core: &str) -> Option<Clause> {
    let (subject, doing, rest) = WRONG.iter().find_map(|(words, doing)| {
        let (subject, rest) = core.split_once(&format!(" {words}"))?;
        (rest.is_empty() || rest.starts_with([' ', ','])).then_some((subject, *doing, rest))
    })?;
    let first = subject.split(' ').next().unwrap_or_default();
    let plain = subject.split(' ').count() <= 5
        && !is_verb(first)
        && !subject.contains(',')
        && modal(subject).is_none()
        && ![" when", " if", " that"]
            .iter()
            .any(|word| format!(" {subject} ").contains(&format!("{word} ")));
    let condition = condition(rest.trim());
    (plain && (rest.is_empty() || condition.is_some())).then(|| Clause::Fault {
        subject: bare(subject).to_owned(),
        doing: doing.to_owned(),
        condition,
    })
}

/// What a repair is about: "the crash when the file is empty".
pub(super) fn fix(object: &str) -> Clause {
    let (what, condition) = [" when ", " if ", " while ", " whenever "]
        .iter()
        .find_map(|mark| object.split_once(mark))
        .map_or((object, None), |(what, condition)| {
            (what, Some(of_user(condition)))
        });
    Clause::Fix {
        what: what.to_owned(),
        condition,
    }
}

/// Whether the phrase names a fault, and not what suffers from it.
pub(crate) fn names_fault(what: &str) -> bool {
    what.split(' ')
        .any(|word| FAULTS.contains(&word.to_lowercase().as_str()))
}

fn condition(rest: &str) -> Option<String> {
    ["when ", "if ", "whenever ", "as soon as ", "once "]
        .iter()
        .find_map(|mark| rest.strip_prefix(mark))
        .map(of_user)
}

/// "I rotate the screen" is what a user does.
fn of_user(condition: &str) -> String {
    ["I ", "i ", "you ", "we "]
        .iter()
        .find_map(|who| condition.strip_prefix(who))
        .map_or_else(
            || condition.to_owned(),
            |act| format!("a user {}", third_person(act)),
        )
}
