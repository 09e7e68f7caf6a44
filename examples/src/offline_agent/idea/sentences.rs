//! Prose and markdown, cut into sentences and list items.

use crate::offline_agent::idea::grammar::plain;

/// Sentences that no one reads to the end are cut.
const MAX_SENTENCE_CHARS: usize = 400;
const MAX_SENTENCES: usize = 400;

/// The sentences of a description, in order.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut paragraph = String::new();
    let mut code = false;
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("```") || line.starts_with("~~~") {
            code = !code;
            end(&mut paragraph, &mut found);
            continue;
        }
        let rule = line.len() >= 3 && line.chars().all(|c| matches!(c, '-' | '=' | '*' | '_'));
        if code || line.starts_with('#') || line.starts_with('|') || rule || line.is_empty() {
            end(&mut paragraph, &mut found);
            continue;
        }
        if let Some(item) = list_item(line) {
            end(&mut paragraph, &mut found);
            paragraph.push_str(item);
        } else {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line);
        }
    }
    end(&mut paragraph, &mut found);
    found.truncate(MAX_SENTENCES);
    found
}

/// The text of a list item, without its mark.
fn list_item(line: &str) -> Option<&str> {
    let unmarked = ["- [ ] ", "- [x] ", "* [ ] ", "- ", "* ", "+ ", "• ", "– "]
        .iter()
        .find_map(|mark| line.strip_prefix(mark));
    unmarked.or_else(|| {
        let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = line.split_at(digits);
        let marked = !number.is_empty() && number.len() <= 3;
        rest.strip_prefix(". ")
            .or_else(|| rest.strip_prefix(") "))
            .filter(|_| marked)
    })
}

fn end(paragraph: &mut String, found: &mut Vec<String>) {
    let text = plain(&std::mem::take(paragraph));
    let mut sentence = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        sentence.push(c);
        let ends = match c {
            ';' | '。' | '！' | '？' | '；' => true,
            '.' | '!' | '?' => {
                chars.peek().is_none_or(|next| next.is_whitespace()) && !is_abbreviation(&sentence)
            }
            _ => false,
        };
        if ends {
            finish(&mut sentence, found);
        }
    }
    finish(&mut sentence, found);
}

fn finish(sentence: &mut String, found: &mut Vec<String>) {
    let text = std::mem::take(sentence);
    let text = text
        .trim()
        .trim_end_matches([';', '.', '。', '；', ',', ':', '!', '！'])
        .trim();
    // Only letters and digits say something.
    if text.chars().any(char::is_alphanumeric) {
        found.push(
            text.chars()
                .take(MAX_SENTENCE_CHARS)
                .collect::<String>()
                .trim()
                .to_owned(),
        );
    }
}

fn is_abbreviation(sentence: &str) -> bool {
    let last = sentence.split_whitespace().next_back().unwrap_or_default();
    let last = last.trim_start_matches('(').to_lowercase();
    matches!(
        last.as_str(),
        "e.g." | "i.e." | "etc." | "vs." | "approx." | "no." | "resp." | "cf."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_items_and_sentences_come_apart() {
        let text = "# Idea\nAdd login, e.g. with GitHub. It must be in v1.2\nof the app.\n\n- export as CSV\n1. import\n```\ncode. here\n```\n登録する。確認する";
        assert_eq!(
            sentences(text),
            [
                "Add login, e.g. with GitHub",
                "It must be in v1.2 of the app",
                "export as CSV",
                "import",
                "登録する",
                "確認する"
            ]
        );
        assert!(sentences("???").is_empty());
    }
}
