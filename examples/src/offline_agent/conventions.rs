//! How the repository names, tests, formats and lays out its code.

use std::collections::BTreeMap;

use spec_core::artifact::{Conventions, Pattern};

use super::manifests::{Ecosystem, Manifest};
use super::project::Project;
use super::scan::{Repository, SourceFile};
use super::stack::{Framework, Role};

const MAX_FOLDERS: usize = 40;

/// How tests are written and run.
#[derive(Debug, Clone)]
pub(crate) struct Testing {
    /// One sentence for people.
    pub(crate) summary: String,
    /// The command that runs them, if one is known.
    pub(crate) command: Option<String>,
    /// Folder of the tests, if they have one of their own.
    pub(crate) folder: Option<String>,
}

/// Looks at the test files and the build files.
pub(crate) fn testing(
    repository: &Repository,
    manifests: &[Manifest],
    frameworks: &[Framework],
    project: &Project,
) -> Testing {
    let tests: Vec<&SourceFile> = repository
        .files
        .iter()
        .filter(|f| f.is_code() && f.is_test())
        .collect();
    let inline = repository
        .code()
        .filter(|f| f.is_in("Rust") && f.find(|l| l.contains("#[cfg(test)]")).is_some())
        .count();
    let language = project.main_language.unwrap_or_default();
    let framework = frameworks
        .iter()
        .find(|f| f.role == Role::Testing && suits(language, f))
        .map(|f| f.name);
    let framework = framework.or_else(|| {
        let unittest = tests
            .iter()
            .any(|f| f.find(|line| line.trim() == "import unittest").is_some());
        (language == "Python" && unittest).then_some("unittest")
    });
    let folder = test_folder(&tests);
    let command = command(language, manifests, framework);
    let mut parts = Vec::new();
    match (tests.len(), &folder) {
        (0, _) if inline == 0 => parts.push("No tests were found".to_owned()),
        (0, _) => {}
        (count, Some(folder)) => parts.push(format!(
            "{count} test {} under `{folder}/`",
            plural(count, "file", "files")
        )),
        (count, None) => parts.push(format!(
            "{count} test {} next to the code",
            plural(count, "file", "files")
        )),
    }
    if inline > 0 {
        parts.push(format!(
            "unit tests inside {inline} source {}",
            plural(inline, "file", "files")
        ));
    }
    let mut summary = parts.join(", and ");
    if let Some(framework) = framework {
        let joint = if parts.iter().any(|part| part.starts_with("No tests")) {
            "although the build file names"
        } else {
            "written with"
        };
        summary = format!("{summary}, {joint} {framework}");
    }
    if let Some(command) = &command {
        summary = format!("{summary}; run with `{command}`");
    }
    summary.push('.');
    Testing {
        summary,
        command,
        folder,
    }
}

pub(crate) fn plural(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}

fn suits(language: &str, framework: &Framework) -> bool {
    let node = ["Jest", "Vitest", "Mocha", "Playwright"].contains(&framework.name);
    match language {
        "JavaScript" | "TypeScript" | "Vue" | "Svelte" => node,
        "Python" => framework.name == "pytest",
        "Rust" => framework.name == "proptest",
        _ => !node,
    }
}

/// The folder that holds most test files.
fn test_folder(tests: &[&SourceFile]) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for file in tests {
        let parts: Vec<&str> = file.folder().split('/').collect();
        let end = parts
            .iter()
            .position(|part| matches!(*part, "test" | "tests" | "__tests__" | "spec" | "specs"))?;
        let folder: Vec<&str> = parts.into_iter().take(end + 1).collect();
        *counts.entry(folder.join("/")).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)))
        .map(|(folder, _)| folder)
}

fn command(
    language: &str,
    manifests: &[Manifest],
    framework: Option<&'static str>,
) -> Option<String> {
    let uses = |ecosystem| {
        manifests
            .iter()
            .any(|manifest| manifest.ecosystem == ecosystem)
    };
    let make = || {
        manifests.iter().any(|m| {
            m.ecosystem == Ecosystem::Make
                && m.folder().is_empty()
                && m.commands.iter().any(|c| c.name == "test")
        })
    };
    let known = match language {
        "Rust" => Some("cargo test"),
        "Python" if framework == Some("unittest") => Some("python -m unittest"),
        "Python" => Some("python -m pytest"),
        "Go" => Some("go test ./..."),
        "JavaScript" | "TypeScript" | "Vue" | "Svelte" if uses(Ecosystem::Node) => Some("npm test"),
        "Java" | "Kotlin" | "Scala" if uses(Ecosystem::Maven) => Some("mvn test"),
        "Java" | "Kotlin" | "Scala" if uses(Ecosystem::Gradle) => Some("gradle test"),
        "Ruby" if framework == Some("RSpec") => Some("bundle exec rspec"),
        "Ruby" => Some("bundle exec rake test"),
        "PHP" => Some("vendor/bin/phpunit"),
        "C#" => Some("dotnet test"),
        "Elixir" => Some("mix test"),
        "Swift" => Some("swift test"),
        _ if make() => Some("make test"),
        _ if uses(Ecosystem::CMake) => Some("ctest"),
        _ => None,
    };
    known.map(str::to_owned)
}

/// Naming, testing and configured tools.
pub(crate) fn conventions(
    repository: &Repository,
    project: &Project,
    testing: &Testing,
) -> Conventions {
    Conventions {
        naming: naming(repository, project),
        testing: testing.summary.clone(),
        patterns: tools(repository)
            .into_iter()
            .map(|(path, what)| format!("{what}, set up in `{path}`"))
            .collect(),
    }
}

fn naming(repository: &Repository, project: &Project) -> String {
    let Some(language) = project.main_language else {
        return "No source code was found, so no naming convention either.".to_owned();
    };
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for file in repository.code().filter(|file| file.is_in(language)) {
        let stem = file.name().split('.').next().unwrap_or_default();
        if let Some(style) = style(stem) {
            *counts.entry(style).or_default() += 1;
        }
    }
    let files = counts
        .into_iter()
        .max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0)));
    let inside = match language {
        "Rust" | "Python" | "Ruby" => "functions in snake_case, types in PascalCase",
        "Go" => "exported names in PascalCase, others in camelCase",
        "JavaScript" | "TypeScript" | "Java" | "Kotlin" | "PHP" | "Swift" | "Dart" => {
            "functions in camelCase, types in PascalCase"
        }
        "C#" => "types and methods in PascalCase",
        _ => "names as in the neighbouring code",
    };
    match files {
        Some((style, count)) => format!(
            "{language} files are named in {style} ({count} {} of several words); {inside}.",
            plural(count, "file", "files")
        ),
        None => format!("{language} files have names of one word; {inside}."),
    }
}

/// How a name of several words is written; `None` for one word, which shows nothing.
pub(crate) fn style(stem: &str) -> Option<&'static str> {
    let inner = stem.trim_matches('_');
    if inner.contains('_') {
        Some("snake_case")
    } else if inner.contains('-') {
        Some("kebab-case")
    } else if inner.chars().next().is_some_and(char::is_uppercase)
        && inner.chars().any(char::is_lowercase)
    {
        Some("PascalCase")
    } else if inner.chars().skip(1).any(char::is_uppercase) {
        Some("camelCase")
    } else {
        None
    }
}

/// Configuration files of linters, formatters and builds that are really there.
fn tools(repository: &Repository) -> Vec<(String, &'static str)> {
    const KNOWN: &[(&str, &str)] = &[
        ("rustfmt.toml", "Formatting with rustfmt"),
        (".rustfmt.toml", "Formatting with rustfmt"),
        ("clippy.toml", "Linting with Clippy"),
        ("deny.toml", "Dependency rules with cargo-deny"),
        (".eslintrc", "Linting with ESLint"),
        ("eslint.config", "Linting with ESLint"),
        (".prettierrc", "Formatting with Prettier"),
        ("tsconfig.json", "Type checking with TypeScript"),
        ("ruff.toml", "Linting with Ruff"),
        (".flake8", "Linting with flake8"),
        ("mypy.ini", "Type checking with mypy"),
        ("tox.ini", "Test environments with tox"),
        (".pre-commit-config.yaml", "Checks before each commit"),
        (".golangci", "Linting with golangci-lint"),
        (".rubocop.yml", "Linting with RuboCop"),
        (".clang-format", "Formatting with clang-format"),
        (".editorconfig", "Editor settings shared by everyone"),
        ("Dockerfile", "Container images"),
        ("docker-compose", "Local services with Docker Compose"),
        ("compose.yaml", "Local services with Docker Compose"),
    ];
    let mut found: Vec<(String, &'static str)> = Vec::new();
    let root = repository
        .files
        .iter()
        .filter(|file| file.folder().is_empty());
    for file in root {
        if let Some((_, what)) = KNOWN
            .iter()
            .find(|(start, _)| file.name().starts_with(start))
        {
            found.push((file.path.clone(), what));
        }
        let sections = [
            ("[tool.ruff", "Linting with Ruff"),
            ("[tool.black", "Formatting with Black"),
            ("[tool.mypy", "Type checking with mypy"),
            ("[tool.pyright", "Type checking with Pyright"),
        ];
        for (start, what) in sections {
            if file.name() == "pyproject.toml"
                && file.find(|line| line.starts_with(start)).is_some()
            {
                found.push((file.path.clone(), what));
            }
        }
    }
    if let Some(file) = repository
        .files
        .iter()
        .find(|f| f.folder() == ".github/workflows")
    {
        found.push((
            file.path.clone(),
            "Continuous integration with GitHub Actions",
        ));
    }
    found
}

/// Frameworks and inline tests as patterns that new code should follow.
pub(crate) fn patterns(repository: &Repository, frameworks: &[Framework]) -> Vec<Pattern> {
    let mut found: Vec<Pattern> = frameworks
        .iter()
        .take(12)
        .map(|framework| Pattern {
            pattern: framework.name.to_owned(),
            description: format!("{} {} here.", framework.name, framework.role.describe()),
            files: vec![framework.evidence.path.clone()],
            evidence: vec![framework.evidence.clone()],
        })
        .collect();
    let inline: Vec<_> = repository
        .code()
        .filter(|file| file.is_in("Rust"))
        .filter_map(|file| file.evidence(|line| line.contains("#[cfg(test)]")))
        .take(3)
        .collect();
    if !inline.is_empty() {
        found.push(Pattern {
            pattern: "Unit tests beside the code".to_owned(),
            description: "Modules end with a `tests` module of their own.".to_owned(),
            files: inline
                .iter()
                .map(|evidence| evidence.path.clone())
                .collect(),
            evidence: inline,
        });
    }
    found
}

/// Folders of the first two levels with what they hold.
pub(crate) fn structure(repository: &Repository) -> BTreeMap<String, String> {
    let mut folders: BTreeMap<String, Vec<&SourceFile>> = BTreeMap::new();
    for file in &repository.files {
        let parts: Vec<&str> = file
            .folder()
            .split('/')
            .filter(|part| !part.is_empty())
            .collect();
        for depth in 1..=parts.len().min(2) {
            let folder: Vec<&str> = parts.iter().take(depth).copied().collect();
            folders.entry(folder.join("/")).or_default().push(file);
        }
    }
    let mut ranked: Vec<(String, Vec<&SourceFile>)> = folders.into_iter().collect();
    ranked.sort_by(|a, b| {
        a.0.matches('/')
            .count()
            .cmp(&b.0.matches('/').count())
            .then(b.1.len().cmp(&a.1.len()))
            .then(a.0.cmp(&b.0))
    });
    ranked.truncate(MAX_FOLDERS);
    ranked
        .into_iter()
        .map(|(folder, files)| (folder.clone(), holds(&folder, &files)))
        .collect()
}

fn holds(folder: &str, files: &[&SourceFile]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for file in files {
        *counts
            .entry(file.language.map_or("other", |language| language.name))
            .or_default() += 1;
    }
    let main = counts
        .iter()
        .max_by_key(|(_, count)| **count)
        .map_or("other", |(name, _)| *name);
    let purpose = match folder.rsplit('/').next().unwrap_or(folder) {
        "src" | "lib" | "app" | "pkg" | "internal" => "source code",
        "test" | "tests" | "__tests__" | "spec" | "specs" => "tests",
        "docs" | "doc" => "documentation",
        "example" | "examples" | "demo" | "samples" => "examples",
        "migrations" => "database migrations",
        "templates" | "views" => "templates",
        "static" | "public" | "assets" => "files that are served as they are",
        "bin" | "cmd" => "programs",
        "scripts" | "tools" => "scripts",
        "benches" | "benchmarks" => "benchmarks",
        "api" | "routes" | "handlers" | "controllers" => "request handling",
        "models" | "entities" => "data models",
        "components" | "pages" => "user interface",
        "workflows" => "continuous integration",
        ".github" => "GitHub settings",
        _ => "",
    };
    let count = files.len();
    let files = format!("{count} {}, mostly {main}", plural(count, "file", "files"));
    if purpose.is_empty() {
        files
    } else {
        format!("{purpose} ({files})")
    }
}
