import type { Phase, PhaseStatus, SpecStatus } from "@spec/client";

export type Tone = "neutral" | "active" | "good" | "attention" | "bad";

export const PHASE_NAMES: Readonly<Record<Phase, string>> = {
  explore: "Explore",
  requirements: "Requirements",
  design: "Design",
  tasks: "Tasks",
  sync: "Sync",
};

export const SPEC_STATUS: Readonly<Record<SpecStatus, { readonly name: string; readonly tone: Tone }>> = {
  draft: { name: "Draft", tone: "neutral" },
  executing: { name: "Executing", tone: "active" },
  awaiting_approval: { name: "Awaiting approval", tone: "attention" },
  awaiting_answers: { name: "Awaiting answers", tone: "attention" },
  paused: { name: "Paused", tone: "neutral" },
  completed: { name: "Completed", tone: "good" },
  failed: { name: "Failed", tone: "bad" },
  cancelled: { name: "Cancelled", tone: "neutral" },
};

export const PHASE_STATUS: Readonly<Record<PhaseStatus, { readonly name: string; readonly tone: Tone }>> = {
  pending: { name: "Pending", tone: "neutral" },
  running: { name: "Running", tone: "active" },
  awaiting_approval: { name: "Awaiting approval", tone: "attention" },
  awaiting_answers: { name: "Awaiting answers", tone: "attention" },
  completed: { name: "Completed", tone: "good" },
  failed: { name: "Failed", tone: "bad" },
  stale: { name: "Out of date", tone: "attention" },
};

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}
