//! Short names for long wishes: what a phrase is about, and what it adds to that.

use super::grammar::{bare, is_article, is_preposition, is_verb};
use super::lexicon::VERBS;

/// A name longer than this is no name.
pub(super) const MAX_NAME_CHARS: usize = 40;

/// Words after which a phrase tells how, for whom or when, and no longer what.
const DETAIL: &[&str] = &[
    "as",
    "with",
    "without",
    "that",
    "which",
    "who",
    "whose",
    "using",
    "via",
    "when",
    "whenever",
    "while",
    "where",
    "if",
    "unless",
    "until",
    "within",
    "only",
    "so",
    "because",
    "per",
    "by",
    "after",
    "before",
    "based",
    "including",
    "excluding",
    "such",
    "like",
    "even",
    "instead",
    "preferably",
    "especially",
    "optionally",
    "but",
    "at",
    "except",
    "limited",
];

/// Nouns of which it is their list that says what is wanted.
const GENERAL: &[&str] = &[
    "accounts",
    "administration",
    "app",
    "application",
    "authentication",
    "authorisation",
    "authorization",
    "features",
    "functionality",
    "management",
    "module",
    "platform",
    "portal",
    "security",
    "suite",
    "system",
];

/// Whether the word opens a detail of what stands before it.
pub(crate) fn opens_detail(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    DETAIL.contains(&bare.to_lowercase().as_str())
}

/// "user authentication with A, B and C" falls apart into its general head and the list.
pub(super) fn general_head(phrase: &str) -> Option<(&str, &str)> {
    let (head, list) = [" with ", " including "]
        .iter()
        .find_map(|mark| phrase.split_once(mark))?;
    let noun = head.split_whitespace().next_back()?.to_lowercase();
    GENERAL
        .contains(&noun.as_str())
        .then_some((head.trim_end_matches(','), list))
}

/// Takes off what a phrase adds after commas: "a limit, with a log" is "a limit" and "with a log".
pub(super) fn without_details(phrase: &str) -> (String, Vec<String>) {
    let mut pieces = phrase.split(", ");
    let mut start = pieces.next().unwrap_or_default().to_owned();
    let mut details: Vec<String> = Vec::new();
    for piece in pieces {
        let own = piece.strip_prefix("and ").unwrap_or(piece);
        let first = own.split(' ').next().unwrap_or_default();
        // "only for admins, and a header" adds two things, "with retries, and a header" one.
        let again = own != piece
            && details
                .last()
                .is_some_and(|last| !last.starts_with("with "));
        if opens_detail(first) || again {
            details.push(own.to_owned());
        } else if let Some(last) = details.last_mut() {
            last.push_str(", ");
            last.push_str(piece);
        } else {
            start.push_str(", ");
            start.push_str(piece);
        }
    }
    (start, details)
}

/// What a phrase adds without a comma: "limiting as middleware" adds "as middleware".
pub(crate) fn inline_detail(phrase: &str) -> Option<&str> {
    let mut from = 0;
    for (index, word) in phrase.split(' ').enumerate() {
        if index > 0 && opens_detail(word) {
            return phrase.get(from..);
        }
        from += word.len() + 1;
    }
    None
}

/// A short name for a thing: "request rate limiting as middleware" is "request rate limiting".
pub(super) fn name_of_thing(phrase: &str) -> String {
    let phrase = bare(phrase);
    let head = match inline_detail(phrase) {
        Some(detail) => phrase.strip_suffix(detail).unwrap_or(phrase).trim_end(),
        None => phrase,
    };
    let head = [" functionality", " feature", " capability"]
        .iter()
        .find_map(|end| head.strip_suffix(end))
        .unwrap_or(head);
    cut(head.trim_end_matches(','))
}

/// A short name for what somebody does: "export notes as CSV" is "exporting notes as CSV".
pub(super) fn name_of_act(act: &str) -> String {
    let doing = gerund(act);
    if doing.chars().count() <= MAX_NAME_CHARS && !doing.contains(", ") {
        return doing;
    }
    match inline_detail(&doing) {
        Some(detail) => cut(doing.strip_suffix(detail).unwrap_or(&doing).trim_end()),
        None => cut(&doing),
    }
}

/// At most [`MAX_NAME_CHARS`], cut before a preposition if there is one to cut at.
pub(super) fn cut(phrase: &str) -> String {
    let mut end = 0;
    let mut fitting = 0;
    let mut phrase_end = 0;
    let mut count = 0;
    for word in phrase.split_inclusive(' ') {
        let bare = word.trim();
        if end > 0 && (is_preposition(bare) || opens_detail(bare)) {
            phrase_end = end;
        }
        count += word.chars().count();
        if count > MAX_NAME_CHARS + 1 {
            break;
        }
        end += word.len();
        fitting = end;
    }
    let whole = phrase.chars().count() <= MAX_NAME_CHARS;
    let end = match (whole, phrase_end) {
        (true, _) => phrase.len(),
        (false, 0) => fitting,
        (false, before) => before,
    };
    let mut words: Vec<&str> = phrase.get(..end).unwrap_or(phrase).split(' ').collect();
    // "a report of the" leaves open of what.
    while let [.., _, last] = words.as_slice() {
        let last = last.trim_end_matches(',');
        if !(last.is_empty()
            || is_article(last)
            || is_preposition(last)
            || matches!(last, "and" | "or" | "&" | "then"))
        {
            break;
        }
        words.pop();
    }
    let name = words.join(" ");
    let name = name.trim_matches(|c: char| matches!(c, ',' | ':' | ';' | ' '));
    name.chars()
        .take(MAX_NAME_CHARS)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// "Add pagination to the list" adds pagination for the list; a link to the list stays one.
pub(super) fn belonging(object: &str) -> String {
    const LEADING: &[&str] = &[
        "access",
        "answer",
        "connection",
        "export",
        "link",
        "links",
        "path",
        "redirect",
        "reference",
        "redirects",
        "references",
        "response",
        "upgrade",
        "way",
    ];
    match object.split_once(" to the ") {
        Some((thing, place))
            if !thing.contains(',')
                && !thing
                    .split(' ')
                    .next_back()
                    .is_some_and(|noun| LEADING.contains(&noun) || is_verb(noun)) =>
        {
            format!("{thing} for the {place}")
        }
        Some(_) | None => object.to_owned(),
    }
}

/// `send a message` becomes `sending a message`.
pub(crate) fn gerund(act: &str) -> String {
    let (verb, rest) = act.split_once(' ').unwrap_or((act, ""));
    let doing = doing(verb);
    if rest.is_empty() {
        doing
    } else {
        format!("{doing} {rest}")
    }
}

fn doing(verb: &str) -> String {
    let letters: Vec<char> = verb.chars().collect();
    let vowel = |c: &char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u');
    let doubles = matches!(verb, "submit" | "permit" | "commit" | "format" | "begin")
        || match letters.as_slice() {
            [start @ .., a, b, c] => {
                !vowel(a)
                    && vowel(b)
                    && !vowel(c)
                    && !matches!(c, 'w' | 'x' | 'y')
                    && !start.iter().any(|c| vowel(c) || *c == 'y')
            }
            _ => false,
        };
    match letters.last() {
        Some(last) if doubles => format!("{verb}{last}ing"),
        Some('e') if verb.len() > 2 && !verb.ends_with("ee") => {
            format!("{}ing", verb.strip_suffix('e').unwrap_or(verb))
        }
        _ => format!("{verb}ing"),
    }
}

/// `sending` is what one does who is to `send`.
pub(crate) fn verb_of(word: &str) -> Option<&'static str> {
    let lower = word.to_lowercase();
    if is_verb(&lower) {
        return None;
    }
    VERBS.iter().find(|verb| doing(verb) == lower).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_end_with_a_phrase() {
        for (phrase, name) in [
            (
                "request rate limiting as middleware",
                "request rate limiting",
            ),
            (
                "a settings page for the owners of all the shops in town",
                "settings page for the owners",
            ),
            ("password reset functionality", "password reset"),
            (
                "full-text search over documents",
                "full-text search over documents",
            ),
        ] {
            assert_eq!(name_of_thing(phrase), name);
        }
        assert_eq!(
            name_of_act("cache responses of the weather API for ten minutes using Redis"),
            "caching responses of the weather API"
        );
        assert!(cut(&"x".repeat(500)).chars().count() <= MAX_NAME_CHARS);
    }

    #[test]
    fn what_follows_a_comma_and_a_preposition_is_a_detail() {
        assert_eq!(
            without_details("limiting as middleware, with retries and a log, only for guests"),
            (
                "limiting as middleware".to_owned(),
                vec![
                    "with retries and a log".to_owned(),
                    "only for guests".to_owned()
                ]
            )
        );
        assert_eq!(
            without_details("tags, dates and names").0,
            "tags, dates and names"
        );
        assert_eq!(
            inline_detail("limiting as middleware"),
            Some("as middleware")
        );
    }

    #[test]
    fn verbs_become_names_of_what_is_done() {
        for (verb, name) in [
            ("send", "sending"),
            ("ban", "banning"),
            ("save", "saving"),
            ("split", "splitting"),
            ("retry", "retrying"),
            ("export", "exporting"),
            ("submit", "submitting"),
            ("read", "reading"),
            ("show", "showing"),
            ("format", "formatting"),
        ] {
            assert_eq!(gerund(verb), name);
            assert_eq!(verb_of(name), Some(verb));
        }
    }
}
