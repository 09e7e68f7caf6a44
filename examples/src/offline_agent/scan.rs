//! Reading the checked-out repository, within bounds.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use spec_core::artifact::Evidence;

use super::languages::{Language, language_of};
use super::progress::Progress;

const MAX_FILES: usize = 20_000;
const MAX_FILE_BYTES: u64 = 512 * 1024;
const MAX_TOTAL_BYTES: u64 = 64 * 1024 * 1024;
const MAX_EXCERPT_CHARS: usize = 160;
/// A line longer than this was not written by a person.
const MAX_LINE_BYTES: usize = 4096;

/// Folders whose content comes from elsewhere, even when it is committed.
const VENDORED: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    "bower_components",
    "node_modules",
    "site-packages",
    "third_party",
    "thirdparty",
    "vendor",
];

/// Folders that tools fill; git, where it is asked, knows better which of them are sources.
const BUILT: &[&str] = &[
    ".idea",
    ".next",
    ".nuxt",
    ".tox",
    ".venv",
    "__pycache__",
    "build",
    "coverage",
    "dist",
    "out",
    "target",
    "venv",
];

/// Written by tools and full of words that mean nothing.
const GENERATED_NAMES: &[&str] = &[
    "cargo.lock",
    "composer.lock",
    "gemfile.lock",
    "go.sum",
    "package-lock.json",
    "pipfile.lock",
    "pkg-info",
    "pnpm-lock.yaml",
    "poetry.lock",
    "uv.lock",
    "yarn.lock",
];

/// One file of the repository.
#[derive(Debug, Clone)]
pub(crate) struct SourceFile {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    pub(crate) language: Option<&'static Language>,
    /// `None` when it is generated, too large or not text.
    pub(crate) text: Option<String>,
}

impl SourceFile {
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    pub(crate) fn is_code(&self) -> bool {
        self.language.is_some_and(|language| language.code)
    }

    pub(crate) fn is_in(&self, language: &str) -> bool {
        self.language.is_some_and(|known| known.is(language))
    }

    /// Lines that a person may have written, counted from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (u32, &str)> {
        let text = self.text.as_deref().unwrap_or_default();
        (1..)
            .zip(text.lines())
            .filter(|(_, line)| line.len() <= MAX_LINE_BYTES)
    }

    /// The first line that fulfils the condition.
    pub(crate) fn find(&self, condition: impl Fn(&str) -> bool) -> Option<(u32, &str)> {
        self.lines().find(|(_, line)| condition(line))
    }

    /// Evidence for the first line that fulfils the condition.
    pub(crate) fn evidence(&self, condition: impl Fn(&str) -> bool) -> Option<Evidence> {
        let (number, line) = self.find(|line| excerpt(line).is_some() && condition(line))?;
        self.evidence_at(number, line)
    }

    /// Evidence for a line of this file.
    pub(crate) fn evidence_at(&self, line: u32, text: &str) -> Option<Evidence> {
        Some(Evidence {
            path: self.path.clone(),
            line,
            excerpt: excerpt(text)?,
        })
    }

    /// Tests, and what only tests use.
    pub(crate) fn is_test(&self) -> bool {
        let lower = self.path.to_ascii_lowercase();
        let name = lower.rsplit('/').next().unwrap_or(&lower);
        let stem = name.split('.').next().unwrap_or(name);
        lower.split('/').rev().skip(1).any(|part| {
            matches!(
                part,
                "test" | "tests" | "__tests__" | "spec" | "specs" | "testdata" | "fixtures"
            )
        }) || stem.starts_with("test_")
            || stem.ends_with("_test")
            || stem.ends_with("_spec")
            || name.contains(".test.")
            || name.contains(".spec.")
            || self.name().ends_with("Test.java")
            || self.name().ends_with("Tests.cs")
            || stem == "conftest"
    }

    /// Examples and documentation: true, but not what the project is.
    pub(crate) fn is_secondary(&self) -> bool {
        self.path
            .to_ascii_lowercase()
            .split('/')
            .rev()
            .skip(1)
            .any(|part| {
                matches!(
                    part,
                    "example"
                        | "examples"
                        | "docs"
                        | "doc"
                        | "benches"
                        | "bench"
                        | "benchmarks"
                        | "samples"
                        | "demo"
                        | "demos"
                )
            })
    }
}

/// What stands on a line, as evidence quotes it: trimmed, of bounded length; `None` for nothing.
fn excerpt(line: &str) -> Option<String> {
    let cut: String = line
        .trim_start_matches('\u{feff}')
        .trim()
        .chars()
        .take(MAX_EXCERPT_CHARS)
        .collect();
    let cut = cut.trim_end();
    (!cut.is_empty()).then(|| cut.to_owned())
}

/// The files of a repository, sorted by path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Repository {
    pub(crate) files: Vec<SourceFile>,
    /// Files beyond the bounds, which nobody has looked at.
    pub(crate) left_out: usize,
}

impl Repository {
    pub(crate) fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files
            .binary_search_by(|file| file.path.as_str().cmp(path))
            .ok()
            .and_then(|index| self.files.get(index))
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.file(path).is_some()
    }

    /// Code that is the project itself.
    pub(crate) fn code(&self) -> impl Iterator<Item = &SourceFile> {
        self.files
            .iter()
            .filter(|file| file.is_code() && !file.is_test() && !file.is_secondary())
    }
}

/// Reads the repository.
pub(crate) fn scan(root: &Path, progress: &mut Progress<'_>) -> Repository {
    let (mut paths, listed_by) = match tracked_files(root) {
        Some(paths) => (paths, "git"),
        None => (walked_files(root), "the file system"),
    };
    paths.retain(|path| !is_foreign(path));
    let paths: BTreeSet<String> = paths.into_iter().collect();
    progress.say(
        60,
        format!("Found {} files through {listed_by}", paths.len()),
    );
    let left_out = paths.len().saturating_sub(MAX_FILES);
    let mut files = Vec::new();
    let mut total = 0_u64;
    let kept = paths.len().min(MAX_FILES);
    for (index, path) in paths.into_iter().take(MAX_FILES).enumerate() {
        if index % (kept / 4 + 1) == 0 {
            progress.file(100 + share(index, kept), format!("Reading {path}"));
        }
        if let Some(file) = read(root, path, &mut total) {
            files.push(file);
        }
    }
    Repository { files, left_out }
}

/// Up to 300 permille for the reading.
fn share(index: usize, of: usize) -> u16 {
    u16::try_from(index.saturating_mul(300) / of.max(1)).unwrap_or(300)
}

fn read(root: &Path, path: String, total: &mut u64) -> Option<SourceFile> {
    let on_disk = root.join(&path);
    let metadata = fs::symlink_metadata(&on_disk).ok()?;
    if !metadata.is_file() {
        return None;
    }
    let bytes = metadata.len();
    let readable = bytes <= MAX_FILE_BYTES
        && total.saturating_add(bytes) <= MAX_TOTAL_BYTES
        && !is_generated(&path);
    let text = if readable {
        *total = total.saturating_add(bytes);
        fs::read(&on_disk)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .filter(|text| !text.contains('\0'))
    } else {
        None
    };
    Some(SourceFile {
        language: language_of(&path),
        path,
        text,
    })
}

fn is_foreign(path: &str) -> bool {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    parts
        .iter()
        .any(|part| VENDORED.contains(part) || part.ends_with(".egg-info"))
}

fn is_generated(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    GENERATED_NAMES.contains(&name)
        || [".min.js", ".min.css", ".map", ".svg", ".snap"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// What the commit holds, as git tells; `None` when there is no git or no repository.
fn tracked_files(root: &Path) -> Option<Vec<String>> {
    if !root.join(".git").exists() {
        return None;
    }
    let output = Command::new("git")
        // A repository's own configuration may name a program to be run; it is not.
        .args(["-c", "core.fsmonitor=false", "ls-files", "-z", "--cached"])
        .current_dir(root)
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    Some(
        output
            .stdout
            .split(|byte| *byte == 0)
            .filter_map(|path| std::str::from_utf8(path).ok())
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
            .collect(),
    )
}

fn walked_files(root: &Path) -> Vec<String> {
    ignore::WalkBuilder::new(root)
        .hidden(false)
        .parents(false)
        .require_git(false)
        .git_global(false)
        .follow_links(false)
        .filter_entry(|entry| {
            let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            !(folder
                && entry.depth() > 0
                && entry
                    .file_name()
                    .to_str()
                    .is_some_and(|name| VENDORED.contains(&name) || BUILT.contains(&name)))
        })
        .build()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .filter_map(|entry| {
            let relative = entry.path().strip_prefix(root).ok()?;
            let parts: Option<Vec<&str>> = relative.iter().map(|part| part.to_str()).collect();
            Some(parts?.join("/"))
        })
        // Bounds the walk itself, with room for what is dropped afterwards.
        .take(MAX_FILES * 4)
        .collect()
}
