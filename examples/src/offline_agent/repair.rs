//! A second run after findings: the draft would be the same, so what was found is left out.

use serde_json::Value;
use spec_core::check::{Finding, Severity};

/// Lists of EXPLORE from which an item may go without harm to the rest.
const OPTIONAL_LISTS: &[&str] = &[
    "key_files",
    "relevant_patterns",
    "existing_models",
    "entry_points",
    "related_to_feature",
    "questions",
    "assumptions",
];

/// A finding that is not about an item that can be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CannotRepair {
    /// The finding, in words.
    pub finding: String,
}

impl std::fmt::Display for CannotRepair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the offline agent drafts the same output every time and cannot repair this: {}",
            self.finding
        )
    }
}

impl std::error::Error for CannotRepair {}

/// The output without the items that the vetoing findings point to.
///
/// # Errors
///
/// When a finding vetoes something else.
pub fn without_findings(mut output: Value, findings: &[Finding]) -> Result<Value, CannotRepair> {
    let mut places: Vec<(String, usize, Option<usize>)> = Vec::new();
    for finding in findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
    {
        let place = place(&finding.pointer).ok_or_else(|| CannotRepair {
            finding: finding.to_string(),
        })?;
        if !places.contains(&place) {
            places.push(place);
        }
    }
    // From the back, so that the places still to come keep their numbers.
    places.sort();
    for (list, item, evidence) in places.into_iter().rev() {
        let Some(items) = output.get_mut(&list).and_then(Value::as_array_mut) else {
            continue;
        };
        match evidence {
            None if item < items.len() => drop(items.remove(item)),
            None => {}
            Some(evidence) => {
                let lines = items
                    .get_mut(item)
                    .and_then(|item| item.get_mut("evidence"))
                    .and_then(Value::as_array_mut);
                if let Some(lines) = lines.filter(|lines| evidence < lines.len()) {
                    lines.remove(evidence);
                }
            }
        }
    }
    Ok(output)
}

/// `/key_files/3/evidence/0/line` is about evidence 0 of item 3 of `key_files`.
fn place(pointer: &str) -> Option<(String, usize, Option<usize>)> {
    let mut parts = pointer.strip_prefix('/')?.split('/');
    let list = parts.next().filter(|list| OPTIONAL_LISTS.contains(list))?;
    let item = parts.next()?.parse().ok()?;
    let evidence = match (parts.next(), parts.next()) {
        (Some("evidence"), Some(index)) => Some(index.parse().ok()?),
        _ => None,
    };
    Some((list.to_owned(), item, evidence))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn evidence_that_failed_is_left_out_and_the_rest_stays() {
        let output = json!({"key_files": [{"path": "a", "evidence": [1, 2]}, {"path": "b"}]});
        let findings = [
            Finding::error(
                "evidence.line",
                "/key_files/0/evidence/0/line",
                "no such line",
            ),
            Finding::error("evidence.path", "/key_files/1", "no such file"),
            Finding::warning("style", "/project_type", "short"),
        ];
        assert_eq!(
            without_findings(output, &findings).unwrap(),
            json!({"key_files": [{"path": "a", "evidence": [2]}]})
        );
    }

    #[test]
    fn findings_about_the_core_of_an_output_cannot_be_repaired() {
        let findings = [Finding::error(
            "ears.form",
            "/requirements/0/text",
            "no `shall`",
        )];
        assert!(without_findings(json!({"requirements": []}), &findings).is_err());
    }
}
