//! Reads what an agent wrote as JSON, and says precisely where it is not.

use serde_json::Value;

use crate::finding::{Finding, shown};

/// Characters of the offending line that a message shows.
const EXCERPT_CHARS: usize = 60;

/// Reads the text of an output.
///
/// A byte order mark is ignored.
///
/// # Errors
///
/// `output.empty` when there is no text; `json.syntax`, with line and column, when it is not UTF-8
/// or not JSON; `schema.type` when it is JSON but not an object.
pub fn read(text: &[u8]) -> Result<Value, Finding> {
    let bytes = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
    if text.trim().is_empty() {
        return Err(Finding::error("output.empty", "", "the output is empty")
            .with_fix("write the JSON object that the schema asks for"));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| not_json(text, &error))?;
    if value.is_object() {
        Ok(value)
    } else {
        let found = super::schema::describe_value(&value);
        Err(Finding::error(
            "schema.type",
            "",
            format!("expected an object, found {found}"),
        ))
    }
}

fn not_utf8(bytes: &[u8], valid_up_to: usize) -> Finding {
    let valid = String::from_utf8_lossy(bytes.get(..valid_up_to).unwrap_or_default());
    let line = valid.matches('\n').count() + 1;
    let before = valid.rsplit('\n').next().unwrap_or_default();
    let column = before.len() + 1;
    let excerpt = around(before, before.len());
    Finding::error(
        "json.syntax",
        "",
        format!("line {line}, column {column}: the text is not UTF-8 after `{excerpt}`"),
    )
}

fn not_json(text: &str, error: &serde_json::Error) -> Finding {
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    // The place is told in front, in words that are the same for every kind of damage.
    let what = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(what, _)| what);
    let source = text
        .split('\n')
        .nth(line.saturating_sub(1))
        .unwrap_or_default();
    let excerpt = around(source, column);
    let finding = Finding::error(
        "json.syntax",
        "",
        format!("line {line}, column {column}: {what}, near `{excerpt}`"),
    );
    if text.trim_start().starts_with("```") {
        finding.with_fix("write the JSON object alone, without a Markdown fence around it")
    } else {
        finding.with_fix("write one complete JSON object and nothing else")
    }
}

/// The part of a line around a byte column.
fn around(line: &str, column: usize) -> String {
    let at = line.floor_char_boundary(column.min(line.len()));
    let before = line.get(..at).unwrap_or_default();
    let skipped = before.chars().count().saturating_sub(EXCERPT_CHARS / 2);
    let excerpt: String = line.chars().skip(skipped).collect();
    shown(excerpt.trim(), EXCERPT_CHARS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn damaged_json_is_told_with_its_place() {
        let finding = read(b"{\n  \"a\": 1,\n  \"b\": oops\n}").unwrap_err();
        assert_eq!(finding.rule, "json.syntax");
        assert!(
            finding.message.starts_with("line 3, column 8: "),
            "{finding}"
        );
        assert!(finding.message.contains("\"b\": oops"), "{finding}");
    }

    #[test]
    fn truncated_json_is_a_syntax_error_and_not_a_missing_field() {
        let finding = read(br#"{"codebase_summary": "a"#).unwrap_err();
        assert_eq!(finding.rule, "json.syntax");
        assert!(finding.message.contains("EOF"), "{finding}");
    }

    #[test]
    fn a_fence_is_named_as_the_mistake() {
        let finding = read(b"```json\n{}\n```").unwrap_err();
        assert!(finding.fix.contains("fence"), "{finding:?}");
    }

    #[test]
    fn text_that_is_not_utf8_is_told_with_its_place() {
        let finding = read(b"{\n\"a\": \"\xff\"}").unwrap_err();
        assert_eq!(finding.rule, "json.syntax");
        assert!(
            finding.message.starts_with("line 2, column 7: "),
            "{finding}"
        );
    }

    #[test]
    fn nothing_is_an_outcome_of_its_own() {
        for text in [&b""[..], b" \n", b"\xef\xbb\xbf"] {
            assert_eq!(read(text).unwrap_err().rule, "output.empty");
        }
    }

    #[test]
    fn a_byte_order_mark_is_ignored() {
        assert!(read(b"\xef\xbb\xbf{}").is_ok());
    }

    #[test]
    fn json_that_is_no_object_is_a_matter_of_type() {
        let finding = read(b"[1]").unwrap_err();
        assert_eq!(finding.rule, "schema.type");
        assert_eq!(
            finding.message,
            "expected an object, found an array of 1 item"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _outcome = read(&bytes);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[{}\\[\\]\":,a1é\n ]{0,60}") {
            let _outcome = read(text.as_bytes());
        }
    }
}
