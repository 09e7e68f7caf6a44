//! Positions in the output of a run.

use spec_core::id::OutputCursor;
use spec_core::sandbox::{Channel, OutputLine, SpawnError, SplitLine};

use crate::failure;

/// Bytes of each channel up to the end of the last line seen: `out:<bytes>,err:<bytes>`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) out: u64,
    pub(super) err: u64,
}

impl Cursor {
    pub(super) fn parse(cursor: &OutputCursor) -> Result<Self, SpawnError> {
        let parse = || {
            let (out, err) = cursor.as_str().split_once(',')?;
            Some(Self {
                out: out.strip_prefix("out:")?.parse().ok()?,
                err: err.strip_prefix("err:")?.parse().ok()?,
            })
        };
        parse().ok_or_else(|| failure::rejected("the cursor was not issued by this spawner"))
    }

    /// Moves past a line.
    pub(super) fn advance(
        &mut self,
        channel: Channel,
        line: SplitLine,
    ) -> Result<OutputLine, SpawnError> {
        match channel {
            Channel::Stdout => self.out = line.end,
            Channel::Stderr => self.err = line.end,
        }
        let text = format!("out:{},err:{}", self.out, self.err);
        let cursor = OutputCursor::new(text)
            .map_err(|invalid| failure::internal("the cursor is invalid").with_source(invalid))?;
        Ok(OutputLine {
            channel,
            text: line.text,
            dropped: line.dropped,
            cursor,
        })
    }
}
