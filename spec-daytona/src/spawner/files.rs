//! Files in a sandbox.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use spec_core::sandbox::{SandboxFile, SandboxPath, SandboxRef, SpawnError, SpawnErrorKind};

use super::place::SHORT;
use super::shared::Shared;
use crate::client::{ApiError, Upload};

/// Bytes and files that are uploaded at a time.
const MAX_UPLOAD_BYTES: usize = 16 * 1024 * 1024;
const MAX_UPLOAD_FILES: usize = 200;
/// Longest file that is read with one request.
const MAX_INLINE: u64 = 256 * 1024;

/// What the sandbox says of a path.
enum Found {
    Absent,
    Outside,
    NoFile,
    File {
        size: u64,
        path: String,
        content: Option<Vec<u8>>,
    },
}

impl Shared {
    pub(super) async fn write_files(
        &self,
        sandbox: &SandboxRef,
        files: &[SandboxFile],
    ) -> Result<(), SpawnError> {
        let place = self.place(sandbox).await?;
        for batch in batches(files) {
            let incoming = place.folders.incoming();
            let mut manifest = String::new();
            let mut uploads = Vec::with_capacity(batch.len() + 1);
            for (number, file) in batch.iter().enumerate() {
                let mode = if file.executable { "x " } else { "- " };
                let path = place.folders.absolute(&file.path);
                manifest.extend([mode, &path, "\n"]);
                uploads.push(Upload {
                    path: format!("{incoming}/{number}"),
                    content: file.content.clone(),
                });
            }
            uploads.push(Upload {
                path: format!("{incoming}/manifest"),
                content: manifest.into_bytes(),
            });
            // The upload is done again with what follows it: the files have moved by then.
            self.insist(sandbox.key, &place.id, "write files", || async {
                place.toolbox.upload(&self.client, &uploads).await?;
                self.verb(&place, "install-files", &[&incoming], SHORT)
                    .await
            })
            .await?;
        }
        Ok(())
    }

    pub(super) async fn read_file(
        &self,
        sandbox: &SandboxRef,
        path: &SandboxPath,
        max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, SpawnError> {
        let place = self.place(sandbox).await?;
        let absolute = place.folders.absolute(path);
        let inline = max_bytes.min(MAX_INLINE).to_string();
        let max = usize::try_from(max_bytes).unwrap_or(usize::MAX);
        let found = self
            .insist(sandbox.key, &place.id, "read a file", || async {
                let arguments = [place.folders.root.as_str(), &absolute, &inline];
                let said = self.verb(&place, "read-file", &arguments, SHORT).await?;
                let found = read(&said).ok_or_else(|| ApiError::interrupted("reading a file"))?;
                let Found::File {
                    size,
                    path,
                    content: None,
                } = found
                else {
                    return Ok(found);
                };
                // If it vanishes before, it is looked at again.
                let content = if size <= max_bytes {
                    Some(place.toolbox.download(&self.client, &path, max).await?)
                } else {
                    None
                };
                Ok(Found::File {
                    size,
                    path,
                    content,
                })
            })
            .await?;
        let refused = |kind, why: &str| Err(SpawnError::new(kind, format!("`{path}` {why}")));
        match found {
            Found::Absent => Ok(None),
            Found::Outside => refused(SpawnErrorKind::Rejected, "leads out of the sandbox's root"),
            Found::NoFile => refused(SpawnErrorKind::Rejected, "is no regular, readable file"),
            Found::File {
                content: Some(content),
                ..
            } => Ok(Some(content)),
            Found::File { .. } => {
                let why = format!("is longer than {max_bytes} bytes");
                refused(SpawnErrorKind::TooLarge, &why)
            }
        }
    }
}

/// Reads what the script says. A shell may have something to say before it.
fn read(said: &str) -> Option<Found> {
    let mut rest = said;
    while !rest.is_empty() {
        let (first, after) = rest.split_once('\n').unwrap_or((rest, ""));
        if matches!(first.trim_end(), "absent" | "outside" | "other") || first.starts_with("file ")
        {
            return read_answer(first, after);
        }
        rest = after;
    }
    None
}

fn read_answer(first: &str, rest: &str) -> Option<Found> {
    match first.trim_end() {
        "absent" => Some(Found::Absent),
        "outside" => Some(Found::Outside),
        "other" => Some(Found::NoFile),
        file => {
            let (size, path) = file.strip_prefix("file ")?.split_once(' ')?;
            let size = size.parse().ok()?;
            let encoded: String = rest.split_ascii_whitespace().collect();
            // A file that grew meanwhile is another file; what was announced counts.
            let content = match STANDARD.decode(encoded) {
                Ok(content) if content.len() as u64 == size => Some(content),
                Ok(content) if content.is_empty() => None,
                Ok(_) | Err(_) => return None,
            };
            Some(Found::File {
                size,
                path: path.to_owned(),
                content,
            })
        }
    }
}

fn batches(files: &[SandboxFile]) -> Vec<&[SandboxFile]> {
    let mut batches = Vec::new();
    let (mut begun, mut bytes) = (0, 0);
    for (index, file) in files.iter().enumerate() {
        let is_full =
            index - begun >= MAX_UPLOAD_FILES || bytes + file.content.len() > MAX_UPLOAD_BYTES;
        if is_full && index > begun {
            batches.extend(files.get(begun..index));
            (begun, bytes) = (index, 0);
        }
        bytes += file.content.len();
    }
    batches.extend(files.get(begun..).filter(|rest| !rest.is_empty()));
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: usize) -> SandboxFile {
        SandboxFile::new(SandboxPath::new("a").unwrap(), vec![0; bytes])
    }

    #[test]
    fn batches_are_bounded_and_hold_every_file_once() {
        let lengths = |files: &[SandboxFile]| -> Vec<usize> {
            batches(files).iter().map(|batch| batch.len()).collect()
        };
        assert_eq!(lengths(&[]), [0; 0]);
        assert_eq!(lengths(&[file(1)]), [1]);
        let many: Vec<_> = (0..450).map(|_| file(1)).collect();
        assert_eq!(lengths(&many), [200, 200, 50]);
        let large = [
            file(MAX_UPLOAD_BYTES),
            file(1),
            file(MAX_UPLOAD_BYTES + 1),
            file(1),
        ];
        assert_eq!(lengths(&large), [1, 1, 1, 1]);
    }

    #[test]
    fn a_file_is_read_with_its_announcement_only() {
        let content = |said: &str| match read(said) {
            Some(Found::File { content, .. }) => content,
            _ => None,
        };
        assert_eq!(content("file 2 /a b\naGk=\n"), Some(b"hi".to_vec()));
        assert_eq!(content("file 0 /a\n"), Some(Vec::new()));
        assert_eq!(content("file 3 /a\n"), None);
        assert!(read("file 3 /a\naGk=\n").is_none());
        assert!(read("sh: not found").is_none());
        assert_eq!(
            content("bash: warning\nfile 2 /a\naGk=\n"),
            Some(b"hi".to_vec())
        );
    }
}
