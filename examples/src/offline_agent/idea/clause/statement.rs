//! Statements and imperatives, read as features.

use super::assertion::{assertions, being};
use super::fault::fix;
use super::parts::{is_system, modal, sentence_of, strip_prefix_ignoring_case, trailing};
use super::{Clause, feature};
use crate::offline_agent::idea::Feature;
use crate::offline_agent::idea::grammar::{
    PROVIDING, bare, has_number, is_article, is_passive, is_preposition, is_verb, lower_first,
    tested, vague_words,
};
use crate::offline_agent::idea::lists::{actions, items};
use crate::offline_agent::idea::phrase::{belonging, general_head, without_details};

pub(super) fn statement(core: &str, source: &str) -> Vec<Feature> {
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
        return modal_statement(subject, act, source);
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
    if first == "make" && ends_vaguely(rest) {
        // "Make the search faster" names no part that could be there or not.
        let name = tested(rest);
        let mut wish = feature(&name, Clause::Quote(lower_first(core)), source);
        core.clone_into(&mut wish.phrase);
        return vec![wish];
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
        return if first == "add" {
            things(&belonging(object), source)
        } else {
            things(object, source)
        };
    }
    if is_verb(&first) && !rest.is_empty() {
        return actions(core)
            .into_iter()
            .filter_map(|act| action(&act, source))
            .collect();
    }
    rest_of(core, source)
}

/// What is left is a name, or a statement that asks for nothing.
fn rest_of(core: &str, source: &str) -> Vec<Feature> {
    let words = core.split_whitespace().count();
    let finite = [
        " is ", " are ", " was ", " were ", " has ", " have ", " had ",
    ]
    .iter()
    .any(|verb| core.contains(verb));
    // In the midst of an idea, "thumbnails are generated in the background" is a wish.
    let continues = core.starts_with(char::is_lowercase) && is_passive(core);
    if words == 0 || (finite && !has_number(core) && !continues) || words > 18 {
        return Vec::new();
    }
    if finite {
        let name = core.replacen(" are ", " ", 1).replacen(" is ", " ", 1);
        return vec![feature(&name, Clause::Ensure(lower_first(core)), source)];
    }
    things(&lower_first(core), source)
}

/// "add a page and let admins ban users" asks for two things in two clauses.
fn several(core: &str) -> Option<Vec<String>> {
    let parts = actions(core);
    let two = parts.len() == 2;
    let clause = |part: &String| {
        let first = part
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_lowercase();
        PROVIDING.contains(&first.as_str())
            || matches!(first.as_str(), "let" | "allow" | "remove" | "replace")
            || is_imperative(part, &first)
            // A comma before "and" parts what two words of one list would not need it for.
            || two && is_verb(&first) && core.contains(&format!(", and {part}"))
            || core.contains(&format!(" then {part}"))
    };
    // "add create, update and delete operations" names verbs and asks for one thing.
    let names_verbs = parts
        .first()
        .and_then(|part| part.split_whitespace().next_back())
        .is_some_and(is_verb);
    (parts.len() > 1 && !names_verbs && parts.iter().skip(1).all(clause)).then_some(parts)
}

/// Whether the phrase ends in a word that nobody can test.
fn ends_vaguely(phrase: &str) -> bool {
    phrase
        .split_whitespace()
        .next_back()
        .is_some_and(|word| !vague_words(word).is_empty())
}

fn things(object: &str, source: &str) -> Vec<Feature> {
    if let Some((head, list)) = general_head(object) {
        let listed = items(list);
        if listed.len() > 1 {
            return listed
                .iter()
                .filter_map(|item| each(item, source))
                .map(|mut feature| {
                    feature.part_of = Some(tested(bare(head)));
                    feature
                })
                .collect();
        }
    }
    let (start, details) = without_details(object);
    let mut features: Vec<Feature> = items(&start)
        .iter()
        .filter_map(|item| each(item, source))
        .collect();
    if let Some(last) = features.last_mut() {
        last.details
            .extend(details.iter().map(|detail| tested(detail)));
    }
    features
}

fn each(item: &str, source: &str) -> Option<Feature> {
    let item = tested(item);
    if !item.chars().any(char::is_alphanumeric) {
        return None;
    }
    let first = item
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let clause = if is_imperative(&item, &first) {
        Clause::Act(item.clone())
    } else {
        Clause::Provide(item.clone())
    };
    Some(feature(&item, clause, source))
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
        || second.len() > 4 && second.ends_with("ed") && !third.is_empty()
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

fn modal_statement(subject: &str, act: &str, source: &str) -> Vec<Feature> {
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
    assertions(subject, act)
        .into_iter()
        .map(|act| {
            let statement = format!("{subject} must {act}");
            let name = format!("{} {}", bare(&lower_first(subject)), being(&act));
            feature(
                &name,
                Clause::Ensure(tested(&sentence_of(&statement))),
                source,
            )
        })
        .collect()
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
            None => Clause::Preserve(act.clone()),
        },
        "migrate" | "switch" | "port" | "move" | "convert" | "rename" | "upgrade" => {
            match two(&[" to "]) {
                Some((old, new)) => Clause::Swap {
                    old: old.trim_start_matches("from ").to_owned(),
                    new,
                },
                None => Clause::Preserve(act.clone()),
            }
        }
        "remove" => Clause::Drop(object.to_owned()),
        "refactor" | "rewrite" | "clean" | "simplify" | "restructure" | "split" => {
            Clause::Preserve(act.clone())
        }
        "fix" | "repair" | "resolve" => fix(object),
        _ if PROVIDING.contains(&verb) => Clause::Provide(object.to_owned()),
        _ => Clause::Act(act.clone()),
    };
    Some(feature(&act, clause, source))
}
