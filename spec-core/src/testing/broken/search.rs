//! Wrong rules of what a search finds.

use super::Fault;
use crate::store::folded;

/// Tells whether a title is found.
pub(super) type Rule = Box<dyn Fn(&str) -> bool + Send>;

/// The rule of `fault` for a text to look for; `None` when its searches are right.
pub(super) fn rule(fault: Fault, text: &str) -> Option<Rule> {
    if fault == Fault::IgnoresSearch {
        Some(Box::new(|_| true))
    } else if fault == Fault::SearchTakesWildcards {
        let pattern = format!("%{}%", folded(text));
        Some(Box::new(move |title| is_like(&folded(title), &pattern)))
    } else if fault == Fault::SearchFoldsAsciiOnly {
        let text = text.to_ascii_lowercase();
        let is_found = move |title: &str| title.to_ascii_lowercase().contains(&text);
        Some(Box::new(is_found))
    } else if fault == Fault::SearchesWithinPages {
        // The rule is right; what it is asked of is not.
        let text = folded(text);
        Some(Box::new(move |title| folded(title).contains(&text)))
    } else {
        None
    }
}

/// SQL's `LIKE`, without an escape.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut pattern_chars = pattern.chars();
    let mut chars = text.chars();
    match pattern_chars.next() {
        None => text.is_empty(),
        Some('%') => {
            let rest = pattern_chars.as_str();
            let mut tails = text.char_indices().map(|(at, _)| text.split_at(at).1);
            is_like("", rest) || tails.any(|tail| is_like(tail, rest))
        }
        Some(wanted) => {
            let fits = chars.next().is_some_and(|c| wanted == '_' || c == wanted);
            fits && is_like(chars.as_str(), pattern_chars.as_str())
        }
    }
}
