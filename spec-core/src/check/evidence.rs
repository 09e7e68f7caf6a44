//! What an output claims about files is true at the pinned commit.
//!
//! The host fetches the files that [`evidence_paths`] and [`existing_component_paths`] name; what is
//! decided from them is decided here.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::{DesignOutput, Evidence, ExploreOutput};
use crate::finding::{Finding, Findings, shown};
use crate::sandbox::SandboxPath;

/// Files that are fetched for one output at most.
const MAX_FILES: usize = 200;

/// Contents by path from the repository's root; `None`: there is no such file.
type Files = BTreeMap<String, Option<Vec<u8>>>;

/// The files that the claims of EXPLORE are about, at most 200.
#[must_use]
pub fn evidence_paths(output: &ExploreOutput) -> BTreeSet<String> {
    bounded(claims(output).map(|claim| claim.path))
}

/// Checks the claims of EXPLORE against the files.
///
/// Claims about files that were not fetched are not judged; one warning says how many.
#[must_use]
pub fn evidence_findings(output: &ExploreOutput, files: &Files) -> Vec<Finding> {
    let mut findings = Findings::default();
    let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut unchecked = 0;
    for claim in claims(output) {
        match look_up(claim.path, files) {
            File::Unknown => unchecked += 1,
            File::Missing => findings.push(missing("evidence.missing_file", &claim)),
            File::Found(content) => {
                if let Some(evidence) = claim.evidence {
                    let lines = lines
                        .entry(claim.path)
                        .or_insert_with(|| normalised_lines(content));
                    if let Some(finding) = verify(evidence, &claim.at, lines, !findings.is_full()) {
                        findings.push(finding);
                    }
                }
            }
        }
    }
    if unchecked > 0 {
        findings.push(not_checked(unchecked));
    }
    findings.into_sorted()
}

/// The files that DESIGN says exist, at most 200.
#[must_use]
pub fn existing_component_paths(output: &DesignOutput) -> BTreeSet<String> {
    bounded(component_claims(output).map(|claim| claim.path))
}

/// Checks that the files which DESIGN says exist do.
#[must_use]
pub fn design_file_findings(output: &DesignOutput, files: &Files) -> Vec<Finding> {
    let mut findings = Findings::default();
    let mut unchecked = 0;
    for claim in component_claims(output) {
        match look_up(claim.path, files) {
            File::Unknown => unchecked += 1,
            File::Found(_) => {}
            File::Missing => findings
                .push(missing("design.missing_file", &claim).with_fix(
                    "correct the path, or set `exists` to false if the file will be new",
                )),
        }
    }
    if unchecked > 0 {
        findings.push(not_checked(unchecked));
    }
    findings.into_sorted()
}

/// That a file exists or, with evidence, what stands in it.
struct Claim<'a> {
    at: String,
    path: &'a str,
    evidence: Option<&'a Evidence>,
}

/// Evidence first: when there is more than can be fetched, it says most.
fn claims(output: &ExploreOutput) -> impl Iterator<Item = Claim<'_>> {
    fn files<'a>(
        list: &'static str,
        field: &'static str,
        paths: impl Iterator<Item = &'a String>,
    ) -> impl Iterator<Item = Claim<'a>> {
        paths.enumerate().map(move |(index, path)| Claim {
            at: format!("/{list}/{index}/{field}"),
            path,
            evidence: None,
        })
    }
    let of_evidence = output.evidence().map(|(at, evidence)| Claim {
        at,
        path: &evidence.path,
        evidence: Some(evidence),
    });
    of_evidence
        .chain(files(
            "key_files",
            "path",
            output.key_files.iter().map(|item| &item.path),
        ))
        .chain(files(
            "entry_points",
            "path",
            output.entry_points.iter().map(|item| &item.path),
        ))
        .chain(files(
            "related_to_feature",
            "file",
            output.related_to_feature.iter().map(|i| &i.file),
        ))
        .chain(files(
            "existing_models",
            "file",
            output.existing_models.iter().map(|i| &i.file),
        ))
}

fn component_claims(output: &DesignOutput) -> impl Iterator<Item = Claim<'_>> {
    let components = output.components.iter().enumerate();
    components
        .filter(|(_, component)| component.exists)
        .map(|(index, component)| Claim {
            at: format!("/components/{index}/file_path"),
            path: &component.file_path,
            evidence: None,
        })
}

fn bounded<'a>(paths: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut bounded = BTreeSet::new();
    for path in paths.filter(|path| is_valid(path)) {
        if bounded.len() == MAX_FILES {
            break;
        }
        bounded.insert(path.to_owned());
    }
    bounded
}

fn is_valid(path: &str) -> bool {
    SandboxPath::in_repository(path).is_ok()
}

enum File<'a> {
    Found(&'a [u8]),
    Missing,
    Unknown,
}

fn look_up<'a>(path: &str, files: &'a Files) -> File<'a> {
    match files.get(path) {
        Some(Some(content)) => File::Found(content),
        None if is_valid(path) => File::Unknown,
        // Other paths are never fetched, because nothing in the repository can have such a name.
        Some(None) | None => File::Missing,
    }
}

fn missing(rule: &str, claim: &Claim<'_>) -> Finding {
    let message = format!(
        "there is no file `{}` in the repository",
        shown(claim.path, 120)
    );
    Finding::error(rule, claim.at.clone(), message)
        .with_fix("name a file by its path from the repository's root")
}

fn not_checked(count: usize) -> Finding {
    let message = format!(
        "{count} claims about files were not checked: there are too many files, or they are too large"
    );
    Finding::warning("evidence.unchecked", "", message)
}

/// Says where else the excerpt stands only if it is to `search`: that reads the whole file.
fn verify(evidence: &Evidence, at: &str, lines: &[String], search: bool) -> Option<Finding> {
    let path = shown(&evidence.path, 120);
    let excerpt = collapsed(&evidence.excerpt);
    let stands = |line: &String| line.contains(&excerpt);
    let index = usize::try_from(evidence.line)
        .ok()
        .and_then(|line| line.checked_sub(1));
    let line = index.and_then(|index| lines.get(index));
    if line.is_some_and(stands) {
        return None;
    }
    let finding = match line {
        Some(line) => Finding::error(
            "evidence.mismatch",
            at,
            format!(
                "line {} of `{path}` reads `{}`, not `{}`",
                evidence.line,
                shown(line, 120),
                shown(&excerpt, 120)
            ),
        ),
        None => Finding::error(
            "evidence.missing_line",
            at,
            format!(
                "`{path}` has {} lines; there is no line {}",
                lines.len(),
                evidence.line
            ),
        ),
    };
    let elsewhere = if search {
        lines.iter().position(stands)
    } else {
        None
    };
    Some(match elsewhere {
        Some(elsewhere) => {
            finding.with_fix(format!("the excerpt stands on line {}", elsewhere + 1))
        }
        None => finding.with_fix("quote a part of the line exactly, or leave the evidence out"),
    })
}

fn normalised_lines(content: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(content);
    text.lines().map(collapsed).collect()
}

/// The text with every run of white space as one blank, and none around it.
fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixture;

    fn files() -> Files {
        BTreeMap::from([
            ("src/main.rs".to_owned(), Some(b"fn main() {\n}\n".to_vec())),
            ("README.md".to_owned(), Some(b"# Demo\n".to_vec())),
        ])
    }

    fn finding(change: impl FnOnce(&mut ExploreOutput)) -> Finding {
        let mut output = fixture::outputs().explore;
        change(&mut output);
        let mut findings = evidence_findings(&output, &files());
        assert_eq!(findings.len(), 1, "{findings:?}");
        findings.remove(0)
    }

    #[test]
    fn true_claims_yield_nothing() {
        let output = fixture::outputs().explore;
        assert_eq!(
            evidence_paths(&output),
            ["README.md", "src/main.rs"].map(str::to_owned).into()
        );
        assert!(evidence_findings(&output, &files()).is_empty());
    }

    #[test]
    fn white_space_does_not_count() {
        let mut output = fixture::outputs().explore;
        output.key_files[0].evidence[0].excerpt = "  fn   main()\t{ ".to_owned();
        assert!(evidence_findings(&output, &files()).is_empty());
    }

    #[test]
    fn a_wrong_excerpt_is_told_with_what_stands_there() {
        let finding = finding(|output| output.key_files[0].evidence[0].line = 2);
        assert_eq!(finding.rule, "evidence.mismatch");
        assert_eq!(finding.pointer, "/key_files/0/evidence/0");
        assert_eq!(
            finding.message,
            "line 2 of `src/main.rs` reads `}`, not `fn main() {`"
        );
        assert_eq!(finding.fix, "the excerpt stands on line 1");
    }

    #[test]
    fn a_line_beyond_the_end_is_missing() {
        let finding = finding(|output| output.key_files[0].evidence[0].line = 3);
        assert_eq!(finding.rule, "evidence.missing_line");
    }

    #[test]
    fn a_path_out_of_the_repository_is_never_fetched_and_does_not_exist() {
        let mut output = fixture::outputs().explore;
        output.entry_points[0].path = "../secret".to_owned();
        assert!(!evidence_paths(&output).contains("../secret"));
        let findings = evidence_findings(&output, &files());
        assert_eq!(findings[0].rule, "evidence.missing_file");
        assert_eq!(findings[0].pointer, "/entry_points/0/path");
    }

    #[test]
    fn more_than_two_hundred_files_are_not_fetched_and_one_warning_says_so() {
        let mut output = fixture::outputs().explore;
        let file = output.key_files[1].clone();
        output.key_files.extend((0..300).map(|index| {
            let path = format!("f{index}");
            crate::artifact::KeyFile {
                path,
                evidence: Vec::new(),
                ..file.clone()
            }
        }));
        let paths = evidence_paths(&output);
        assert_eq!(paths.len(), 200);
        let files = paths
            .into_iter()
            .map(|path| (path, Some(b"fn main() { # Demo".to_vec())));
        let findings = evidence_findings(&output, &files.collect());
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].rule, "evidence.unchecked");
    }

    #[test]
    fn a_component_that_is_said_to_exist_must() {
        let output = fixture::outputs().design;
        let paths = existing_component_paths(&output);
        assert_eq!(paths, ["src/main.rs".to_owned()].into());
        assert!(design_file_findings(&output, &files()).is_empty());
        let nothing = BTreeMap::from([("src/main.rs".to_owned(), None)]);
        let findings = design_file_findings(&output, &nothing);
        assert_eq!(findings[0].rule, "design.missing_file");
        assert_eq!(findings[0].pointer, "/components/1/file_path");
    }
}
