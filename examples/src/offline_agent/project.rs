//! What the repository is as a whole: its name, its kind, its main language.

use std::collections::BTreeMap;

use super::manifests::{Ecosystem, Manifest};
use super::scan::{Repository, SourceFile};
use super::stack::{Framework, Role};
use super::words::one_line;

/// What the repository builds, in the word that requirements use for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Service,
    Application,
    Tool,
    Library,
}

impl Kind {
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Application => "application",
            Self::Tool => "command-line tool",
            Self::Library => "library",
        }
    }
}

/// The repository as a whole.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) name: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) main_language: Option<&'static str>,
    /// Lines by language, most first.
    pub(crate) languages: Vec<(&'static str, usize)>,
    /// First paragraph of the readme.
    pub(crate) about: Option<String>,
}

impl Project {
    /// The subject of requirements, for example `the shop service`.
    pub(crate) fn system(&self) -> String {
        match &self.name {
            Some(name) => format!("the {name} {}", self.kind.noun()),
            None => format!("the {}", self.kind.noun()),
        }
    }
}

/// Looks at everything found so far.
pub(crate) fn project(
    repository: &Repository,
    manifests: &[Manifest],
    frameworks: &[Framework],
) -> Project {
    let mut lines: BTreeMap<&'static str, (bool, usize)> = BTreeMap::new();
    for file in &repository.files {
        if let Some(language) = file.language {
            let count = lines.entry(language.name).or_insert((language.code, 0));
            count.1 += file.lines().count();
        }
    }
    let mut languages: Vec<(&'static str, bool, usize)> = lines
        .into_iter()
        .map(|(name, (code, count))| (name, code, count))
        .collect();
    languages.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(b.0)));
    let readme = readme(repository);
    Project {
        name: name(manifests, readme),
        kind: kind(repository, manifests, frameworks),
        main_language: languages
            .iter()
            .find(|(_, code, _)| *code)
            .map(|(name, _, _)| *name),
        languages: languages
            .into_iter()
            .map(|(name, _, count)| (name, count))
            .collect(),
        about: readme.and_then(about),
    }
}

fn readme(repository: &Repository) -> Option<&SourceFile> {
    repository.files.iter().find(|file| {
        file.folder().is_empty()
            && file.text.is_some()
            && file.name().to_ascii_lowercase().starts_with("readme")
    })
}

fn name(manifests: &[Manifest], readme: Option<&SourceFile>) -> Option<String> {
    let root = manifests
        .iter()
        .filter(|manifest| manifest.folder().is_empty())
        .find_map(|manifest| manifest.name.as_deref());
    let heading = || {
        readme?.lines().find_map(|(_, line)| {
            line.strip_prefix("# ")
                .filter(|title| title.split_whitespace().count() <= 4)
        })
    };
    // A workspace of several packages has no name of its own, a repository of one package does.
    let only = || match manifests
        .iter()
        .filter(|m| m.name.is_some())
        .collect::<Vec<_>>()
        .as_slice()
    {
        [one] => one.name.as_deref(),
        _ => None,
    };
    root.or_else(heading).or_else(only).and_then(speakable)
}

/// A name that can stand in a sentence.
fn speakable(name: &str) -> Option<String> {
    let name = name.rsplit('/').next().unwrap_or(name);
    let kept: String = name
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' '))
        .take(40)
        .collect();
    let kept = kept.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    (!kept.is_empty()).then_some(kept)
}

/// The first paragraph that is prose and not a heading, a badge or markup.
fn about(file: &SourceFile) -> Option<String> {
    let mut paragraph: Vec<&str> = Vec::new();
    let mut code = false;
    for (_, line) in file.lines().take(80) {
        let line = line.trim();
        if line.starts_with("```") {
            code = !code;
        }
        let prose = line.chars().next().is_some_and(char::is_alphanumeric) && line.contains(' ');
        if prose && !code {
            paragraph.push(line);
        } else if !paragraph.is_empty() {
            break;
        }
    }
    let text = one_line(&paragraph.join(" "), 300);
    (!text.is_empty()).then_some(text)
}

fn kind(repository: &Repository, manifests: &[Manifest], frameworks: &[Framework]) -> Kind {
    let root: Vec<&Manifest> = manifests.iter().filter(|m| m.folder().is_empty()).collect();
    let programs = manifests
        .iter()
        .any(|manifest| !manifest.programs.is_empty());
    // What a published library offers outweighs what it uses itself.
    let published = root.iter().any(|m| {
        m.library.is_some() && m.ecosystem != Ecosystem::Go
            || (m.ecosystem == Ecosystem::Python && is_packaged(repository, m))
    });
    let workspace = root
        .iter()
        .any(|m| m.ecosystem == Ecosystem::Cargo && m.name.is_none());
    let has = |role: Role| frameworks.iter().any(|framework| framework.role == role);
    let main = repository.code().any(|file| {
        file.find(|line| {
            ["fn main(", "async fn main(", "func main()", "int main("]
                .iter()
                .any(|s| line.starts_with(s))
        })
        .is_some()
    });
    if published && !main {
        // A server that happens to have a main file starts itself; a library never does.
        let starts = root
            .iter()
            .any(|m| m.commands.iter().any(|c| c.name == "start"));
        return if starts && has(Role::WebServer) {
            Kind::Service
        } else if starts {
            Kind::Application
        } else {
            Kind::Library
        };
    }
    if has(Role::WebPage) {
        Kind::Application
    } else if has(Role::WebServer) && !workspace {
        Kind::Service
    } else if (main || programs && has(Role::CommandLine)) && !workspace {
        Kind::Tool
    } else if manifests.iter().any(|m| m.library.is_some()) && !main {
        Kind::Library
    } else {
        Kind::Application
    }
}

fn is_packaged(repository: &Repository, manifest: &Manifest) -> bool {
    manifest.name.as_deref().is_some_and(|name| {
        let package = name.to_lowercase().replace('-', "_");
        repository.has(&format!("src/{package}/__init__.py"))
            || repository.has(&format!("{package}/__init__.py"))
    })
}
