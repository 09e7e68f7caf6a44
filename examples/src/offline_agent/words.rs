//! Words of prose and of code, and text made fit for one line.

use std::collections::BTreeSet;

const STOP_WORDS: &[&str] = &[
    "a",
    "about",
    "after",
    "all",
    "also",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "because",
    "been",
    "before",
    "but",
    "by",
    "can",
    "could",
    "do",
    "does",
    "each",
    "every",
    "for",
    "from",
    "get",
    "has",
    "have",
    "how",
    "i",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "just",
    "let",
    "like",
    "make",
    "may",
    "me",
    "more",
    "most",
    "must",
    "my",
    "need",
    "needs",
    "new",
    "no",
    "not",
    "of",
    "on",
    "only",
    "or",
    "our",
    "out",
    "own",
    "please",
    "shall",
    "should",
    "so",
    "some",
    "such",
    "than",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "to",
    "too",
    "up",
    "us",
    "use",
    "used",
    "using",
    "very",
    "via",
    "want",
    "was",
    "we",
    "were",
    "what",
    "when",
    "where",
    "which",
    "while",
    "who",
    "will",
    "with",
    "without",
    "would",
    "you",
    "your",
    "add",
    "build",
    "create",
    "implement",
    "introduce",
    "provide",
    "support",
    "allow",
    "enable",
    "feature",
    "able",
    "per",
    "now",
    "so",
    "user",
    "users",
    "system",
    "application",
    "app",
    "code",
    "file",
    "files",
    "project",
];

/// Splits text into lower-case words; `camelCase` and `snake_case` fall apart.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut word = String::new();
    let mut lower_before = false;
    for c in text.chars() {
        if !c.is_alphanumeric() {
            flush(&mut word, &mut found);
            lower_before = false;
            continue;
        }
        if c.is_uppercase() && lower_before {
            flush(&mut word, &mut found);
        }
        lower_before = c.is_lowercase() || c.is_numeric();
        word.extend(c.to_lowercase());
    }
    flush(&mut word, &mut found);
    found
}

fn flush(word: &mut String, found: &mut Vec<String>) {
    if !word.is_empty() {
        found.push(std::mem::take(word));
    }
}

pub(crate) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.contains(&word)
}

/// The words of prose that say what it is about, stemmed, each once, in order.
pub(crate) fn keywords(text: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    // `OAuth` and `GitHub` are one word to people, so prose is read as typed and split as code.
    text.split(|c: char| !c.is_alphanumeric())
        .flat_map(|token| {
            let mut forms = vec![token.to_lowercase()];
            forms.extend(words(token));
            forms
        })
        .filter(|word| !STOP_WORDS.contains(&word.as_str()))
        .filter(|word| word.chars().count() > 1 && !word.chars().all(char::is_numeric))
        .map(|word| stem(&word))
        .filter(|word| seen.insert(word.clone()))
        .collect()
}

/// Takes common English endings off, so that `resets` and `resetting` meet `reset`.
pub(crate) fn stem(word: &str) -> String {
    if !word.is_ascii() {
        return word.to_owned();
    }
    let base = [
        ("ications", "icat"),
        ("ication", "icat"),
        ("izations", "iz"),
        ("ization", "iz"),
        ("ations", "at"),
        ("ation", "at"),
        ("ies", "y"),
        ("sses", "ss"),
        ("ings", ""),
        ("ing", ""),
        ("ers", ""),
        ("er", ""),
        ("ed", ""),
        ("es", "e"),
        ("s", ""),
    ]
    .iter()
    .find_map(|(end, put)| {
        let start = word.strip_suffix(end)?;
        let plain_s = *end == "s" && start.ends_with(['s', 'u', 'i']);
        (start.len() >= 3 && !plain_s).then(|| format!("{start}{put}"))
    })
    .unwrap_or_else(|| word.to_owned());
    let mut base = base
        .strip_suffix('e')
        .filter(|b| b.len() >= 3)
        .unwrap_or(&base)
        .to_owned();
    let twice = {
        let mut last = base.chars().rev();
        let end = last.next();
        end.is_some_and(|c| !"aeioulsz".contains(c)) && end == last.next()
    };
    if twice && base.len() > 3 {
        base.pop();
    }
    base
}

/// One line of at most `max` characters, cut between words where there are any.
pub(crate) fn one_line(text: &str, max: usize) -> String {
    let mut line = String::new();
    let mut count = 0;
    for word in text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
    {
        let length = word.chars().count();
        if count + length + usize::from(count > 0) > max {
            if count == 0 {
                line.extend(word.chars().take(max.saturating_sub(1)));
            }
            line.push('…');
            break;
        }
        if count > 0 {
            line.push(' ');
            count += 1;
        }
        line.push_str(word);
        count += length;
    }
    line
}

/// With a capital at the front.
pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// Things in a row, as prose: `a, b and c`.
pub(crate) fn series<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [start @ .., last] => {
            let start: Vec<&str> = start.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", start.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_share_their_stem() {
        for (a, b) in [
            ("resets", "resetting"),
            ("caching", "cache"),
            ("queries", "query"),
            ("authenticated", "authentication"),
            ("users", "user"),
            ("notifications", "notification"),
        ] {
            assert_eq!(stem(a), stem(b), "{a} {b}");
        }
        assert_ne!(stem("status"), stem("stat"));
    }

    #[test]
    fn identifiers_fall_apart_into_words() {
        assert_eq!(
            words("parseHTTPHeader reset_password"),
            ["parse", "httpheader", "reset", "password"]
        );
        assert!(keywords("Add OAuth for users").contains(&"oauth".to_owned()));
    }

    #[test]
    fn long_text_is_cut_between_words() {
        assert_eq!(one_line("one two\n three", 7), "one two…");
        assert_eq!(one_line("aaaaaaaaaa", 5), "aaaa…");
        assert_eq!(series(&["a", "b", "c"]), "a, b and c");
    }
}
