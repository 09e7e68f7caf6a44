//! Text that is material and not instruction.

/// The shortest fence.
const MIN_FENCE: usize = 20;
/// By how much a fence grows.
const FENCE_STEP: usize = 4;

/// `text`, exactly as it is, between two lines of `=` that do not occur in it.
pub(super) fn fenced(text: &str) -> String {
    let fence = fence(text);
    format!("{fence}\n{text}\n{fence}")
}

fn fence(text: &str) -> String {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '=' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let more = if longest < MIN_FENCE {
        0
    } else {
        (longest - MIN_FENCE) / FENCE_STEP + 1
    };
    "=".repeat(MIN_FENCE + more * FENCE_STEP)
}

/// The beginning of `text`, at most `max` bytes of it, and how much was left out.
pub(super) fn cut(text: &str, max: usize) -> String {
    let end = text.floor_char_boundary(max);
    let begin = text.get(..end).unwrap_or_default();
    match text.len() - begin.len() {
        0 => begin.to_owned(),
        left_out => format!("{begin}\n… ({left_out} bytes left out)"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_that_fits_is_not_cut_and_other_text_says_how_much_is_missing() {
        assert_eq!(cut("äö", 4), "äö");
        assert_eq!(cut("äö", 3), "ä\n… (2 bytes left out)");
    }

    proptest! {
        #[test]
        fn no_text_holds_its_own_fence(text in "[=a\n]{0,200}") {
            let fence = fence(&text);
            prop_assert!(!text.contains(&fence));
            prop_assert!(fence.len() <= text.len().max(MIN_FENCE) + FENCE_STEP);
        }
    }
}
