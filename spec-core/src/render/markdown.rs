//! A Markdown document that untrusted text cannot break, for GitHub's dialect.

use std::fmt::Write;

/// How a spec is laid out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// As a file for each phase.
    Files,
    /// As one document with a section for each phase.
    One,
}

impl Form {
    /// What a link into `name` begins with.
    pub(super) fn file(self, name: &'static str) -> &'static str {
        match self {
            Self::Files => name,
            Self::One => "",
        }
    }
}

/// A document under construction: blocks with an empty line between them.
#[derive(Debug)]
pub(super) struct Document {
    text: String,
    form: Form,
}

impl Document {
    pub(super) fn new(form: Form) -> Self {
        Self {
            text: String::new(),
            form,
        }
    }

    pub(super) fn form(&self) -> Form {
        self.form
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Adds a block as it is; whatever is untrusted in it has been escaped.
    pub(super) fn block(&mut self, block: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(block.trim_end_matches('\n'));
        self.text.push('\n');
    }

    /// Adds a heading of escaped text, at its level within a file.
    pub(super) fn heading(&mut self, level: usize, text: &str) {
        let level = match self.form {
            Form::Files => level,
            Form::One => level + 1,
        };
        self.block(&format!("{} {text}", "#".repeat(level)));
    }

    /// Adds a list of escaped items.
    pub(super) fn bullets(&mut self, items: impl IntoIterator<Item = String>) {
        let items: Vec<_> = items.into_iter().map(|item| format!("- {item}")).collect();
        if !items.is_empty() {
            self.block(&items.join("\n"));
        }
    }

    /// Adds a table. Cells are escaped text that [`cell`] made, or text of this crate.
    pub(super) fn table<const N: usize>(
        &mut self,
        head: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) {
        let mut table = format!("| {} |\n|{}", head.join(" | "), " --- |".repeat(N));
        for row in rows {
            table.push_str("\n| ");
            table.push_str(&row.join(" | "));
            table.push_str(" |");
        }
        self.block(&table);
    }

    /// Adds untrusted text in a code block that no line of it can close.
    pub(super) fn fence(&mut self, language: &str, text: &str) {
        let fence = "`".repeat(longest_run(text).max(2) + 1);
        self.block(&format!(
            "{fence}{language}\n{}\n{fence}",
            visible(text).trim_matches('\n')
        ));
    }

    /// Adds untrusted text, character by character, in a block that no line of it can close.
    pub(super) fn verbatim(&mut self, text: &str) {
        let fence = "`".repeat(longest_run(text).max(2) + 1);
        self.block(&format!("{fence}text\n{text}\n{fence}"));
    }

    /// Adds untrusted text as a quote, line by line as it was typed.
    pub(super) fn quote(&mut self, text: &str) {
        let lines: Vec<_> = lines(text).collect();
        let last = lines.len().saturating_sub(1);
        let quoted: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(index, text)| {
                let indent = text.chars().take_while(|c| c.is_whitespace()).count();
                let text = line(text);
                let ends_paragraph = index == last
                    || lines
                        .get(index + 1)
                        .is_none_or(|next| next.trim().is_empty());
                match text.as_str() {
                    "" => ">".to_owned(),
                    text => {
                        let indent = "&nbsp;".repeat(indent.min(16));
                        let end = if ends_paragraph { "" } else { "\\" };
                        format!("> {indent}{text}{end}")
                    }
                }
            })
            .collect();
        self.block(&quoted.join("\n"));
    }

    /// Adds untrusted Markdown. Paragraphs, lists, code blocks and code spans keep their meaning;
    /// headings become bold, and everything else is shown as it is written.
    pub(super) fn prose(&mut self, text: &str) {
        let mut lines = lines(text);
        let mut open = String::new();
        while let Some(source) = lines.next() {
            let trimmed = source.trim();
            if let Some(fence) = fence_of(trimmed) {
                self.flush(&mut open);
                let inside: Vec<_> = lines
                    .by_ref()
                    .take_while(|l| !closes(l.trim(), fence))
                    .collect();
                self.fence("", &inside.join("\n"));
            } else if trimmed.is_empty() {
                self.flush(&mut open);
            } else if trimmed.starts_with('#') {
                self.flush(&mut open);
                let title = line(trimmed.trim_matches('#').trim());
                if !title.is_empty() {
                    self.block(&format!("**{title}**"));
                }
            } else if let Some((marker, item)) = list_item(trimmed) {
                let indent = if source.starts_with([' ', '\t']) {
                    "   "
                } else {
                    ""
                };
                if !open.is_empty() && !in_list(&open) {
                    self.flush(&mut open);
                }
                // An indented item needs one to be nested in.
                let indent = if open.is_empty() { "" } else { indent };
                let _infallible = writeln!(open, "{indent}{marker} {}", line(item));
            } else if in_list(&open) {
                let _infallible = writeln!(open, "   {}", line(trimmed));
            } else {
                let _infallible = writeln!(open, "{}", line(trimmed));
            }
        }
        self.flush(&mut open);
    }

    fn flush(&mut self, open: &mut String) {
        if !open.is_empty() {
            self.block(open);
            open.clear();
        }
    }
}

/// Untrusted text on one line, with code spans and nothing else of Markdown or HTML.
pub(super) fn line(text: &str) -> String {
    escape(text, false)
}

/// Untrusted text for a cell of a table.
pub(super) fn cell(text: &str) -> String {
    escape(text, true)
}

/// Untrusted text in a code span, outside of tables.
pub(super) fn code(text: &str) -> String {
    let text = one_line(text);
    let ticks = "`".repeat(longest_run(&text) + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    if text.is_empty() {
        return text;
    }
    format!("{ticks}{blank}{text}{blank}{ticks}")
}

fn escape(text: &str, in_table: bool) -> String {
    let text = one_line(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    // What would begin a list or a heading after a bullet or at the beginning of a line.
    let behind_number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    if behind_number.len() < rest.len() && behind_number.starts_with(['.', ')']) {
        out.push_str(rest.strip_suffix(behind_number).unwrap_or_default());
        out.push('\\');
        rest = behind_number;
    } else if rest.starts_with(['-', '+', '=']) {
        out.push('\\');
    }
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        let after = chars.as_str();
        if c == '`'
            && let Some((inside, behind)) = after.split_once('`')
            && !inside.trim().is_empty()
            && !behind.starts_with('`')
            && !(in_table && inside.contains('\\'))
        {
            let inside = if in_table {
                inside.replace('|', "\\|")
            } else {
                inside.to_owned()
            };
            let _infallible = write!(out, "`{inside}`");
            chars = behind.chars();
            continue;
        }
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '~' | '|' | '&' | '$'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// One line without what cannot be seen.
fn one_line(text: &str) -> String {
    visible(text)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Control characters become blanks, and marks that turn the direction of text vanish: with them a
/// line could read otherwise than it is stored.
fn visible(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                ' '
            } else {
                c
            }
        })
        .collect()
}

/// Lines, ended in any of the ways that Markdown knows.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.trim_end()
        .split('\n')
        .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// The character that a code block is fenced with, if `line` opens one.
fn fence_of(line: &str) -> Option<char> {
    ['`', '~']
        .into_iter()
        .find(|c| line.chars().take_while(|found| found == c).count() >= 3)
}

fn closes(line: &str, fence: char) -> bool {
    line.len() >= 3 && line.chars().all(|c| c == fence)
}

/// A list item's marker and text.
fn list_item(line: &str) -> Option<(&str, &str)> {
    if let Some(item) = ["- ", "* ", "+ "]
        .into_iter()
        .find_map(|marker| line.strip_prefix(marker))
    {
        return Some(("-", item));
    }
    let (number, item) = line.split_once(". ")?;
    let is_number = (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    is_number.then_some(("1.", item))
}

fn in_list(open: &str) -> bool {
    open.starts_with("- ") || open.starts_with("1. ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pipes that divide cells: those with an even number of backslashes before them.
    fn dividers(row: &str) -> usize {
        let mut backslashes = 0;
        let mut dividers = 0;
        for c in row.chars() {
            match c {
                '\\' => backslashes += 1,
                '|' if backslashes % 2 == 0 => {
                    dividers += 1;
                    backslashes = 0;
                }
                _ => backslashes = 0,
            }
        }
        dividers
    }

    #[test]
    fn markdown_and_html_in_text_are_shown_and_not_obeyed() {
        assert_eq!(
            line("<b>*x*</b> [a](b) a|b"),
            r"\<b\>\*x\*\</b\> \[a\](b) a\|b"
        );
        assert_eq!(line("# no\nheading"), r"\# no heading");
        assert_eq!(line("1. no item"), r"1\. no item");
        assert_eq!(line("- no item"), r"\- no item");
    }

    #[test]
    fn code_spans_stay_code() {
        assert_eq!(line("use `a_b < c`"), "use `a_b < c`");
        assert_eq!(cell("use `a|b`"), r"use `a\|b`");
        assert_eq!(line("one ` only"), r"one \` only");
        assert_eq!(code("a`b"), "``a`b``");
    }

    #[test]
    fn a_code_block_is_closed_by_its_end_only() {
        let mut document = Document::new(Form::Files);
        document.fence("mermaid", "a\n```\n# out\n````\nb");
        assert_eq!(
            document.into_text(),
            "`````mermaid\na\n```\n# out\n````\nb\n`````\n"
        );
    }

    #[test]
    fn verbatim_text_keeps_every_character_and_closes_nothing() {
        let text = "\n\n  # one\r\n```\n\u{202e}two\u{7}\r~~~\r````\n";
        let mut document = Document::new(Form::One);
        document.verbatim(text);
        assert_eq!(document.into_text(), format!("`````text\n{text}\n`````\n"));
    }

    #[test]
    fn a_quote_keeps_every_line() {
        let mut document = Document::new(Form::Files);
        document.quote("one\n  two <b>\n\n- three\r\n");
        assert_eq!(
            document.into_text(),
            "> one\\\n> &nbsp;&nbsp;two \\<b\\>\n>\n> \\- three\n"
        );
    }

    #[test]
    fn prose_keeps_lists_and_code_and_nothing_that_breaks_out() {
        let mut document = Document::new(Form::Files);
        document.prose("# Top\nText\n- a\n  - b\n\n```sh\nrm <x>\n```\n<details>");
        let expected = "**Top**\n\nText\n\n- a\n   - b\n\n```\nrm <x>\n```\n\n\\<details\\>\n";
        assert_eq!(document.into_text(), expected);
    }

    proptest! {
        #[test]
        fn no_text_divides_a_cell(texts in proptest::collection::vec("[|\\\\`\n\r a<-]{0,12}|\\PC{0,20}", 3)) {
            let mut document = Document::new(Form::Files);
            document.table(["A", "B", "C"], [[cell(&texts[0]), cell(&texts[1]), cell(&texts[2])]]);
            let text = document.into_text();
            prop_assert_eq!(text.lines().count(), 3, "{}", text);
            for row in text.lines() {
                prop_assert_eq!(dividers(row), 4, "{}", text);
            }
        }

        #[test]
        fn no_prose_opens_html_or_a_heading(text in "[#<>a`~\n -]{0,40}") {
            let mut document = Document::new(Form::Files);
            document.prose(&text);
            let mut fence = String::new();
            for row in document.into_text().lines() {
                let ticks: String = row.chars().take_while(|c| *c == '`').collect();
                if fence.is_empty() {
                    prop_assert!(!row.starts_with('#'), "{}", row);
                    prop_assert!(!row.trim_start().starts_with('<'), "{}", row);
                    if ticks.len() >= 3 && ticks == row {
                        fence = ticks;
                    }
                } else if row == fence {
                    fence.clear();
                }
            }
            prop_assert!(fence.is_empty());
        }

        #[test]
        fn every_line_of_a_quote_is_quoted(text in "\\PC{0,20}[\n\r]{0,3}\\PC{0,20}") {
            let mut document = Document::new(Form::Files);
            document.quote(&text);
            prop_assert!(document.into_text().lines().all(|line| line.starts_with('>')));
        }
    }
}
