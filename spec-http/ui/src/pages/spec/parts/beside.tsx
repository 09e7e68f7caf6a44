import type { Finding } from "@spec/client";
import { findingsAt } from "../artifact/pointer";
import { FindingList } from "../quality/finding-list";

/** Findings about one item, beside it. */
export function FindingsBeside({
  findings,
  pointer,
}: {
  findings: readonly Finding[];
  pointer: string;
}) {
  const own = findingsAt(findings, pointer);
  return own.length === 0 ? null : <FindingList findings={own} />;
}
