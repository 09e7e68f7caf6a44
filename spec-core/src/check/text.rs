//! Texts are not blank, and no requirement is another's copy; and advice on how they are put.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ears;
use crate::artifact::{Estimate, RequirementsOutput, TasksOutput, is_required};
use crate::finding::{Finding, Findings, child, shown};

/// Words that promise something without saying how one would see it. Own list; advice only.
const VAGUE: [&str; 12] = [
    "user-friendly",
    "user friendly",
    "easy to use",
    "as appropriate",
    "as needed",
    "if possible",
    "and/or",
    "etc",
    "state of the art",
    "intuitive",
    "seamless",
    "reasonable",
];

/// Required strings hold more than white space.
pub(super) fn blank(schema: &Value, document: &Value, findings: &mut Findings) {
    fn walk(schema: &Value, value: &Value, at: &str, findings: &mut Findings) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let Some(inner) = schema.get("properties").and_then(|all| all.get(name)) else {
                        continue;
                    };
                    let at = child(at, name);
                    let is_blank = member.as_str().is_some_and(|text| text.trim().is_empty());
                    if is_blank && is_required(schema, name) {
                        let message = format!("`{name}` is blank");
                        findings.push(Finding::error("text.blank", at, message));
                    } else {
                        walk(inner, member, &at, findings);
                    }
                }
            }
            Value::Array(items) => {
                let Some(schema) = schema.get("items") else {
                    return;
                };
                for (index, item) in items.iter().enumerate() {
                    walk(schema, item, &format!("{at}/{index}"), findings);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    walk(schema, document, "", findings);
}

pub(super) fn requirements(output: &RequirementsOutput, findings: &mut Findings) {
    let mut seen: BTreeMap<String, (usize, &str)> = BTreeMap::new();
    for (index, requirement) in output.requirements.iter().enumerate() {
        let at = format!("/requirements/{index}");
        let text_at = format!("{at}/text");
        for (place, criterion) in requirement.acceptance_criteria.iter().enumerate() {
            let at = format!("{at}/acceptance_criteria/{place}/text");
            vague(&criterion.text, &at, findings);
        }
        vague(&requirement.text, &text_at, findings);
        form(&requirement.text, &text_at, findings);
        let id = requirement.id.as_str();
        let words = normalised(&requirement.text);
        if let Some((first, other)) = seen.get(&words).filter(|_| !words.is_empty()) {
            let message = format!(
                "`{}` says the same as `{}` at /requirements/{first}",
                shown(id, 80),
                shown(other, 80)
            );
            findings.push(Finding::error("text.duplicate", text_at, message));
        } else {
            seen.insert(words, (index, id));
        }
    }
}

pub(super) fn tasks(output: &TasksOutput, findings: &mut Findings) {
    for (index, task) in output.tasks.iter().enumerate() {
        if task.estimate == Estimate::Xl || task.estimated_hours > 8.0 {
            let at = format!("/tasks/{index}");
            let message = format!("`{}` takes more than a day", shown(task.id.as_str(), 80));
            let finding = Finding::warning("task.size", at, message);
            findings.push(finding.with_fix("split it into steps of 1 to 4 hours"));
        }
    }
}

/// How a requirement is put.
fn form(text: &str, at: &str, findings: &mut Findings) {
    match ears::words(text)
        .filter(|word| word.eq_ignore_ascii_case("shall"))
        .count()
    {
        0 => {
            let finding =
                Finding::warning("ears.shall", at, "says nowhere what the system shall do");
            findings.push(finding.with_fix("put it as \"the <system> shall <response>\""));
        }
        1 if ears::parse(text).is_none() => {
            let finding = Finding::warning("ears.pattern", at, "follows none of the EARS patterns");
            let fix = "put it as \"[While …,] [When …,] the <system> shall <response>\"";
            findings.push(finding.with_fix(fix));
        }
        1 => {}
        count => {
            let message = format!("says \"shall\" {count} times");
            let finding = Finding::warning("ears.shall", at, message);
            findings.push(finding.with_fix("make one requirement of each"));
        }
    }
}

fn vague(text: &str, at: &str, findings: &mut Findings) {
    let text = text.to_lowercase();
    if let Some(word) = VAGUE.into_iter().find(|word| holds_word(&text, word)) {
        let message = format!("\"{word}\" cannot be verified");
        findings.push(Finding::warning("text.vague", at, message));
    }
}

/// True when `word` stands in `text` with no letter or digit beside it.
fn holds_word(text: &str, word: &str) -> bool {
    standing_alone(text, word).next().is_some()
}

/// What stands before and after `word` wherever it stands in `text` with no letter or digit beside it.
pub(super) fn standing_alone<'a>(
    text: &'a str,
    word: &'a str,
) -> impl Iterator<Item = (Option<char>, Option<char>)> + 'a {
    let open = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word)
        .map(|(at, found)| {
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let after = text.get(at + found.len()..);
            (before, after.and_then(|text| text.chars().next()))
        })
        .filter(move |(before, after)| open(*before) && open(*after))
}

/// What two texts have in common that differ only in letter case, layout and punctuation marks.
/// Signs such as `<` stay: they change what is said.
fn normalised(text: &str) -> String {
    let lower = text.to_lowercase();
    let kept: String = lower
        .chars()
        .filter(|c| {
            !matches!(
                c,
                '.' | ',' | ';' | ':' | '!' | '?' | '"' | '\'' | '`' | '*' | '_'
            )
        })
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}
