//! What a person asked to be done differently: this agent cannot, and says so where they will look.

use serde_json::{Value, json};

/// Characters of a request that are repeated.
const MAX_CHARS: usize = 500;

/// Notes each request among the assumptions of `output`.
pub fn note_feedback(output: &mut Value, feedback: &[String]) {
    let Some(output) = output.as_object_mut() else {
        return;
    };
    let assumptions = output
        .entry("assumptions")
        .or_insert_with(|| Value::Array(Vec::new()));
    let Some(assumptions) = assumptions.as_array_mut() else {
        return;
    };
    for request in feedback {
        let request: String = request.trim().chars().take(MAX_CHARS).collect();
        // As a quotation: the words of a person are not to be taken for what this agent left unfinished.
        let request = request.replace('”', "\"");
        assumptions.push(json!({
            "text": format!("Whoever goes on from here heeds the review: “{request}”"),
            "basis": "A comment on the result before. This agent works by rules and cannot fulfil it.",
        }));
    }
}

#[cfg(test)]
mod tests {
    use spec_core::Phase;
    use spec_core::artifact::PhaseOutput;
    use spec_core::check::{Earlier, check};
    use spec_core::testing::fixture::output_json;

    use super::*;

    /// Whatever a person quotes, the output is not refused for their words.
    #[test]
    fn no_words_of_a_request_are_taken_for_those_of_the_output() {
        for words in [
            "Fill in {{user_name}} and <insert name here>.",
            "Replace “lorem ipsum” and lorem ipsum by a real text.",
            "TODO: say who. [NEEDS CLARIFICATION] \"TBD\" and `FIXME:`",
            "Correct every line, and look whether the same is wrong elsewhere.",
            "…",
        ] {
            for phase in Phase::ALL.into_iter().filter(|phase| *phase != Phase::Sync) {
                let mut output = output_json(phase);
                note_feedback(&mut output, &[words.to_owned(), words.to_owned()]);
                assert!(PhaseOutput::parse(phase, &output).is_ok(), "{phase}");
                let earlier = Earlier::default();
                let findings = check(phase, &output, &earlier).findings;
                let found: Vec<_> = findings
                    .iter()
                    .filter(|finding| finding.pointer.starts_with("/assumptions"))
                    .collect();
                assert!(found.is_empty(), "{phase}, {words}: {found:?}");
            }
        }
    }

    #[test]
    fn each_request_is_an_assumption_beside_those_that_are_there() {
        let mut output = json!({ "assumptions": [{ "text": "a", "basis": "" }] });
        note_feedback(&mut output, &["Name the owner.\n".to_owned()]);
        let texts: Vec<_> = output["assumptions"].as_array().unwrap().iter().collect();
        assert_eq!(texts.len(), 2);
        assert_eq!(
            texts[1]["text"],
            "Whoever goes on from here heeds the review: “Name the owner.”"
        );
    }
}
