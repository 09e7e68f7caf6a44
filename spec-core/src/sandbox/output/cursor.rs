//! Positions in the output of a run whose channels are files.

use super::{Channel, OutputLine, SplitLine};
use crate::id::OutputCursor;
use crate::invalid_input::InvalidInput;

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
    /// Reads a cursor that [`advance`](Self::advance) has issued.
    ///
    /// # Errors
    ///
    /// When it has another form.
    pub fn parse(cursor: &OutputCursor) -> Result<Self, InvalidInput> {
        let parse = || {
            let (out, err) = cursor.as_str().split_once(',')?;
            Some(Self {
                out: out.strip_prefix("out:")?.parse().ok()?,
                err: err.strip_prefix("err:")?.parse().ok()?,
            })
        };
        parse().ok_or_else(|| InvalidInput::new("cursor", "it was not issued by this spawner"))
    }

    /// Moves past a line, and hands the line out with the cursor after it.
    ///
    /// # Errors
    ///
    /// Never in practice: the text is short and plain.
    pub fn advance(
        &mut self,
        channel: Channel,
        line: SplitLine,
    ) -> Result<OutputLine, InvalidInput> {
        match channel {
            Channel::Stdout => self.out = line.end,
            Channel::Stderr => self.err = line.end,
        }
        let cursor = OutputCursor::new(format!("out:{},err:{}", self.out, self.err))?;
        Ok(OutputLine {
            channel,
            text: line.text,
            dropped: line.dropped,
            cursor,
        })
    }
}
