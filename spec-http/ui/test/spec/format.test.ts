import { describe, expect, it } from "vitest";
import { budgetText, readBudget } from "../../src/pages/spec/actions/budget-form";
import { elapsed, formatDuration, formatHours } from "../../src/pages/spec/format/duration";
import {
  formatCost,
  formatCount,
  formatMoney,
  parseCount,
  parseDollars,
} from "../../src/pages/spec/format/usage";
import { budgetShares } from "../../src/pages/spec/usage/budget-share";

const nothing = {
  input_tokens: 0,
  cached_input_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  cost_micro_usd: 0,
  unpriced_tokens: 0,
};

describe("durations", () => {
  it.each([
    [0, "0 s"],
    [-5, "0 s"],
    [NaN, "0 s"],
    [850, "0.8 s"],
    [9_999, "9.9 s"],
    [10_500, "10 s"],
    [59_999, "59 s"],
    [61_000, "1 min 01 s"],
    [3_599_999, "59 min 59 s"],
    [3_600_000, "1 h 00 min"],
    [90_061_000, "1 d 1 h"],
  ])("%s ms are %s", (milliseconds, shown) => {
    expect(formatDuration(milliseconds)).toBe(shown);
  });

  it("count to now while there is no end, and never backwards", () => {
    const start = "2026-01-01T00:00:00Z";
    expect(elapsed(start, null, Date.parse(start) + 5_000)).toBe(5_000);
    expect(elapsed(start, "2026-01-01T00:01:00Z", 0)).toBe(60_000);
    expect(elapsed(start, null, 0)).toBe(0);
    expect(elapsed(null, null, 0)).toBeNull();
    expect(elapsed("soon", null, 0)).toBeNull();
  });

  it("of work are hours", () => {
    expect(formatHours(2.5)).toBe("2.5 h");
    expect(formatHours(0.1 + 0.2)).toBe("0.3 h");
    expect(formatHours(Infinity)).toBe("–");
  });
});

describe("costs", () => {
  it("are money where a price is known", () => {
    expect(formatCost({ ...nothing, input_tokens: 10, cost_micro_usd: 1_234_567 })).toBe("$1.23");
    expect(formatMoney(12_345)).toBe("$0.0123");
    expect(formatMoney(1)).toBe("< $0.0001");
    expect(formatMoney(0)).toBe("$0.00");
  });

  it("are tokens where none is, and say so where it is known of a part", () => {
    expect(formatCost({ ...nothing, input_tokens: 12_345, unpriced_tokens: 12_345 })).toBe(
      "12.3k tokens",
    );
    expect(
      formatCost({ ...nothing, output_tokens: 20, cost_micro_usd: 500_000, unpriced_tokens: 10 }),
    ).toBe("$0.50 + 10 unpriced tokens");
    expect(formatCost(nothing)).toBe("nothing");
  });

  it("are counted in readable steps", () => {
    expect([9_999, 10_000, 999_949, 1_000_000].map(formatCount)).toEqual([
      "9,999",
      "10.0k",
      "999.9k",
      "1.00M",
    ]);
  });
});

describe("budgets", () => {
  it("are read as they are typed", () => {
    expect(parseDollars("$2.50")).toBe(2_500_000);
    expect(parseCount("1,000_000")).toBe(1_000_000);
    for (const wrong of ["", "0", "-1", "1e9", "abc", "1.0000001", "NaN"]) {
      expect(parseDollars(wrong)).toBeNull();
    }
    expect(parseCount("1.5")).toBeNull();
  });

  it("come back from the form as they went in", () => {
    const budget = { tokens: 5_000, cost_micro_usd: 1_250_000 };
    expect(readBudget(budgetText(budget)).budget).toEqual(budget);
    expect(readBudget(budgetText({})).budget).toEqual({ tokens: null, cost_micro_usd: null });
    expect(readBudget({ tokens: "x", dollars: "" }).wrong).toEqual({
      tokens: true,
      dollars: false,
    });
  });

  it("tell how much of them is used", () => {
    const used = { ...nothing, input_tokens: 150, cost_micro_usd: 500_000 };
    expect(budgetShares({ tokens: 100, cost_micro_usd: 1_000_000 }, used)).toEqual([
      { name: "Tokens", percent: 100, text: "150 of 100", over: true },
      { name: "Money", percent: 50, text: "$0.50 of $1.00", over: false },
    ]);
    expect(budgetShares({}, used)).toEqual([]);
  });
});
