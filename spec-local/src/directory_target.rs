//! Finished specs as files in a folder.

use std::path::PathBuf;

/// Writes finished specs to a folder.
#[derive(Debug)]
pub struct DirectoryTarget {
    root: PathBuf,
}
