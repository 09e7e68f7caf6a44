//! Data types that the repository defines.

use spec_core::artifact::ExistingModel;

use super::scan::{Repository, SourceFile};

const MAX_PER_FILE: usize = 12;
const MAX_MODELS: usize = 400;
const MAX_FIELDS: usize = 12;
const MAX_BODY_LINES: usize = 60;

/// Every type found in code that is not a test, in the order of the files.
pub(crate) fn models(repository: &Repository) -> Vec<ExistingModel> {
    let mut found = Vec::new();
    for file in &repository.files {
        if file.is_test() || file.is_secondary() || found.len() >= MAX_MODELS {
            continue;
        }
        found.extend(of_file(file));
    }
    found
}

fn of_file(file: &SourceFile) -> Vec<ExistingModel> {
    let Some(language) = file.language.map(|language| language.name) else {
        return Vec::new();
    };
    let mut found: Vec<ExistingModel> = Vec::new();
    let lines: Vec<(u32, &str)> = file.lines().collect();
    for (index, (number, line)) in lines.iter().enumerate() {
        let Some(name) = declared_type(language, line) else {
            continue;
        };
        if found.len() >= MAX_PER_FILE || found.iter().any(|model| model.name == name) {
            continue;
        }
        let body = lines.iter().skip(index + 1).map(|(_, line)| *line);
        found.push(ExistingModel {
            name: name.to_owned(),
            file: file.path.clone(),
            fields: fields(language, line, body),
            evidence: file.evidence_at(*number, line).into_iter().collect(),
        });
    }
    found
}

/// The name of the type that the line declares.
fn declared_type<'a>(language: &str, line: &'a str) -> Option<&'a str> {
    let keywords: &[&str] = match language {
        "Rust" => &[
            "pub struct ",
            "pub enum ",
            "pub trait ",
            "pub(crate) struct ",
            "pub(crate) enum ",
        ],
        "Python" | "Ruby" => &["class "],
        "JavaScript" => &["class ", "export class ", "export default class "],
        "TypeScript" => &[
            "interface ",
            "export interface ",
            "type ",
            "export type ",
            "class ",
            "export class ",
            "export default class ",
            "enum ",
            "export enum ",
            "export abstract class ",
        ],
        "Go" => &["type "],
        "Java" | "C#" | "Kotlin" | "Scala" | "PHP" | "Dart" | "Swift" => &[
            "public class ",
            "public final class ",
            "public abstract class ",
            "public record ",
            "public enum ",
            "public interface ",
            "public struct ",
            "final class ",
            "abstract class ",
            "data class ",
            "sealed class ",
            "case class ",
            "class ",
            "record ",
            "enum ",
            "struct ",
            "interface ",
            "enum class ",
        ],
        "C" | "C++" => &["struct ", "class ", "typedef struct "],
        "Elixir" => &["defmodule "],
        "SQL" => &[
            "CREATE TABLE IF NOT EXISTS ",
            "CREATE TABLE ",
            "create table if not exists ",
            "create table ",
        ],
        "Prisma" => &["model "],
        "Protocol Buffers" => &["message "],
        "GraphQL" => &["type ", "input "],
        _ => return None,
    };
    let rest = keywords
        .iter()
        .find_map(|keyword| line.strip_prefix(keyword))?;
    let rest = rest.trim_start().trim_start_matches(['"', '`']);
    let end = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    let after = after.trim_start();
    let defines = match language {
        "Go" => after.starts_with("struct") || after.starts_with("interface"),
        // A declaration without a body defines nothing.
        "C" | "C++" => after.starts_with('{') || (after.is_empty() && !line.ends_with(';')),
        "TypeScript" => !line.contains("type ") || line.contains('=') || line.contains("interface"),
        _ => true,
    };
    let named = name.chars().next().is_some_and(char::is_alphabetic) && name.chars().count() > 1;
    (defines && named).then_some(name)
}

fn fields<'a>(language: &str, head: &str, body: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let closed_at_once = head.trim_end().ends_with(';') || head.trim_end().ends_with('}');
    if closed_at_once {
        return found;
    }
    let mut quoted = false;
    for line in body.take(MAX_BODY_LINES) {
        let marks = line.matches("\"\"\"").count();
        let prose = quoted || marks > 0;
        quoted ^= marks % 2 == 1;
        if prose {
            continue;
        }
        let ends = match language {
            "Python" => !line.trim().is_empty() && !line.starts_with([' ', '\t']),
            _ => line.starts_with('}') || line.starts_with(')'),
        };
        if ends || found.len() >= MAX_FIELDS {
            break;
        }
        if let Some(name) = field(language, line)
            && !found.contains(&name)
        {
            found.push(name);
        }
    }
    found
}

fn field(language: &str, line: &str) -> Option<String> {
    let depth = line.len() - line.trim_start().len();
    let text = line.trim().trim_end_matches([',', ';']);
    // Only members of the type itself, not of what is nested in it.
    if depth == 0 || depth > 8 || text.starts_with(['#', '/', '*', '@', '"', '\'']) {
        return None;
    }
    let name = match language {
        "Rust" => {
            let text = text
                .trim_start_matches("pub(crate) ")
                .trim_start_matches("pub ");
            let end = text
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(text.len());
            let (name, rest) = text.split_at(end);
            (depth == 4
                && (rest.is_empty() || rest.starts_with([':', '(', ' ']))
                && !matches!(name, "fn" | "type" | "const" | "async" | "where"))
            .then_some(name)
        }
        "Python" => {
            let (name, _) = text.split_once([':', '='])?;
            (depth == 4 && !text.starts_with("def ") && !text.starts_with("class "))
                .then_some(name.trim())
        }
        "TypeScript" => text.split_once(':').map(|(name, _)| {
            name.trim()
                .trim_end_matches('?')
                .trim_start_matches("readonly ")
        }),
        "Go" | "Prisma" | "SQL" => text.split_whitespace().next(),
        "GraphQL" => text.split_once(':').map(|(name, _)| name.trim()),
        "Protocol Buffers" => text
            .split_once('=')
            .and_then(|(left, _)| left.split_whitespace().last()),
        "Java" | "C#" | "C" | "C++" | "Dart" if !text.contains('(') && !text.contains('{') => {
            let declaration = text.split('=').next().unwrap_or(text).trim();
            declaration
                .split_whitespace()
                .last()
                .filter(|_| declaration.contains(' '))
        }
        _ => None,
    }?;
    let plain = name.trim_matches(['"', '`', '*', '[', ']']);
    let is_name = plain
        .chars()
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_')
        && plain.chars().all(|c| c.is_alphanumeric() || c == '_');
    let keyword = [
        "__slots__",
        "primary",
        "foreign",
        "constraint",
        "unique",
        "return",
        "pass",
        "check",
        "private",
        "public",
    ];
    (is_name && !keyword.contains(&plain.to_ascii_lowercase().as_str())).then(|| plain.to_owned())
}
