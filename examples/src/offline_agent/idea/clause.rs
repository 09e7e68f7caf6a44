//! What a sentence asks for.

use super::Feature;
use super::grammar::{
    PROVIDING, bare, has_number, is_article, is_latin, is_preposition, is_verb, lower_first, plain,
    tested, third_person, vague_words, with_article,
};
use super::lists::{actions, items};
use crate::offline_agent::words::one_line;

/// What the system is to do, as far as the sentence tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Clause {
    /// Something is to be there: "a settings page".
    Provide(String),
    /// The system does it: "export invoices as PDF".
    Act(String),
    /// Somebody may do it: "export invoices as PDF".
    Let { who: String, act: String },
    /// Under a condition the system does it.
    On {
        moment: Moment,
        condition: String,
        act: String,
    },
    /// A statement holds: "the export includes headers".
    Ensure(String),
    /// One thing takes the place of another.
    Swap { old: String, new: String },
    /// Something goes away.
    Drop(String),
    /// The code changes and its behaviour does not.
    Preserve(String),
    /// A fault goes away.
    Fix(String),
    /// Words that no rule understands, or that are in another language.
    Quote(String),
}

/// The EARS keyword of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    When,
    If,
    While,
    Where,
}

/// What one sentence turned out to be.
#[derive(Debug)]
pub(super) enum Reading {
    Wanted(Vec<Feature>),
    Context(String),
    Excluded(String),
    Question(String),
    Nothing,
}

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

pub(super) fn read(sentence: &str) -> Reading {
    let source = plain(sentence);
    if source.ends_with(['?', '？']) {
        return Reading::Question(one_line(&source, 240));
    }
    if !is_latin(&source) {
        return wanted(vec![feature(
            &source,
            Clause::Quote(one_line(&source, 160)),
            &source,
        )]);
    }
    let (core, benefit) = purpose(&source);
    let (actor, core) = persona(&core);
    let core = opening(&core);
    let lower = core.to_lowercase();
    if [
        "currently",
        "right now",
        "at the moment",
        "today",
        "at present",
        "the problem",
        "because",
        "background",
        "for now",
    ]
    .iter()
    .any(|start| lower.starts_with(start))
        || has_word(&lower, &["currently"])
    {
        return Reading::Context(one_line(&source, 240));
    }
    if [
        "no ",
        "not ",
        "don't ",
        "do not ",
        "out of scope",
        "never ",
        "without ",
        "non-goal",
        "avoid ",
    ]
    .iter()
    .any(|start| lower.starts_with(start))
        || lower.contains("out of scope")
    {
        return Reading::Excluded(one_line(&source, 240));
    }
    let mut features = match conditional(&core) {
        Some(clause) => vec![named(clause, &core, &source)],
        None => statement(&core, &source),
    };
    if features.is_empty() {
        return if core.is_empty() {
            Reading::Nothing
        } else {
            Reading::Context(one_line(&source, 240))
        };
    }
    for feature in &mut features {
        if let Some(actor) = &actor {
            feature.actor.clone_from(actor);
            if let Clause::Act(act) = &feature.clause {
                feature.clause = Clause::Let {
                    who: with_article(actor),
                    act: act.clone(),
                };
            }
        }
        feature.benefit.clone_from(&benefit);
    }
    wanted(features)
}

fn wanted(features: Vec<Feature>) -> Reading {
    Reading::Wanted(features)
}

fn has_word(text: &str, wanted: &[&str]) -> bool {
    text.split_whitespace().any(|word| wanted.contains(&word))
}

fn feature(name: &str, clause: Clause, source: &str) -> Feature {
    let name = bare(name)
        .trim_matches(|c: char| matches!(c, ',' | ':' | '-' | ' '))
        .to_owned();
    Feature {
        name: if name.chars().any(char::is_alphanumeric) {
            name
        } else {
            one_line(source, 60)
        },
        clause,
        source: one_line(source, 240),
        actor: "user".to_owned(),
        benefit: None,
        slug: String::new(),
    }
}

fn named(clause: Clause, core: &str, source: &str) -> Feature {
    let name = match &clause {
        Clause::On { act, .. }
            if !act
                .split_whitespace()
                .any(|word| matches!(word, "it" | "them")) =>
        {
            act.clone()
        }
        Clause::On { .. }
        | Clause::Provide(_)
        | Clause::Act(_)
        | Clause::Let { .. }
        | Clause::Ensure(_)
        | Clause::Swap { .. }
        | Clause::Drop(_)
        | Clause::Preserve(_)
        | Clause::Fix(_)
        | Clause::Quote(_) => core.to_owned(),
    };
    feature(&name, clause, source)
}

/// Cuts off what the wish is good for.
fn purpose(text: &str) -> (String, Option<String>) {
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
fn persona(text: &str) -> (Option<String>, String) {
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
fn opening(text: &str) -> String {
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

fn strip_prefix_ignoring_case<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (front, rest) = text.split_at_checked(start.len())?;
    front.eq_ignore_ascii_case(start).then_some(rest)
}

fn conditional(core: &str) -> Option<Clause> {
    let (moment, rest) = [
        ("when ", Moment::When),
        ("whenever ", Moment::When),
        ("once ", Moment::When),
        ("after ", Moment::When),
        ("if ", Moment::If),
        ("while ", Moment::While),
        ("where ", Moment::Where),
    ]
    .iter()
    .find_map(|(word, moment)| Some((*moment, strip_prefix_ignoring_case(core, word)?)))?;
    let (condition, consequence) = rest
        .split_once(", ")
        .or_else(|| rest.split_once(" then "))?;
    let consequence = consequence.trim_start_matches("then ");
    let (subject, act) = modal(consequence).unwrap_or(("", consequence));
    let act = tested(&lower_first(&opening(act)));
    let first = act.split_whitespace().next().unwrap_or_default();
    let commands = subject.is_empty() && !is_article(first) && act.split_whitespace().count() > 1;
    let act = if commands || is_verb(first) && is_system(subject) {
        act
    } else {
        format!("ensure that {}", sentence_of(consequence))
    };
    Some(Clause::On {
        moment,
        condition: condition.trim().to_owned(),
        act,
    })
}

/// "send an email when a build fails" has its condition at the end.
fn trailing(act: &str) -> Option<Clause> {
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

fn is_system(subject: &str) -> bool {
    SYSTEM_WORDS.contains(&bare(subject).to_lowercase().as_str())
}

/// "the export must include headers" falls apart into its subject and its verb phrase.
fn modal(text: &str) -> Option<(&str, &str)> {
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
fn sentence_of(text: &str) -> String {
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

fn statement(core: &str, source: &str) -> Vec<Feature> {
    let first = core
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .trim_end_matches([',', ':'])
        .to_lowercase();
    let rest = core
        .split_once(char::is_whitespace)
        .map_or("", |(_, rest)| rest.trim());
    if let Some((subject, act)) = modal(core) {
        return modal_statement(subject, act, core, source);
    }
    if matches!(first.as_str(), "let" | "allow" | "enable" | "permit")
        && let Some(clause) = permission(rest)
    {
        return clause
            .into_iter()
            .map(|(who, act)| feature(&act.clone(), Clause::Let { who, act }, source))
            .collect();
    }
    if let Some(clauses) = several(core) {
        return clauses
            .iter()
            .flat_map(|clause| statement(clause, source))
            .collect();
    }
    if first == "support" && !rest.is_empty() && !rest.starts_with("for ") {
        return items(rest)
            .into_iter()
            .map(|item| tested(&item))
            .filter(|item| !item.is_empty())
            .map(|item| feature(&item, Clause::Act(format!("support {item}")), source))
            .collect();
    }
    if first == "make"
        && let Some(clause) =
            strip_prefix_ignoring_case(rest, "it possible for ").and_then(permission)
    {
        return clause
            .into_iter()
            .map(|(who, act)| feature(&act.clone(), Clause::Let { who, act }, source))
            .collect();
    }
    if PROVIDING.contains(&first.as_str()) && !rest.is_empty() {
        if let Some(object) = [
            "a way to ",
            "the ability to ",
            "the option to ",
            "an option to ",
            "support to ",
            "the possibility to ",
        ]
        .iter()
        .find_map(|s| strip_prefix_ignoring_case(rest, s))
        {
            return actions(&tested(object))
                .into_iter()
                .map(|act| {
                    feature(
                        &act.clone(),
                        Clause::Let {
                            who: "users".to_owned(),
                            act,
                        },
                        source,
                    )
                })
                .collect();
        }
        let object = strip_prefix_ignoring_case(rest, "support for ").unwrap_or(rest);
        return things(object, source);
    }
    if is_verb(&first) && !rest.is_empty() {
        return actions(core)
            .into_iter()
            .filter_map(|act| action(&act, source))
            .collect();
    }
    // What is left is a name, or a statement that asks for nothing.
    let words = core.split_whitespace().count();
    let finite = [
        " is ", " are ", " was ", " were ", " has ", " have ", " had ",
    ]
    .iter()
    .any(|verb| core.contains(verb));
    if words == 0 || (finite && !has_number(core)) || words > 18 {
        return Vec::new();
    }
    if finite {
        return vec![feature(core, Clause::Ensure(lower_first(core)), source)];
    }
    things(&lower_first(core), source)
}

/// "add a page and let admins ban users" asks for two things in two clauses.
fn several(core: &str) -> Option<Vec<String>> {
    let parts = actions(core);
    let clause = |part: &String| {
        let first = part
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_lowercase();
        PROVIDING.contains(&first.as_str())
            || matches!(first.as_str(), "let" | "allow" | "remove" | "replace")
            || is_imperative(part, &first)
    };
    // "add create, update and delete operations" names verbs and asks for one thing.
    let names_verbs = parts
        .first()
        .and_then(|part| part.split_whitespace().next_back())
        .is_some_and(is_verb);
    (parts.len() > 1 && !names_verbs && parts.iter().skip(1).all(clause)).then_some(parts)
}

fn things(object: &str, source: &str) -> Vec<Feature> {
    items(object)
        .iter()
        .map(|item| tested(item))
        .filter(|item| item.chars().any(char::is_alphanumeric))
        .map(|item| {
            let first = item
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_lowercase();
            let acts = is_imperative(&item, &first);
            let clause = if acts {
                Clause::Act(item.clone())
            } else {
                Clause::Provide(item.clone())
            };
            feature(&item, clause, source)
        })
        .collect()
}

/// Whether an item of a list is a verb phrase: "export specs as CSV", but not "export button".
fn is_imperative(item: &str, first: &str) -> bool {
    const ALSO_NOUNS: &[&str] = &[
        "access", "cache", "change", "check", "comment", "filter", "format", "index", "link",
        "list", "log", "map", "order", "process", "query", "record", "report", "request", "review",
        "run", "schedule", "search", "share", "sort", "start", "tag", "test", "update", "view",
    ];
    let mut words = item.split_whitespace().skip(1);
    let second = words.next().unwrap_or_default();
    let third = words.next().unwrap_or_default();
    let object = is_article(second)
        || second.ends_with('s') && is_preposition(third) && !ALSO_NOUNS.contains(&first);
    is_verb(first) && object
}

/// "users to export invoices" or "users export invoices".
fn permission(rest: &str) -> Option<Vec<(String, String)>> {
    let (who, act) = match rest.split_once(" to ") {
        Some((who, act)) if who.split_whitespace().count() <= 4 => (who, act),
        _ => {
            let words: Vec<&str> = rest.split_whitespace().collect();
            let at = words
                .iter()
                .take(4)
                .position(|word| is_verb(word))
                .filter(|at| *at > 0)?;
            let (who, _) = words.split_at(at);
            let who = who.join(" ");
            return Some(
                actions(rest.strip_prefix(who.as_str())?.trim())
                    .into_iter()
                    .map(|act| (who.clone(), tested(&act)))
                    .collect(),
            );
        }
    };
    Some(
        actions(act)
            .into_iter()
            .map(|act| (who.to_owned(), tested(&act)))
            .collect(),
    )
}

fn modal_statement(subject: &str, act: &str, core: &str, source: &str) -> Vec<Feature> {
    let first = act.split_whitespace().next().unwrap_or_default();
    if first == "be" && !vague_words(act).is_empty() && !has_number(act) {
        return Vec::new();
    }
    let vague_only = tested(act).split_whitespace().count() <= 1;
    if vague_only && !has_number(act) && act.split_whitespace().count() > 1 {
        // "It should be fast" says nothing that can be tested; it becomes a question elsewhere.
        return Vec::new();
    }
    if is_system(subject) {
        if PROVIDING.contains(&first) && !matches!(first, "make" | "give" | "enable") {
            return things(act.split_once(' ').map_or("", |(_, rest)| rest), source);
        }
        return actions(act)
            .into_iter()
            .filter_map(|act| action(&act, source))
            .collect();
    }
    let who = bare(subject).to_lowercase();
    let person = [
        "user",
        "users",
        "admin",
        "admins",
        "administrators",
        "customers",
        "customer",
        "i",
        "people",
        "visitors",
        "members",
        "editors",
        "developers",
        "callers",
        "clients",
        "everyone",
        "owners",
        "operators",
        "guests",
        "managers",
        "teams",
    ]
    .iter()
    .any(|word| who.split_whitespace().next_back() == Some(word));
    if person && first != "be" {
        let who = if who == "i" {
            "users".to_owned()
        } else {
            lower_first(subject)
        };
        return actions(&tested(act))
            .into_iter()
            .map(|act| {
                feature(
                    &act.clone(),
                    Clause::Let {
                        who: who.clone(),
                        act,
                    },
                    source,
                )
            })
            .collect();
    }
    vec![feature(
        core,
        Clause::Ensure(tested(&sentence_of(core))),
        source,
    )]
}

/// A verb phrase in the imperative.
fn action(act: &str, source: &str) -> Option<Feature> {
    let act = tested(&lower_first(act));
    let (verb, object) = act.split_once(' ')?;
    let object = object.trim();
    if object.is_empty() {
        return None;
    }
    if let Some(clause) = trailing(&act) {
        return Some(feature(&act, clause, source));
    }
    let two = |marks: &[&str]| {
        marks
            .iter()
            .find_map(|mark| object.split_once(mark))
            .map(|(a, b)| (a.trim().to_owned(), b.trim().to_owned()))
    };
    let clause = match verb {
        "replace" | "swap" => match two(&[" with ", " by "]) {
            Some((old, new)) => Clause::Swap { old, new },
            None => Clause::Preserve(object.to_owned()),
        },
        "migrate" | "switch" | "port" | "move" | "convert" | "rename" | "upgrade" => {
            match two(&[" to "]) {
                Some((old, new)) => Clause::Swap {
                    old: old.trim_start_matches("from ").to_owned(),
                    new,
                },
                None => Clause::Preserve(object.to_owned()),
            }
        }
        "remove" => Clause::Drop(object.to_owned()),
        "refactor" | "rewrite" | "clean" | "simplify" | "restructure" | "split" => {
            Clause::Preserve(object.trim_start_matches("up ").to_owned())
        }
        "fix" | "repair" | "resolve" => Clause::Fix(object.to_owned()),
        _ if PROVIDING.contains(&verb) => Clause::Provide(object.to_owned()),
        _ => Clause::Act(act.clone()),
    };
    let name = if let Clause::Provide(object) = &clause {
        object.clone()
    } else {
        act.clone()
    };
    Some(feature(&name, clause, source))
}
