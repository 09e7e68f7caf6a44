//! Local ids such as `TSK-001`.

use std::fmt::Debug;
use std::str::FromStr;

/// Makes an id from its parts in front of the number, and the number.
#[expect(
    clippy::expect_used,
    reason = "callers pass prefixes and slugs of A-Z and 0-9 only"
)]
pub(crate) fn id<T: FromStr<Err: Debug>>(parts: &str, number: usize) -> T {
    format!("{parts}-{number:03}")
        .parse()
        .expect("parts of an id are upper-case letters and digits")
}
