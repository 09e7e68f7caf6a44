//! Takes the log of a session's command apart again: Daytona puts both channels into one, and marks
//! the beginning of every line with the channel it came from.

use spec_core::sandbox::Channel;

const OUT: [u8; 3] = [1; 3];
const ERR: [u8; 3] = [2; 3];

/// Splits a log into channels, however its bytes are cut into frames.
///
/// A marker counts at the beginning of a line only: what a program prints later in a line is its own.
/// Bytes without a marker are taken for standard output, because older servers send none.
#[derive(Debug, Default)]
pub(crate) struct Demux {
    /// What may become a marker.
    held: Vec<u8>,
    channel: Option<Channel>,
}

impl Demux {
    /// Takes bytes and hands out those of each channel, line ends with them.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut emit: impl FnMut(Channel, &[u8])) {
        while let Some((&first, rest)) = bytes.split_first() {
            if let Some(channel) = self.channel {
                let length = match bytes.iter().position(|byte| *byte == b'\n') {
                    Some(at) => {
                        self.channel = None;
                        at + 1
                    }
                    None => bytes.len(),
                };
                let (line, after) = bytes.split_at(length);
                emit(channel, line);
                bytes = after;
                continue;
            }
            self.held.push(first);
            if self.held == OUT || self.held == ERR {
                let channel = if self.held == OUT {
                    Channel::Stdout
                } else {
                    Channel::Stderr
                };
                self.channel = Some(channel);
                self.held.clear();
                bytes = rest;
            } else if OUT.starts_with(&self.held) || ERR.starts_with(&self.held) {
                bytes = rest;
            } else {
                // Not a marker. What was held before this byte is of the line as well.
                self.held.pop();
                emit(Channel::Stdout, &self.held);
                self.held.clear();
                self.channel = Some(Channel::Stdout);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a log ends with that may have become a marker is of no line of ours; here it counts.
    fn rest(demux: &Demux) -> &[u8] {
        &demux.held
    }

    /// What a log of these lines looks like.
    fn log(lines: &[(Channel, Vec<u8>)]) -> Vec<u8> {
        let mut log = Vec::new();
        for (channel, line) in lines {
            log.extend(if *channel == Channel::Stdout {
                OUT
            } else {
                ERR
            });
            log.extend(line);
            log.push(b'\n');
        }
        log
    }

    fn split(chunks: &[&[u8]]) -> (Vec<u8>, Vec<u8>) {
        let mut demux = Demux::default();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut emit = |channel, bytes: &[u8]| match channel {
            Channel::Stdout => out.extend_from_slice(bytes),
            Channel::Stderr => err.extend_from_slice(bytes),
        };
        for chunk in chunks {
            demux.push(chunk, &mut emit);
        }
        out.extend_from_slice(rest(&demux));
        (out, err)
    }

    fn lines() -> impl Strategy<Value = Vec<(Channel, Vec<u8>)>> {
        // Markers inside of lines, and bytes that begin one, are what is hard.
        let byte = prop_oneof![
            Just(1u8),
            Just(2),
            Just(b'a'),
            Just(0),
            Just(255),
            Just(b'\r')
        ];
        let channel = prop_oneof![Just(Channel::Stdout), Just(Channel::Stderr)];
        proptest::collection::vec((channel, proptest::collection::vec(byte, 0..8)), 0..6)
    }

    proptest! {
        #[test]
        fn each_channel_gets_its_lines_wherever_the_log_is_cut(lines in lines()) {
            let log = log(&lines);
            let of = |wanted: Channel| -> Vec<u8> {
                let lines = lines.iter().filter(|(channel, _)| *channel == wanted);
                lines.flat_map(|(_, line)| line.iter().copied().chain([b'\n'])).collect()
            };
            let expected = (of(Channel::Stdout), of(Channel::Stderr));
            for first in 0..=log.len() {
                let (head, tail) = log.split_at(first);
                prop_assert_eq!(&split(&[head, tail]), &expected);
                for second in 0..=tail.len() {
                    let (middle, last) = tail.split_at(second);
                    prop_assert_eq!(&split(&[head, middle, last]), &expected);
                }
            }
            let bytes: Vec<&[u8]> = log.chunks(1).collect();
            prop_assert_eq!(split(&bytes), expected);
        }

        #[test]
        fn no_byte_is_lost_of_a_log_without_markers(
            log in proptest::collection::vec(prop_oneof![Just(1u8), Just(2), Just(b'\n'), Just(b'x')], 0..40),
            cut in 0usize..40,
        ) {
            let (head, tail) = log.split_at(cut.min(log.len()));
            let (whole, parts) = (split(&[&log]), split(&[head, tail]));
            prop_assert_eq!(&whole, &parts);
            let markers = log.windows(3).filter(|w| *w == OUT || *w == ERR).count();
            prop_assert!(whole.0.len() + whole.1.len() + 3 * markers >= log.len());
        }
    }
}
