//! Makes a feature of a clause: a short name, and details apart from it.

use super::parts::is_system;
use super::{Clause, Moment};
use crate::offline_agent::idea::grammar::{bare, is_foreign, referred};
use crate::offline_agent::idea::phrase::{
    MAX_NAME_CHARS, cut, name_of_act, name_of_thing, without_details,
};
use crate::offline_agent::idea::{Feature, UNNAMED};
use crate::offline_agent::words::one_line;

/// The feature that a clause of `source` asks for; `phrase` are its own words.
pub(super) fn feature(phrase: &str, clause: Clause, source: &str) -> Feature {
    let (clause, details) = apart(clause);
    let name = name(&clause, phrase);
    let phrase = if let Clause::On { act, condition, .. } = &clause {
        format!("{act} {condition}")
    } else {
        phrase.to_owned()
    };
    let source = one_line(source, 240);
    Feature {
        name: if name.chars().any(char::is_alphanumeric) {
            name
        } else {
            UNNAMED.to_owned()
        },
        phrase,
        clause,
        details,
        part_of: None,
        source,
        actor: "user".to_owned(),
        benefit: None,
        slug: String::new(),
    }
}

/// Takes the details after commas off what is wanted.
fn apart(clause: Clause) -> (Clause, Vec<String>) {
    match clause {
        Clause::Provide(thing) => {
            let (thing, details) = without_details(&thing);
            (Clause::Provide(thing), details)
        }
        Clause::Act(act) => {
            let (act, details) = without_details(&act);
            (Clause::Act(act), details)
        }
        Clause::Let { who, act } => {
            let (act, details) = without_details(&act);
            (Clause::Let { who, act }, details)
        }
        Clause::Preserve(act) => {
            let (act, details) = without_details(&act);
            (Clause::Preserve(act), details)
        }
        Clause::On {
            moment,
            condition,
            act,
        } => {
            let (act, details) = without_details(&act);
            let clause = Clause::On {
                moment,
                condition,
                act,
            };
            (clause, details)
        }
        Clause::Ensure(_)
        | Clause::Swap { .. }
        | Clause::Drop(_)
        | Clause::Fix { .. }
        | Clause::Fault { .. }
        | Clause::Quote(_) => (clause, Vec::new()),
    }
}

fn name(clause: &Clause, phrase: &str) -> String {
    match clause {
        Clause::Provide(thing) => name_of_thing(thing),
        Clause::Act(act) | Clause::Let { act, .. } => match act.strip_prefix("support ") {
            Some(thing) => name_of_thing(thing),
            None => name_of_act(act),
        },
        Clause::On { act, condition, .. } => match act.strip_prefix("ensure that ") {
            Some(statement) => cut(statement),
            None if act.split(' ').any(|word| matches!(word, "it" | "them")) => {
                let case = format!("case that {condition}");
                if case.chars().count() <= MAX_NAME_CHARS {
                    case
                } else {
                    name_of_act(act)
                }
            }
            None => name_of_act(act),
        },
        Clause::Swap { old, new } => {
            let both = format!("{} in place of {}", name_of_thing(new), name_of_thing(old));
            if both.chars().count() <= MAX_NAME_CHARS {
                both
            } else {
                name_of_thing(new)
            }
        }
        Clause::Drop(thing) => cut(&format!("removal of {}", referred(&name_of_thing(thing)))),
        Clause::Preserve(act) => name_of_act(act),
        Clause::Fix { what, condition } => under(bare(what), condition.as_deref()),
        Clause::Fault {
            subject,
            doing,
            condition,
        } => {
            let noun = match doing.as_str() {
                "crashing" => "crash",
                "hanging" => "hang",
                "freezing" => "freeze",
                "panicking" => "panic",
                _ => "failure",
            };
            let subject = if is_system(subject) {
                noun
            } else {
                bare(subject)
            };
            let named = under(subject, condition.as_deref());
            if subject != noun && (condition.is_none() || named == subject) {
                cut(&format!("{doing} {subject}"))
            } else {
                named
            }
        }
        Clause::Ensure(_) => cut(bare(phrase)),
        Clause::Quote(_) if !is_foreign(phrase) => cut(bare(phrase)),
        Clause::Quote(_) if phrase.chars().count() <= MAX_NAME_CHARS => phrase.to_owned(),
        Clause::Quote(_) => UNNAMED.to_owned(),
    }
}

/// "login when the password has a space", or only "login" where that is too long.
fn under(what: &str, condition: Option<&str>) -> String {
    condition
        .map(|condition| format!("{what} when {condition}"))
        .filter(|whole| whole.chars().count() <= MAX_NAME_CHARS)
        .unwrap_or_else(|| cut(what))
}

impl Moment {
    /// The word with which its condition begins.
    pub(crate) fn keyword(self) -> &'static str {
        match self {
            Self::When => "When",
            Self::If => "If",
            Self::While => "While",
            Self::Where => "Where",
        }
    }
}
