//! Bodies by which a person decides about a phase.

use schemars::JsonSchema;
use serde::Deserialize;
use spec_core::Phase;
use spec_core::id::ContentHash;
use spec_core::spec::Comment;

use super::fields::required;
use crate::error::ApiError;
use crate::problem::FieldError;

/// Body of `POST /specs/{spec_id}/phases/{phase}/approve`.
// As with a launch, all that is wrong is told together, hence the options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveBody {
    /// The content that was looked at, as the phase's artifact tells it.
    #[schemars(with = "ContentHash")]
    content_hash: Option<String>,
}

impl ApproveBody {
    pub(crate) fn content_hash(self) -> Result<ContentHash, ApiError> {
        let mut errors = Vec::new();
        required_hash(self.content_hash, &mut errors)
            .ok_or_else(|| ApiError::invalid_fields(errors))
    }
}

/// Body of `POST /specs/{spec_id}/phases/{phase}/request-changes`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestChangesBody {
    /// The content that was looked at, as the phase's artifact tells it.
    #[schemars(with = "ContentHash")]
    content_hash: Option<String>,
    /// What to change, 1 to 10,000 characters. The agent is told.
    #[schemars(with = "String", length(min = 1, max = 10_000))]
    comment: Option<String>,
}

impl RequestChangesBody {
    /// The content that was looked at, and what to change about it.
    pub(crate) fn into_request(self) -> Result<(ContentHash, Comment), ApiError> {
        let mut errors = Vec::new();
        let content_hash = required_hash(self.content_hash, &mut errors);
        let comment = required("comment", self.comment, Comment::new, &mut errors);
        let request = content_hash.zip(comment);
        request.ok_or_else(|| ApiError::invalid_fields(errors))
    }
}

fn required_hash(text: Option<String>, errors: &mut Vec<FieldError>) -> Option<ContentHash> {
    required("content_hash", text, |text| text.parse(), errors)
}

/// Body of `POST /specs/{spec_id}/retry`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RetryBody {
    /// The phase to do again; by default the one that has failed or waits.
    pub(crate) phase: Option<Phase>,
    /// What to do differently, 1 to 10,000 characters. The agent is told.
    #[schemars(length(min = 1, max = 10_000))]
    feedback: Option<String>,
}

impl RetryBody {
    pub(crate) fn feedback(self) -> Result<Option<Comment>, ApiError> {
        let checked = |text| {
            Comment::new(text).map_err(|invalid| ApiError::invalid("feedback", invalid.reason()))
        };
        self.feedback.map(checked).transpose()
    }
}
