//! Bounds of waits, and of texts from outside.

use std::time::Duration;

/// `base`, doubled with every try after the first, at most `cap`.
pub(super) fn doubled(base: Duration, tries: u32, cap: Duration) -> Duration {
    base.saturating_mul(1 << tries.saturating_sub(1).min(16))
        .min(cap)
}

/// What a provider asked to wait, within reason.
pub(super) fn bounded(retry_after: Option<Duration>) -> Duration {
    retry_after.unwrap_or_default().min(Duration::from_mins(10))
}

/// Cut to length, and without NUL, which not every store can keep.
pub(super) fn shorten(text: &str, max_chars: usize) -> String {
    let text = text.replace('\0', "\u{fffd}");
    match text.char_indices().nth(max_chars) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

/// Keeps the end, where programs say why they stopped.
pub(super) fn shorten_front(text: &str, max_chars: usize) -> String {
    let text = text.replace('\0', "\u{fffd}");
    let excess = text.chars().count().saturating_sub(max_chars);
    match text.char_indices().nth(excess) {
        Some((at, _)) if excess > 0 => format!("…{}", text.get(at..).unwrap_or_default()),
        _ => text,
    }
}
