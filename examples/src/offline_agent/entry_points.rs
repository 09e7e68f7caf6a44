//! Places where execution starts.

use spec_core::artifact::{EntryPoint, Evidence};

use super::languages::language_of;
use super::manifests::{Ecosystem, Manifest, Program};
use super::scan::{Repository, SourceFile};

const MAX_ENTRY_POINTS: usize = 24;

/// Declared programs and libraries first, then what the code itself shows.
pub(crate) fn entry_points(repository: &Repository, manifests: &[Manifest]) -> Vec<EntryPoint> {
    let mut found: Vec<EntryPoint> = Vec::new();
    for manifest in manifests {
        for program in &manifest.programs {
            add(
                &mut found,
                declared(repository, manifest, program, "program"),
            );
        }
        if let Some(library) = &manifest.library {
            add(
                &mut found,
                declared(repository, manifest, library, "library"),
            );
        }
        for command in &manifest.commands {
            if manifest.ecosystem == Ecosystem::Node
                && matches!(command.name.as_str(), "start" | "dev" | "serve")
            {
                let description = format!("`npm run {}` starts the project", command.name);
                let evidence = line_of(repository, &manifest.path, command.line);
                add(
                    &mut found,
                    evidence.map(|evidence| at(&manifest.path, description, evidence)),
                );
            }
        }
    }
    let mut files: Vec<&SourceFile> = repository
        .files
        .iter()
        .filter(|f| f.is_code() && !f.is_test())
        .collect();
    files.sort_by_key(|file| (file.is_secondary(), file.path.matches('/').count()));
    for file in files {
        add(&mut found, in_code(file));
    }
    found.truncate(MAX_ENTRY_POINTS);
    found
}

/// One entry a file; the first word is the better one.
fn add(found: &mut Vec<EntryPoint>, entry: Option<EntryPoint>) {
    if let Some(entry) = entry
        && !found.iter().any(|known| is_same(known, &entry))
    {
        found.push(entry);
    }
}

/// A source file is one entry; a build file may declare several.
fn is_same(known: &EntryPoint, entry: &EntryPoint) -> bool {
    let source = language_of(&known.path).is_some_and(|language| language.code);
    known.path == entry.path && (source || known.description == entry.description)
}

fn at(path: &str, description: String, evidence: Evidence) -> EntryPoint {
    EntryPoint {
        path: path.to_owned(),
        description,
        evidence: vec![evidence],
    }
}

fn line_of(repository: &Repository, path: &str, line: u32) -> Option<Evidence> {
    let file = repository.file(path)?;
    let (line, text) = file.lines().find(|(number, _)| *number == line)?;
    file.evidence_at(line, text)
}

/// An entry that a build file declares, placed at the source file if that is there.
fn declared(
    repository: &Repository,
    manifest: &Manifest,
    program: &Program,
    kind: &str,
) -> Option<EntryPoint> {
    let source = program
        .path
        .as_deref()
        .and_then(|path| source_of(repository, manifest, path));
    let name = match (kind, &manifest.name) {
        ("library", Some(name)) => format!("Library `{name}`"),
        ("library", None) => "Library".to_owned(),
        _ => format!("Program `{}`", program.name),
    };
    if manifest.ecosystem == Ecosystem::Go || source.is_some_and(|file| file.is_in("Rust")) {
        let file = source?;
        let evidence = file.evidence(starts_here).or_else(|| {
            file.evidence(|line| line.starts_with("pub ") || line.starts_with("package "))
        })?;
        return Some(at(&file.path, name, evidence));
    }
    let evidence = line_of(repository, &manifest.path, program.line)?;
    match source {
        Some(file) => {
            let mut entry = at(
                &file.path,
                format!("{name}, declared in {}", manifest.path),
                evidence,
            );
            entry
                .evidence
                .extend(file.evidence(|line| starts_here(line) || defines(line)));
            Some(entry)
        }
        // A built file that is not in the repository is still named by the build file.
        None => Some(at(&manifest.path, name, evidence)),
    }
}

fn source_of<'a>(
    repository: &'a Repository,
    manifest: &Manifest,
    path: &str,
) -> Option<&'a SourceFile> {
    let below_src = path
        .strip_prefix(manifest.folder())
        .map(|rest| format!("{}/src/{}", manifest.folder(), rest.trim_start_matches('/')))
        .unwrap_or_default();
    [path, below_src.trim_start_matches('/')]
        .into_iter()
        .find_map(|base| {
            [
                "",
                ".py",
                "/__init__.py",
                "/__main__.py",
                ".js",
                ".ts",
                "/index.js",
                "/index.ts",
            ]
            .into_iter()
            .find_map(|end| repository.file(&format!("{base}{end}")))
        })
}

fn defines(line: &str) -> bool {
    [
        "def ",
        "class ",
        "export ",
        "module.exports",
        "exports.",
        "import ",
        "from ",
        "require(",
    ]
    .iter()
    .any(|start| line.starts_with(start))
}

/// A line with which a program starts, in any of the languages.
fn starts_here(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("fn main()")
        || line.starts_with("async fn main()")
        || line.starts_with("pub fn main()")
        || line.starts_with("func main()")
        || line.starts_with("int main(")
        || line.starts_with("fun main(")
        || (line.contains("static void main(") && line.contains("String"))
        || line.contains("static void Main(")
        || line.contains("static async Task Main(")
        || is_python_main(line)
}

fn is_python_main(line: &str) -> bool {
    let squeezed: String = line.chars().filter(|c| !c.is_whitespace()).collect();
    squeezed.starts_with("if__name__==") && squeezed.contains("__main__")
}

fn in_code(file: &SourceFile) -> Option<EntryPoint> {
    let example = if file.is_secondary() {
        "Example program"
    } else {
        "Program"
    };
    let language = file.language?.name;
    let name = file.name();
    let stem = name.split('.').next().unwrap_or(name);
    match language {
        "Rust" => {
            if name == "build.rs" {
                return None;
            }
            let evidence = file.evidence(|line| {
                ["fn main()", "async fn main()", "pub fn main()"]
                    .iter()
                    .any(|start| line.starts_with(start))
            })?;
            let program = if stem == "main" {
                file.folder()
                    .trim_end_matches("/src")
                    .rsplit('/')
                    .next()
                    .unwrap_or("main")
            } else {
                stem
            };
            let program = if program.is_empty() || program == "src" {
                "main"
            } else {
                program
            };
            Some(at(&file.path, format!("{example} `{program}`"), evidence))
        }
        "Python" => python(file, example, stem),
        "Go" => {
            file.find(|line| line.starts_with("package main"))?;
            let evidence = file.evidence(|line| line.starts_with("func main()"))?;
            let program = file
                .folder()
                .rsplit('/')
                .next()
                .filter(|name| !name.is_empty())
                .unwrap_or(stem);
            Some(at(&file.path, format!("{example} `{program}`"), evidence))
        }
        "JavaScript" | "TypeScript" => javascript(file),
        "Ruby" | "PHP" | "Shell" | "Perl" | "Lua" | "R" | "Julia" | "PowerShell" => {
            let script = file.folder().is_empty()
                || matches!(file.folder(), "bin" | "exe" | "scripts" | "public");
            let evidence = file
                .evidence(|line| line.starts_with("#!") || line.starts_with("<?php"))
                .filter(|_| script)?;
            Some(at(&file.path, format!("Script `{name}`"), evidence))
        }
        _ => Some(at(
            &file.path,
            format!("{example} `{stem}`"),
            file.evidence(starts_here)?,
        )),
    }
}

fn python(file: &SourceFile, example: &str, stem: &str) -> Option<EntryPoint> {
    let package = file.folder().rsplit('/').next().unwrap_or_default();
    if stem == "__main__" {
        let evidence = file.evidence(|line| !line.trim_start().starts_with('#'))?;
        return Some(at(&file.path, format!("`python -m {package}`"), evidence));
    }
    let application = |line: &str| {
        let line = line.replace(' ', "");
        [
            "=Flask(",
            "=FastAPI(",
            "=Starlette(",
            "=get_wsgi_application(",
            "=get_asgi_application(",
        ]
        .iter()
        .any(|call| line.contains(call))
    };
    let mut quoted = false;
    let served = file.lines().find(|(_, line)| {
        let within = quoted;
        quoted ^= line.matches("\"\"\"").count() % 2 == 1;
        !within && application(line) && !line.trim_start().starts_with(['#', '>', '"'])
    });
    if let Some(evidence) = served.and_then(|(line, text)| file.evidence_at(line, text)) {
        return Some(at(
            &file.path,
            "Web application object".to_owned(),
            evidence,
        ));
    }
    let evidence = file.evidence(|line| !line.starts_with(' ') && is_python_main(line));
    if let Some(evidence) = evidence {
        return Some(at(
            &file.path,
            format!("{example} `{stem}`, run as a script"),
            evidence,
        ));
    }
    // The outermost package is what users import.
    let outermost = !file.folder().is_empty()
        && matches!(
            file.folder().split('/').collect::<Vec<_>>().as_slice(),
            [_] | ["src", _]
        );
    if stem == "__init__" && outermost && !file.is_secondary() {
        let evidence = file.evidence(|line| {
            line.starts_with("from ")
                || line.starts_with("import ")
                || line.starts_with("__version__")
        })?;
        return Some(at(
            &file.path,
            format!("Package `{package}`, for `import {package}`"),
            evidence,
        ));
    }
    None
}

fn javascript(file: &SourceFile) -> Option<EntryPoint> {
    let listens = |line: &str| {
        let line = line.trim_start();
        line.contains(".listen(") && !line.starts_with('*') && !line.starts_with("//")
    };
    if let Some(evidence) = file.evidence(|line| line.starts_with("#!") && line.contains("node")) {
        return Some(at(
            &file.path,
            format!("Script `{}`", file.name()),
            evidence,
        ));
    }
    if let Some(evidence) = file.evidence(|line| {
        line.contains("createRoot(")
            || line.contains("ReactDOM.render(")
            || line.contains("createApp(")
    }) {
        return Some(at(
            &file.path,
            "Start of the pages in the browser".to_owned(),
            evidence,
        ));
    }
    // Servers start in a file of few folders; deeper `listen` calls belong to libraries.
    let evidence = file
        .evidence(listens)
        .filter(|_| file.path.matches('/').count() <= 2 || file.is_secondary())?;
    let kind = if file.is_secondary() {
        "Example server"
    } else {
        "Server"
    };
    Some(at(
        &file.path,
        format!("{kind} `{}`", file.name()),
        evidence,
    ))
}
