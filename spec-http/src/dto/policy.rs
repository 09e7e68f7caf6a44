//! The policy of a launch. It is its own wire format: it travels in events and in stored specs, too.

use serde_json::{Map, Value};
use spec_core::Policy;

use super::fields;
use crate::problem::FieldError;

/// Where it stands in a body.
const PLACE: &str = "policy";

/// What is asked for, and `default` for everything that is left out, at every level.
pub(super) fn completed(asked: Map<String, Value>, default: &Policy) -> Result<Policy, FieldError> {
    let mut all = serde_json::to_value(default).map_err(|error| FieldError {
        field: PLACE.to_owned(),
        detail: error.to_string(),
    })?;
    complete(PLACE, &mut all, asked)?;
    fields::read(PLACE, all)
}

fn complete(place: &str, all: &mut Value, asked: Map<String, Value>) -> Result<(), FieldError> {
    let Value::Object(all) = all else {
        *all = Value::Object(asked);
        return Ok(());
    };
    for (name, value) in asked {
        match (all.get_mut(&name), value) {
            (Some(inner @ Value::Object(_)), Value::Object(asked)) => {
                complete(&format!("{place}.{name}"), inner, asked)?;
            }
            // A list would be taken for the fields in the order in which they are declared.
            (Some(Value::Object(_)), _) => {
                return Err(FieldError {
                    field: format!("{place}.{name}"),
                    detail: "must be an object".to_owned(),
                });
            }
            (_, value) => {
                all.insert(name, value);
            }
        }
    }
    Ok(())
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
