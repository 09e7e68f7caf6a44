//! What a sentence asks for.

mod assertion;
mod fault;
mod naming;
mod parts;
mod statement;

use fault::fault;
pub(crate) use fault::names_fault;
use naming::feature;
use parts::{conditional, opening, persona, purpose, question};
use statement::statement;

use super::Feature;
use super::grammar::{is_foreign, lower_first, plain, with_article};
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
    /// The code changes and its behaviour does not: "split the parser into modules".
    Preserve(String),
    /// A fault goes away. `what` is the fault, or what suffers from it.
    Fix {
        what: String,
        condition: Option<String>,
    },
    /// Under a condition something goes wrong: "login" is "failing".
    Fault {
        subject: String,
        doing: String,
        condition: Option<String>,
    },
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
    /// A question, and what it asks for if it is a polite wish.
    Question(String, Vec<Feature>),
    Nothing,
}

pub(super) fn read(sentence: &str) -> Reading {
    let source = plain(sentence);
    if source.ends_with(['?', '？']) {
        let wish = question(&source).map_or_else(Vec::new, |wish| statement(&wish, &source));
        return Reading::Question(one_line(&source, 240), wish);
    }
    if is_foreign(&source) {
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
    let conditional = conditional(&core);
    let mut features = if !conditional.is_empty() {
        conditional
            .into_iter()
            .map(|clause| feature(&core, clause, &source))
            .collect()
    } else if let Some(clause) = fault(&lower_first(&core)) {
        vec![feature(&core, clause, &source)]
    } else {
        statement(&core, &source)
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
