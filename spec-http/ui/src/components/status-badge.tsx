import type { SpecStatus } from "@spec/client";
import { specStatusNames } from "../lib/names";
import "./status-badge.css";

/** Where a spec stands, in words; the colour only repeats them. */
export function StatusBadge({ status }: { status: SpecStatus }) {
  return (
    <span className="status-badge" data-status={status}>
      <span className="status-dot" aria-hidden="true" />
      {specStatusNames[status]}
    </span>
  );
}
