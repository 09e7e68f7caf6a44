import type { Phase, PhaseStatus, SpecStatus } from "@spec/client";

/** What statuses and phases are called in the pages. */

export const specStatusNames: Record<SpecStatus, string> = {
  draft: "Draft",
  executing: "Executing",
  awaiting_approval: "Awaiting approval",
  awaiting_answers: "Awaiting answers",
  paused: "Paused",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
};

const phaseStatusNames: Record<PhaseStatus, string> = {
  pending: "Pending",
  running: "In progress",
  awaiting_approval: "Awaiting approval",
  awaiting_answers: "Awaiting answers",
  completed: "Completed",
  failed: "Failed",
  stale: "To be redone",
};

/** A phase that a cancelled spec has not done is not going to be. */
export function phaseStatusName(spec: SpecStatus, phase: PhaseStatus): string {
  return spec === "cancelled" && phase === "pending" ? "Not done" : phaseStatusNames[phase];
}

export const phaseNames: Record<Phase, string> = {
  explore: "Explore",
  requirements: "Requirements",
  design: "Design",
  tasks: "Tasks",
  sync: "Sync",
};
