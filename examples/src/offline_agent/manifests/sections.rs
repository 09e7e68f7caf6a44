//! Files of `[section]` and `key = value`, read line by line so that every value has its line.

/// One `key = value`, or one further line of a value that spans several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) section: &'a str,
    pub(super) key: &'a str,
    pub(super) value: &'a str,
    pub(super) line: u32,
}

/// Reads as much as has this form; anything else is passed over.
pub(super) fn entries<'a>(lines: impl Iterator<Item = (u32, &'a str)>) -> Vec<Entry<'a>> {
    let mut found = Vec::new();
    let mut section = "";
    let mut key = "";
    let mut open = false;
    for (line, raw) in lines {
        let text = raw.trim();
        if text.is_empty() || text.starts_with('#') || text.starts_with(';') {
            continue;
        }
        let indented = raw.starts_with([' ', '\t']);
        if open || (indented && !key.is_empty() && !text.contains(" = ")) {
            found.push(Entry {
                section,
                key,
                value: text,
                line,
            });
            open = open && !text.starts_with(']');
        } else if let Some(name) = text.strip_prefix('[') {
            section = name
                .split(']')
                .next()
                .unwrap_or(name)
                .trim_start_matches('[')
                .trim();
            key = "";
            if text.starts_with("[[") {
                // An array of tables opens one more item, even when nothing follows.
                found.push(Entry {
                    section,
                    key: "",
                    value: "",
                    line,
                });
            }
        } else if let Some((name, value)) = text.split_once('=') {
            key = name.trim().trim_matches('"');
            let value = value.trim();
            open = value.starts_with('[') && !value.contains(']');
            found.push(Entry {
                section,
                key,
                value,
                line,
            });
        }
    }
    found
}

/// A value without its quotes.
pub(super) fn plain(value: &str) -> &str {
    value
        .split('#')
        .next()
        .unwrap_or(value)
        .trim()
        .trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_section_and_line() {
        let text =
            "[package]\nname = \"a\"\n\n[project]\ndependencies = [\n  \"flask>=2\",\n]\nx = 1\n";
        let all = entries((1..).zip(text.lines()));
        let seen: Vec<_> = all
            .iter()
            .map(|e| (e.section, e.key, e.value, e.line))
            .collect();
        assert_eq!(
            seen,
            [
                ("package", "name", "\"a\"", 2),
                ("project", "dependencies", "[", 5),
                ("project", "dependencies", "\"flask>=2\",", 6),
                ("project", "dependencies", "]", 7),
                ("project", "x", "1", 8),
            ]
        );
    }
}
