//! The parts of a sentence: who, under which condition, what, and what for.

use super::{Clause, Moment};
use crate::offline_agent::idea::grammar::{
    bare, is_article, is_verb, lower_first, tested, third_person,
};
use crate::offline_agent::idea::lists::actions;
use crate::offline_agent::words::one_line;

const SYSTEM_WORDS: &[&str] = &[
    "it",
    "this",
    "we",
    "system",
    "app",
    "application",
    "tool",
    "service",
    "program",
    "library",
    "website",
    "site",
    "server",
    "platform",
    "software",
];

/// Cuts off what the wish is good for.
pub(super) fn purpose(text: &str) -> (String, Option<String>) {
    for mark in [
        " so that ",
        ", so that ",
        " so users ",
        " in order to ",
        " because ",
    ] {
        if let Some((core, reason)) = text.split_once(mark) {
            let reason = match mark.trim() {
                "so users" => format!("users {reason}"),
                "in order to" => format!("it is possible to {reason}"),
                _ => reason.to_owned(),
            };
            return (
                core.trim_end_matches(',').to_owned(),
                Some(one_line(&reason, 160)),
            );
        }
    }
    (text.to_owned(), None)
}

/// "As an admin, I want to …" names who wants it.
pub(super) fn persona(text: &str) -> (Option<String>, String) {
    let lower = text.to_lowercase();
    if lower.starts_with("as a ") || lower.starts_with("as an ") {
        let cut = text
            .find(',')
            .or_else(|| lower.find(" i ").filter(|_| lower.len() == text.len()));
        if let Some((role, rest)) = cut.and_then(|at| text.split_at_checked(at)) {
            let role = bare(role.get(3..).unwrap_or(role)).to_lowercase();
            return (
                Some(one_line(&role, 40)),
                rest.trim_start_matches(',').trim().to_owned(),
            );
        }
    }
    (None, text.to_owned())
}

/// Takes off politeness and first persons: "I would like to add …" is "add …".
pub(super) fn opening(text: &str) -> String {
    const OPENINGS: &[&str] = &[
        "please ",
        "also ",
        "additionally ",
        "additionally, ",
        "then ",
        "finally ",
        "finally, ",
        "and ",
        "in addition, ",
        "i want you to ",
        "i want to ",
        "we want to ",
        "i would like to ",
        "i'd like to ",
        "we would like to ",
        "we'd like to ",
        "i need to ",
        "we need to ",
        "we should ",
        "we must ",
        "let's ",
        "let us ",
        "can you ",
        "could you ",
        "i want ",
        "we want ",
        "i need ",
        "we need ",
        "i would like ",
        "i'd like ",
        "we would like ",
        "there should be ",
        "there must be ",
        "it should be possible to ",
        "it must be possible to ",
        "be able to ",
        "make it possible to ",
        "the ability to ",
        "ability to ",
        "need to ",
    ];
    let mut rest = text.trim();
    while let Some(after) = OPENINGS
        .iter()
        .find_map(|start| strip_prefix_ignoring_case(rest, start))
    {
        rest = after.trim_start();
    }
    rest.to_owned()
}

pub(super) fn strip_prefix_ignoring_case<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (front, rest) = text.split_at_checked(start.len())?;
    front.eq_ignore_ascii_case(start).then_some(rest)
}

/// A polite question as the wish that it is: "Can we export to PDF?".
pub(super) fn question(text: &str) -> Option<String> {
    let text = text.trim_end_matches(['?', '？', ' ']);
    [
        "can we ",
        "could we ",
        "can you ",
        "could you ",
        "would you ",
        "shall we ",
        "should we ",
        "can it ",
        "could it ",
        "is it possible to ",
        "would it be possible to ",
        "how about ",
        "what about ",
        "why not ",
        "why don't we ",
        "will we ",
    ]
    .iter()
    .find_map(|start| strip_prefix_ignoring_case(text, start))
    .map(|wish| opening(strip_prefix_ignoring_case(wish, "have ").unwrap_or(wish)))
    .or_else(|| {
        ["can ", "could "]
            .iter()
            .find_map(|start| strip_prefix_ignoring_case(text, start))
            .and_then(|rest| rest.split_once(' '))
            .map(|(who, act)| format!("{who} can {act}"))
    })
}

/// "When a build fails, do this and do that" is one clause for each thing to do.
pub(super) fn conditional(core: &str) -> Vec<Clause> {
    let parts = [
        ("when ", Moment::When),
        ("whenever ", Moment::When),
        ("once ", Moment::When),
        ("after ", Moment::When),
        ("if ", Moment::If),
        ("while ", Moment::While),
        ("where ", Moment::Where),
    ]
    .iter()
    .find_map(|(word, moment)| Some((*moment, strip_prefix_ignoring_case(core, word)?)))
    .and_then(|(moment, rest)| {
        let (condition, consequence) = rest
            .split_once(", ")
            .or_else(|| rest.split_once(" then "))?;
        Some((moment, condition, consequence))
    });
    let Some((moment, condition, consequence)) = parts else {
        return Vec::new();
    };
    let consequence = consequence.trim_start_matches("then ");
    let (subject, act) = modal(consequence).unwrap_or(("", consequence));
    let act = tested(&lower_first(&opening(act)));
    let first = act.split_whitespace().next().unwrap_or_default();
    let commands = subject.is_empty() && !is_article(first) && act.split_whitespace().count() > 1;
    let acts = if is_verb(first) && (commands || is_system(subject)) {
        actions(&act)
    } else if commands {
        vec![act]
    } else {
        vec![format!("ensure that {}", sentence_of(consequence))]
    };
    acts.into_iter()
        .map(|act| Clause::On {
            moment,
            condition: condition.trim().to_owned(),
            act,
        })
        .collect()
}

/// "send an email when a build fails" has its condition at the end.
pub(super) fn trailing(act: &str) -> Option<Clause> {
    let (act, moment, condition) = [
        (" when ", Moment::When),
        (" whenever ", Moment::When),
        (" while ", Moment::While),
        (" if ", Moment::If),
    ]
    .iter()
    .find_map(|(mark, moment)| {
        act.split_once(mark)
            .map(|(act, condition)| (act, *moment, condition))
    })?;
    let finite = condition.split_whitespace().count() > 1
        && !condition.starts_with("to ")
        && !condition
            .split(' ')
            .next()
            .is_some_and(|word| word.ends_with("ing"));
    let verb = act.split(' ').next().unwrap_or_default();
    (finite && is_verb(verb) && verb != "fix").then(|| Clause::On {
        moment,
        condition: condition.to_owned(),
        act: act.to_owned(),
    })
}

pub(super) fn is_system(subject: &str) -> bool {
    SYSTEM_WORDS.contains(&bare(subject).to_lowercase().as_str())
}

/// "the export must include headers" falls apart into its subject and its verb phrase.
pub(super) fn modal(text: &str) -> Option<(&str, &str)> {
    [
        " should be able to ",
        " must be able to ",
        " can ",
        " should ",
        " must ",
        " will ",
        " needs to ",
        " need to ",
        " has to ",
        " have to ",
        " may ",
    ]
    .iter()
    .find_map(|modal| text.split_once(modal))
    .filter(|(subject, act)| {
        subject.split_whitespace().count() <= 6
            && !act.trim().is_empty()
            && !is_verb(subject.split(' ').next().unwrap_or_default())
    })
}

/// A modal statement as a plain one: "the export includes headers".
pub(super) fn sentence_of(text: &str) -> String {
    let Some((subject, act)) = modal(text) else {
        return lower_first(text);
    };
    let subject = lower_first(subject);
    let last = subject.split_whitespace().next_back().unwrap_or_default();
    let many =
        last.ends_with('s') && !last.ends_with("ss") || matches!(last, "they" | "we" | "you");
    match (act.strip_prefix("not "), many) {
        (Some(act), true) => format!("{subject} do not {act}"),
        (Some(act), false) => format!("{subject} does not {act}"),
        (None, true) => match act.strip_prefix("be ") {
            Some(rest) => format!("{subject} are {rest}"),
            None => format!("{subject} {act}"),
        },
        (None, false) => format!("{subject} {}", third_person(act)),
    }
}
