import type { ReactNode } from "react";
import { type UsageCounts, formatCost, formatCount, totalTokens } from "../format/usage";

export interface UsageRow {
  readonly key: string;
  readonly name: ReactNode;
  readonly usage: UsageCounts;
  /** It is part of the row above it. */
  readonly nested?: boolean;
}

const COLUMNS = [
  ["input_tokens", "Read"],
  ["cached_input_tokens", "From cache"],
  ["cache_write_tokens", "To cache"],
  ["output_tokens", "Written"],
] as const;

/** Tokens by kind, and what they cost. */
export function UsageTable({
  label,
  first,
  rows,
}: {
  label: string;
  first: string;
  rows: readonly UsageRow[];
}) {
  return (
    <div className="table-scroll" role="region" aria-label={label} tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{first}</th>
            {COLUMNS.map(([field, name]) => (
              <th key={field} scope="col" className="number">
                {name}
              </th>
            ))}
            <th scope="col" className="number">
              Tokens
            </th>
            <th scope="col" className="number">
              Cost
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, name, usage, nested }) => (
            <tr key={key} data-nested={nested || undefined}>
              <th scope="row">{name}</th>
              {COLUMNS.map(([field]) => (
                <td key={field} className="number">
                  {formatCount(usage[field])}
                </td>
              ))}
              <td className="number">{formatCount(totalTokens(usage))}</td>
              <td className="number">{formatCost(usage)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
