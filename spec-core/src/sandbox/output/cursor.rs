//! Positions in the output of a run whose channels are files.

use super::{Channel, OutputLine, SplitLine};
use crate::id::OutputCursor;
use crate::sandbox::{SpawnError, SpawnErrorKind};

/// Bytes of each channel up to the end of the last line seen: `out:<bytes>,err:<bytes>`.
///
/// The [`OutputCursor`] of adapters that keep each channel in a file of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByteCursor {
    /// Bytes of standard output.
    pub out: u64,
    /// Bytes of standard error.
    pub err: u64,
}

impl ByteCursor {
    /// Where to go on after a cursor that [`advance`](Self::advance) has issued; `None`: at the beginning.
    ///
    /// # Errors
    ///
    /// [`SpawnErrorKind::Rejected`] when it has another form.
    pub fn after(cursor: Option<&OutputCursor>) -> Result<Self, SpawnError> {
        let Some(cursor) = cursor else {
            return Ok(Self::default());
        };
        let parse = || {
            let (out, err) = cursor.as_str().split_once(',')?;
            Some(Self {
                out: out.strip_prefix("out:")?.parse().ok()?,
                err: err.strip_prefix("err:")?.parse().ok()?,
            })
        };
        parse().ok_or_else(|| {
            let message = "the position in the output was not issued by this spawner";
            SpawnError::new(SpawnErrorKind::Rejected, message)
        })
    }

    /// Moves past a line, and hands the line out with the cursor after it.
    ///
    /// # Errors
    ///
    /// [`SpawnErrorKind::Internal`], and never in practice: the text of a cursor is short and plain.
    pub fn advance(&mut self, channel: Channel, line: SplitLine) -> Result<OutputLine, SpawnError> {
        match channel {
            Channel::Stdout => self.out = line.end,
            Channel::Stderr => self.err = line.end,
        }
        let cursor = OutputCursor::new(format!("out:{},err:{}", self.out, self.err));
        let cursor = cursor.map_err(|invalid| {
            let message = "the position in the output cannot be told";
            SpawnError::new(SpawnErrorKind::Internal, message).with_source(invalid)
        })?;
        Ok(OutputLine {
            channel,
            text: line.text,
            dropped: line.dropped,
            cursor,
        })
    }
}
