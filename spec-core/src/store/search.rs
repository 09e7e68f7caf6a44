//! What is looked for in titles, and how.

use std::fmt;
use std::str::FromStr;

use crate::invalid_input::InvalidInput;
use crate::spec::Title;
use crate::wire_schema::wire_schema;

/// A part of a title to look for: 1 to 200 characters, not blank, none of them a control character.
///
/// It is found wherever it stands in a title, also within a word. No character of it is a wildcard,
/// and white space counts like any other character. Upper and lower case are the same, in every
/// alphabet, as [`folded`] says, and in every store alike.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TitleSearch {
    text: String,
    folded: String,
}

impl TitleSearch {
    /// The longest text to look for, in characters.
    pub const MAX_CHARS: usize = 200;

    /// Checks a text to look for. White space around it is kept.
    ///
    /// # Errors
    ///
    /// Refuses text that is blank, too long, or holds control characters.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidInput> {
        let text = text.into();
        let length = text.chars().count();
        let refuse = |reason: String| Err(InvalidInput::new("search", reason));
        if text.trim().is_empty() {
            refuse("must not be empty".to_owned())
        } else if length > Self::MAX_CHARS {
            let max = Self::MAX_CHARS;
            refuse(format!("{length} characters; at most {max} are allowed"))
        } else if text.chars().any(char::is_control) {
            refuse("must be one line without control characters".to_owned())
        } else {
            let folded = folded(&text);
            Ok(Self { text, folded })
        }
    }

    /// The text as it was asked for.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text as [`folded`] makes it: what a store looks for in titles that are folded as well.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// Whether the text stands in `title`.
    #[must_use]
    pub fn finds(&self, title: &Title) -> bool {
        folded(title.as_str()).contains(&self.folded)
    }
}

impl FromStr for TitleSearch {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        Self::new(text)
    }
}

wire_schema!(TitleSearch, { "type": "string", "minLength": 1, "maxLength": TitleSearch::MAX_CHARS });

impl fmt::Debug for TitleSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

/// A text without the difference between upper and lower case: every character in upper case, and
/// then in lower case, by the tables of Unicode and by no language's own rules.
///
/// So `Ä` is `ä`, `Σ` is `σ` is `ς`, and `ß` is `ss`. Accents stay, and so does the difference
/// between a letter with its accent and the two as characters of their own. For ASCII it is the lower
/// case. The tables are those of Rust's standard library.
#[must_use]
pub fn folded(text: &str) -> String {
    let upper = text.chars().flat_map(char::to_uppercase);
    upper.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finds(search: &str, title: &str) -> bool {
        let search = TitleSearch::new(search).unwrap();
        search.finds(&Title::new(title).unwrap())
    }

    #[test]
    fn case_makes_no_difference_in_any_alphabet() {
        for (search, title) in [
            ("CSV", "Export as csv"),
            ("überweisung", "ÜBERWEISUNG prüfen"),
            ("STRASSE", "Die lange Straße"),
            ("ΟΔΟΣ", "μια οδος"),
            ("журнал", "ЖУРНАЛ"),
            ("搜索", "搜索历史"),
        ] {
            assert!(finds(search, title), "{search} in {title}");
            assert!(finds(title, title));
        }
        assert!(!finds("uber", "über"));
    }

    #[test]
    fn no_character_is_a_wildcard() {
        for search in ["%", "_", "\\", "a%b", "a_b", "*", "?"] {
            assert!(!finds(search, "axb"), "{search}");
            assert!(finds(search, &format!("x{search}x")), "{search}");
        }
    }

    #[test]
    fn a_text_that_cannot_stand_in_a_title_is_refused() {
        let long = "ä".repeat(TitleSearch::MAX_CHARS);
        assert!(TitleSearch::new(long.clone()).is_ok());
        for text in ["", " ", "a\nb", "\0", &format!("{long}x")] {
            let refused = TitleSearch::new(text).unwrap_err();
            assert_eq!(refused.field(), "search", "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_part_of_a_title_is_found_in_any_case(
            before in "\\PC{0,8}", part in "\\PC{1,8}", after in "\\PC{0,8}",
        ) {
            let title = Title::new(format!("({before}{part}{after})")).unwrap();
            if let Ok(search) = TitleSearch::new(part) {
                prop_assert!(search.finds(&title));
                let folded = folded(title.as_str());
                prop_assert!(search.finds(&Title::new(folded).unwrap()));
            }
        }

        #[test]
        fn of_ascii_it_is_the_lower_case(text in "[ -~]{0,40}") {
            prop_assert_eq!(folded(&text), text.to_ascii_lowercase());
        }

        #[test]
        fn folding_again_changes_nothing(text in "\\PC{0,40}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
