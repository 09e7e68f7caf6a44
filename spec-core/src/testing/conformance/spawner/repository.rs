//! A repository of which the suite knows what is in it.

use std::path::Path;

use crate::id::CommitId;
use crate::testing::git;

/// A repository of which the suite knows what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRepository {
    /// Where it is.
    pub url: String,
    /// The commit of its default branch.
    pub head: CommitId,
    /// A file in it.
    pub file: String,
    /// The file's text at `head`.
    pub content: Vec<u8>,
    /// An older commit.
    pub earlier: CommitId,
    /// The file's text at `earlier`.
    pub earlier_content: Vec<u8>,
    /// A well-formed hash that is no commit of the repository.
    pub unknown_commit: CommitId,
    /// A URL at which there is no repository.
    pub not_a_repository: String,
}

impl KnownRepository {
    /// Makes a real one in an empty folder, with the `git` of this machine: for fixtures whose
    /// spawners can reach the folder. Its URL is the folder's path.
    ///
    /// # Panics
    ///
    /// When git is missing or refuses.
    #[must_use]
    pub fn make_in(folder: &Path) -> Self {
        git(folder, &["init", "--quiet", "--initial-branch=main"]);
        let commit = |text: &str| {
            std::fs::write(folder.join("README.md"), text).unwrap();
            git(folder, &["add", "--all"]);
            git(folder, &["commit", "--quiet", "--message", text]);
            CommitId::new(git(folder, &["rev-parse", "HEAD"])).unwrap()
        };
        let earlier = commit("earlier\n");
        let head = commit("head\n");
        // Not committed, so it must not arrive.
        std::fs::write(folder.join("uncommitted"), "").unwrap();
        Self {
            url: folder.display().to_string(),
            head,
            file: "README.md".to_owned(),
            content: b"head\n".to_vec(),
            earlier,
            earlier_content: b"earlier\n".to_vec(),
            unknown_commit: CommitId::new("0123456789".repeat(4)).unwrap(),
            not_a_repository: folder.join("nothing").display().to_string(),
        }
    }
}
