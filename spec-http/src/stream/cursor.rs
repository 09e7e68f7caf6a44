//! Where a stream begins.

use axum::http::HeaderMap;
use spec_core::id::Sequence;

use crate::error::ApiError;
use crate::extract::Parameters;

const HEADER: &str = "last-event-id";
const PARAMETER: &str = "last_event_id";

/// The last event that the client has seen; 0 when it has seen none.
///
/// The header wins: browsers send it by themselves when they reconnect, while the parameter, which
/// is for clients that cannot set headers, keeps its first value.
pub(crate) fn after(
    headers: &HeaderMap,
    parameters: &mut Parameters,
) -> Result<Sequence, ApiError> {
    let parameter = parameters.text(PARAMETER)?;
    let header = match headers.get(HEADER) {
        None => None,
        Some(value) => Some(value.to_str().map_err(|_cause| invalid(HEADER))?),
    };
    match (header, parameter.as_deref()) {
        (Some(text), _) => parse(HEADER, text),
        (None, Some(text)) => parse(PARAMETER, text),
        (None, None) => Ok(Sequence::default()),
    }
}

fn parse(name: &str, text: &str) -> Result<Sequence, ApiError> {
    text.parse()
        .map(Sequence::new)
        .map_err(|_cause| invalid(name))
}

fn invalid(name: &str) -> ApiError {
    ApiError::malformed(format!("{name} is not the id of an event"))
}
