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
        let request: String = request.chars().take(MAX_CHARS).collect();
        assumptions.push(json!({
            "text": format!("Whoever goes on from here heeds the review: {}", request.trim()),
            "basis": "A comment on the result before. This agent works by rules and cannot fulfil it.",
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_is_an_assumption_beside_those_that_are_there() {
        let mut output = json!({ "assumptions": [{ "text": "a", "basis": "" }] });
        note_feedback(&mut output, &["Name the owner.\n".to_owned()]);
        let texts: Vec<_> = output["assumptions"].as_array().unwrap().iter().collect();
        assert_eq!(texts.len(), 2);
        assert_eq!(
            texts[1]["text"],
            "Whoever goes on from here heeds the review: Name the owner."
        );
    }
}
