//! `Cargo.toml`.

use super::sections::{Entry, entries, plain};
use super::{Ecosystem, Manifest, Program};
use crate::offline_agent::scan::{Repository, SourceFile};

pub(super) fn read(file: &SourceFile, repository: &Repository) -> Manifest {
    let mut manifest = Manifest::new(file, Ecosystem::Cargo);
    let mut binary: Option<Program> = None;
    for entry in entries(file.lines()) {
        match (entry.section, entry.key) {
            ("package", "name") => manifest.name = Some(plain(entry.value).to_owned()),
            ("lib", "path") => {
                manifest.library = Some(Program {
                    name: "library".to_owned(),
                    path: Some(manifest.resolve(plain(entry.value))),
                    line: entry.line,
                });
            }
            ("bin", key) => match key {
                "" => manifest.programs.extend(binary.replace(Program {
                    name: String::new(),
                    path: None,
                    line: entry.line,
                })),
                "name" => {
                    if let Some(program) = &mut binary {
                        plain(entry.value).clone_into(&mut program.name);
                        program.line = entry.line;
                    }
                }
                "path" => {
                    if let Some(program) = &mut binary {
                        program.path = Some(manifest.resolve(plain(entry.value)));
                    }
                }
                _ => {}
            },
            _ => dependency(&mut manifest, &entry),
        }
    }
    manifest.programs.extend(binary);
    let library = manifest.resolve("src/lib.rs");
    if manifest.library.is_none()
        && let Some(line) = repository
            .file(&library)
            .and_then(|file| file.find(is_public))
            .map(|(line, _)| line)
    {
        manifest.library = Some(Program {
            name: "library".to_owned(),
            path: Some(library),
            line,
        });
    }
    manifest
}

fn is_public(line: &str) -> bool {
    line.starts_with("pub ")
}

fn dependency(manifest: &mut Manifest, entry: &Entry<'_>) {
    let section = entry.section;
    if section == "dependencies"
        || section == "dev-dependencies"
        || section.ends_with(".dependencies")
    {
        let name = entry.key.split('.').next().unwrap_or(entry.key);
        manifest.depends_on(name, entry.line);
    } else if let Some((_, name)) = section.rsplit_once("dependencies.") {
        manifest.depends_on(name, entry.line);
    }
}
