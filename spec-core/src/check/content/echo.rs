//! The idea handed back as if that were work.

use std::collections::BTreeSet;

use super::words::{hash, print_of, without_quotes, words};
use crate::artifact::{
    DesignOutput, ExploreOutput, PhaseOutput, Requirement, RequirementsOutput, TasksOutput,
};
use crate::check::ears;
use crate::finding::{Finding, Findings};

/// An idea of fewer words may well be the best title or sentence for itself.
const MIN_WORDS: usize = 4;
/// A task's description may be as short as the idea.
const MIN_DESCRIPTION_WORDS: usize = 6;
/// An idea of more words is no title.
const MAX_TITLE_WORDS: usize = 12;
/// An idea of more words than this is more than one requirement.
const MAX_REQUIREMENT_WORDS: usize = 40;
/// From here on, texts that share nearly all of their word sequences count as the same.
const MIN_NEAR_WORDS: usize = 8;
/// A text with this many words more than the idea says something of its own.
const MAX_EXTRA_WORDS: usize = 30;

/// Ways to begin a wish that are no part of it.
const BEGINNINGS: [&[&str]; 12] = [
    &["please"],
    &["i", "want", "to"],
    &["i", "would", "like", "to"],
    &["i", "need", "to"],
    &["we", "want", "to"],
    &["we", "would", "like", "to"],
    &["we", "need", "to"],
    &["can", "we"],
    &["can", "you"],
    &["could", "you"],
    &["let", "us"],
    &["let", "s"],
];
/// Words with which a criterion says no more than that its subject is there.
const FRAME: [&str; 44] = [
    "a",
    "an",
    "and",
    "application",
    "are",
    "as",
    "be",
    "check",
    "correctly",
    "described",
    "do",
    "does",
    "done",
    "expected",
    "feature",
    "given",
    "has",
    "have",
    "idea",
    "implemented",
    "in",
    "is",
    "it",
    "of",
    "program",
    "requirement",
    "shall",
    "should",
    "successfully",
    "system",
    "test",
    "tested",
    "tests",
    "that",
    "the",
    "then",
    "to",
    "user",
    "verify",
    "when",
    "will",
    "with",
    "work",
    "works",
];

/// The words of an idea.
#[derive(Debug)]
pub(super) struct Idea {
    words: Vec<u64>,
    /// The same without the way in which it begins.
    wish: Vec<u64>,
    /// Whether it is put like a requirement or criterion, which one may take over.
    is_requirement: bool,
}

/// How a text repeats the idea.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Echo {
    /// It is the idea, or nearly.
    Whole,
    /// "The system shall", and then the idea; or the idea with a few words around it.
    Wrapped,
}

impl Idea {
    /// `None` when it has no words.
    pub(super) fn new(text: &str) -> Option<Self> {
        let all: Vec<u64> = words(text).collect();
        let begins = |beginning: &&[&str]| {
            let mut own = all.iter();
            beginning.iter().all(|word| own.next() == Some(&hash(word)))
        };
        let beginning = BEGINNINGS.iter().find(|beginning| begins(beginning));
        let wish = all
            .get(beginning.map_or(0, |words| words.len())..)?
            .to_vec();
        let conditional = ["when", "if", "while", "where", "given"].map(hash);
        let is_requirement = all.first().is_some_and(|word| conditional.contains(word))
            || all.contains(&hash("shall"));
        (!wish.is_empty()).then_some(Self {
            wish,
            is_requirement,
            words: all,
        })
    }

    fn len(&self) -> usize {
        self.wish.len()
    }

    /// How `text` repeats the idea outside of what it quotes.
    fn echo(&self, text: &str) -> Option<Echo> {
        // Texts and ideas are long; most texts are too short or too long to be an echo.
        if self.len() > text.len() {
            return None;
        }
        let most = self.words.len() + MAX_EXTRA_WORDS;
        let own = text_words(text, most)?;
        if self.is_same(&own) {
            return Some(Echo::Whole);
        }
        let response: Option<Vec<u64>> =
            ears::parse(text).and_then(|ears| match ears.conditions.as_slice() {
                [] => text_words(ears.response, most),
                // A condition is something of its own.
                [_, ..] => None,
            });
        if response.is_some_and(|response| self.is_same(&response)) {
            return Some(Echo::Wrapped);
        }
        let holds = self.len() > MAX_TITLE_WORDS
            && own.windows(self.len()).any(|window| window == self.wish);
        holds.then_some(Echo::Wrapped)
    }

    fn is_same(&self, own: &[u64]) -> bool {
        own == self.words || own == self.wish || self.is_near(own)
    }

    /// True when nine of ten sequences of three words are shared.
    fn is_near(&self, own: &[u64]) -> bool {
        let (mine, other) = (self.words.len(), own.len());
        if mine < MIN_NEAR_WORDS || other * 10 < mine * 8 || mine * 10 < other * 8 {
            return false;
        }
        let shingles = |words: &[u64]| -> BTreeSet<_> {
            words
                .windows(3)
                .map(|window| print_of(window.iter().copied()))
                .collect()
        };
        let (mine, other) = (shingles(&self.words), shingles(own));
        let shared = mine.intersection(&other).count();
        let all = mine.len() + other.len() - shared;
        shared * 10 >= all * 9
    }

    /// True when `text` has at most one word that the idea does not have.
    fn covers(&self, text: &str) -> bool {
        let known: BTreeSet<u64> = self.words.iter().copied().collect();
        let frame = FRAME.map(hash);
        let text = without_quotes(text);
        let own = words(&text).filter(|word| !known.contains(word) && !frame.contains(word));
        own.take(2).count() < 2
    }
}

/// The words outside of quotes; `None` when they are more than `most`.
fn text_words(text: &str, most: usize) -> Option<Vec<u64>> {
    // What is quoted is told and not claimed; the limit holds for what is left.
    let text = without_quotes(text);
    let own: Vec<u64> = words(&text).take(most + 1).collect();
    (own.len() <= most).then_some(own)
}

pub(super) fn find(idea: &Idea, output: &PhaseOutput, findings: &mut Findings) {
    match output {
        PhaseOutput::Explore(output) => explore(idea, output, findings),
        PhaseOutput::Requirements(output) => requirements(idea, output, findings),
        PhaseOutput::Design(output) => design(idea, output, findings),
        PhaseOutput::Tasks(output) => tasks(idea, output, findings),
        // Computed by this crate.
        PhaseOutput::Sync(_) => {}
    }
}

fn push(findings: &mut Findings, at: String, message: &str, fix: &str) {
    findings.push(Finding::error("content.echo", at, message).with_fix(fix));
}

fn explore(idea: &Idea, output: &ExploreOutput, findings: &mut Findings) {
    let summary = &output.feature_summary;
    let texts = [&summary.one_liner, &summary.problem_statement];
    let mut all = texts.into_iter().chain(&summary.scope_in);
    if all.all(|text| idea.echo(text).is_some()) {
        push(
            findings,
            "/feature_summary".to_owned(),
            "only repeats the idea",
            "say what is missing in this repository today, and which parts belong to the change",
        );
    }
}

fn requirements(idea: &Idea, output: &RequirementsOutput, findings: &mut Findings) {
    if idea.len() < MIN_WORDS {
        return;
    }
    for (index, requirement) in output.requirements.iter().enumerate() {
        let at = format!("/requirements/{index}");
        title(idea, &requirement.title, format!("{at}/title"), findings);
        let is_echo = match idea.echo(&requirement.text) {
            Some(Echo::Whole) => !idea.is_requirement,
            Some(Echo::Wrapped) => {
                idea.len() > MAX_REQUIREMENT_WORDS || adds_nothing(idea, requirement)
            }
            None => false,
        };
        if is_echo {
            push(
                findings,
                format!("{at}/text"),
                "repeats the idea instead of saying what it demands",
                "say under which condition what acts and with which response; one requirement for \
                 each part of the idea",
            );
        }
        if idea.is_requirement {
            continue;
        }
        for (place, criterion) in requirement.acceptance_criteria.iter().enumerate() {
            if idea.echo(&criterion.text) == Some(Echo::Whole) {
                push(
                    findings,
                    format!("{at}/acceptance_criteria/{place}/text"),
                    "repeats the idea instead of saying how one sees that it is met",
                    "name one trigger and one response that can be observed",
                );
            }
        }
    }
}

/// True when the criteria say no more than the idea. One that has none is another rule's.
fn adds_nothing(idea: &Idea, requirement: &Requirement) -> bool {
    let mut criteria = requirement.acceptance_criteria.iter();
    criteria.all(|criterion| idea.covers(&criterion.text))
}

fn design(idea: &Idea, output: &DesignOutput, findings: &mut Findings) {
    if idea.len() >= MIN_WORDS && idea.echo(&output.architecture_overview).is_some() {
        push(
            findings,
            "/architecture_overview".to_owned(),
            "repeats the idea instead of saying how the parts work together",
            "say which component does what, and in which order they use each other",
        );
    }
}

fn tasks(idea: &Idea, output: &TasksOutput, findings: &mut Findings) {
    for (index, ticket) in output.tickets.iter().enumerate() {
        title(
            idea,
            &ticket.title,
            format!("/tickets/{index}/title"),
            findings,
        );
    }
    for (index, task) in output.tasks.iter().enumerate() {
        let at = format!("/tasks/{index}");
        title(idea, &task.title, format!("{at}/title"), findings);
        let description = idea.echo(&task.description);
        if idea.len() >= MIN_DESCRIPTION_WORDS && description == Some(Echo::Whole) {
            push(
                findings,
                format!("{at}/description"),
                "repeats the idea instead of saying what is to be done",
                "say which files change and what is added to each",
            );
        }
    }
}

fn title(idea: &Idea, text: &str, at: String, findings: &mut Findings) {
    if idea.len() > MAX_TITLE_WORDS && idea.echo(text) == Some(Echo::Whole) {
        push(
            findings,
            at,
            "is the whole idea and no title",
            "name this one item in a few words",
        );
    }
}
