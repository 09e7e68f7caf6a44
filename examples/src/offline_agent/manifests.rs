//! Build files: what a project is called, what it builds, what it depends on.

mod cargo;
mod go;
mod node;
mod other;
mod python;
mod sections;

use super::scan::{Repository, SourceFile};

/// A kind of build file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ecosystem {
    Cargo,
    Node,
    Python,
    Go,
    Maven,
    Gradle,
    Ruby,
    Composer,
    Dotnet,
    Elixir,
    CMake,
    Make,
}

impl Ecosystem {
    pub(crate) fn tool(self) -> &'static str {
        match self {
            Self::Cargo => "Cargo",
            Self::Node => "npm",
            Self::Python => "Python packaging",
            Self::Go => "Go modules",
            Self::Maven => "Maven",
            Self::Gradle => "Gradle",
            Self::Ruby => "Bundler",
            Self::Composer => "Composer",
            Self::Dotnet => ".NET",
            Self::Elixir => "Mix",
            Self::CMake => "CMake",
            Self::Make => "make",
        }
    }
}

/// Something named on a line of a build file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) line: u32,
}

/// A program that a build file declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) name: String,
    /// The file in which it starts, as far as the build file tells.
    pub(crate) path: Option<String>,
    pub(crate) line: u32,
}

/// What one build file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) path: String,
    pub(crate) ecosystem: Ecosystem,
    pub(crate) name: Option<String>,
    pub(crate) dependencies: Vec<Named>,
    pub(crate) programs: Vec<Program>,
    /// The file that users of the library load, as far as the build file tells.
    pub(crate) library: Option<Program>,
    /// Commands that the build file defines, such as npm scripts.
    pub(crate) commands: Vec<Named>,
}

impl Manifest {
    fn new(file: &SourceFile, ecosystem: Ecosystem) -> Self {
        Self {
            path: file.path.clone(),
            ecosystem,
            name: None,
            dependencies: Vec::new(),
            programs: Vec::new(),
            library: None,
            commands: Vec::new(),
        }
    }

    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    fn depends_on(&mut self, name: impl Into<String>, line: u32) {
        let name = name.into();
        let known = self.dependencies.iter().any(|known| known.name == name);
        if !name.is_empty() && !known {
            self.dependencies.push(Named { name, line });
        }
    }

    /// A path relative to this build file, seen from the repository's root.
    fn resolve(&self, path: &str) -> String {
        let path = path.trim_start_matches("./");
        if self.folder().is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.folder())
        }
    }
}

/// Reads every build file that is not part of tests or examples, those nearest to the root first.
pub(crate) fn manifests(repository: &Repository) -> Vec<Manifest> {
    let mut found: Vec<Manifest> = repository
        .files
        .iter()
        .filter(|file| file.text.is_some() && !file.is_test())
        .filter_map(|file| read(file, repository))
        .collect();
    found.sort_by(|a, b| {
        let key = |m: &Manifest| {
            let secondary = repository
                .file(&m.path)
                .is_some_and(SourceFile::is_secondary);
            (
                secondary,
                m.path.matches('/').count(),
                m.ecosystem,
                m.name.is_none(),
            )
        };
        key(a).cmp(&key(b)).then_with(|| a.path.cmp(&b.path))
    });
    found.truncate(200);
    found
}

fn read(file: &SourceFile, repository: &Repository) -> Option<Manifest> {
    let name = file.name();
    match name {
        "Cargo.toml" => Some(cargo::read(file, repository)),
        "package.json" => node::read(file, repository),
        "pyproject.toml" | "setup.cfg" | "setup.py" | "Pipfile" => Some(python::read(file)),
        "go.mod" => Some(go::read(file, repository)),
        "pom.xml" => Some(other::maven(file)),
        "build.gradle" | "build.gradle.kts" => Some(other::gradle(file)),
        "Gemfile" => Some(other::gems(file)),
        "composer.json" => other::composer(file),
        "mix.exs" => Some(other::mix(file)),
        "CMakeLists.txt" => Some(other::cmake(file)),
        "Makefile" | "makefile" | "GNUmakefile" => Some(other::make(file)),
        _ if name.starts_with("requirements") && file.is_in("Text") => {
            Some(python::requirements(file))
        }
        _ if name.ends_with(".gemspec") => Some(other::gems(file)),
        _ if name.ends_with(".csproj") => Some(other::dotnet(file)),
        _ => None,
    }
}

/// The texts between quotes of a line, in order.
fn quoted(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(start) = rest.find(['"', '\'']) {
        let (_, opened) = rest.split_at(start);
        let mut chars = opened.chars();
        let Some(quote) = chars.next() else { break };
        let Some((text, after)) = chars.as_str().split_once(quote) else {
            break;
        };
        found.push(text);
        rest = after;
    }
    found
}
