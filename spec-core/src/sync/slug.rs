//! Folder-safe names of specs.

use crate::id::ContentHash;
use crate::spec::Title;

/// Longest slug.
const MAX_BYTES: usize = 50;

/// Names that Windows keeps for devices, in every folder.
const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];

/// A name for folders and branches: words of the title in lower case, joined by `-`.
///
/// 1 to 50 characters of `[a-z0-9-]`, with a letter or digit at both ends. Titles without letters
/// of the Latin alphabet yield `spec-` and a part of the title's hash.
#[must_use]
pub fn slug(title: &Title) -> String {
    let mut slug = String::new();
    for word in latin(title.as_str()).split(|c: char| !c.is_ascii_alphanumeric()) {
        let room = MAX_BYTES.saturating_sub(slug.len() + usize::from(!slug.is_empty()));
        if word.is_empty() {
            continue;
        }
        if word.len() > room {
            // A first word that is too long is cut; any other is left out with what follows.
            if slug.is_empty() {
                slug.extend(word.chars().take(room));
            }
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    if !slug.contains(|c: char| c.is_ascii_lowercase()) {
        let hash = ContentHash::of(title.as_str().as_bytes()).to_string();
        return format!("spec-{hash:.8}");
    }
    let port = slug
        .strip_prefix("com")
        .or_else(|| slug.strip_prefix("lpt"));
    let is_port =
        port.is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()));
    if is_port || RESERVED.contains(&slug.as_str()) {
        slug.insert_str(0, "spec-");
    }
    slug
}

/// Lower case, with accents taken off the letters of western European languages.
fn latin(text: &str) -> String {
    let mut latin = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'à' | 'á' | 'â' | 'ã' | 'å' => latin.push('a'),
            'ä' | 'æ' => latin.push_str("ae"),
            'ç' => latin.push('c'),
            'è' | 'é' | 'ê' | 'ë' => latin.push('e'),
            'ì' | 'í' | 'î' | 'ï' => latin.push('i'),
            'ñ' => latin.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ø' => latin.push('o'),
            'ö' | 'œ' => latin.push_str("oe"),
            'ù' | 'ú' | 'û' => latin.push('u'),
            'ü' => latin.push_str("ue"),
            'ý' | 'ÿ' => latin.push('y'),
            'ß' => latin.push_str("ss"),
            // "user's" is one word.
            '\'' | '’' => {}
            other => latin.push(other),
        }
    }
    latin
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(title: &str) -> String {
        slug(&Title::new(title).unwrap())
    }

    #[test]
    fn words_are_joined() {
        assert_eq!(of("Add a search history!"), "add-a-search-history");
        assert_eq!(of("  --User's  \"OAuth2\" login/"), "users-oauth2-login");
        assert_eq!(of("Überweisung für Größen"), "ueberweisung-fuer-groessen");
    }

    #[test]
    fn long_titles_end_with_a_whole_word() {
        let slug = of("one two three four five six seven eight nine ten eleven twelve");
        assert_eq!(slug, "one-two-three-four-five-six-seven-eight-nine-ten");
        assert_eq!(of(&"x".repeat(80)).len(), 50);
    }

    #[test]
    fn titles_without_latin_letters_are_named_by_their_hash() {
        let slug = of("搜索历史");
        assert!(slug.starts_with("spec-") && slug.len() == 13, "{slug}");
        assert_ne!(slug, of("搜索"));
        assert!(of("2026").starts_with("spec-"));
    }

    #[test]
    fn device_names_are_not_folder_names() {
        assert_eq!(of("CON"), "spec-con");
        assert_eq!(of("com1"), "spec-com1");
        assert_eq!(of("come"), "come");
    }

    proptest! {
        #[test]
        fn every_title_has_a_safe_slug(title in "\\PC{1,80}") {
            if let Ok(title) = Title::new(title) {
                let slug = slug(&title);
                prop_assert!((1..=50).contains(&slug.len()), "{}", slug);
                prop_assert!(!slug.starts_with('-') && !slug.ends_with('-'));
                prop_assert!(slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            }
        }
    }
}
