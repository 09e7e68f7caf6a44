//! What agents consumed, in words.

use spec_core::Usage;
use spec_core::policy::Budget;

use crate::money::Dollars;

/// A count with its thousands apart: `12,345`.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The money, as far as prices are known.
#[must_use]
pub fn cost(usage: Usage) -> String {
    let money = Dollars::from_micro(usage.cost_micro_usd);
    match usage.unpriced_tokens {
        0 => money.to_string(),
        _ if usage.cost_micro_usd == 0 => "price unknown".to_owned(),
        unpriced => format!("{money} and {} tokens of unknown price", grouped(unpriced)),
    }
}

/// Tokens and money; `None` when nothing was consumed.
#[must_use]
pub fn consumption(usage: Usage) -> Option<String> {
    if usage == Usage::default() {
        return None;
    }
    let tokens = grouped(usage.tokens());
    let at_list = if usage.cost_micro_usd > 0 {
        " (list price)"
    } else {
        ""
    };
    Some(format!("{tokens} tokens, {}{at_list}", cost(usage)))
}

/// The limits; `None` when there are none.
#[must_use]
pub fn limits(budget: Budget) -> Option<String> {
    let Budget {
        tokens,
        cost_micro_usd,
    } = budget;
    let money = cost_micro_usd.map(|micro| Dollars::from_micro(micro).to_string());
    let tokens = tokens.map(|tokens| format!("{} tokens", grouped(tokens)));
    let limits: Vec<String> = money.into_iter().chain(tokens).collect();
    (!limits.is_empty()).then(|| limits.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(output_tokens: u64, cost_micro_usd: u64, unpriced_tokens: u64) -> Usage {
        Usage {
            output_tokens,
            cost_micro_usd,
            unpriced_tokens,
            ..Usage::default()
        }
    }

    #[test]
    fn thousands_are_kept_apart() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (123_456, "123,456"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(count), text);
        }
    }

    #[test]
    fn a_price_that_is_not_known_is_not_told_as_nothing() {
        for (usage, text) in [
            (usage(1200, 12_300, 0), "1,200 tokens, $0.0123 (list price)"),
            (usage(1200, 0, 1200), "1,200 tokens, price unknown"),
            (
                usage(1200, 12_300, 200),
                "1,200 tokens, $0.0123 and 200 tokens of unknown price (list price)",
            ),
            (usage(1200, 0, 0), "1,200 tokens, $0.00"),
        ] {
            assert_eq!(consumption(usage).unwrap(), text);
        }
        assert_eq!(consumption(Usage::default()), None);
    }

    #[test]
    fn limits_are_told_in_money_and_tokens() {
        let both = Budget {
            tokens: Some(200_000),
            cost_micro_usd: Some(1_500_000),
        };
        assert_eq!(limits(both).unwrap(), "$1.50 and 200,000 tokens");
        assert_eq!(limits(Budget::default()), None);
    }
}
