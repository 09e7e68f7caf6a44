//! The marks at the beginnings of lines that tell stdout from stderr in the log of a command.

/// Before a line of stdout.
pub(crate) const STDOUT: &[u8; 3] = b"\x01\x01\x01";
/// Before a line of stderr.
pub(crate) const STDERR: &[u8; 3] = b"\x02\x02\x02";

/// A log without its marks.
pub(crate) fn merged(log: &[u8]) -> Vec<u8> {
    let mut rest = log;
    let mut plain = Vec::with_capacity(log.len());
    while let Some((first, tail)) = rest.split_first() {
        if let Some(after) = strip(rest, STDOUT).or_else(|| strip(rest, STDERR)) {
            rest = after;
        } else {
            plain.push(*first);
            rest = tail;
        }
    }
    plain
}

/// What a log holds of stdout and of stderr. What stands before any mark counts as stdout.
pub(crate) fn split(log: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut is_stderr = false;
    let mut rest = log;
    while let Some((first, tail)) = rest.split_first() {
        if let Some(after) = strip(rest, STDOUT) {
            (is_stderr, rest) = (false, after);
        } else if let Some(after) = strip(rest, STDERR) {
            (is_stderr, rest) = (true, after);
        } else {
            if is_stderr { &mut stderr } else { &mut stdout }.push(*first);
            rest = tail;
        }
    }
    (stdout, stderr)
}

fn strip<'a>(log: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    log.strip_prefix(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_taken_apart_by_its_marks() {
        let log = b"\x01\x01\x01out\n\x02\x02\x02err\n\x01\x01\x01more\n";
        assert_eq!(split(log), (b"out\nmore\n".to_vec(), b"err\n".to_vec()));
        assert_eq!(merged(log), b"out\nerr\nmore\n");
    }
}
