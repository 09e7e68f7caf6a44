//! Amounts of money, exact to the millionth of a US dollar.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context as _, bail};

/// Millionths in one.
const MICRO: u64 = 1_000_000;

/// US dollars, counted in millionths. Reads and prints as people write it, without floating point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dollars(u64);

impl Dollars {
    /// So many millionths of a dollar.
    #[must_use]
    pub fn from_micro(micro: u64) -> Self {
        Self(micro)
    }

    /// In millionths of a dollar.
    #[must_use]
    pub fn micro(self) -> u64 {
        self.0
    }
}

impl FromStr for Dollars {
    type Err = anyhow::Error;

    /// An amount above 0, such as `2`, `0.50` or `0.000001`.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        if text.starts_with('-') {
            bail!("must not be negative");
        }
        let (whole, part) = match text.split_once('.') {
            Some((whole, part)) => (whole, part),
            None => (text, "0"),
        };
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(part) {
            bail!("must be an amount in US dollars, such as 2 or 0.50");
        }
        if part.len() > 6 {
            bail!("must have at most 6 digits after the point");
        }
        let too_large = "is too large";
        let whole: u64 = whole.parse().context(too_large)?;
        let part: u64 = format!("{part:0<6}").parse().context(too_large)?;
        let micro = whole.checked_mul(MICRO).and_then(|w| w.checked_add(part));
        match micro.context(too_large)? {
            0 => bail!("must be above 0"),
            micro => Ok(Self(micro)),
        }
    }
}

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / MICRO, format!("{:06}", self.0 % MICRO));
        let part = part.trim_end_matches('0');
        write!(f, "${whole}.{part:0<2}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_amount_is_read_exactly() {
        for (text, micro) in [
            ("2", 2_000_000),
            ("0.5", 500_000),
            ("0.50", 500_000),
            ("0.000001", 1),
            ("1.234567", 1_234_567),
            ("00.10", 100_000),
            ("18446744073709.551615", u64::MAX),
        ] {
            assert_eq!(text.parse::<Dollars>().unwrap().micro(), micro, "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused_and_says_why() {
        for (text, says) in [
            ("0", "above 0"),
            ("0.000000", "above 0"),
            ("-1", "negative"),
            ("1.2345678", "6 digits"),
            ("", "such as"),
            (".5", "such as"),
            ("5.", "such as"),
            ("1e3", "such as"),
            ("+1", "such as"),
            ("1,50", "such as"),
            ("$1", "such as"),
            ("1.2.3", "such as"),
            ("١", "such as"),
            ("18446744073709.551616", "too large"),
            ("99999999999999999999999", "too large"),
        ] {
            let refused = text.parse::<Dollars>().unwrap_err().to_string();
            assert!(refused.contains(says), "{text}: {refused}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_as_the_same(micro in 1..=u64::MAX) {
            let printed = Dollars::from_micro(micro).to_string();
            let read: Dollars = printed.strip_prefix('$').unwrap().parse().unwrap();
            prop_assert_eq!(read.micro(), micro);
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            if let Ok(read) = text.parse::<Dollars>() {
                prop_assert!(read.micro() > 0);
            }
        }
    }

    #[test]
    fn an_amount_prints_with_cents_and_no_more_zeros_than_that() {
        for (micro, text) in [
            (0, "$0.00"),
            (12_300, "$0.0123"),
            (1_500_000, "$1.50"),
            (7, "$0.000007"),
        ] {
            assert_eq!(Dollars::from_micro(micro).to_string(), text);
        }
    }
}
