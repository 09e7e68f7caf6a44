//! Where new files go, by the conventions of the repository.

use std::collections::BTreeSet;

use super::conventions::style;
use super::groups::Group;
use super::languages::language_of;
use super::rank::Hit;
use super::scan::SourceFile;
use super::survey::Survey;
use super::words::{capitalised, words as split};

/// A place for a feature's code and for its tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placement {
    pub(crate) path: String,
    /// `None` when there is no code to be tested.
    pub(crate) test_path: Option<String>,
}

/// Finds a place that neither exists nor is taken, and takes it.
pub(crate) fn place(
    survey: &Survey,
    group: &Group,
    hits: &[Hit<'_>],
    taken: &mut BTreeSet<String>,
) -> Placement {
    let words = group.stem_words();
    let mut number = 1;
    loop {
        let mut words = words.clone();
        if number > 1 {
            words.push(number.to_string());
        }
        let placement = candidate(survey, &words, hits);
        let is_free = |path: &String| !survey.repository.has(path) && !taken.contains(path);
        if is_free(&placement.path) && placement.test_path.as_ref().is_none_or(is_free) {
            taken.insert(placement.path.clone());
            taken.extend(placement.test_path.clone());
            return placement;
        }
        number += 1;
    }
}

fn candidate(survey: &Survey, words: &[String], hits: &[Hit<'_>]) -> Placement {
    let Some(language) = survey.project.main_language else {
        return Placement {
            path: format!("docs/{}.md", words.join("-")),
            test_path: None,
        };
    };
    let neighbour = neighbour(survey, language, hits);
    let folder = neighbour.map_or_else(
        || default_folder(language).to_owned(),
        |file| code_folder(file.folder()),
    );
    let extension = neighbour.map_or_else(
        || extension(survey, language),
        |file| {
            file.name()
                .rsplit('.')
                .next()
                .unwrap_or_default()
                .to_owned()
        },
    );
    let name = file_name(survey, language, words);
    let path = join(&folder, &format!("{name}.{extension}"));
    Placement {
        test_path: test_for(survey, &path),
        path,
    }
}

/// Where the tests of a source file belong; `None` when it is not source code.
pub(crate) fn test_for(survey: &Survey, path: &str) -> Option<String> {
    let language = language_of(path).filter(|language| language.code)?.name;
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, extension) = name.rsplit_once('.')?;
    Some(test_path(survey, language, &split(stem), folder, extension))
}

/// The existing source file beside which new code belongs.
fn neighbour<'a>(survey: &'a Survey, language: &str, hits: &[Hit<'a>]) -> Option<&'a SourceFile> {
    let suits = |file: &&SourceFile| {
        file.is_in(language) && !file.is_test() && !file.is_secondary() && !is_script(file)
    };
    hits.iter()
        .map(|hit| hit.file)
        .take(10)
        .find(suits)
        .or_else(|| {
            survey
                .entry_points
                .iter()
                .filter_map(|entry| survey.repository.file(&entry.path))
                .find(suits)
        })
        .or_else(|| survey.repository.code().find(suits))
}

fn is_script(file: &SourceFile) -> bool {
    matches!(
        file.name(),
        "build.rs" | "setup.py" | "conftest.py" | "noxfile.py" | "Gruntfile.js" | "gulpfile.js"
    ) || file.name().contains(".config.")
}

/// Programs sit in a folder of their own; what they share sits above it.
fn code_folder(folder: &str) -> String {
    folder
        .strip_suffix("/bin")
        .filter(|rest| rest.ends_with("src"))
        .unwrap_or(folder)
        .to_owned()
}

fn default_folder(language: &str) -> &'static str {
    match language {
        "Java" => "src/main/java",
        "Kotlin" => "src/main/kotlin",
        "Ruby" => "lib",
        "Go" => "",
        _ => "src",
    }
}

fn extension(survey: &Survey, language: &str) -> String {
    let own = survey.repository.code().find(|file| file.is_in(language));
    own.and_then(|file| language_of(&file.path)).map_or_else(
        || "txt".to_owned(),
        |language| language.extension().to_owned(),
    )
}

fn file_name(survey: &Survey, language: &str, words: &[String]) -> String {
    match language {
        "Java" | "Kotlin" | "C#" | "Scala" | "Swift" | "PHP" | "Vue" | "Svelte" => pascal(words),
        "JavaScript" | "TypeScript" => match common_style(survey, language) {
            Some("camelCase") => camel(words),
            Some("PascalCase") => pascal(words),
            Some("snake_case") => words.join("_"),
            Some(_) | None => words.join("-"),
        },
        _ => words.join("_"),
    }
}

fn common_style(survey: &Survey, language: &str) -> Option<&'static str> {
    let styles: Vec<&'static str> = survey
        .repository
        .code()
        .filter(|file| file.is_in(language))
        .filter_map(|file| style(file.name().split('.').next().unwrap_or_default()))
        .collect();
    let count = |wanted: &str| styles.iter().filter(|style| **style == wanted).count();
    styles
        .iter()
        .copied()
        .max_by_key(|style| (count(style), *style))
}

pub(crate) fn pascal(words: &[String]) -> String {
    words.iter().map(|word| capitalised(word)).collect()
}

pub(crate) fn camel(words: &[String]) -> String {
    words
        .iter()
        .enumerate()
        .map(|(index, word)| {
            if index == 0 {
                word.clone()
            } else {
                capitalised(word)
            }
        })
        .collect()
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

fn test_path(
    survey: &Survey,
    language: &str,
    words: &[String],
    folder: &str,
    extension: &str,
) -> String {
    let own = survey.testing.folder.as_deref();
    let snake = words.join("_");
    match language {
        "Rust" => {
            let package = folder
                .split("src")
                .next()
                .unwrap_or_default()
                .trim_end_matches('/');
            join(package, &format!("tests/{snake}.rs"))
        }
        "Python" => join(own.unwrap_or("tests"), &format!("test_{snake}.py")),
        "Go" => join(folder, &format!("{snake}_test.go")),
        "Java" | "Kotlin" => {
            let folder = folder.replacen("src/main", "src/test", 1);
            join(&folder, &format!("{}Test.{extension}", pascal(words)))
        }
        "JavaScript" | "TypeScript" | "Vue" | "Svelte" => {
            let name = file_name(survey, language, words);
            let extension = if extension == "vue" || extension == "svelte" {
                "js"
            } else {
                extension
            };
            let mark = test_mark(survey, own.is_some());
            join(own.unwrap_or(folder), &format!("{name}{mark}.{extension}"))
        }
        "Ruby" if own == Some("test") => format!("test/{snake}_test.rb"),
        "Ruby" => format!("spec/{snake}_spec.rb"),
        "PHP" => join(
            own.unwrap_or("tests"),
            &format!("{}Test.php", pascal(words)),
        ),
        "C#" => join(
            own.unwrap_or("tests"),
            &format!("{}Tests.cs", pascal(words)),
        ),
        "Elixir" => format!("test/{snake}_test.exs"),
        _ => join(own.unwrap_or("tests"), &format!("{snake}_test.{extension}")),
    }
}

/// What stands between the name and the extension of the test files that are there.
fn test_mark(survey: &Survey, has_folder: bool) -> &'static str {
    let names: Vec<&str> = survey
        .repository
        .files
        .iter()
        .filter(|file| file.is_code() && file.is_test())
        .map(SourceFile::name)
        .collect();
    if names.iter().any(|name| name.contains(".test.")) {
        ".test"
    } else if names.iter().any(|name| name.contains(".spec.")) {
        ".spec"
    } else if has_folder && !names.is_empty() {
        ""
    } else {
        ".test"
    }
}
