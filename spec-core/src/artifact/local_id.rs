//! Ids that live inside one spec's artifacts, such as `REQ-AUTH-FUNC-001`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A local id that does not have its kind's form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is not of the form {prefix}-…-001: {prefix}, upper-case parts, at least three digits"
)]
pub struct LocalIdError {
    prefix: &'static str,
    found: String,
}

/// True for `PREFIX(-[A-Z0-9]+)*-[0-9]{3,}`.
fn well_formed(text: &str, prefix: &str) -> bool {
    let Some(rest) = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('-'))
    else {
        return false;
    };
    let (parts, number) = match rest.rsplit_once('-') {
        Some((parts, number)) => (Some(parts), number),
        None => (None, rest),
    };
    let upper = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    parts.is_none_or(|parts| parts.split('-').all(upper))
        && number.len() >= 3
        && number.bytes().all(|b| b.is_ascii_digit())
}

macro_rules! local_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $pattern:literal) => {
        $(#[$doc])*
        ///
        /// Deserialises from any string, so that one malformed id is a finding at its position and
        /// not a document that cannot be read; [`is_well_formed`](Self::is_well_formed) tells.
        #[derive(
            Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(#[schemars(regex(pattern = $pattern))] String);

        impl $name {
            /// What every id of this kind starts with.
            pub const PREFIX: &'static str = $prefix;

            /// Says whether the id has the form of its kind.
            #[must_use]
            pub fn is_well_formed(&self) -> bool {
                well_formed(&self.0, $prefix)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = LocalIdError;

            fn from_str(text: &str) -> Result<Self, LocalIdError> {
                if well_formed(text, $prefix) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(LocalIdError { prefix: $prefix, found: text.to_owned() })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

local_id!(
    /// Names a requirement, for example `REQ-AUTH-FUNC-001`.
    RequirementId, "REQ", r"^REQ(-[A-Z0-9]+)*-[0-9]{3,}$"
);
local_id!(
    /// Names an acceptance criterion, for example `AC-001`.
    CriterionId, "AC", r"^AC(-[A-Z0-9]+)*-[0-9]{3,}$"
);
local_id!(
    /// Names a user story, for example `US-001`.
    StoryId, "US", r"^US(-[A-Z0-9]+)*-[0-9]{3,}$"
);
local_id!(
    /// Names a ticket, for example `TKT-001`.
    TicketId, "TKT", r"^TKT(-[A-Z0-9]+)*-[0-9]{3,}$"
);
local_id!(
    /// Names a task, for example `TSK-001`.
    TaskId, "TSK", r"^TSK(-[A-Z0-9]+)*-[0-9]{3,}$"
);
local_id!(
    /// Names a question, for example `Q-001`.
    QuestionId, "Q", r"^Q(-[A-Z0-9]+)*-[0-9]{3,}$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_need_their_prefix_and_three_digits() {
        for good in [
            "REQ-001",
            "REQ-AUTH-001",
            "REQ-AUTH-FUNC-0001",
            "REQ-2FA-001",
        ] {
            assert!(good.parse::<RequirementId>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "REQ",
            "REQ-",
            "REQ-1",
            "REQ-auth-001",
            "REQ--001",
            "TSK-001",
            "REQ-001 ",
        ] {
            assert!(bad.parse::<RequirementId>().is_err(), "{bad}");
        }
    }
}
