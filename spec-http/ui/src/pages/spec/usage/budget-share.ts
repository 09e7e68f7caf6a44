import { type UsageCounts, formatCount, formatMoney, totalTokens } from "../format/usage";

export interface BudgetShare {
  readonly name: string;
  /** 0 to 100. */
  readonly percent: number;
  readonly text: string;
  readonly over: boolean;
}

interface Limits {
  readonly tokens?: number | null | undefined;
  readonly cost_micro_usd?: number | null | undefined;
}

/** How much of each limit is used. */
export function budgetShares(budget: Limits, used: UsageCounts): BudgetShare[] {
  const shares: BudgetShare[] = [];
  const push = (
    name: string,
    limit: number | null | undefined,
    count: number,
    format: (count: number) => string,
  ) => {
    if (limit == null || limit <= 0) return;
    shares.push({
      name,
      percent: Math.min(100, Math.floor((count / limit) * 100)),
      text: `${format(count)} of ${format(limit)}`,
      over: count >= limit,
    });
  };
  push("Tokens", budget.tokens, totalTokens(used), formatCount);
  push("Money", budget.cost_micro_usd, used.cost_micro_usd, formatMoney);
  return shares;
}
