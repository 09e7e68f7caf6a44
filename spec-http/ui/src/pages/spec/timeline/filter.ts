import type { Phase } from "@spec/client";
import type { LineKind, TimelineLine } from "./lines";

export interface TimelineFilter {
  readonly phase: Phase | null;
  /** Kinds that are not shown. */
  readonly hidden: ReadonlySet<LineKind>;
}

export const SHOW_ALL: TimelineFilter = { phase: null, hidden: new Set() };

export const KIND_NAMES: Readonly<Record<LineKind, string>> = {
  milestone: "Milestones",
  agent: "Agent",
  tool: "Tools and files",
  problem: "Problems",
  sandbox: "Sandbox",
  person: "People",
};

/** A line without a phase concerns the whole spec and stays with every phase. */
export function filterLines(
  lines: readonly TimelineLine[],
  filter: TimelineFilter,
): readonly TimelineLine[] {
  const { phase, hidden } = filter;
  if (phase === null && hidden.size === 0) return lines;
  return lines.filter(
    (line) =>
      !hidden.has(line.kind) && (phase === null || line.phase === null || line.phase === phase),
  );
}

export function withKind(filter: TimelineFilter, kind: LineKind, shown: boolean): TimelineFilter {
  const hidden = new Set(filter.hidden);
  if (shown) hidden.delete(kind);
  else hidden.add(kind);
  return { ...filter, hidden };
}
