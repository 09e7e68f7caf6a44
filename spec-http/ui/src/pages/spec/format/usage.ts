export interface UsageCounts {
  readonly input_tokens: number;
  readonly cached_input_tokens: number;
  readonly cache_write_tokens: number;
  readonly output_tokens: number;
  readonly cost_micro_usd: number;
  readonly unpriced_tokens: number;
}

const MICRO = 1_000_000;

export function totalTokens(usage: UsageCounts): number {
  return (
    usage.input_tokens + usage.cached_input_tokens + usage.cache_write_tokens + usage.output_tokens
  );
}

/** Millionths of a US dollar as people write them: two decimals, four below ten cents. */
export function formatMoney(microUsd: number): string {
  if (microUsd > 0 && microUsd < 100) return "< $0.0001";
  const dollars = microUsd / MICRO;
  const small = dollars > 0 && dollars < 0.1;
  return `$${dollars.toLocaleString("en-US", {
    minimumFractionDigits: small ? 4 : 2,
    maximumFractionDigits: small ? 4 : 2,
  })}`;
}

/** `1,234`, `12.3k`, `4.56M`. */
export function formatCount(count: number): string {
  if (count < 10_000) return count.toLocaleString("en-US");
  if (count < 999_950) return `${(count / 1000).toFixed(1)}k`;
  return `${(count / MICRO).toFixed(2)}M`;
}

/** Money where a price is known, tokens where none is, and both where it is known of a part only. */
export function formatCost(usage: UsageCounts): string {
  const tokens = totalTokens(usage);
  if (tokens === 0 && usage.cost_micro_usd === 0) return "nothing";
  if (usage.unpriced_tokens === 0) return formatMoney(usage.cost_micro_usd);
  if (usage.cost_micro_usd === 0) return `${formatCount(tokens)} tokens`;
  return `${formatMoney(usage.cost_micro_usd)} + ${formatCount(usage.unpriced_tokens)} unpriced tokens`;
}

/** Dollars as typed, in millionths; `null` when it is no amount of at least one millionth. */
export function parseDollars(text: string): number | null {
  const trimmed = text.trim().replace(/^\$/, "");
  if (!/^\d{1,9}(\.\d{1,6})?$/.test(trimmed)) return null;
  const micro = Math.round(Number(trimmed) * MICRO);
  return micro >= 1 ? micro : null;
}

/** A count as typed, separators allowed; `null` when it is no whole number from 1. */
export function parseCount(text: string): number | null {
  const digits = text.trim().replace(/[\s,_]/g, "");
  if (!/^\d{1,15}$/.test(digits)) return null;
  const count = Number(digits);
  return count >= 1 ? count : null;
}
