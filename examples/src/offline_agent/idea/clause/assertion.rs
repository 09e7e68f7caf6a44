//! What a statement asserts about its subject.

use crate::offline_agent::idea::phrase::gerund;

/// "include headers and must not contain rows" makes two assertions about one subject.
pub(super) fn assertions(subject: &str, act: &str) -> Vec<String> {
    let again = format!(" and {} must ", subject.to_lowercase());
    let mut rest = act;
    let mut found = Vec::new();
    while let Some((before, after)) = [" and must ", " and should ", " and can ", &again]
        .iter()
        .find_map(|mark| rest.split_once(mark))
    {
        found.push(before.trim_end_matches(',').to_owned());
        rest = after;
    }
    found.push(rest.to_owned());
    found
}

/// What stands behind the subject in a name: "include headers" becomes "including headers".
pub(super) fn being(act: &str) -> String {
    match (act.strip_prefix("be "), act.strip_prefix("not ")) {
        (Some(state), _) => state.to_owned(),
        (None, Some(act)) => format!("not {}", gerund(act.strip_prefix("be ").unwrap_or(act))),
        (None, None) => gerund(act),
    }
}
