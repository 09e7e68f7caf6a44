import type { PhaseStatus, SpecStatus } from "@spec/client";
import { phaseStatusNames, specStatusNames } from "../lib/names";
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

/** Where a phase stands. */
export function PhaseStatusBadge({ status }: { status: PhaseStatus }) {
  return (
    <span className="status-badge" data-status={status}>
      <span className="status-dot" aria-hidden="true" />
      {phaseStatusNames[status]}
    </span>
  );
}
