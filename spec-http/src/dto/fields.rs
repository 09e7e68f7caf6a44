//! Fields of bodies: all that are wrong are told at once.

use spec_core::InvalidInput;

use crate::problem::FieldError;

/// The checked field; `None` when it is absent or wrong, which `errors` then tells.
pub(super) fn required<T>(
    field: &'static str,
    text: Option<String>,
    check: impl FnOnce(String) -> Result<T, InvalidInput>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    let missing = || InvalidInput::new(field, "is required");
    checked(text.ok_or_else(missing).and_then(check), errors)
}

pub(super) fn checked<T>(
    result: Result<T, InvalidInput>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    result
        .map_err(|error| {
            errors.push(FieldError {
                field: error.field().to_owned(),
                detail: error.reason().to_owned(),
            });
        })
        .ok()
}
