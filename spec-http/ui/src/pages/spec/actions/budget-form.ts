import { parseCount, parseDollars } from "../format/usage";

export interface BudgetLimits {
  readonly tokens?: number | null | undefined;
  readonly cost_micro_usd?: number | null | undefined;
}

/** Limits as they are typed. */
export interface BudgetText {
  readonly tokens: string;
  readonly dollars: string;
}

export interface ReadBudget {
  readonly budget: { tokens: number | null; cost_micro_usd: number | null };
  readonly wrong: { readonly tokens: boolean; readonly dollars: boolean };
}

export function budgetText({ tokens, cost_micro_usd }: BudgetLimits): BudgetText {
  return {
    tokens: tokens == null ? "" : String(tokens),
    dollars: cost_micro_usd == null ? "" : String(cost_micro_usd / 1_000_000),
  };
}

/** An empty field is no limit. */
export function readBudget(typed: BudgetText): ReadBudget {
  const tokens = typed.tokens.trim() === "" ? null : parseCount(typed.tokens);
  const dollars = typed.dollars.trim() === "" ? null : parseDollars(typed.dollars);
  return {
    budget: { tokens, cost_micro_usd: dollars },
    wrong: {
      tokens: typed.tokens.trim() !== "" && tokens === null,
      dollars: typed.dollars.trim() !== "" && dollars === null,
    },
  };
}
