import type { Phase, Spec } from "@spec/client";

export const TABS = ["explore", "requirements", "design", "tasks", "quality", "usage"] as const;
export type TabName = (typeof TABS)[number];

export const TAB_NAMES: Readonly<Record<TabName, string>> = {
  explore: "Explore",
  requirements: "Requirements",
  design: "Design",
  tasks: "Tasks",
  quality: "Quality",
  usage: "Usage",
};

/** What SYNC produces is the report over all phases. */
export function tabOf(phase: Phase): TabName {
  return phase === "sync" ? "quality" : phase;
}

export function readTab(text: string | null): TabName | null {
  return TABS.find((tab) => tab === text) ?? null;
}

/** Where a reader begins: at what waits for them, else at the last thing that was accepted. */
export function firstTab(spec: Pick<Spec, "actions" | "phases">): TabName {
  const waiting = spec.actions.approve;
  if (waiting) return tabOf(waiting);
  const accepted = spec.phases.filter((phase) => phase.accepted !== null && phase.phase !== "sync");
  const last = accepted.at(-1);
  return last ? tabOf(last.phase) : "explore";
}
