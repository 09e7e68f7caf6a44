//! What the user wants, read from the title and the description.

mod clause;
pub(crate) mod grammar;
mod lexicon;
mod lists;
mod sentences;

use std::collections::BTreeSet;

pub(crate) use clause::{Clause, Moment};
use clause::{Reading, read};

use super::words::{capitalised, keywords, one_line};

/// A draft with more features than this would not be read by anyone.
const MAX_FEATURES: usize = 24;
const MAX_NAME_CHARS: usize = 80;

/// What a wish is called that has no name.
pub(crate) const UNNAMED: &str = "requested change";

/// One thing that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Feature {
    /// What it is called: a phrase without article.
    pub(crate) name: String,
    pub(crate) clause: Clause,
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
    for sentence in sentences::sentences(description) {
        for word in grammar::vague_words(&sentence) {
            if !idea.vague.contains(&word) {
                idea.vague.push(word);
            }
        }
        match read(&sentence) {
            Reading::Context(text) => push(&mut idea.context, text),
            Reading::Excluded(text) => push(&mut idea.excluded, text),
            Reading::Question(text) => push(&mut idea.asked, text),
            Reading::Nothing => {}
            Reading::Wanted(features) => {
                for mut feature in features {
                    feature.name = one_line(&feature.name, MAX_NAME_CHARS);
                    let mut key = keywords(&feature.name);
                    key.sort();
                    let key = if key.is_empty() {
                        feature.name.to_lowercase()
                    } else {
                        key.join(" ")
                    };
                    if !seen.insert(key) {
                        continue;
                    }
                    if idea.features.len() < MAX_FEATURES {
                        idea.features.push(feature);
                    } else {
                        idea.left_out += 1;
                    }
                }
            }
        }
    }
    if idea.features.is_empty() {
        idea.features.push(from_title(title, description));
    }
    assign_slugs(&mut idea.features);
    idea
}

fn push(list: &mut Vec<String>, text: String) {
    if !text.is_empty() && !list.contains(&text) && list.len() < 12 {
        list.push(text);
    }
}

/// When the description holds nothing that reads as a wish, the title is the wish.
fn from_title(title: &str, description: &str) -> Feature {
    let words = one_line(&grammar::plain(title), MAX_NAME_CHARS);
    if let Reading::Wanted(features) = read(&words)
        && let Some(mut feature) = features.into_iter().next()
    {
        feature.name = one_line(&feature.name, MAX_NAME_CHARS);
        return feature;
    }
    let name = if words.chars().any(char::is_alphanumeric) {
        words
    } else {
        UNNAMED.to_owned()
    };
    let source = one_line(&grammar::plain(description), 200);
    let quoted = if source.is_empty() {
        name.clone()
    } else {
        source.clone()
    };
    Feature {
        name,
        clause: Clause::Quote(quoted),
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

/// The head of the phrase in capitals: `email/password login` is `LOGIN`.
fn slug(name: &str) -> String {
    let head = grammar::head(name);
    let clean = |text: &str| -> String {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .take(16)
            .collect::<String>()
            .to_ascii_uppercase()
    };
    let candidates = [
        clean(head),
        name.split_whitespace()
            .map(clean)
            .find(|word| word.len() > 2)
            .unwrap_or_default(),
    ];
    candidates
        .into_iter()
        .find(|slug| slug.len() > 1)
        .unwrap_or_else(|| "FEATURE".to_owned())
}

impl Feature {
    /// The name as a title.
    pub(crate) fn title(&self) -> String {
        capitalised(&self.name)
    }
}
