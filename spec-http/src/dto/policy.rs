//! The policy of a launch. It is its own wire format: it travels in events and in stored specs, too.

use serde_json::{Map, Value};
use spec_core::Policy;

use crate::problem::FieldError;

/// What is asked for, and `default` for everything that is left out, at every level.
pub(super) fn completed(asked: Map<String, Value>, default: &Policy) -> Result<Policy, FieldError> {
    let wrong = |path: &str, error: serde_json::Error| FieldError {
        field: if path == "." {
            "policy".to_owned()
        } else {
            format!("policy.{path}")
        },
        detail: error.to_string(),
    };
    let mut all = serde_json::to_value(default).map_err(|error| wrong(".", error))?;
    complete(&mut all, asked);
    serde_path_to_error::deserialize(all).map_err(|error| {
        let path = error.path().to_string();
        wrong(&path, error.into_inner())
    })
}

fn complete(all: &mut Value, asked: Map<String, Value>) {
    let Value::Object(all) = all else {
        *all = Value::Object(asked);
        return;
    };
    for (name, value) in asked {
        match (all.get_mut(&name), value) {
            (Some(inner @ Value::Object(_)), Value::Object(asked)) => complete(inner, asked),
            (_, value) => {
                all.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use spec_core::policy::{Budget, Gate};

    use super::*;

    fn completed(asked: &Value, default: &Policy) -> Result<Policy, FieldError> {
        super::completed(asked.as_object().unwrap().clone(), default)
    }

    fn default() -> Policy {
        Policy {
            max_attempts: 7,
            backoff: Duration::from_secs(9),
            budget: Budget {
                tokens: Some(1000),
                cost_micro_usd: Some(50),
            },
            ..Policy::default()
        }
    }

    #[test]
    fn what_is_left_out_is_as_the_host_has_it() {
        assert_eq!(completed(&json!({}), &default()), Ok(default()));
        let asked = json!({
            "max_repairs": 0,
            "budget": { "tokens": 5 },
            "gates": { "design": "approve" },
        });
        let policy = completed(&asked, &default()).unwrap();
        let mut expected = default();
        expected.max_repairs = 0;
        expected.budget.tokens = Some(5);
        expected.gates.design = Gate::Approve;
        assert_eq!(policy, expected);
    }

    #[test]
    fn null_lifts_a_limit() {
        let asked = json!({ "budget": { "cost_micro_usd": null } });
        let policy = completed(&asked, &default()).unwrap();
        assert_eq!(policy.budget.cost_micro_usd, None);
        assert_eq!(policy.budget.tokens, Some(1000));
    }

    #[test]
    fn a_field_that_is_wrong_is_named_with_its_place() {
        for (asked, field) in [
            (json!({ "shape": 1 }), "policy.shape"),
            (json!({ "max_attempts": "3" }), "policy.max_attempts"),
            (
                json!({ "gates": { "explore": "?" } }),
                "policy.gates.explore",
            ),
            (json!({ "budget": { "euros": 1 } }), "policy.budget.euros"),
            (json!({ "budget": 7 }), "policy.budget"),
            (json!({ "backoff_seconds": -1 }), "policy.backoff_seconds"),
        ] {
            let error = completed(&asked, &default()).unwrap_err();
            assert_eq!(error.field, field, "{}", error.detail);
        }
    }
}
