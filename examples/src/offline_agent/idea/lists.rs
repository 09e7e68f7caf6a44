//! Enumerations in a phrase: "search, a settings page and export".

use super::grammar::{bare, is_article, is_preposition, is_verb};
use super::phrase::inline_detail;

/// The items of a phrase, if it is an enumeration of things that stand for themselves.
pub(super) fn items(phrase: &str) -> Vec<String> {
    let parts = parts(phrase);
    let whole = || vec![phrase.to_owned()];
    if parts.len() < 2 {
        return whole();
    }
    // In "webhooks with retries and a signature" the "and" belongs to what stands behind "with",
    // and what a dashboard shows is not wanted without it.
    let opened = parts.first().and_then(|first| inline_detail(first));
    let relative = opened.is_some_and(|detail| {
        ["that ", "which ", "who "]
            .iter()
            .any(|start| detail.starts_with(start))
    });
    if relative || opened.is_some() && parts.len() == 2 && !phrase.contains(", ") {
        return whole();
    }
    let alone = |part: &String| {
        let name = bare(part);
        let count = name.split_whitespace().count();
        let first = name.split_whitespace().next().unwrap_or_default();
        if is_preposition(first) {
            return false;
        }
        // One word may be half of a compound: "CSV and JSON export".
        count > 1 || part.split(' ').next().is_some_and(is_article) || is_action_noun(name)
    };
    let Some((last, start)) = parts.split_last() else {
        return whole();
    };
    let last_alone = alone(last) || bare(last).split_whitespace().count() == 1;
    // "create, update and delete operations" is one thing.
    let all_verbs = parts
        .iter()
        .all(|part| is_verb(part.split(' ').next().unwrap_or_default()));
    if !all_verbs && start.iter().all(alone) && last_alone {
        return parts;
    }
    whole()
}

/// A noun that names a capability in one word.
fn is_action_noun(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let acronym = word.chars().all(|c| c.is_ascii_uppercase());
    !acronym
        && (["tion", "ing", "ment", "ity", "tions"]
            .iter()
            .any(|end| lower.ends_with(end) && lower.len() > end.len() + 2)
            || [
                "login",
                "logout",
                "signup",
                "search",
                "export",
                "import",
                "tags",
                "comments",
                "undo",
                "redo",
                "webhooks",
                "notifications",
                "metrics",
                "alerts",
            ]
            .contains(&lower.as_str()))
}

/// Cuts at commas and at the last "and", outside of parentheses.
fn parts(phrase: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut current: Vec<&str> = Vec::new();
    let mut depth = 0_usize;
    for word in phrase.split_whitespace() {
        let opens = word.matches('(').count();
        let closes = word.matches(')').count();
        let outside = depth == 0 && opens == 0;
        depth = (depth + opens).saturating_sub(closes);
        if outside
            && (word.eq_ignore_ascii_case("and")
                || word == "&"
                || word.eq_ignore_ascii_case("plus"))
        {
            cut(&mut current, &mut found);
        } else if let Some(word) = word.strip_suffix(',').filter(|_| depth == 0) {
            current.push(word);
            cut(&mut current, &mut found);
        } else {
            current.push(word);
        }
    }
    cut(&mut current, &mut found);
    found
}

fn cut(current: &mut Vec<&str>, found: &mut Vec<String>) {
    if !current.is_empty() {
        found.push(std::mem::take(current).join(" "));
    }
}

/// Cuts "do this, do that and do more" into its verb phrases.
pub(super) fn actions(phrase: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in parts(phrase) {
        let part = match part.strip_prefix("then ") {
            Some(next) if next.split(' ').next().is_some_and(is_verb) => next.to_owned(),
            Some(_) | None => part,
        };
        let mut words = part.split_whitespace();
        let first = words.next().unwrap_or_default();
        let second = words.next().unwrap_or_default();
        // "them" means nothing without the part before.
        let refers = part
            .split_whitespace()
            .any(|word| matches!(word, "it" | "them"));
        let acts = is_verb(first) && !second.is_empty() && !is_preposition(second) && !refers;
        match found.last_mut() {
            Some(last) if !acts => {
                // Not a verb phrase of its own: put it back where it was cut off.
                let joint = joint(phrase, last, &part);
                last.push_str(joint);
                last.push_str(&part);
            }
            _ => found.push(part),
        }
    }
    // "create and edit notes" has one object for both verbs.
    if found.iter().any(|part| part.split_whitespace().count() < 2) {
        return vec![phrase.to_owned()];
    }
    found
}

fn joint(phrase: &str, before: &str, after: &str) -> &'static str {
    if phrase.contains(&format!("{before}, and {after}")) {
        ", and "
    } else if phrase.contains(&format!("{before}, {after}")) {
        ", "
    } else if phrase.contains(&format!("{before} & {after}")) {
        " & "
    } else {
        " and "
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_that_stand_alone_are_items() {
        assert_eq!(
            items("user authentication with Google OAuth, email/password login and password reset"),
            [
                "user authentication with Google OAuth",
                "email/password login",
                "password reset"
            ]
        );
        assert_eq!(items("CSV and JSON export"), ["CSV and JSON export"]);
        assert_eq!(
            items("dark mode and a settings page"),
            ["dark mode", "a settings page"]
        );
        assert_eq!(items("search and replace"), ["search and replace"]);
        assert_eq!(
            items("create, update and delete operations"),
            ["create, update and delete operations"]
        );
        assert_eq!(
            items("login, logout and password reset"),
            ["login", "logout", "password reset"]
        );
    }

    #[test]
    fn verb_phrases_are_actions() {
        assert_eq!(
            actions("export invoices as PDF and send a message to the owner"),
            ["export invoices as PDF", "send a message to the owner"]
        );
        assert_eq!(actions("create and edit notes"), ["create and edit notes"]);
        assert_eq!(
            actions("filter by tag, author and date"),
            ["filter by tag, author and date"]
        );
    }
}
