//! One channel of a run, read as it grows.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use spec_core::sandbox::{LineSplitter, SpawnError, SplitLine};

use crate::failure;

/// Bytes read at once: bounds how many lines wait for the reader of the stream.
const CHUNK: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    file: Option<File>,
    from: u64,
    splitter: LineSplitter,
}

impl Tail {
    /// The channel in `path`, of which `from` bytes were seen before.
    pub(super) fn new(path: PathBuf, from: u64) -> Self {
        Self {
            path,
            file: None,
            from,
            splitter: LineSplitter::resume_at(from),
        }
    }

    /// Reads at most a chunk. False when there was nothing to read.
    pub(super) fn read(&mut self, line: impl FnMut(SplitLine)) -> Result<bool, SpawnError> {
        let fail = failure::io("read the output of the run");
        let Some(file) = self
            .open()
            .map_err(failure::io("open the output of the run"))?
        else {
            return Ok(false);
        };
        let mut chunk = [0; CHUNK];
        let count = file.read(&mut chunk).map_err(fail)?;
        self.splitter
            .push(chunk.get(..count).unwrap_or_default(), line);
        Ok(count > 0)
    }

    /// What was printed after the last line end.
    pub(super) fn finish(&mut self) -> Option<SplitLine> {
        self.splitter.finish()
    }

    /// Opens the file, which appears when the program starts.
    fn open(&mut self) -> io::Result<Option<&mut File>> {
        if self.file.is_none() {
            match File::open(&self.path) {
                Ok(mut file) => {
                    file.seek(SeekFrom::Start(self.from))?;
                    self.file = Some(file);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.file.as_mut())
    }
}
