//! What a run was given in confidence, kept out of all that is stored of it.

use crate::sandbox::{Secret, SecretEnv};

/// A shorter value is more likely a word that says nothing of itself.
const MIN_BYTES: usize = 8;
/// What stands in the place of a secret.
const REDACTED: &str = "[redacted]";

/// The secrets of a run.
///
/// A service may quote the key that it refuses, and an agent what it found in its environment.
#[derive(Debug, Clone, Default)]
pub(super) struct Secrets {
    /// As they are and as JSON writes them, longest first.
    values: Vec<Secret>,
}

impl Secrets {
    pub(super) fn of(secrets: &[SecretEnv]) -> Self {
        let mut values = Vec::new();
        for SecretEnv { name: _, value } in secrets {
            let plain = value.expose();
            if plain.len() < MIN_BYTES {
                continue;
            }
            let quoted = serde_json::Value::from(plain).to_string();
            let escaped = quoted.trim_start_matches('"');
            let escaped = escaped.strip_suffix('"').unwrap_or(escaped);
            if escaped != plain {
                values.push(Secret::new(escaped));
            }
            values.push(value.clone());
        }
        values.sort_by_key(|value| std::cmp::Reverse(value.expose().len()));
        Self { values }
    }

    /// `text` without them.
    pub(super) fn hide(&self, mut text: String) -> String {
        for value in &self.values {
            if text.contains(value.expose()) {
                text = text.replace(value.expose(), REDACTED);
            }
        }
        text
    }

    /// A document without them. What is no text is no document, and stays as it is.
    pub(super) fn hide_in_document(&self, bytes: Vec<u8>) -> Vec<u8> {
        match String::from_utf8(bytes) {
            Ok(text) => self.hide(text).into_bytes(),
            Err(no_text) => no_text.into_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(values: &[&str]) -> Secrets {
        let named = |value: &&str| SecretEnv {
            name: "KEY".to_owned(),
            value: Secret::new(*value),
        };
        Secrets::of(&values.iter().map(named).collect::<Vec<_>>())
    }

    #[test]
    fn secrets_are_hidden_however_they_are_written_and_common_words_are_not() {
        let secrets = secrets(&["sk-12345678", "sk-12345678-long", "a\"quoted\"one", "none"]);
        for (text, hidden) in [
            ("key sk-12345678!", "key [redacted]!"),
            ("sk-12345678-long,sk-12345678", "[redacted],[redacted]"),
            (r#"{"k":"a\"quoted\"one"}"#, r#"{"k":"[redacted]"}"#),
            ("a\"quoted\"one", "[redacted]"),
            ("none", "none"),
        ] {
            assert_eq!(secrets.hide(text.to_owned()), hidden);
            let bytes = secrets.hide_in_document(text.as_bytes().to_vec());
            assert_eq!(bytes, hidden.as_bytes());
        }
        assert_eq!(secrets.hide_in_document(vec![0xff]), [0xff]);
        assert!(!format!("{secrets:?}").contains("1234"));
    }
}
