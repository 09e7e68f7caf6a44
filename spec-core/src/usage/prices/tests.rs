//! Look-ups, and sums that neither lose money nor invent any.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;

const MODEL: &str = "claude-opus-5-5";

fn flat(price: u64) -> ModelPrice {
    ModelPrice {
        input: price,
        cached_input: price,
        cache_write: price,
        output: price,
    }
}

fn known(model: &str) -> bool {
    PriceTable::default().price(model).is_some()
}

#[test]
fn a_cost_that_an_agent_computed_itself_is_met() {
    let cost = PriceTable::default().cost_micro_usd(MODEL, 2400, 100, 200, 84);
    assert_eq!(cost, Some(12_300));
}

#[test]
fn each_built_in_model_stands_once_and_no_price_is_off_by_a_power_of_ten() {
    let names: BTreeSet<&str> = list::PRICES.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names.len(), list::PRICES.len());
    for (name, price) in PriceTable::default().models {
        assert!((50_000..=50_000_000).contains(&price.input), "{name}");
        assert!(
            (4 * price.input..=8 * price.input + price.input / 3).contains(&price.output),
            "{name}"
        );
        let cached = [
            price.input / 50,
            price.input / 40,
            price.input / 20,
            price.input / 10,
        ];
        assert!(
            cached.contains(&price.cached_input) || price.cached_input == price.input,
            "{name}"
        );
        let written = [price.input, price.input + price.input / 4];
        assert!(written.contains(&price.cache_write), "{name}");
        assert_eq!(without_version(&name), None, "{name} would hide its base");
    }
    assert!(is_date(PriceTable::default().version()));
}

#[test]
fn a_model_is_found_with_its_vendor_its_date_and_both() {
    let table = PriceTable::default();
    for name in [
        "anthropic/claude-opus-5-5",
        "claude-opus-5-5-20260115",
        "claude-opus-5-5-2026-01-15",
        "claude-opus-5-5-latest",
        "anthropic/claude-opus-5-5-20260115",
    ] {
        assert_eq!(table.price(name), table.price(MODEL), "{name}");
    }
    assert!(known(MODEL) && known("openai/gpt-5-mini") && known("google/gemini-2.5-pro"));
}

#[test]
fn a_name_that_only_begins_like_a_known_one_has_no_price() {
    for name in [
        "",
        "claude-opus-5-5-fast",
        "claude-opus-5-5[1m]",
        "claude-opus-5-6",
        "claude-opus",
        "Claude-Opus-5-5",
        "gpt-5-",
        "gpt-5-20261315",
        "gpt-5-20260100",
        "gpt-5-19990101",
        "gpt-5-2026-0115",
        "gpt-5-+2026115",
        "gpt-520260115",
        "gpt-5-20260115-20260115",
        "20260115",
        "-latest",
        "gpt-5-\u{fc}\u{fc}\u{fc}\u{fc}",
        "openrouter/openai/gpt-5",
        "azure/gpt-5",
        "openai/",
        "gemini-flash-latest",
        "claude-haiku-5-5",
    ] {
        assert!(!known(name), "{name}");
        let cost = PriceTable::default().cost_micro_usd(name, 1, 1, 1, 1);
        assert_eq!(cost, None, "{name}");
    }
}

#[test]
fn the_name_as_it_stands_comes_first() {
    let table = PriceTable::empty()
        .with_price("gpt-5", flat(1))
        .with_price("gpt-5-2025-08-07", flat(2))
        .with_price("openai/gpt-5", flat(3));
    let input = |name| table.price(name).map(|price| price.input);
    assert_eq!(input("gpt-5"), Some(1));
    assert_eq!(input("gpt-5-2025-08-07"), Some(2));
    assert_eq!(input("openai/gpt-5"), Some(3));
    assert_eq!(input("openai/gpt-5-2025-08-07"), Some(2));
    assert_eq!(input("openai/gpt-5-latest"), Some(3));
    assert_eq!(input("gpt-5-latest"), Some(1));
}

#[test]
fn each_kind_of_token_has_its_own_price_and_a_part_counts_as_whole() {
    let price = ModelPrice {
        input: 1_000_000,
        cached_input: 10_000_000,
        cache_write: 100_000_000,
        output: 1_000_000_000,
    };
    let table = PriceTable::empty().with_price("m", price);
    assert_eq!(table.cost_micro_usd("m", 1, 2, 3, 4), Some(4321));
    let small = PriceTable::empty().with_price("m", flat(1));
    assert_eq!(small.cost_micro_usd("m", 0, 0, 0, 0), Some(0));
    assert_eq!(small.cost_micro_usd("m", 1, 0, 0, 0), Some(1));
    assert_eq!(
        small.cost_micro_usd("m", 500_000, 250_000, 250_000, 0),
        Some(1)
    );
    assert_eq!(
        small.cost_micro_usd("m", 500_000, 250_000, 250_000, 1),
        Some(2)
    );
}

#[test]
fn a_sum_that_is_too_large_is_the_largest() {
    let max = u64::MAX;
    let table = PriceTable::empty()
        .with_price("dear", flat(max))
        .with_price("plain", flat(1_000_000));
    assert_eq!(table.cost_micro_usd("dear", max, max, max, max), Some(max));
    assert_eq!(table.cost_micro_usd("plain", max, 0, 0, 0), Some(max));
    assert_eq!(table.cost_micro_usd("plain", max, 1, 0, 0), Some(max));
    assert_eq!(
        table.cost_micro_usd("plain", max - 1, 0, 0, 0),
        Some(max - 1)
    );
}

#[test]
fn the_prices_of_a_host_replace_those_of_the_same_name_alone() {
    let ours = PriceTable {
        version: "ours".to_owned(),
        ..PriceTable::empty().with_price(MODEL, flat(7))
    };
    let merged = PriceTable::default().merged_with(ours.clone());
    assert_eq!(merged.price(MODEL), Some(&flat(7)));
    assert_eq!(merged.price("gpt-5"), PriceTable::default().price("gpt-5"));
    assert_eq!(merged.version(), format!("{} + ours", list::VERSION));
    assert_eq!(ours.clone().merged_with(ours.clone()), ours);
    assert_eq!(PriceTable::empty().price(MODEL), None);
}

#[test]
fn a_table_is_loaded_as_it_was_stored_and_not_otherwise() {
    let table = PriceTable::default();
    let stored = json!(table);
    assert_eq!(serde_json::from_value::<PriceTable>(stored).unwrap(), table);
    let price = json!({"input": 1, "cached_input": 1, "cache_write": 1, "output": 1});
    let odd = json!({"input": 1, "cached_input": 1, "cache_write": 1, "output": 1, "batch": 1});
    for (named, wrong) in [
        ("version", json!({"models": {"m": price}})),
        ("version", json!({"version": "", "models": {"m": price}})),
        ("models", json!({"version": "1"})),
        ("models", json!({"version": "1", "models": {"": price}})),
        ("batch", json!({"version": "1", "models": {"m": odd}})),
        ("unit", json!({"version": "1", "models": {}, "unit": "EUR"})),
        (
            "cache_write",
            json!({"version": "1", "models": {"m": {"input": 1, "cached_input": 1}}}),
        ),
        (
            "-1",
            json!({"version": "1", "models": {"m": {"input": -1}}}),
        ),
    ] {
        let error = serde_json::from_value::<PriceTable>(wrong).unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }
}

prop_compose! {
    fn any_price()(
        input in 0..=100_000_000_u64,
        cached_input in 0..=100_000_000_u64,
        cache_write in 0..=100_000_000_u64,
        output in 0..=100_000_000_u64,
    ) -> ModelPrice {
        ModelPrice { input, cached_input, cache_write, output }
    }
}

fn cost(price: ModelPrice, [input, cached_input, cache_write, output]: [u64; 4]) -> u64 {
    price.cost_micro_usd(input, cached_input, cache_write, output)
}

proptest! {
    #[test]
    fn more_tokens_of_any_kind_never_cost_less(
        price in any_price(),
        tokens in any::<[u64; 4]>(),
        kind in 0..4_usize,
        more in any::<u64>(),
    ) {
        let mut larger = tokens;
        larger[kind] = larger[kind].saturating_add(more);
        prop_assert!(cost(price, larger) >= cost(price, tokens));
    }

    #[test]
    fn parts_cost_what_the_whole_costs_but_for_rounding_up(
        price in any_price(),
        first in prop::array::uniform4(0..=1_000_000_000_u64),
        second in prop::array::uniform4(0..=1_000_000_000_u64),
    ) {
        let mut whole = first;
        for (sum, part) in whole.iter_mut().zip(second) {
            *sum += part;
        }
        let parts = cost(price, first) + cost(price, second);
        let whole = cost(price, whole);
        prop_assert!(whole <= parts && parts <= whole + 1, "{whole} {parts}");
    }

    #[test]
    fn any_name_is_looked_up(name in "(openai/)?(gpt-5)?[-0-9a-z\u{e0}-\u{ff}]{0,12}(-latest)?") {
        let table = PriceTable::default();
        let price = table.price(&name).copied();
        // A date or a vendor more changes nothing for a name that is known.
        if let Some(price) = price && without_version(&name).is_none() {
            prop_assert_eq!(table.price(&format!("{name}-20260115")), Some(&price));
        }
    }
}
