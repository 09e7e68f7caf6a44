//! What the user wants, read from the title and the description.

mod clause;
pub(crate) mod grammar;
mod lexicon;
mod lists;
pub(crate) mod phrase;
mod sentences;

use std::collections::BTreeSet;

pub(crate) use clause::{Clause, Moment, names_fault};
use clause::{Reading, read};
use phrase::{cut, verb_of};

use super::words::{capitalised, keywords, one_line};

/// A draft with more features than this would not be read by anyone.
const MAX_FEATURES: usize = 24;

/// What a wish is called that has no name.
pub(crate) const UNNAMED: &str = "requested change";

/// One thing that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Feature {
    /// What it is called: a short phrase without article.
    pub(crate) name: String,
    /// The words from which the name was made.
    pub(crate) phrase: String,
    pub(crate) clause: Clause,
    /// What the idea adds after commas, in its own words: "with a limit per address".
    pub(crate) details: Vec<String>,
    /// The general thing of whose list this was: "user authentication".
    pub(crate) part_of: Option<String>,
    /// The words of the idea from which it was read.
    pub(crate) source: String,
    /// Who wants it.
    pub(crate) actor: String,
    /// What it is good for, if the idea says so.
    pub(crate) benefit: Option<String>,
    /// Unique within the idea: upper-case letters and digits, as ids want them.
    pub(crate) slug: String,
}

/// The idea, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Idea {
    pub(crate) title: String,
    pub(crate) features: Vec<Feature>,
    /// What the idea tells about the present state.
    pub(crate) context: Vec<String>,
    /// What the idea excludes.
    pub(crate) excluded: Vec<String>,
    /// Questions that the idea itself asks.
    pub(crate) asked: Vec<String>,
    /// Words that nobody can test, in order of appearance.
    pub(crate) vague: Vec<String>,
    /// Statements beyond the bound.
    pub(crate) left_out: usize,
}

/// Takes the idea apart. There is always at least one feature.
pub(crate) fn read_idea(title: &str, description: &str) -> Idea {
    let mut idea = Idea {
        title: one_line(title, 120),
        ..Idea::default()
    };
    let mut seen = BTreeSet::new();
    let mut wishes = Vec::new();
    for sentence in sentences::sentences(description) {
        for word in grammar::vague_words(&sentence) {
            if !idea.vague.contains(&word) {
                idea.vague.push(word);
            }
        }
        match read(&sentence) {
            Reading::Context(text) => push(&mut idea.context, text),
            Reading::Excluded(text) => push(&mut idea.excluded, text),
            Reading::Question(text, features) => {
                push(&mut idea.asked, text);
                wishes.extend(features);
            }
            Reading::Nothing => {}
            Reading::Wanted(features) => {
                for feature in features {
                    add(&mut idea, &mut seen, feature);
                }
            }
        }
    }
    // A question among wishes asks something; one that stands alone is a polite wish.
    if idea.features.is_empty() {
        for feature in wishes {
            add(&mut idea, &mut seen, feature);
        }
    }
    if idea.features.is_empty() {
        idea.features.push(from_title(title, description));
    }
    assign_slugs(&mut idea.features);
    idea
}

/// Adds a feature that is not there yet, under a name that no other has.
fn add(idea: &mut Idea, seen: &mut BTreeSet<String>, mut feature: Feature) {
    let mut key = keywords(&feature.phrase);
    key.sort();
    let key = if key.is_empty() {
        feature.phrase.to_lowercase()
    } else {
        key.join(" ")
    };
    if !seen.insert(key) {
        return;
    }
    if idea.features.len() >= MAX_FEATURES {
        idea.left_out += 1;
        return;
    }
    let name = feature.name.clone();
    let mut number = 2;
    while idea.features.iter().any(|other| other.name == feature.name) {
        feature.name = format!("{name} {number}");
        number += 1;
    }
    idea.features.push(feature);
}

fn push(list: &mut Vec<String>, text: String) {
    if !text.is_empty() && !list.contains(&text) && list.len() < 12 {
        list.push(text);
    }
}

/// When the description holds nothing that reads as a wish, the title is the wish.
fn from_title(title: &str, description: &str) -> Feature {
    let words = one_line(&grammar::plain(title), 120);
    if let Reading::Wanted(features) = read(&words)
        && let Some(feature) = features.into_iter().next()
    {
        return feature;
    }
    let name = cut(words.trim_end_matches(['?', '…', '.', '!']));
    let source = one_line(&grammar::plain(description), 200);
    let quoted = if source.is_empty() {
        words.clone()
    } else {
        source.clone()
    };
    Feature {
        name: if name.chars().any(char::is_alphanumeric) {
            name
        } else {
            UNNAMED.to_owned()
        },
        phrase: words,
        clause: Clause::Quote(quoted),
        details: Vec::new(),
        part_of: None,
        source,
        actor: "user".to_owned(),
        benefit: None,
        slug: String::new(),
    }
}

fn assign_slugs(features: &mut [Feature]) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for feature in features {
        let base = slug(&feature.name);
        let mut slug = base.clone();
        let mut number = 2;
        while !taken.insert(slug.clone()) {
            slug = format!("{base}{number}");
            number += 1;
        }
        feature.slug = slug;
    }
}

/// What a person would call it for short: `email/password login` is `LOGIN`, `dark mode` is
/// `DARKMODE` and `saving searches` is `SAVESEARCHES`.
fn slug(name: &str) -> String {
    const LONGEST: usize = 16;
    let clean = |text: &str| -> String {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_uppercase()
    };
    let (first, rest) = name.split_once(' ').unwrap_or((name, ""));
    let rest = rest.split(" up ").next().unwrap_or_default();
    let (with, head) = if let Some(verb) = verb_of(first) {
        let object: Vec<&str> = rest
            .split(' ')
            .skip_while(|word| grammar::is_preposition(word) || *word == "up")
            .collect();
        let object = object.join(" ");
        (verb.to_owned(), grammar::head(&object).to_owned())
    } else {
        let head = grammar::head(name);
        let with = name
            .split_whitespace()
            .take_while(|word| !word.trim_end_matches([',', ':']).ends_with(head))
            .last();
        (with.unwrap_or_default().to_owned(), head.to_owned())
    };
    [format!("{}{}", clean(&with), clean(&head)), clean(&head)]
        .into_iter()
        .chain(name.split_whitespace().map(clean))
        .find(|slug| {
            slug.len() > 2 && slug.len() <= LONGEST && !slug.chars().all(|c| c.is_ascii_digit())
                // What marks an unfinished text would be found in the id.
                && !["TODO", "TBD", "FIXME"].iter().any(|mark| slug.contains(mark))
        })
        .unwrap_or_else(|| "FEATURE".to_owned())
}

impl Feature {
    /// The name as a title.
    pub(crate) fn title(&self) -> String {
        capitalised(&self.name)
    }
}
