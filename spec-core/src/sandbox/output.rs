//! What a run prints, and how it ends.

mod cursor;

pub use cursor::ByteCursor;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::OutputCursor;

/// Longest line that is kept whole, in bytes; the rest of a longer one is dropped and counted.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;

/// Bytes after which a line that has not ended is handed out, so that whoever counts what a program
/// prints learns of a line without end. What follows counts as the next line.
const LONGEST_WAIT_BYTES: u64 = 8 * MAX_LINE_BYTES as u64;

/// Where a line was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line of output, without its line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    /// Where it was printed.
    pub channel: Channel,
    /// Its text, at most [`MAX_LINE_BYTES`]; invalid UTF-8 is replaced.
    pub text: String,
    /// Bytes that were dropped because the line was too long.
    pub dropped: u64,
    /// Position after this line.
    pub cursor: OutputCursor,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum RunEnd {
    /// The program ended by itself.
    Exited {
        /// Its exit code.
        code: i32,
    },
    /// A signal ended it.
    Signaled {
        /// The signal's number.
        signal: i32,
    },
    /// The spawner ended it because its time was up.
    TimedOut,
    /// Its end is not known: the sandbox stopped or vanished.
    Lost {
        /// What is known.
        reason: String,
    },
}

impl fmt::Display for RunEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited { code } => write!(f, "exited with code {code}"),
            Self::Signaled { signal } => write!(f, "was ended by signal {signal}"),
            Self::TimedOut => f.write_str("ran out of time"),
            Self::Lost { reason } => write!(f, "was lost: {reason}"),
        }
    }
}

/// An item of a run's output stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// A line.
    Line(OutputLine),
    /// The end; nothing follows.
    Ended(RunEnd),
}

/// Cuts one channel's bytes into lines, whatever the chunks.
///
/// Ends lines at `\n` and takes a `\r` before it away. Keeps at most [`MAX_LINE_BYTES`] in memory.
/// A line of more than 8 MiB is cut into lines of that length.
#[derive(Debug, Default)]
pub struct LineSplitter {
    partial: Vec<u8>,
    dropped: u64,
    consumed: u64,
}

/// A line cut by [`LineSplitter`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitLine {
    /// Its text; invalid UTF-8 is replaced.
    pub text: String,
    /// Bytes that were dropped because the line was too long.
    pub dropped: u64,
    /// Bytes of the channel up to and including this line's end.
    pub end: u64,
}

impl LineSplitter {
    /// A splitter for a channel of which `consumed` bytes, all whole lines, were seen before.
    #[must_use]
    pub fn resume_at(consumed: u64) -> Self {
        Self {
            consumed,
            ..Self::default()
        }
    }

    /// Takes bytes and hands out the lines they complete.
    pub fn push(&mut self, mut bytes: &[u8], mut line: impl FnMut(SplitLine)) {
        while !bytes.is_empty() {
            let room = LONGEST_WAIT_BYTES.saturating_sub(self.length());
            let room = usize::try_from(room).unwrap_or(usize::MAX);
            let (window, rest) = bytes.split_at(room.min(bytes.len()));
            if let Some(at) = window.iter().position(|byte| *byte == b'\n') {
                let (head, tail) = bytes.split_at(at);
                self.keep(head);
                self.consumed += 1;
                line(self.take());
                bytes = tail.get(1..).unwrap_or_default();
            } else {
                self.keep(window);
                if self.length() >= LONGEST_WAIT_BYTES {
                    line(self.take());
                }
                bytes = rest;
            }
        }
    }

    /// Bytes since the last line end.
    fn length(&self) -> u64 {
        self.partial.len() as u64 + self.dropped
    }

    /// Hands out what was printed after the last line end, if anything.
    pub fn finish(&mut self) -> Option<SplitLine> {
        (!self.partial.is_empty() || self.dropped > 0).then(|| self.take())
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = MAX_LINE_BYTES.saturating_sub(self.partial.len());
        let kept = bytes.get(..room).unwrap_or(bytes);
        self.partial.extend_from_slice(kept);
        self.dropped += (bytes.len() - kept.len()) as u64;
        self.consumed += bytes.len() as u64;
    }

    fn take(&mut self) -> SplitLine {
        if self.dropped == 0 && self.partial.last() == Some(&b'\r') {
            self.partial.pop();
        }
        let text = String::from_utf8_lossy(&self.partial).into_owned();
        self.partial.clear();
        // One long line must not hold its memory for the rest of the run.
        self.partial.shrink_to(64 * 1024);
        SplitLine {
            text,
            dropped: std::mem::take(&mut self.dropped),
            end: self.consumed,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(chunks: &[&[u8]]) -> Vec<SplitLine> {
        let mut splitter = LineSplitter::default();
        let mut lines = Vec::new();
        for chunk in chunks {
            splitter.push(chunk, |line| lines.push(line));
        }
        lines.extend(splitter.finish());
        lines
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_where_chunks_are_cut(
            text in "[ab\r\n\u{e9}]{0,40}",
            cut in 0usize..60,
        ) {
            let bytes = text.as_bytes();
            let (head, tail) = bytes.split_at(cut.min(bytes.len()));
            prop_assert_eq!(split(&[bytes]), split(&[head, tail]));
        }

        #[test]
        fn resuming_after_any_line_yields_the_rest(text in "[ab\n]{0,40}") {
            let lines = split(&[text.as_bytes()]);
            for (index, line) in lines.iter().enumerate() {
                let at = usize::try_from(line.end).unwrap();
                let mut splitter = LineSplitter::resume_at(line.end);
                let mut rest = Vec::new();
                splitter.push(&text.as_bytes()[at..], |line| rest.push(line));
                rest.extend(splitter.finish());
                prop_assert_eq!(&rest[..], &lines[index + 1..]);
            }
        }
    }

    #[test]
    fn a_line_beyond_the_limit_is_cut_and_its_loss_counted() {
        let long = vec![b'x'; MAX_LINE_BYTES + 7];
        let lines = split(&[&long, b"\nnext\n"]);
        assert_eq!(lines[0].text.len(), MAX_LINE_BYTES);
        assert_eq!(lines[0].dropped, 7);
        assert_eq!(
            lines[1],
            SplitLine {
                text: "next".to_owned(),
                dropped: 0,
                end: MAX_LINE_BYTES as u64 + 13,
            }
        );
    }

    #[test]
    fn a_line_without_end_is_handed_out_in_pieces_whatever_the_chunks() {
        let longest = usize::try_from(LONGEST_WAIT_BYTES).unwrap();
        let endless = vec![b'x'; 2 * longest + 5];
        let whole = split(&[&endless, b"\ny\n"]);
        let ends: Vec<u64> = whole.iter().map(|line| line.end).collect();
        let two = 2 * LONGEST_WAIT_BYTES;
        assert_eq!(ends, [LONGEST_WAIT_BYTES, two, two + 6, two + 8]);
        let printed: u64 = whole.iter().map(|l| l.text.len() as u64 + l.dropped).sum();
        assert_eq!(printed, two + 6);

        let mut chunks: Vec<&[u8]> = endless.chunks(100_003).collect();
        chunks.extend([&b"\n"[..], b"y\n"]);
        assert_eq!(split(&chunks), whole);

        // Before the end is there to be seen.
        let mut splitter = LineSplitter::default();
        let mut early = Vec::new();
        splitter.push(&endless, |line| early.push(line));
        assert_eq!(early, whole[..2]);
        let mut rest = Vec::new();
        let mut resumed = LineSplitter::resume_at(early[0].end);
        resumed.push(&endless[longest..], |line| rest.push(line));
        assert_eq!(rest, early[1..]);
    }
}
