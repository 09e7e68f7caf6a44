//! Bodies by which a person decides about a phase.

use schemars::JsonSchema;
use serde::Deserialize;
use spec_core::Phase;
use spec_core::id::ContentHash;
use spec_core::spec::Comment;

use crate::error::ApiError;

/// Body of `POST /specs/{spec_id}/phases/{phase}/approve`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveBody {
    /// The content that was looked at, as the phase's artifact tells it.
    pub(crate) content_hash: ContentHash,
}

/// Body of `POST /specs/{spec_id}/phases/{phase}/request-changes`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestChangesBody {
    /// The content that was looked at, as the phase's artifact tells it.
    pub(crate) content_hash: ContentHash,
    /// What to change, 1 to 10,000 characters. The agent is told.
    #[schemars(length(min = 1, max = 10_000))]
    comment: String,
}

impl RequestChangesBody {
    pub(crate) fn comment(self) -> Result<Comment, ApiError> {
        checked("comment", self.comment)
    }
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
        self.feedback
            .map(|text| checked("feedback", text))
            .transpose()
    }
}

fn checked(field: &'static str, text: String) -> Result<Comment, ApiError> {
    Comment::new(text).map_err(|invalid| ApiError::invalid(field, invalid.reason()))
}
