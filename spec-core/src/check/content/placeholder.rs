//! Texts that stand for a text that was never written.

use super::field::{Field, Role};
use super::words::without_quotes;
use crate::check::text::standing_alone;
use crate::finding::{Finding, shown};

/// Texts that are placeholders wherever they stand alone. In lower case.
const ALONE: [&str; 16] = [
    "lorem ipsum",
    "placeholder text",
    "description here",
    "text here",
    "title here",
    "your text here",
    "insert text here",
    "dummy text",
    "to be added",
    "to be completed",
    "to be decided",
    "to be defined",
    "to be determined",
    "to be filled in",
    "to be specified",
    "to be written",
];
/// The same where more than a name is asked for: an honest part may be called like this.
const ALONE_IN_PROSE: [&str; 13] = [
    "asdf",
    "bar",
    "fixme",
    "foo",
    "foo bar",
    "foo/bar",
    "foobar",
    "placeholder",
    "sample text",
    "some text",
    "tba",
    "tbd",
    "todo",
];
/// The same where a whole statement is asked for.
const ALONE_IN_A_STATEMENT: [&str; 7] = [
    "description",
    "example",
    "string",
    "test",
    "testing",
    "text",
    "xyz",
];
const CAPITALS: [&str; 3] = ["TBD", "TODO", "FIXME"];
/// An idea of more words has more to say than a placeholder in it.
const MAX_BARE_WORDS: usize = 3;
/// A longer text is none of these.
const MAX_ALONE_CHARS: usize = 40;

const FIX: &str = "write what is meant; what is not decided is asked in `questions`; put a word in \
                   backticks if it is the subject";

/// What the idea itself speaks of, and a text may speak of too.
#[derive(Debug, Default)]
pub(super) struct Subject {
    lower: String,
}

impl Subject {
    pub(super) fn of(idea: Option<&str>) -> Self {
        Self {
            lower: idea.unwrap_or_default().to_lowercase(),
        }
    }

    fn is(&self, phrase: &str) -> bool {
        self.lower.contains(&phrase.to_lowercase())
    }

    /// True when there is little more to the idea than `text`: then it is the idea that says nothing.
    fn is_all_of(&self, text: &str) -> bool {
        let bare = text.trim_matches(|c: char| !c.is_alphanumeric());
        !bare.is_empty() && self.lower.split_whitespace().count() <= MAX_BARE_WORDS && self.is(bare)
    }
}

pub(super) fn find(field: &Field<'_>, subject: &Subject) -> Option<Finding> {
    let found = alone(field)
        .filter(|text| !subject.is_all_of(text))
        .or_else(|| within(field, subject).map(str::to_owned))?;
    let message = format!("holds the placeholder \"{}\"", shown(&found, 40));
    Some(Finding::error("content.placeholder", field.at, message).with_fix(FIX))
}

/// The text, when it is a placeholder as a whole.
fn alone(field: &Field<'_>) -> Option<String> {
    let text = field.text.trim();
    if text.is_empty() || text.chars().nth(MAX_ALONE_CHARS).is_some() {
        return None;
    }
    let is_frame = |c: char| {
        c.is_whitespace() || matches!(c, '[' | ']' | '(' | ')' | '<' | '>' | '.' | ':' | '!' | '*')
    };
    let bare = text.trim_matches(is_frame);
    let lower = bare.to_lowercase();
    let is_in = |list: &[&str]| list.contains(&lower.as_str());
    let in_prose = field.role != Role::Label;
    let found = is_in(&ALONE)
        || CAPITALS.contains(&bare)
        || in_prose && is_in(&ALONE_IN_PROSE)
        || field.role == Role::Sentence
            && !field.open
            && (is_in(&ALONE_IN_A_STATEMENT) || matches!(lower.as_str(), "n/a" | "na"))
        || is_one_character(text, field);
    found.then(|| text.to_owned())
}

/// "...", "???", "xxx": one character again and again.
fn is_one_character(text: &str, field: &Field<'_>) -> bool {
    let mut chars = text.chars().filter(|c| !c.is_whitespace());
    let Some(first) = chars.next() else {
        return false;
    };
    let mut count = 1;
    for c in chars {
        if c != first {
            return false;
        }
        count += 1;
    }
    match first {
        '…' => true,
        // A dash is how many write that there is nothing to say.
        '-' | '–' | '—' => field.required && field.role == Role::Sentence,
        'x' | 'X' => count >= 3,
        // "AAA" and "777" name something; a statement they are not.
        c if c.is_alphanumeric() => count >= 3 && field.role == Role::Sentence && c.is_ascii(),
        '.' | '?' | '*' | '_' | '#' | '~' | '=' | '!' if count >= 2 => true,
        _ => field.role == Role::Sentence,
    }
}

/// A placeholder in the midst of a text.
fn within(field: &Field<'_>, subject: &Subject) -> Option<&'static str> {
    // What is quoted need not be looked at closely when there is nothing to find.
    let may_hold = CAPITALS.iter().any(|word| field.text.contains(word))
        || contains_ignoring_case(field.text, "lorem ipsum")
        || contains_ignoring_case(field.text, "[needs clarification");
    if !may_hold {
        return None;
    }
    let text = without_quotes(field.text);
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '[' | '('));
    for word in CAPITALS {
        let after = start.strip_prefix(word);
        // "TODO.md" is a file.
        let is_end = |after: &str| {
            after.starts_with([':', ']', ')'])
                || after
                    .strip_prefix('.')
                    .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        };
        if after.is_some_and(is_end) {
            return Some(word);
        }
        if !field.open && !field.repository && !subject.is(word) && holds_marker(&text, word) {
            return Some(word);
        }
    }
    if field.repository {
        return None;
    }
    if contains_ignoring_case(&text, "lorem ipsum") && !subject.is("lorem ipsum") {
        return Some("lorem ipsum");
    }
    let clarification = "[needs clarification";
    (!field.open && contains_ignoring_case(&text, clarification) && !subject.is(clarification))
        .then_some("[NEEDS CLARIFICATION]")
}

/// True when `word` stands in `text` as a mark: "TODO:", "(TODO)", "[TODO …". "TBD" is one anywhere,
/// because nothing is called so.
fn holds_marker(text: &str, word: &str) -> bool {
    standing_alone(text, word).any(|(before, after)| {
        let marked =
            after == Some(':') || matches!((before, after), (Some('(' | '['), Some(')' | ']')));
        word == "TBD" || marked
    })
}

fn contains_ignoring_case(text: &str, phrase: &str) -> bool {
    let phrase = phrase.as_bytes();
    text.as_bytes()
        .windows(phrase.len())
        .any(|window| window.eq_ignore_ascii_case(phrase))
}
