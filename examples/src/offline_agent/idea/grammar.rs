//! As much English as drafting needs: verbs and their forms, nouns and their articles.

pub(super) use super::lexicon::PROVIDING;
use super::lexicon::{COUNTABLE, PREPOSITIONS, PROPER, VAGUE, VERBS};
use crate::offline_agent::words::words;

pub(crate) fn is_verb(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    VERBS.contains(&word.as_str()) || PROVIDING.contains(&word.as_str())
}

pub(crate) fn is_preposition(word: &str) -> bool {
    PREPOSITIONS.contains(&word.to_ascii_lowercase().as_str())
}

/// Prose without marks of markdown and without words that have a meaning of their own in a spec.
pub(crate) fn plain(text: &str) -> String {
    let unmarked: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| !matches!(c, '`' | '*'))
        .collect();
    let tokens: Vec<&str> = unmarked
        .split_whitespace()
        .map(|token| {
            let bare = token.trim_matches(|c: char| !c.is_alphanumeric());
            match bare {
                "TODO" | "TODOs" => "to-do",
                "TBD" => "undecided",
                "FIXME" | "XXX" => "open",
                "shall" | "Shall" | "SHALL" => "will",
                _ => token,
            }
        })
        .collect();
    tokens.join(" ")
}

/// The words of a sentence that nobody can test.
pub(crate) fn vague_words(sentence: &str) -> Vec<String> {
    sentence
        .split_whitespace()
        .map(|word| {
            word.trim_matches(|c: char| !c.is_alphanumeric())
                .to_lowercase()
        })
        .filter(|word| {
            VAGUE.contains(&word.as_str())
                && !["some", "many", "etc", "clean", "several", "various"].contains(&word.as_str())
        })
        .collect()
}

/// The phrase without words that nobody can test.
pub(crate) fn tested(phrase: &str) -> String {
    let all: Vec<&str> = phrase.split_whitespace().collect();
    let mut kept: Vec<&str> = Vec::new();
    for (index, word) in all.iter().enumerate() {
        let bare = word
            .trim_matches(|c: char| matches!(c, ',' | '(' | ')'))
            .to_lowercase();
        let filler = matches!(
            bare.as_str(),
            "very"
                | "really"
                | "quite"
                | "please"
                | "basically"
                | "also"
                | "just"
                | "maybe"
                | "ideally"
                | "new"
        );
        let joined = bare == "and"
            && all
                .get(index + 1)
                .is_some_and(|next| VAGUE.contains(&next.to_lowercase().as_str()));
        if !(VAGUE.contains(&bare.as_str()) || filler || joined) {
            kept.push(word);
        }
    }
    // "a fast and easy search" leaves "a and search" behind.
    if let [article, and, ..] = kept.as_slice()
        && is_article(article)
        && and.eq_ignore_ascii_case("and")
    {
        kept.remove(1);
    }
    while kept.last().is_some_and(|word| {
        matches!(
            word.to_lowercase().as_str(),
            "and" | "or" | "," | "with" | "for" | "to"
        )
    }) {
        kept.pop();
    }
    let text = kept.join(" ");
    // "an intuitive page" leaves "an page" behind.
    match text.split_once(' ') {
        Some((article, rest))
            if article.eq_ignore_ascii_case("an") || article.eq_ignore_ascii_case("a") =>
        {
            format!("{} {rest}", indefinite(rest))
        }
        _ => text.trim_end_matches(',').to_owned(),
    }
}

pub(crate) fn is_article(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().as_str(),
        "a" | "an" | "the" | "my" | "our" | "your" | "their" | "its"
    )
}

/// `admin` becomes `an admin`.
pub(crate) fn with_article(noun: &str) -> String {
    format!("{} {noun}", indefinite(noun))
}

fn indefinite(phrase: &str) -> &'static str {
    let first = phrase
        .split(' ')
        .next()
        .unwrap_or_default()
        .trim_start_matches(|c: char| !c.is_alphanumeric());
    let lower = first.to_lowercase();
    let acronym = first.len() > 1 && first.chars().take(2).all(|c| c.is_ascii_uppercase());
    let vowel = if acronym
        && !matches!(
            first,
            "OAuth" | "URL" | "UI" | "UX" | "UUID" | "RAM" | "REST" | "LAN" | "SAML"
        ) {
        lower.starts_with(['a', 'e', 'f', 'h', 'i', 'l', 'm', 'n', 'o', 'r', 's', 'x'])
    } else {
        let sounds_you = [
            "user", "unit", "uni", "use", "url", "ui", "ux", "uuid", "one", "euro",
        ]
        .iter()
        .any(|start| lower.starts_with(start));
        lower.starts_with(['a', 'e', 'i', 'o', 'u', '8']) && !sounds_you || first == "OAuth"
    };
    if vowel { "an" } else { "a" }
}

/// The phrase without its article.
pub(crate) fn bare(phrase: &str) -> &str {
    match phrase.split_once(' ') {
        Some((first, rest)) if is_article(first) => rest.trim_start(),
        _ => phrase,
    }
}

/// The word that the phrase is about: the last one before a preposition.
pub(crate) fn head(phrase: &str) -> &str {
    let mut last = "";
    for word in bare(phrase).split_whitespace() {
        if is_preposition(word) && !last.is_empty() {
            break;
        }
        if word.starts_with("--") && !last.is_empty() {
            continue;
        }
        last = word;
        if word.ends_with(',') || word.ends_with(':') {
            break;
        }
    }
    let last = last.trim_matches(|c: char| !c.is_alphanumeric());
    last.rsplit('/').next().unwrap_or(last)
}

/// The phrase as it is introduced: `settings page` becomes `a settings page`.
pub(crate) fn introduced(phrase: &str) -> String {
    let own = phrase.split(' ').next().is_some_and(is_article);
    let lower = head(phrase).to_lowercase();
    if own
        || !COUNTABLE.contains(&lower.as_str())
        || phrase.starts_with(|c: char| c.is_ascii_digit())
        || lower == "mode"
    {
        return phrase.to_owned();
    }
    format!("{} {phrase}", indefinite(phrase))
}

/// The phrase as it is referred to: `a settings page` becomes `the settings page`.
pub(crate) fn referred(phrase: &str) -> String {
    let name = bare(phrase);
    let counted = COUNTABLE.contains(&head(name).to_lowercase().as_str())
        && !head(name).eq_ignore_ascii_case("mode");
    if counted || name != phrase {
        format!("the {name}")
    } else {
        name.to_owned()
    }
}

/// Without the capital that only the start of a sentence gave it.
pub(crate) fn lower_first(text: &str) -> String {
    let first = text
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    let typed = first.chars().skip(1).any(char::is_uppercase)
        || first.chars().count() == 1 && first != "A" && first != "I";
    if first.is_empty() || typed || PROPER.contains(&first.to_lowercase().as_str()) || first == "I"
    {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

fn on_first_word(phrase: &str, change: impl Fn(&str) -> String) -> String {
    match phrase.split_once(' ') {
        Some((first, rest)) => format!("{} {rest}", change(first)),
        None => change(phrase),
    }
}

/// `export invoices` becomes `exports invoices`.
pub(crate) fn third_person(phrase: &str) -> String {
    on_first_word(phrase, |verb| match verb {
        "be" => "is".to_owned(),
        "have" => "has".to_owned(),
        "do" => "does".to_owned(),
        _ if ["s", "x", "z", "ch", "sh", "o"]
            .iter()
            .any(|end| verb.ends_with(end)) =>
        {
            format!("{verb}es")
        }
        _ => match verb
            .strip_suffix('y')
            .filter(|start| !start.ends_with(['a', 'e', 'i', 'o', 'u']))
        {
            Some(start) => format!("{start}ies"),
            None => format!("{verb}s"),
        },
    })
}

/// Whether the phrase is in letters that English rules apply to.
pub(crate) fn is_latin(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let latin = text
        .chars()
        .filter(|c| c.is_alphabetic() && (*c as u32) < 0x250)
        .count();
    latin > 0 && latin * 10 >= letters * 9
}

/// Words of other languages that English does not have.
const FOREIGN: &[&str] = &[
    "ajouter",
    "aux",
    "avec",
    "bei",
    "con",
    "dans",
    "das",
    "dem",
    "den",
    "der",
    "des",
    "ein",
    "eine",
    "einen",
    "einer",
    "el",
    "est",
    "et",
    "für",
    "hinzufügen",
    "il",
    "ist",
    "la",
    "las",
    "le",
    "les",
    "los",
    "mit",
    "nach",
    "oder",
    "para",
    "pas",
    "por",
    "pour",
    "que",
    "sich",
    "sur",
    "una",
    "und",
    "une",
    "von",
    "wenn",
    "werden",
    "wird",
    "zu",
    "zum",
];

const ENGLISH: &[&str] = &[
    "a", "add", "an", "and", "are", "can", "for", "from", "is", "it", "must", "of", "on", "should",
    "that", "the", "to", "when", "with",
];

/// Whether the text is in a language whose grammar this is not.
pub(crate) fn is_foreign(text: &str) -> bool {
    let count = |list: &[&str]| {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| list.contains(&word.to_lowercase().as_str()))
            .count()
    };
    !is_latin(text) || count(FOREIGN) > 1 && count(ENGLISH) == 0
}

/// Whether the text says that something is done: "files are kept for a day".
pub(crate) fn is_passive(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).any(|pair| {
        matches!(pair, ["is" | "are", done] if done.ends_with("ed") || ["sent", "kept", "shown", "written", "stored"].contains(done))
    })
}

/// Whether a number stands in the text.
pub(crate) fn has_number(text: &str) -> bool {
    words(text)
        .iter()
        .any(|word| word.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_follow_the_noun() {
        assert_eq!(introduced("settings page"), "a settings page");
        assert_eq!(
            introduced("HTTP endpoint for health"),
            "an HTTP endpoint for health"
        );
        assert_eq!(introduced("dark mode"), "dark mode");
        assert_eq!(referred("a settings page"), "the settings page");
        assert_eq!(
            head("user authentication with Google OAuth"),
            "authentication"
        );
        assert_eq!(head("email/password login"), "login");
    }

    #[test]
    fn verbs_take_their_forms() {
        assert_eq!(third_person("copy files"), "copies files");
        assert_eq!(third_person("search notes"), "searches notes");
    }

    #[test]
    fn untestable_words_are_taken_out() {
        assert_eq!(tested("a simple and fast search"), "a search");
        assert_eq!(tested("an intuitive page"), "a page");
    }
}
