//! What was read of a run's output, and how far.

use spec_core::sandbox::{
    ByteCursor, Channel, LineSplitter, OutputLine, RunEnd, SpawnError, SpawnErrorKind, posix,
};

use crate::frames::Frame;

/// Both channels of a run, cut into lines.
#[derive(Debug)]
pub(super) struct Lines {
    out: LineSplitter,
    err: LineSplitter,
    /// Bytes that were read.
    read: ByteCursor,
    /// After the last line that was handed out.
    cursor: ByteCursor,
}

impl Lines {
    pub(super) fn resume_at(cursor: ByteCursor) -> Self {
        Self {
            out: LineSplitter::resume_at(cursor.out),
            err: LineSplitter::resume_at(cursor.err),
            read: cursor,
            cursor,
        }
    }

    pub(super) fn positions(&self) -> ByteCursor {
        self.read
    }

    /// Takes bytes that begin at `position`; leaves out those that were read before. False when there
    /// is a gap.
    pub(super) fn push(
        &mut self,
        channel: Channel,
        position: u64,
        bytes: &[u8],
        mut line: impl FnMut(Result<OutputLine, SpawnError>),
    ) -> bool {
        let (splitter, read) = match channel {
            Channel::Stdout => (&mut self.out, &mut self.read.out),
            Channel::Stderr => (&mut self.err, &mut self.read.err),
        };
        let Some(known) = read.checked_sub(position) else {
            return false;
        };
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        let Some(new) = bytes.get(known..) else {
            return true;
        };
        *read += new.len() as u64;
        let cursor = &mut self.cursor;
        splitter.push(new, |split| line(cursor.advance(channel, split)));
        true
    }

    /// Hands out last lines that lack their end.
    pub(super) fn finish(&mut self, mut line: impl FnMut(Result<OutputLine, SpawnError>)) {
        let Self {
            out, err, cursor, ..
        } = self;
        for (channel, splitter) in [(Channel::Stdout, out), (Channel::Stderr, err)] {
            if let Some(split) = splitter.finish() {
                line(cursor.advance(channel, split));
            }
        }
    }
}

/// The whole output of a run that prints little.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) cursor: ByteCursor,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Reading {
    /// Takes frames, and keeps the first `max` bytes of each channel. The end, if it has come.
    pub(crate) fn take(
        &mut self,
        frames: Vec<Frame>,
        max: usize,
    ) -> Result<Option<RunEnd>, SpawnError> {
        for frame in frames {
            match frame {
                Frame::Bytes { channel, bytes, .. } => {
                    let (text, read) = match channel {
                        Channel::Stdout => (&mut self.stdout, &mut self.cursor.out),
                        Channel::Stderr => (&mut self.stderr, &mut self.cursor.err),
                    };
                    *read += bytes.len() as u64;
                    let room = max.saturating_sub(text.len()).min(bytes.len());
                    let kept = bytes.get(..room).unwrap_or_default();
                    text.push_str(&String::from_utf8_lossy(kept));
                }
                Frame::More | Frame::Alive => {}
                Frame::End(record) => return Ok(Some(read_end(&record))),
                Frame::Dead => {
                    return Ok(Some(RunEnd::Lost {
                        reason: "what ran it was killed".to_owned(),
                    }));
                }
                Frame::Missing => {
                    let message = "the sandbox does not know what was started in it";
                    return Err(SpawnError::new(SpawnErrorKind::Unavailable, message));
                }
            }
        }
        Ok(None)
    }
}

/// What a record of an end says.
pub(super) fn read_end(record: &str) -> RunEnd {
    posix::parse_end(record).unwrap_or_else(|| RunEnd::Lost {
        reason: format!("its end was recorded as `{record:.100}`, which makes no sense"),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_that_come_twice_are_taken_once_and_gaps_are_noticed(
            text in "[ab\n]{0,40}",
            cuts in proptest::collection::vec((0usize..40, 0usize..40), 0..8),
        ) {
            let whole = {
                let mut lines = Lines::resume_at(ByteCursor::default());
                let mut texts = Vec::new();
                lines.push(Channel::Stdout, 0, text.as_bytes(), |line| texts.push(line.unwrap().text));
                texts
            };
            let mut lines = Lines::resume_at(ByteCursor::default());
            let mut texts = Vec::new();
            // Pieces in any order, with overlaps; then everything once more.
            for (a, b) in cuts.into_iter().chain([(0, text.len())]) {
                let (from, to) = (a.min(b).min(text.len()), a.max(b).min(text.len()));
                let before = lines.positions().out;
                let piece = &text.as_bytes()[from..to];
                let follows = lines.push(Channel::Stdout, from as u64, piece, |line| {
                    texts.push(line.unwrap().text);
                });
                prop_assert_eq!(follows, from as u64 <= before);
            }
            prop_assert_eq!(lines.positions().out, text.len() as u64);
            prop_assert_eq!(texts, whole);
        }
    }
}
