//! How output travels from a sandbox: in lines that name the channel and the position of the bytes in
//! them, so that nothing on the way, neither markers nor a cut, can change, lose or repeat a byte.
//!
//! The lines are printed by `frames` of the [script](crate::script) in the sandbox:
//!
//! ```text
//! o <position> <base64>     bytes of standard output
//! e <position> <base64>     bytes of standard error
//! more                      there is more; ask again from there
//! alive                     that is all there is for now
//! end <record>              the run has ended, and everything was sent
//! dead                      what ran it was ended, and everything was sent
//! missing                   no such run was ever started here
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use spec_core::sandbox::Channel;

/// Longest line that is kept; the script's are shorter.
const MAX_LINE: usize = 256 * 1024;

/// One line from the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    Bytes {
        channel: Channel,
        position: u64,
        bytes: Vec<u8>,
    },
    More,
    Alive,
    End(String),
    Dead,
    Missing,
}

/// Cuts text into lines and reads those that are frames. What a shell says otherwise is left out.
#[derive(Debug, Default)]
pub(crate) struct FrameReader {
    line: Vec<u8>,
    /// The line is too long to be one of ours.
    overlong: bool,
}

impl FrameReader {
    pub(crate) fn push(&mut self, bytes: &[u8], mut emit: impl FnMut(Frame)) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = match part.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (part, false),
            };
            if self.line.len() + text.len() > MAX_LINE {
                self.overlong = true;
                self.line.clear();
            } else if !self.overlong {
                self.line.extend_from_slice(text);
            }
            if ended {
                if !self.overlong
                    && let Some(frame) = read(&self.line)
                {
                    emit(frame);
                }
                self.line.clear();
                self.overlong = false;
            }
        }
    }
}

fn read(line: &[u8]) -> Option<Frame> {
    let line = str::from_utf8(line).ok()?.trim_end_matches('\r');
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let channel = match word {
        "o" => Channel::Stdout,
        "e" => Channel::Stderr,
        "more" => return Some(Frame::More),
        "alive" => return Some(Frame::Alive),
        "end" => return Some(Frame::End(rest.to_owned())),
        "dead" => return Some(Frame::Dead),
        "missing" => return Some(Frame::Missing),
        _ => return None,
    };
    let (position, encoded) = rest.split_once(' ')?;
    Some(Frame::Bytes {
        channel,
        position: position.parse().ok()?,
        bytes: STANDARD.decode(encoded).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames(chunks: &[&[u8]]) -> Vec<Frame> {
        let mut reader = FrameReader::default();
        let mut frames = Vec::new();
        for chunk in chunks {
            reader.push(chunk, |frame| frames.push(frame));
        }
        frames
    }

    proptest! {
        #[test]
        fn frames_do_not_depend_on_where_the_text_is_cut(
            bytes in proptest::collection::vec(any::<u8>(), 0..60),
            cut in 0usize..200,
        ) {
            let encoded = STANDARD.encode(&bytes);
            let text = format!("sh: noise\no 7 {encoded}\nalive\r\ne 0 \nend exited 3\n");
            let (head, tail) = text.as_bytes().split_at(cut.min(text.len()));
            let expected = [
                Frame::Bytes { channel: Channel::Stdout, position: 7, bytes },
                Frame::Alive,
                Frame::Bytes { channel: Channel::Stderr, position: 0, bytes: Vec::new() },
                Frame::End("exited 3".to_owned()),
            ];
            prop_assert_eq!(frames(&[head, tail]), expected);
        }

        #[test]
        fn nothing_that_comes_from_a_sandbox_is_a_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            frames(&[&bytes]);
        }
    }

    #[test]
    fn an_endless_line_takes_no_memory_and_the_next_one_is_read() {
        let endless = vec![b'x'; 3 * MAX_LINE];
        assert_eq!(frames(&[&endless, &endless, b"\nalive\n"]), [Frame::Alive]);
    }

    #[test]
    fn damaged_frames_are_left_out() {
        for damaged in ["o x aGk=", "o 1", "o 1 ***", "o -1 aGk=", "p 1 aGk="] {
            assert_eq!(frames(&[damaged.as_bytes(), b"\n"]), []);
        }
    }
}
